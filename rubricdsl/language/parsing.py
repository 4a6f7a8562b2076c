"""From lines to syntax trees, one entry at a time, past every error.

An entry (a line at the left margin and all that is indented below it) is parsed
on its own, unless it is plain, so that patterns can read it.  Where it does not
parse, the line at fault is reported and stood in for, and the entry is parsed again:
one mistake costs one line, and all mistakes of a file are reported in one go.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.characters import Source, hidden_characters
from rubricdsl.language.layout import Comment, Line, lay_out, line_span
from rubricdsl.language.plain import Form, form_of

if TYPE_CHECKING:
    from lark import Token, Tree

# What leaves a line unread that may have been an item.
_DAMAGING = frozenset({"E102", "E103", "E108", "E214"})
# Codes of lines that hold a character which is reported anyway.
_FOLLOWS_FROM_CHARACTER = re.compile("E10[2467]|E2")


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
    entries: "list[Tree[Token] | Line]" = field(factory=list)
    trees: "dict[int, Tree[Token]]" = field(factory=dict)
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
    for line in layout.lines:
        if line.text.split(" ", 1)[0] == "rubric":
            rubrics.append(_header(source, line, found))
            _parse_entries(source, rubrics[-1], line.children, found)
        elif rubrics:
            _parse_entries(source, rubrics[-1], [line], found)
        else:
            rubrics.append(_headless(source, line, found))
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


def _headless(source: Source, line: Line, found: list[Diagnostic]) -> RubricTree:
    """Begin a rubric with a line that should have been its header."""
    rubric = RubricTree(line, None, damaged=True)
    found.append(_no_header(source, line))
    word = line.text.replace(":", " ").split(" ", 1)[0]
    if word.casefold() == "rubric":
        return rubric
    mistakes: list[Diagnostic] = []
    _parse_entries(source, rubric, [line], mistakes)
    found += [m for m in mistakes if m.span.line != line.number]
    return rubric


def _header(source: Source, line: Line, found: list[Diagnostic]) -> RubricTree:
    if line.children:
        child = line.children[0]
        here = source.span(child.number, 0, child.column)
        hint = "the lines of a rubric begin at the left margin"
        found.append(Diagnostic("E102", "the indentation opens no block", here, hint))
    _, _, name = line.text.partition(" ")
    if name.isidentifier():
        return RubricTree(line, name)
    from rubricdsl.language.entries import parse_header

    header = parse_header(source, line)
    if isinstance(header, str):
        return RubricTree(line, header)
    found.append(header)
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
    source: Source,
    rubric: RubricTree,
    lines: Iterable[Line],
    found: list[Diagnostic],
) -> None:
    for line in lines:
        trees: dict[int, Tree[Token]] = {}
        if _is_plain(source, line, trees):
            rubric.entries.append(line)
            rubric.trees.update(trees)
            continue
        # Plain lines need nothing of the grammar, whose import takes its time.
        from rubricdsl.language.entries import EntryParser

        entry = EntryParser(source, line)
        tree = entry.parse()
        if tree is not None:
            rubric.entries.append(tree)
        found.extend(entry.mistakes)
        rubric.damaged |= bool(entry.mistakes)
        rubric.lost_words |= entry.lost_words


def _is_plain(source: Source, line: Line, trees: "dict[int, Tree[Token]]") -> bool:
    """Say whether a line and all below it are plain.

    Items below it that are not are parsed into ``trees``; where one of them does not
    parse, the answer is no, for only the whole entry shows what is wrong.
    """
    form = form_of(line)
    if form is not Form.GROUP:
        return form is not None
    for child in line.children:
        if child.text[0] != "[" or _is_plain(source, child, trees):
            continue
        from rubricdsl.language.entries import tree_of

        tree = None if child.lost else tree_of(source, child)
        if tree is None:
            return False
        trees[child.number] = tree
    return True
