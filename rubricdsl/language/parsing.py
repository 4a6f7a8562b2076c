"""From lines to syntax trees, one entry at a time, past every error.

An entry (a line at the left margin and all that is indented below it) is parsed
on its own.  Where it does not parse, the line at fault is reported and stood in
for, and the entry is parsed again: one mistake costs one line, and all mistakes of
a file are reported in one go.
"""

from collections.abc import Iterable

from attrs import define, field, frozen
from lark import Token, Tree, UnexpectedInput, UnexpectedToken

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.characters import Source, hidden_characters
from rubricdsl.language.explaining import explain, lexical_mistake
from rubricdsl.language.grammar import parse_tokens
from rubricdsl.language.layout import Comment, Line, lay_out
from rubricdsl.language.lexing import LexicalError, LineLexer

# An entry with more mistakes than this is given up; what was found is reported.
_MOST_MISTAKES = 200


@define
class RubricTree:
    """The syntax of one ``rubric`` block; the header of a lost one is None."""

    line: Line
    header: Tree[Token] | None
    entries: list[Tree[Token]] = field(factory=list)
    damaged: bool = False


@frozen
class Syntax:
    """The syntax of a file, its comments, and what is wrong with it."""

    rubrics: tuple[RubricTree, ...]
    comments: tuple[Comment, ...]
    diagnostics: tuple[Diagnostic, ...]


def parse(source: Source) -> Syntax:
    """Parse a file.  Never raises for what the file holds."""
    layout = lay_out(source)
    found = [*hidden_characters(source), *layout.diagnostics]
    rubrics: list[RubricTree] = []
    lexer = LineLexer(source)
    for line in layout.lines:
        begins = line.text.split(" ", 1)[0] == "rubric"
        if begins or not rubrics:
            if not begins:
                found.append(_no_header(source, line))
                rubrics.append(RubricTree(line, None, damaged=True))
            else:
                rubrics.append(_header(lexer, line, found))
                _parse_entries(lexer, rubrics[-1], line.children, found)
                continue
        _parse_entries(lexer, rubrics[-1], [line], found)
    if not layout.lines and not found:
        found.append(_no_header(source, Line(1, 0, "")))
    return Syntax(tuple(rubrics), layout.comments, tuple(found))


def _no_header(source: Source, line: Line) -> Diagnostic:
    here = source.span(line.number, line.column, line.column + len(line.text))
    hint = "begin the file with `rubric name`"
    return Diagnostic("E213", "the file does not begin with `rubric`", here, hint)


def _header(lexer: LineLexer, line: Line, found: list[Diagnostic]) -> RubricTree:
    if line.children:
        child = line.children[0]
        here = lexer.source.span(child.number, 0, child.column)
        hint = "the lines of a rubric begin at the left margin"
        found.append(Diagnostic("E102", "the indentation opens no block", here, hint))
    try:
        return RubricTree(line, parse_tokens(lexer.tokens(line), "header"))
    except LexicalError as error:
        found.append(error.diagnostic)
    except UnexpectedInput:
        rest = line.text.removeprefix("rubric").strip()
        code = "E107" if rest else "E201"
        message = f"`{rest}` is not a legal name" if rest else "the rubric has no name"
        here = lexer.source.span(line.number, line.column, line.column + len(line.text))
        hint = "write `rubric name`, the name of letters, digits and `_`"
        found.append(Diagnostic(code, message, here, hint))
    return RubricTree(line, None, damaged=True)


def _parse_entries(
    lexer: LineLexer,
    rubric: RubricTree,
    lines: Iterable[Line],
    found: list[Diagnostic],
) -> None:
    for line in lines:
        tree, mistakes = _parse_entry(lexer, line)
        if tree is not None:
            rubric.entries.append(tree)
        found.extend(mistakes)
        rubric.damaged |= any(m.code != "E308" for m in mistakes)


def _parse_entry(
    lexer: LineLexer, entry: Line
) -> tuple[Tree[Token] | None, list[Diagnostic]]:
    mistakes: list[Diagnostic] = []
    while len(mistakes) < _MOST_MISTAKES:
        try:
            return parse_tokens(lexer.block_tokens(entry), "entry"), mistakes
        except LexicalError as error:
            mistake = lexical_mistake(error)
        except UnexpectedToken as error:
            mistake = explain(lexer.source, entry, error)
        mistakes.append(mistake.diagnostic)
        mistake.mend(entry)
    return None, mistakes
