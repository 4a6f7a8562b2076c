"""From lines to syntax trees, one entry at a time, past every error.

An entry (a line at the left margin and all that is indented below it) is parsed
on its own, unless it is plain, so that patterns can read it.  Where it does not
parse, the line at fault is reported and stood in for, and the entry is parsed again:
one mistake costs one line, and all mistakes of a file are reported in one go.
"""

import re
from collections.abc import Iterable, Iterator

from attrs import define, field, frozen
from lark import Token, Tree, UnexpectedInput, UnexpectedToken

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.characters import Source, hidden_characters
from rubricdsl.language.explaining import (
    Mistake,
    explain,
    lexical_mistake,
    opens_no_block,
)
from rubricdsl.language.grammar import parse_tokens
from rubricdsl.language.layout import Comment, Line, lay_out, line_span
from rubricdsl.language.lexing import LineLexer, opens_block
from rubricdsl.language.plain import Form, form_of
from rubricdsl.language.scanning import LexicalError
from rubricdsl.language.words import FIELD_KEYS, NAME

# An entry in which more is wrong than people get wrong is given up; what was found
# is reported.  The second bound keeps hostile files from costing their square.
_MOST_MISTAKES = 200
_MOST_LINES_READ = 200_000

# What leaves a line unread that may have been an item.
_DAMAGING = frozenset({"E102", "E103", "E108", "E214"})
# Codes of lines that hold a character which is reported anyway.
_FOLLOWS_FROM_CHARACTER = re.compile("E10[2467]|E2")
_NAMES = re.compile(NAME)


@define
class RubricTree:
    """The syntax of one ``rubric`` block; the name of one without a header is None.

    Its entries are trees, and lines where these and all below them are plain; items
    below a plain group that are not have their tree in ``trees``, by line number.
    ``damaged`` says that lines were lost, ``lost_words`` what stood in them: names
    that may be meant to be there.
    """

    line: Line
    name: str | None
    entries: list[Tree[Token] | Line] = field(factory=list)
    trees: dict[int, Tree[Token]] = field(factory=dict)
    damaged: bool = False
    lost_words: set[str] = field(factory=set)


@frozen
class Syntax:
    """The syntax of a file, its comments, and what is wrong with it."""

    rubrics: tuple[RubricTree, ...]
    comments: tuple[Comment, ...]
    diagnostics: tuple[Diagnostic, ...]


def parse(source: Source, faults: Iterable[Diagnostic] = ()) -> Syntax:
    """Parse a file, of whose characters ``faults`` are known already.

    Never raises for what the file holds.
    """
    layout = lay_out(source)
    characters = [*faults, *hidden_characters(source)]
    found = list(layout.diagnostics)
    rubrics: list[RubricTree] = []
    lexer = LineLexer(source)
    for line in layout.lines:
        if line.text.split(" ", 1)[0] == "rubric":
            rubrics.append(_header(lexer, line, found))
            _parse_entries(lexer, rubrics[-1], line.children, found)
        elif rubrics:
            _parse_entries(lexer, rubrics[-1], [line], found)
        else:
            rubrics.append(_headless(lexer, line, found))
    if not layout.lines and not found:
        found.append(_no_header(source, Line(1, 0, "")))
    _note_damage(rubrics, [*layout.diagnostics, *characters])
    hidden = {diagnostic.span.line for diagnostic in characters}
    kept = [
        diagnostic
        for diagnostic in found
        if diagnostic.span.line not in hidden
        or not _FOLLOWS_FROM_CHARACTER.match(diagnostic.code)
    ]
    return Syntax(tuple(rubrics), layout.comments, (*characters, *kept))


def _no_header(source: Source, line: Line) -> Diagnostic:
    here = line_span(source, line)
    hint = "begin the file with `rubric name`"
    return Diagnostic("E213", "the file does not begin with `rubric`", here, hint)


def _headless(lexer: LineLexer, line: Line, found: list[Diagnostic]) -> RubricTree:
    """Begin a rubric with a line that should have been its header."""
    rubric = RubricTree(line, None, damaged=True)
    found.append(_no_header(lexer.source, line))
    word = line.text.replace(":", " ").split(" ", 1)[0]
    if word.casefold() == "rubric":
        return rubric
    mistakes: list[Diagnostic] = []
    _parse_entries(lexer, rubric, [line], mistakes)
    found += [m for m in mistakes if m.span.line != line.number]
    return rubric


def _header(lexer: LineLexer, line: Line, found: list[Diagnostic]) -> RubricTree:
    if line.children:
        child = line.children[0]
        here = lexer.source.span(child.number, 0, child.column)
        hint = "the lines of a rubric begin at the left margin"
        found.append(Diagnostic("E102", "the indentation opens no block", here, hint))
    _, _, name = line.text.partition(" ")
    if name.isidentifier():
        return RubricTree(line, name)
    try:
        tree = parse_tokens(lexer.tokens(line), "header")
        return RubricTree(line, str(tree.children[0]))
    except LexicalError as error:
        found.append(error.diagnostic)
    except UnexpectedInput:
        rest = line.text.removeprefix("rubric").strip()
        code = "E107" if rest else "E201"
        message = f"`{rest}` is not a legal name" if rest else "the rubric has no name"
        here = line_span(lexer.source, line)
        hint = "write `rubric name`, the name of letters, digits and `_`"
        found.append(Diagnostic(code, message, here, hint))
    return RubricTree(line, None, damaged=True)


def _note_damage(rubrics: list[RubricTree], found: list[Diagnostic]) -> None:
    """Mark the rubrics in which a line may have been lost before it was read."""
    for diagnostic in found:
        if diagnostic.code in _DAMAGING:
            at = diagnostic.span.line
            before = [r for r in rubrics if r.line.number <= at] or rubrics
            for rubric in before[-1:]:
                rubric.damaged = True


def _parse_entries(
    lexer: LineLexer,
    rubric: RubricTree,
    lines: Iterable[Line],
    found: list[Diagnostic],
) -> None:
    for line in lines:
        trees: dict[int, Tree[Token]] = {}
        if _is_plain(lexer, line, trees):
            rubric.entries.append(line)
            rubric.trees.update(trees)
            continue
        entry = _Entry(lexer, line)
        tree = entry.parse()
        if tree is not None:
            rubric.entries.append(tree)
        found.extend(entry.mistakes)
        rubric.damaged |= bool(entry.mistakes)
        rubric.lost_words |= entry.lost_words


def _is_plain(lexer: LineLexer, line: Line, trees: dict[int, Tree[Token]]) -> bool:
    """Say whether a line and all below it are plain.

    Items below it that are not are parsed into ``trees``; where one of them does not
    parse, the answer is no, for only the whole entry shows what is wrong.
    """
    form = form_of(line)
    if form is not Form.GROUP:
        return form is not None
    for child in line.children:
        if child.text[0] != "[" or _is_plain(lexer, child, trees):
            continue
        tree = None if child.lost else tree_of(lexer, child)
        if tree is None:
            return False
        trees[child.number] = tree
    return True


class _Entry:
    """One entry on its way to a tree: its lines, cut once, and its mistakes."""

    def __init__(self, lexer: LineLexer, line: Line) -> None:
        self.lexer = lexer
        self.line = line
        self.mistakes: list[Diagnostic] = []
        self.lost_words: set[str] = set()
        self._cut: dict[int, list[Token]] = {}

    def parse(self) -> Tree[Token] | None:
        """Parse the entry; None if it is given up."""
        self._cut_lines(self.line)
        lines_read = 0
        while len(self.mistakes) < _MOST_MISTAKES and lines_read < _MOST_LINES_READ:
            try:
                return parse_tokens(self._tokens(self.line), "entry")
            except UnexpectedToken as error:
                self._note(explain(self.lexer.source, self.line, error))
            lines_read += len(self._cut)
        return None

    def _cut_lines(self, line: Line) -> None:
        """Cut a line and those below it into tokens, and mend what cannot be cut."""
        try:
            tokens = self._cut[line.number] = self.lexer.tokens(line)
        except LexicalError as error:
            self._note(lexical_mistake(error))
        else:
            if tokens[0].type == "NAME" and tokens[0] not in FIELD_KEYS:
                line.children = []  # the field is unknown, and all that belongs to it
            elif line.children and not opens_block(tokens):
                self._note(opens_no_block(self.lexer.source, line))
        for child in tuple(line.children):
            self._cut_lines(child)

    def _note(self, mistake: Mistake) -> None:
        self.mistakes.append(mistake.diagnostic)
        self.lost_words.update(_NAMES.findall(mistake.line.text))
        for changed in mistake.mend(self.line):
            self._cut[changed.number] = self.lexer.tokens(changed)

    def _tokens(self, line: Line) -> Iterator[Token]:
        yield from self._cut[line.number]
        if not line.children:
            return
        first, last = line.children[0], line.children[-1]
        yield Token("_INDENT", "", line=first.number, column=first.column + 1)
        for child in line.children:
            yield from self._tokens(child)
        yield Token("_DEDENT", "", line=last.last, column=1)


class _MistakenError(Exception):
    """An entry with a mistake in it."""


class _Attempt(_Entry):
    """An entry that is parsed if nothing is wrong with it."""

    def tree(self) -> Tree[Token] | None:
        """Give the tree; None if there is a mistake, of which nothing is noted."""
        try:
            return self.parse()
        except _MistakenError:
            return None

    def _note(self, mistake: Mistake) -> None:
        raise _MistakenError(mistake.diagnostic.message)


def tree_of(lexer: LineLexer, line: Line) -> Tree[Token] | None:
    """Parse an entry by the grammar, plain or not; None if there is a mistake."""
    return _Attempt(lexer, line).tree()
