"""What is wrong with a line that does not parse, judged from the line itself.

A parser's own word on an error is about tokens.  People think in lines: a group
without children, a criterion without text, a field in the wrong block.
"""

from enum import Enum

from attrs import frozen
from lark import Token, UnexpectedToken

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Line, Lost, line_span
from rubricdsl.language.scanning import LexicalError
from rubricdsl.model.source import Span


class Repair(Enum):
    """How to go on after a mistake."""

    STAND_IN = "put something harmless in the line's place"
    AS_GROUP = "read the line as a group"
    CLOSE = "leave out the block below the line"


@frozen
class Mistake:
    """A mistake, the line to blame, and how to go on."""

    diagnostic: Diagnostic
    line: Line
    repair: Repair = Repair.STAND_IN

    def mend(self, entry: Line) -> tuple[Line, ...]:
        """Change ``entry`` so that the mistake is not met again.

        Gives the lines whose tokens are others now.
        """
        line = self.line
        if self.repair is Repair.CLOSE:
            line.children = []
            return ()
        items = [c for c in line.children if c.text[0] == "["]
        others = [c for c in line.children if c.text[0] not in "[|"]
        if line.lost is not None:  # its own children are at fault
            line.children = []
        elif line.text[0] != "[":
            line.lost, line.children = Lost.FIELD, []
        elif items:
            line.lost, line.children = Lost.GROUP, items
        else:
            line.lost, line.children = Lost.CRITERION, others
        if line.lost is Lost.FIELD:
            emptied = _leave_out(entry, line)
            return (line, emptied) if emptied else (line,)
        return (line,)


def lexical_mistake(error: LexicalError) -> Mistake:
    """Give the mistake of a line that could not be cut into tokens."""
    return Mistake(error.diagnostic, error.line)


def opens_no_block(source: Source, line: Line) -> Mistake:
    """Give the mistake of lines that are indented below one that cannot have any."""
    child = line.children[0]
    hint = "a text over several lines begins after the `:`, with nothing beside it"
    if child.text[0] != "|":
        hint = "align the line with the one above it"
    message, here = "the indentation opens no block", line_span(source, child)
    return Mistake(Diagnostic("E102", message, here, hint), line, Repair.CLOSE)


def explain(source: Source, entry: Line, error: UnexpectedToken) -> Mistake:
    """Say what is wrong where ``entry`` stopped to parse."""
    return _Explainer(source, entry, error).mistake()


_NAMES = {
    "COLON": "`:`",
    "COMMA": "`,`",
    "EQUAL": "`=`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "NAME": "a name",
    "SIGNED": "a number",
    "STRING": 'a "string"',
    "RAW": "a 'raw string'",
    "TEXT": "text",
    "BLOCK": "text",
    "_NL": "the end of the line",
    "CMP": "a comparison",
    "MORETHAN": "`>`",
    "DATE": "a date",
    "VERSION": "a version",
    "NA": "`n/a`",
    "ADD": "`+` or `-`",
    "MUL": "`*` or `/`",
    "DOT": "`.`",
    "LSQB": "`[`",
    "RSQB": "`]`",
}
_BLOCKS = ("judge", "test", "history", "prompt")
_RULING_LINES = ("given", "expect", "example")
# Blocks whose lines are all of one kind, so that no other line can stand in.
_UNIFORM = ("history", "prompt")


class _Explainer:
    def __init__(self, source: Source, entry: Line, error: UnexpectedToken) -> None:
        self.source = source
        self.token: Token = error.token
        self.expected = set(error.expected)
        self.lines = sorted(entry.walk(), key=lambda line: line.number)
        self.parents = {
            child.number: line for line in self.lines for child in line.children
        }

    def mistake(self) -> Mistake:
        kind, number = self.token.type, self.token.line or 0
        ends = kind in {"_DEDENT", "$END"}
        line = next((x for x in self.lines if x.number == number), self.lines[-1])
        if kind == "_INDENT":
            return opens_no_block(self.source, self.parents[line.number])
        first = not ends and self.token.column == line.column + 1
        if "_INDENT" in self.expected and (ends or first):
            before = [x for x in self.lines if x.number < number + ends]
            return self.block_missing((before or self.lines)[-1])
        if ends:
            return self.group_missing(line)
        if first:
            return self.misplaced(line)
        return self.inside(line)

    def block_missing(self, line: Line) -> Mistake:
        word = _first_word(line)
        if line.text[0] == "[":
            group = " of " in line.text.partition("]")[2].partition(":")[0]
            return self.no_children(line) if group else self.no_text(line)
        if word in _BLOCKS:
            return self.blame(
                line, "E212", f"`{word}` has no lines", "indent its lines below it"
            )
        return self.no_text(line)

    def group_missing(self, line: Line) -> Mistake:
        while line.text[0] != "[" and line.number in self.parents:
            line = self.parents[line.number]
        return self.no_children(line)

    def no_children(self, line: Line) -> Mistake:
        hint = "indent its criteria below it, each `[weight] name: text`"
        return self.blame(line, "E205", "the group has no children", hint)

    def no_text(self, line: Line) -> Mistake:
        hint = "write the text after the `:`, or below it with `|` before each line"
        if line.text[0] == "[" and " of " in line.text:
            hint = "write a text after the `:`, or leave the `:` out"
        return self.blame(line, "E208", "no text follows", hint)

    def misplaced(self, line: Line) -> Mistake:
        parent = self.parents.get(line.number)
        if parent is not None and parent.text[0] == "[":
            if parent.text.endswith(":") and line.text[0] != "|":
                return self.no_text(parent)
            if line.text[0] == "[":
                return self.children_under_leaf(parent)
        if line.text[0] == "|":
            hint = "bar lines stand together, right below the line whose text they are"
            return self.blame(line, "E201", "this bar continues no text", hint)
        word = _first_word(line)
        where = f"in `{_first_word(parent)}`" if parent else "here"
        if parent is not None and parent.text[0] == "[":
            where = "under a group" if _is_group(parent) else "under a criterion"
        if word == "combine":
            hint = "it belongs to a `formula of` group; move it there, or leave it out"
            return self.blame(line, "E418", f"`combine` has no place {where}", hint)
        if line.text.removeprefix(word).lstrip().startswith(":"):
            hint = "move it to the block that it belongs to"
            return self.blame(line, "E210", f"`{word}` has no place {where}", hint)
        return self.blame(
            line,
            "E202",
            f"a line {where} cannot start with `{word}`",
            "see the language reference for what this block can hold",
        )

    def children_under_leaf(self, parent: Line) -> Mistake:
        name = parent.text.partition("]")[2].partition(":")[0].strip()
        diagnostic = Diagnostic(
            "E204",
            f"`{name}` is a criterion and cannot have children",
            line_span(self.source, parent),
            f"make it a group: `{parent.text.partition(']')[0]}] mean of {name}: …`",
        )
        return Mistake(diagnostic, parent, Repair.AS_GROUP)

    def inside(self, line: Line) -> Mistake:
        token = self.token
        here = Span(
            self.source.name,
            line.number,
            token.column or 1,
            line.number,
            (token.column or 1) + max(1, len(token.rstrip("\n"))),
        )
        if _first_word(line) in _RULING_LINES and token.type in {"NAME", "STRING"}:
            hint = f"expected {self.wanted()}"
            message = f"`{token}` is no verdict"
            return Mistake(Diagnostic("E211", message, here, hint), line)
        what = f"unexpected `{token}`"
        if token.type == "_NL":
            what = "the line ends too early"
        hint = f"expected {self.wanted()}"
        return Mistake(Diagnostic("E201", what, here, hint), line)

    def wanted(self) -> str:
        """Say what the grammar would have taken."""
        words = {_NAMES.get(name, f"`{name.lower()}`") for name in self.expected}
        if "YES" in self.expected:
            words = {"yes", "no", "partly", "n/a", "`level N`", "a number"}
        return " or ".join(sorted(words))

    def blame(self, line: Line, code: str, message: str, hint: str) -> Mistake:
        span = line_span(self.source, line)
        return Mistake(Diagnostic(code, message, span, hint), line)


def _first_word(line: Line) -> str:
    words = line.text.split(maxsplit=1) or [line.text]
    return words[0].rstrip(":")


def _is_group(line: Line) -> bool:
    return " of " in line.text.partition("]")[2].partition(":")[0]


def _leave_out(entry: Line, line: Line) -> Line | None:
    """Drop a line from a block in which a field cannot stand in for it.

    Gives the block if nothing is left of it.
    """
    for parent in entry.walk():
        if line in parent.children and _first_word(parent) in _UNIFORM:
            parent.children.remove(line)
            if not parent.children:
                parent.lost = Lost.FIELD
                return parent
            return None
    return None
