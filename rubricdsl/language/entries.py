"""One entry by the grammar: lines to tokens to a tree, past every mistake."""

import re
from collections.abc import Iterator

from lark import Token, Tree, UnexpectedInput, UnexpectedToken

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.characters import Source
from rubricdsl.language.explaining import (
    Mistake,
    explain,
    lexical_mistake,
    opens_no_block,
)
from rubricdsl.language.grammar import parse_tokens
from rubricdsl.language.layout import Line, line_span
from rubricdsl.language.lexing import LineLexer, opens_block
from rubricdsl.language.scanning import LexicalError
from rubricdsl.language.words import FIELD_KEYS, NAME

# An entry in which more is wrong than people get wrong is given up; what was found
# is reported.  The second bound keeps hostile files from costing their square.
_MOST_MISTAKES = 200
_MOST_LINES_READ = 200_000

_NAMES = re.compile(NAME)


def parse_header(source: Source, line: Line) -> str | Diagnostic:
    """Give the name of a rubric, or say what is wrong with its first line."""
    try:
        tree = parse_tokens(LineLexer(source).tokens(line), "header")
    except LexicalError as error:
        return error.diagnostic
    except UnexpectedInput:
        rest = line.text.removeprefix("rubric").strip()
        code = "E107" if rest else "E201"
        message = f"`{rest}` is not a legal name" if rest else "the rubric has no name"
        here = line_span(source, line)
        hint = "write `rubric name`, the name of letters, digits and `_`"
        return Diagnostic(code, message, here, hint)
    return str(tree.children[0])


class EntryParser:
    """One entry on its way to a tree: its lines, cut once, and its mistakes."""

    def __init__(self, source: Source, line: Line) -> None:
        self.source = source
        self.lexer = LineLexer(source)
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
                self._note(explain(self.source, self.line, error))
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
                self._note(opens_no_block(self.source, line))
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


class _Attempt(EntryParser):
    """An entry that is parsed if nothing is wrong with it."""

    def tree(self) -> Tree[Token] | None:
        """Give the tree; None if there is a mistake, of which nothing is noted."""
        try:
            return self.parse()
        except _MistakenError:
            return None

    def _note(self, mistake: Mistake) -> None:
        raise _MistakenError(mistake.diagnostic.message)


def tree_of(source: Source, line: Line) -> Tree[Token] | None:
    """Parse an entry by the grammar, plain or not; None if there is a mistake."""
    return _Attempt(source, line).tree()
