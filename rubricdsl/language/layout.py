"""From lines to blocks: indentation, comments, and texts that span lines.

This is where `E101`, `E102`, `E103` and `E214` are found, before any grammar, so
that the grammar only ever sees blocks that open and close.
"""

import re
from collections.abc import Iterator
from enum import Enum

from attrs import define, field, frozen

from rubricdsl.diagnostics import Diagnostic, Edit, Fix
from rubricdsl.language.characters import Source
from rubricdsl.model.source import Span

MAX_DEPTH = 32
_TAB = "    "

# A line whose value is just triple quotes: the text runs to the next ones.
_BLOCK_OPENS = re.compile(
    r"""(?:\[[^\]]*\][^:]*|level[ ]+[^":]+(?:"(?:[^"\\]|\\.)*"[ ]*)?|[^:"'\[|#]*):"""
    r'''[ ]*"""[ ]*$'''
)


@frozen
class Comment:
    """A whole-line comment, ``#`` included."""

    line: int
    column: int
    text: str


class Lost(Enum):
    """What a line that could not be read was, as far as its shape tells."""

    CRITERION = "criterion"
    GROUP = "group"
    FIELD = "field"


@define
class Line:
    """A line that says something, with the lines indented below it.

    ``text`` has no indentation and, except in a bar of text, no blanks at its end;
    ``column`` counts the characters before it.  ``block`` holds what stands between
    triple quotes, lines as they are; ``last`` is the number of the last source line
    it covers.  The parser sets ``lost`` on a line that it has reported and goes on
    without.
    """

    number: int
    column: int
    text: str
    block: tuple[str, ...] | None = None
    last: int = 0
    lost: Lost | None = None
    children: list["Line"] = field(factory=list)

    def walk(self) -> Iterator["Line"]:
        """Give this line and all below it, in source order."""
        stack = [self]
        while stack:
            line = stack.pop()
            yield line
            stack.extend(reversed(line.children))


def line_span(source: Source, line: Line) -> Span:
    """Give the span of a line's text."""
    return source.span(line.number, line.column, line.column + len(line.text))


@frozen
class Layout:
    """The lines of a file as a forest, its comments, and what is wrong."""

    lines: tuple[Line, ...]
    comments: tuple[Comment, ...]
    diagnostics: tuple[Diagnostic, ...]


def lay_out(source: Source) -> Layout:
    """Find the blocks of a file."""
    found: list[Diagnostic] = []
    comments: list[Comment] = []
    top: list[Line] = []
    open_lines: list[tuple[int, Line]] = []  # (indentation, line), outermost first
    for line, indent in _logical_lines(source, comments, found):
        misplaced = indent > 0 and not top
        while open_lines and open_lines[-1][0] >= indent:
            closed, _ = open_lines.pop()
            misplaced = 0 < indent != closed
        siblings = open_lines[-1][1].children if open_lines else top
        if misplaced:
            levels = [level for level, _ in open_lines]
            found.append(_misplaced(indent, levels, line_span(source, line)))
        if len(open_lines) <= MAX_DEPTH:
            siblings.append(line)
        elif open_lines[-1][1].lost is None:
            found.append(_too_deep(line_span(source, line)))
            parent = open_lines[-1][1]
            parent.lost = Lost.CRITERION if parent.text[0] == "[" else Lost.FIELD
            line.lost = Lost.FIELD
        else:
            line.lost = Lost.FIELD
        open_lines.append((indent, line))
    return Layout(tuple(top), tuple(comments), tuple(found))


def _too_deep(here: Span) -> Diagnostic:
    message = f"blocks are nested more than {MAX_DEPTH} deep"
    hint = "move the inner group into a rubric of its own and include it"
    return Diagnostic("E214", message, here, hint)


def _misplaced(indent: int, levels: list[int], here: Span) -> Diagnostic:
    hint = "begin the line at the left margin"
    if levels:
        hint = f"begin it in column {levels[-1] + 1} or deeper, like its neighbours"
    message = f"an indentation of {indent} matches no open block"
    return Diagnostic("E102", message, here, hint)


def _logical_lines(
    source: Source, comments: list[Comment], found: list[Diagnostic]
) -> Iterator[tuple[Line, int]]:
    """Give each line that says something, with its indentation in blanks."""
    lines = iter(enumerate(source.lines, 1))
    for number, raw in lines:
        text = raw.strip(" \t")
        if not text:
            continue
        first = text[0]
        prefix = "" if raw[0] == first else raw[: len(raw) - len(raw.lstrip(" \t"))]
        if first == "#":
            comments.append(Comment(number, len(prefix), text))
            continue
        indent = len(prefix)
        if "\t" in prefix:
            blanks = prefix.expandtabs(len(_TAB))
            indent = len(blanks)
            edit = Edit(source.span(number, 0, len(prefix)), blanks)
            found.append(
                Diagnostic(
                    "E101",
                    "a tab in the indentation",
                    source.span(number, prefix.index("\t"), len(prefix)),
                    "indent with four spaces a level",
                    fix=Fix("write blanks for tabs", (edit,)),
                )
            )
        if first == "|":  # every blank of a bar of text counts
            text = raw[len(prefix) :]
        line = Line(number, len(prefix), text, None, number)
        if text.endswith('"""') and _BLOCK_OPENS.match(text):
            _read_block(source, line, lines, found)
        yield line, indent


def _read_block(
    source: Source,
    line: Line,
    lines: Iterator[tuple[int, str]],
    found: list[Diagnostic],
) -> None:
    """Take the lines up to the closing quotes into ``line``."""
    block: list[str] = []
    for number, raw in lines:
        before, quotes, after = raw.partition('"""')
        if not quotes:
            block.append(raw)
            continue
        if before.strip():
            block.append(before)
        if after.strip():
            start = len(before) + 3
            found.append(
                Diagnostic(
                    "E201",
                    'text after the closing """',
                    source.span(number, start, len(raw)),
                    "put it on a line of its own, or above the quotes",
                )
            )
        line.block, line.last = tuple(block), number
        return
    line.block, line.last = tuple(block), len(source.lines)
    start = source.lines[line.number - 1].rindex('"""')
    found.append(
        Diagnostic(
            "E103",
            'no closing """ follows',
            source.span(line.number, start, start + 3),
            'end the text with """ on a line of its own',
        )
    )
