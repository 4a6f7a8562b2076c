"""Where things stand: from our lines and columns to those of the protocol, and back.

We count from 1 and in code points; the protocol counts from 0 and, as a rule, in
UTF-16 units.  A line feed ends our lines; the protocol's end at a lone carriage
return, too.  Both meet in offsets into the text as the editor has it.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from attrs import frozen
from lsprotocol import types

from rubricdsl.model.source import Span

_LINE_END = re.compile(r"\r\n|\n|\r")
# How positions count: in units of so many bytes of an encoding.
_BYTES: dict[str, tuple[str, int]] = {
    "utf-8": ("utf-8", 1),
    "utf-16": ("utf-16-le", 2),
    "utf-32": ("utf-32-le", 4),
}


@frozen
class Place:
    """A line and a column as spans count them, from 1."""

    line: int
    column: int

    def is_in(self, span: Span) -> bool:
        """Say whether a span holds this place, or ends at it."""
        start, end = (span.line, span.column), (span.end_line, span.end_column)
        return start <= (self.line, self.column) <= end


class Places:
    """The places of one text."""

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self.text = text
        self._unit = _BYTES[encoding]
        self._shift = int(text.startswith("\ufeff"))  # our column 1 is behind it
        self._ours = [self._shift] + [
            at + 1 for at, character in enumerate(text) if character == "\n"
        ]
        self._theirs = [0, *(match.end() for match in _LINE_END.finditer(text))]

    # ------------------------------------------------------------------- ours

    def offset(self, line: int, column: int) -> int:
        """Give the offset of a place of ours; one outside the text is moved in."""
        if line > len(self._ours):
            return len(self.text)
        number = max(line, 1)
        start, end = self._ours[number - 1], len(self.text)
        if number < len(self._ours):
            end = self._ours[number] - 1
        if end > start and self.text[end - 1] == "\r":
            end -= 1
        return min(start + max(column, 1) - 1, end)

    def place(self, position: types.Position) -> Place:
        """Give our place for a position of the protocol."""
        at = self.offset_of(position)
        line = max(bisect_right(self._ours, at), 1)
        return Place(line, max(at - self._ours[line - 1], 0) + 1)

    # ----------------------------------------------------------------- theirs

    def offset_of(self, position: types.Position) -> int:
        """Give the offset of a position; one outside the text is moved in."""
        if position.line >= len(self._theirs):
            return len(self.text)
        start = self._theirs[position.line]
        line = self.text[start : self._line_end(position.line)]
        if line.isascii():
            return start + min(position.character, len(line))
        codec, width = self._unit
        data = line.encode(codec, "surrogatepass")[: position.character * width]
        # Half a character is none: the position is moved before it.
        return start + len(data.decode(codec, "ignore"))

    def position(self, at: int) -> types.Position:
        """Give the position of an offset."""
        line = bisect_right(self._theirs, at) - 1
        return types.Position(line, self._units(self.text[self._theirs[line] : at]))

    def between(self, start: int, end: int) -> types.Range:
        """Give the range between two offsets."""
        return types.Range(self.position(start), self.position(end))

    def range(self, span: Span) -> types.Range:
        """Give the range of a span."""
        start = self.offset(span.line, span.column)
        return self.between(
            start, max(start, self.offset(span.end_line, span.end_column))
        )

    def lines(self, first: int, last: int) -> types.Range:
        """Give the range of whole lines of ours, without what ends the last."""
        return self.between(
            self.offset(first, 1), self.offset(last, len(self.text) + 2)
        )

    @property
    def whole(self) -> types.Range:
        """The range of the whole text."""
        return self.between(0, len(self.text))

    def _line_end(self, line: int) -> int:
        if line + 1 == len(self._theirs):
            return len(self.text)
        end = self._theirs[line + 1] - 1
        return end - 1 if self.text[end - 1 : end + 1] == "\r\n" else end

    def _units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        codec, width = self._unit
        return len(text.encode(codec, "surrogatepass")) // width


def name_span(span: Span, name: str) -> Span:
    """Give the span of the name at the start of an item's span."""
    return Span(
        span.file, span.line, span.column, span.line, span.column + max(len(name), 1)
    )


def edits_between(
    old: str, new: str, places: Places, *, most_lines: int = 4_000
) -> Sequence[types.TextEdit]:
    """Give edits of whole lines that make one text of another.

    What differs over more than ``most_lines`` is replaced in one piece, because
    comparing costs the square of it.
    """
    from difflib import SequenceMatcher

    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    first = _alike(before, after)
    rest = min(len(before), len(after)) - first
    last = min(_alike(before[::-1], after[::-1]), rest)
    a = before[first : len(before) - last]
    b = after[first : len(after) - last]
    starts = [0]
    for row in before:
        starts.append(starts[-1] + len(row))
    changes = [("replace", 0, len(a), 0, len(b))] if a or b else []
    if len(a) + len(b) <= most_lines:
        matcher = SequenceMatcher(None, a, b, autojunk=False)
        changes = list(matcher.get_opcodes())
    return [
        types.TextEdit(
            places.between(starts[first + start], starts[first + end]),
            "".join(b[new_start:new_end]),
        )
        for kind, start, end, new_start, new_end in changes
        if kind != "equal"
    ]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Give how many items two sequences share at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
