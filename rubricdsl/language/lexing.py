"""From one line to tokens.  The line's first token says how the rest is read.

A line is an item (``[…]``), a bar of text (``| …``), or starts with a word.
Keywords are keywords only in the lines where they mean something, so a criterion
may be called ``title`` and a text may say anything at all.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping

from attrs import define
from lark import Token

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Line, Lost
from rubricdsl.model.source import Span

NAME = r"""[^\W\d][^\s\[\]():.,=<>!'"*\/+|{}#-]*"""

NAME_ONLY = re.compile(rf"{NAME}(?:\.{NAME})*")

TEXT_KEYS = frozenset(
    "title note why prompt reference instructions source".split()  # noqa: SIM905
)
SPEAKERS = frozenset({"system", "user", "assistant", "tool"})
MARK_WORDS = frozenset({"must", "never", "info", "bonus", "cap"})
KIND_WORDS = frozenset(
    {"mean", "all", "any", "at", "worst", "best", "geomean", "formula"}
)
RULING_WORDS = frozenset({"yes", "no", "partly"})
EXPRESSION_WORDS = frozenset({"and", "or", "not"})

MAX_NESTED = 32

# Names that would be read as something else where a name can stand.
RESERVED = (
    MARK_WORDS
    | KIND_WORDS
    | RULING_WORDS
    | EXPRESSION_WORDS
    | {"least", "of", "include", "as", "score", "order"}
)

_ITEM_WORDS = KIND_WORDS | {"least", "of", "include", "as"}
_EXPECT_WORDS = RULING_WORDS | {"about", "by", "level"}

_EXPRESSION_LINES = frozenset({"check", "combine"})
# Words that begin a line with free text after a head, and one with values; with the
# keywords in that head or among those values.
_TEXT_LINES: Mapping[str, frozenset[str]] = {
    "level": frozenset(),
    "response": frozenset(),
    "example": _EXPECT_WORDS,
}
_VALUE_LINES: Mapping[str, frozenset[str]] = {
    "rubric": frozenset(),
    "use": frozenset({"as"}),
    "param": frozenset({"to"}),
    "test": frozenset(),
    "history": frozenset(),
    "round": frozenset({"to"}),
    "judge": frozenset(),
    "prompt": frozenset(),
}
_FIELD_WORDS = {"n/a": "NA", "judge": "JUDGE"}

_VALUE = re.compile(
    r"(?P<DATE>\d{4}-\d{2}-\d{2})"
    r"|(?P<VERSION>\d+\.\d+\.\d+)"
    r"|(?P<SIGNED>\d+(?:\.\d+)?)"
    r'|(?P<STRING>"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")'
    r"|(?P<RAW>'[^'\x00-\x08\x0a-\x1f]*')"
    r"|(?P<NA>n/a(?!\w))"
    rf"|(?P<NAME>{NAME})"
    r"|(?P<CMP><=|>=|==|!=|<|>)"
    r"|(?P<ADD>[+-])"
    r"|(?P<MUL>[*/])"
    r"|(?P<MARK>[\[\]():,.=])"
    r"|(?P<BLANK> +)"
)
_MARKS = {
    "[": "LSQB",
    "]": "RSQB",
    "(": "LPAR",
    ")": "RPAR",
    ":": "COLON",
    ",": "COMMA",
    ".": "DOT",
    "=": "EQUAL",
}
_SMALL_WORDS = frozenset(
    "the a an of to in on at is are that as and or its it response answer".split()  # noqa: SIM905
)
_OPERANDS = frozenset({"SIGNED", "NAME", "RPAR", "STRING", "RAW"})
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(rf"n/a(?!\w)|{NAME}")
_MARK = re.compile(rf"[+-]?\d+(?:\.\d+)?|(?:bonus|cap) +[+-]?\d+(?:\.\d+)?|{NAME}")
_GROUP = re.compile(
    r"(?:at +least +[^ :]+|mean|all|any|worst|best|geomean|formula) +of\b"
)
_PLAIN_ITEM = re.compile(
    rf"\[(?P<mark>[+-]?\d+(?:\.\d+)?)\] (?P<name>{NAME}): (?P<text>\S.*)"
)


class LexicalError(Exception):
    """A piece of a line that is no token; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic, line: Line) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic
        self.line = line


def reserved_name(name: str, span: Span) -> Diagnostic:
    """Say that a word of the language cannot be a name."""
    hint = f"choose another name, such as `{name}_` or one that says more"
    return Diagnostic("E308", f"`{name}` is a reserved word", span, hint)


def proposed_name(text: str) -> str:
    """Propose a name for a criterion, made of the words of its text."""
    words = [w for w in re.findall(r"\w+", text.casefold()) if w not in _SMALL_WORDS]
    name = "_".join(words[:3])
    return name if name.isidentifier() and name not in RESERVED else "name"


@define
class LineLexer:
    """Cuts the lines of one source into tokens that carry their place."""

    source: Source

    def tokens(self, line: Line) -> list[Token]:
        """Cut one line, without its block of children.

        Raises LexicalError at the first piece that is no token.
        """
        scan = _Scan(self.source, line)
        first = line.text[0]
        if line.lost is not None:
            return scan.placeholder(line.lost)
        if first == "[":
            scan.item()
        elif first == "|":
            scan.take("BAR", len(line.text))
        else:
            scan.worded()
        scan.newline()
        return scan.tokens

    def block_tokens(self, line: Line) -> Iterator[Token]:
        """Cut a line and all that is indented below it.

        Raises LexicalError at the first piece that is no token.
        """
        yield from self.tokens(line)
        if not line.children:
            return
        first, last = line.children[0], line.children[-1]
        yield Token("_INDENT", "", line=first.number, column=first.column + 1)
        for child in line.children:
            yield from self.block_tokens(child)
        yield Token("_DEDENT", "", line=last.last, column=1)


class _Scan:
    """A walk through one line from left to right."""

    def __init__(self, source: Source, line: Line) -> None:
        self.source = source
        self.line = line
        self.text = line.text
        self.at = 0
        self.tokens: list[Token] = []

    # ------------------------------------------------------------------ lines

    def item(self) -> None:
        """``[mark] name: text``, a group, or an include."""
        plain = _PLAIN_ITEM.fullmatch(self.text)
        if (
            plain
            and self.line.block is None
            and plain["name"].isidentifier()
            and plain["name"] not in _ITEM_WORDS
        ):
            self.take("LSQB", 1)
            self.take("SIGNED", len(plain["mark"]))
            self.take("RSQB", 1)
            self.blanks()
            self.take("NAME", len(plain["name"]))
            self.take("COLON", 1)
            self.free_text()
            return
        closing = self.text.find("]")
        mark = self.text[1:closing]
        if closing < 0 or "[" in mark or ":" in mark:
            raise self.error(
                "E207", "the bracket is not closed", 0, 1, "write `[weight] name: text`"
            )
        self.take("LSQB", 1)
        try:
            self.values(MARK_WORDS, stop=closing)
        except LexicalError:
            raise self.no_mark(closing) from None
        if not _MARK.fullmatch(mark.strip()):
            raise self.no_mark(closing)
        self.take("RSQB", 1)
        self.blanks()
        rest = self.text[self.at :]
        if rest.startswith("include "):
            self.values(_ITEM_WORDS)
            return
        if not _GROUP.match(rest):
            self.criterion_name(rest)
        else:
            self.up_to_colon(_ITEM_WORDS)
        if self.at < len(self.text):
            self.take("COLON", 1)
            self.free_text()

    def criterion_name(self, rest: str) -> None:
        """Take the name of a criterion, up to the colon, or say what is wrong."""
        head, colon, _ = rest.partition(":")
        name = head.rstrip()
        start, end = self.at, self.at + max(len(name), 1)
        word = name.split(" ", 1)[0]
        if word in KIND_WORDS and word != name:
            raise self.error(
                "E206",
                f"`{word}` makes a group, but `of` is missing",
                start,
                start + len(word),
                f"write `{word} of name`, or give the criterion another name",
            )
        if not colon or " " in name or not name:
            raise self.error(
                "E203",
                "the criterion has no name",
                start,
                len(self.text) if not colon else end,
                f"write `{self.text[: self.at]}{proposed_name(rest)}: {rest.strip()}`",
            )
        if not name.isidentifier():
            raise self.bad_name(name)
        if name in KIND_WORDS:
            raise LexicalError(reserved_name(name, self.span(start, end)), self.line)
        self.take("NAME", len(name))
        self.blanks()

    def worded(self) -> None:
        """A line that begins with a word."""
        match = _WORD.match(self.text)
        if match is None:
            raise self.unknown_start()
        word = match[0]
        rest = self.text[match.end() :].lstrip()
        opens_value = rest.startswith(":")
        if opens_value and (
            word in TEXT_KEYS or word in SPEAKERS or word == "response"
        ):
            self.keyword(word)
            self.colon()
            self.free_text()
        elif word in _EXPRESSION_LINES:
            self.keyword(word)
            self.values(EXPRESSION_WORDS)
        elif word in _TEXT_LINES and not opens_value:
            self.keyword(word)
            self.up_to_colon(_TEXT_LINES[word])
            self.colon()
            self.free_text()
        elif word in _VALUE_LINES and not opens_value:
            self.keyword(word)
            self.values(_VALUE_LINES[word])
        elif word == "expect" and re.match(r"order *:", rest):
            self.order()
        elif word in {"given", "expect"} and not opens_value:
            self.keyword(word)
            self.up_to_colon(frozenset())
            self.values(_EXPECT_WORDS)
        elif opens_value:
            self.take(_FIELD_WORDS.get(word, "NAME"), len(word))
            self.values(frozenset({"to"}))
        else:
            raise self.unknown_start()

    def order(self) -> None:
        """``expect order: a > b by 0.2``."""
        self.keyword("expect")
        self.keyword("order")
        self.values(frozenset({"by"}))
        self.tokens = [
            Token.new_borrow_pos("MORETHAN", cut, cut) if cut == ">" else cut
            for cut in self.tokens
        ]

    def placeholder(self, lost: Lost) -> list[Token]:
        """Stand in for a line that could not be read; the name is empty."""
        pieces = {
            Lost.CRITERION: "LSQB SIGNED=1 RSQB NAME COLON TEXT",
            Lost.GROUP: "LSQB SIGNED=1 RSQB MEAN OF NAME",
            Lost.FIELD: "NAME COLON NAME",
        }[lost]
        for piece in pieces.split():
            kind, _, value = piece.partition("=")
            number, column = self.line.number, self.line.column + 1
            self.tokens.append(
                Token(
                    kind,
                    value,
                    line=number,
                    column=column,
                    end_line=number,
                    end_column=column,
                )
            )
        self.newline()
        return self.tokens

    # ----------------------------------------------------------------- pieces

    def take(self, kind: str, length: int) -> None:
        start = self.at
        self.at = end = start + length
        column = self.line.column + start + 1
        self.tokens.append(
            Token(
                kind,
                self.text[start:end],
                line=self.line.number,
                column=column,
                end_line=self.line.number,
                end_column=column + length,
            )
        )

    def keyword(self, word: str) -> None:
        self.blanks()
        self.take(word.upper(), len(word))

    def blanks(self) -> None:
        text, at = self.text, self.at
        while at < len(text) and text[at] == " ":
            at += 1
        self.at = at

    def colon(self) -> None:
        self.blanks()
        if self.text.startswith(":", self.at):
            self.take("COLON", 1)

    def up_to_colon(self, keywords: frozenset[str]) -> None:
        """Cut the head of a line, whose ``:`` may also stand in a string."""
        head = re.compile(r'(?:[^":]|"(?:[^"\\]|\\.)*")*').match(self.text, self.at)
        self.values(keywords, stop=head.end() if head else len(self.text))

    def free_text(self) -> None:
        """The rest of the line, or a block in triple quotes, as one token."""
        self.blanks()
        if self.line.block is not None:
            lines = textwrap.dedent("\n".join(self.line.block))
            token = Token(
                "BLOCK",
                lines,
                line=self.line.number,
                column=self.line.column + self.at + 1,
                end_line=self.line.last,
                end_column=self.line.column + self.at + 4,
            )
            self.tokens.append(token)
            self.at = len(self.text)
        elif self.at < len(self.text):
            self.take("TEXT", len(self.text) - self.at)

    def newline(self) -> None:
        column = self.line.column + len(self.text) + 1
        self.tokens.append(Token("_NL", "\n", line=self.line.number, column=column))

    def values(self, keywords: frozenset[str], stop: int | None = None) -> None:
        """Cut names, numbers, strings and operators up to ``stop``."""
        text, end = self.text, len(self.text) if stop is None else stop
        nested = 0
        while self.at < end:
            match = _VALUE.match(text, self.at, end)
            if match is None:
                raise self.no_token()
            kind, length = match.lastgroup or "", match.end() - match.start()
            if kind == "BLANK":
                self.at = match.end()
                continue
            if kind == "MARK":
                kind = _MARKS[match[0]]
            elif kind == "NAME":
                kind = self.name_or_keyword(match[0], keywords)
            elif kind == "ADD" and self.is_sign():
                number = _NUMBER.match(text, match.end(), end)
                if number:
                    kind, length = "SIGNED", number.end() - match.start()
            nested += (kind == "LPAR") - (kind == "RPAR")
            nested += kind == "NOT"
            if nested > MAX_NESTED:
                raise self.error(
                    "E214",
                    f"the expression is nested more than {MAX_NESTED} deep",
                    self.at,
                    self.at + length,
                    "make several criteria of it, each with a check of its own",
                )
            self.take(kind, length)

    def name_or_keyword(self, word: str, keywords: frozenset[str]) -> str:
        if word in keywords:
            return word.upper()
        if not word.isidentifier():
            raise self.bad_name(word)
        return "NAME"

    def is_sign(self) -> bool:
        """Say whether a + or - here belongs to a number: no operand is before it."""
        return not self.tokens or self.tokens[-1].type not in _OPERANDS

    # ----------------------------------------------------------------- errors

    def error(
        self, code: str, message: str, start: int, end: int, hint: str
    ) -> LexicalError:
        return LexicalError(
            Diagnostic(code, message, self.span(start, end), hint), self.line
        )

    def span(self, start: int, end: int) -> Span:
        column = self.line.column
        return self.source.span(self.line.number, column + start, column + end)

    def no_mark(self, closing: int) -> LexicalError:
        mark = self.text[1:closing].strip()
        return self.error(
            "E209",
            f"`{mark}` is no weight and no mark" if mark else "the bracket is empty",
            0,
            closing + 1,
            "write a number such as `[3]`, or must, never, cap 0.5, bonus 1, info",
        )

    def no_token(self) -> LexicalError:
        text, at = self.text, self.at
        if text[at] in "\"'":
            return self.error(
                "E104",
                "the string is not closed, or has a wrong escape",
                at,
                len(text),
                'close it on this line; in "…" write \\\\ for a backslash, '
                "or use '…', which has no escapes",
            )
        if text[at] == "#":
            return self.error(
                "E106",
                "a comment after code",
                at,
                len(text),
                "move it to a line of its own, above",
            )
        return self.error(
            "E201",
            f"`{text[at]}` has no meaning here",
            at,
            at + 1,
            "see the language reference for what this line can hold",
        )

    def bad_name(self, name: str) -> LexicalError:
        return self.error(
            "E107",
            f"`{name}` is not a legal name",
            self.at,
            self.at + len(name),
            "a name begins with a letter or `_`, then letters, digits and `_`",
        )

    def unknown_start(self) -> LexicalError:
        words = self.text.split()
        return self.error(
            "E202",
            f"a line cannot start with `{words[0]}`",
            0,
            len(words[0]),
            "a criterion is written `[3] name: text`, a comment starts with `#`, "
            "and a text over several lines has `|` before each",
        )
