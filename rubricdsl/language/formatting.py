"""The canonical layout of a file: where its lines and tokens stand, nothing else.

Tokens stay as they were written, in their order; so do comments, and the form of
every text.  What is decided here:

* four blanks a level; one blank between tokens, none inside brackets and paths or
  before ``:`` and ``,``; no blanks at the end of a line;
* a comment keeps its block: it moves with the line whose column it shares, above
  all the one below it; any other keeps its distance from the line below;
* at most one blank line in a row, none where a file or a block begins, none inside
  bars of text and none at the end; one before every ``rubric`` and ``test``, before
  ``history``, and before a ``judge`` block that follows no other;
* line feeds end lines, and one ends the file.
"""

from collections.abc import Iterator

from attrs import define, field
from lark import Token

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Comment, Line, lay_out
from rubricdsl.language.lexing import LineLexer
from rubricdsl.language.printing import INDENT
from rubricdsl.language.reading import read_models
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.source import Span

_TIGHT_AFTER = frozenset({"LSQB", "LPAR", "DOT"})
_TIGHT_BEFORE = frozenset({"RSQB", "RPAR", "COMMA", "COLON", "DOT"})
_EXPRESSION_LINES = frozenset({"CHECK", "COMBINE"})
_BLOCKS = frozenset({"RUBRIC", "TEST", "JUDGE", "HISTORY"})
_ALWAYS_SET_OFF = frozenset({"RUBRIC", "TEST"})


def format_text(text: str, *, name: str = "<text>") -> str:
    """Give the canonical layout of a file that reads without an error.

    Raises RubricError with the errors of the file, or with D113 if the result would
    say something else than the file does.
    """
    source = Source.of(text, name)
    before = read_models(source)
    formatted = _Layouter(source).text()
    after = Source.of(formatted, name)
    if _is_same(source, before, after):
        return formatted
    message = "the file would not say the same in canonical layout"
    hint = "leave it as it is, and report this file: it is a fault of `rub fmt`"
    raise RubricError([Diagnostic("D113", message, Span(name, 1, 1, 1, 2), hint)])


def _is_same(source: Source, rubrics: tuple[Rubric, ...], after: Source) -> bool:
    try:
        return rubrics == read_models(after) and _comments(source) == _comments(after)
    except RubricError:
        return False


def _comments(source: Source) -> list[str]:
    return [comment.text for comment in lay_out(source).comments]


@define
class _Layouter:
    """Writes the lines of one source anew, from top to bottom."""

    source: Source
    rows: list[str] = field(factory=list)
    _above: Line | None = None
    # The depth of each open block, by the column in which its lines stand.
    _depths: dict[int, int] = field(factory=dict)
    _last_block: str = ""

    def text(self) -> str:
        layout = lay_out(self.source)
        comments = {comment.line: comment for comment in layout.comments}
        lexer = LineLexer(self.source)
        row = 1
        for line, depth, opens in _with_depth(layout.lines):
            tokens = lexer.tokens(line)
            gap = self._gap(comments, row, line, depth)
            if opens or self._above is None:
                gap = _without_leading_blanks(gap)
            if self._is_inside_bars(line):
                gap = [entry for entry in gap if entry]
            if depth == 0 and self._is_set_off(tokens):
                _set_off(gap)
            self.rows += gap
            self.rows += _written(line, tokens, INDENT * depth)
            self._open(line, depth)
            row = line.last + 1
        self.rows += self._gap(comments, row, None, 0)
        while self.rows and not self.rows[-1]:
            self.rows.pop()
        return "".join(f"{row}\n" for row in self.rows)

    def _gap(
        self, comments: dict[int, Comment], row: int, below: Line | None, depth: int
    ) -> list[str]:
        """Give comments, and "" for blank lines, from ``row`` to the line below."""
        end = len(self.source.lines) + 1 if below is None else below.number
        entries: list[str] = []
        for number in range(row, end):
            comment = comments.get(number)
            if comment is not None:
                column = self._column(comment, below, depth)
                entries.append(f"{' ' * column}{comment.text}")
            elif not entries or entries[-1]:
                entries.append("")
        return entries

    def _column(self, comment: Comment, below: Line | None, depth: int) -> int:
        prefix = self.source.lines[comment.line - 1][: comment.column]
        column = len(prefix.expandtabs(len(INDENT)))
        if below is not None and column == below.column:
            return depth * len(INDENT)
        if column in self._depths:
            return self._depths[column] * len(INDENT)
        if below is None:
            return column
        return max(0, depth * len(INDENT) + column - below.column)

    def _open(self, line: Line, depth: int) -> None:
        self._above = line
        self._depths = {c: d for c, d in self._depths.items() if d < depth}
        self._depths[line.column] = depth

    def _is_inside_bars(self, line: Line) -> bool:
        above = self._above
        return above is not None and above.text[0] == "|" == line.text[0]

    def _is_set_off(self, tokens: list[Token]) -> bool:
        """Say whether a blank line has to stand above a top-level line."""
        kind = tokens[0].type
        is_block = kind in _BLOCKS and all(token.type != "COLON" for token in tokens)
        last, self._last_block = self._last_block, kind if is_block else ""
        if not is_block or self._above is None:
            return False
        return kind in _ALWAYS_SET_OFF or kind != last


def _with_depth(lines: tuple[Line, ...]) -> Iterator[tuple[Line, int, bool]]:
    """Give each line with its depth, and whether it opens a block."""
    stack = [(line, 0, False) for line in reversed(lines)]
    while stack:
        line, depth, opens = stack.pop()
        yield line, depth, opens
        children = [(child, depth + 1, False) for child in line.children]
        if children:
            children[0] = (line.children[0], depth + 1, True)
        stack.extend(reversed(children))


def _without_leading_blanks(entries: list[str]) -> list[str]:
    return entries[1:] if entries and not entries[0] else entries


def _set_off(entries: list[str]) -> None:
    """Put a blank line above a block, unless there is one; its comments stay with it.

    Comments that are indented belong to what stands above.
    """
    if "" not in entries:
        indented = [i for i, entry in enumerate(entries, 1) if entry[0] == " "]
        entries.insert(indented[-1] if indented else 0, "")


def _written(line: Line, tokens: list[Token], indent: str) -> Iterator[str]:
    """Give the rows of a line, in canonical form."""
    first = tokens[0]
    if first.type == "BAR":
        content = str(first)[1:].removeprefix(" ")
        yield f"{indent}| {content}" if content else f"{indent}|"
        return
    calls = first.type in _EXPRESSION_LINES
    block: Token | None = None
    text, before = "", ""
    for token in tokens[:-1]:
        if text and not _is_tight(before, token.type, calls=calls):
            text += " "
        if token.type == "BLOCK":
            block = token
            text += '"""'
        else:
            text += token
        before = token.type
    yield indent + text
    if block is None:
        return
    inner = indent + INDENT
    for row in block.split("\n") if line.block else ():
        yield inner + row if row else ""
    yield f'{inner}"""'


def _is_tight(before: str, after: str, *, calls: bool) -> bool:
    if before in _TIGHT_AFTER or after in _TIGHT_BEFORE:
        return True
    return calls and before == "NAME" and after == "LPAR"
