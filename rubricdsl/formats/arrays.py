"""One JSON array cut into its elements, without reading it whole.

Only strings, brackets and commas are looked at here; whether an element is JSON is
for whoever reads it.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import IO, NoReturn

from attrs import define, field, frozen

from rubricdsl.diagnostics import fail
from rubricdsl.formats.sources import MAX_ROW_BYTES, chunks, place

_OUTSIDE_STRING = re.compile(rb'["\[\]{},]')
_INSIDE_STRING = re.compile(rb'["\\]')


@frozen
class Element:
    """The bytes of an element, and where they begin.

    Line and column count from 1, the offset in bytes from 0.
    """

    line: int
    column: int
    offset: int
    content: bytes


def elements(file: IO[bytes], name: str) -> Iterator[Element]:
    """Give the elements of the array that a file holds.

    Raises RubricError for a file that is no array (D102), also when that shows
    only at its end, and for an element over `MAX_ROW_BYTES` (D110).
    """
    splitter = _Splitter(name)
    for chunk in chunks(file, name):
        yield from splitter.feed(chunk)
    splitter.finish()


class _Phase(Enum):
    BEFORE = auto()
    INSIDE = auto()
    AFTER = auto()


@define
class _Splitter:
    """The state of the cutting between two chunks.

    ``buffer`` begins where the current element does, at ``line``, ``column`` and
    ``offset``; ``scanned`` of its bytes have been looked at.  ``depth`` counts the
    brackets open within the element.
    """

    name: str
    buffer: bytearray = field(factory=bytearray)
    phase: _Phase = _Phase.BEFORE
    scanned: int = 0
    depth: int = 0
    in_string: bool = False
    count: int = 0
    line: int = 1
    column: int = 1
    offset: int = 0

    def feed(self, chunk: bytes) -> Iterator[Element]:
        """Take a chunk and give the elements that end in it."""
        self.buffer += chunk
        if self.phase is _Phase.BEFORE:
            self._enter()
        if self.phase is _Phase.INSIDE:
            yield from self._cut()
        if self.phase is _Phase.AFTER and self._skip_blanks():
            self._fail("there is more after the array", "keep one array in a file")
        if len(self.buffer) > MAX_ROW_BYTES:
            fail(
                "D110",
                f"the row is over {MAX_ROW_BYTES // 2**20} MB",
                hint="split it into several rows, or cut its texts",
                span=place(self.name, self.line, column=self.column),
            )

    def finish(self) -> None:
        """Take the end of the file."""
        if self.phase is _Phase.INSIDE:
            self._fail("the array is not closed", "the file is cut short: end it by ]")

    def _enter(self) -> None:
        if not self._skip_blanks():
            return
        if not self.buffer.startswith(b"["):
            self._fail(
                "the file does not begin with [",
                "put the rows into one array, or name the file .jsonl if each line "
                "is one",
            )
        self._drop(1)
        self.phase = _Phase.INSIDE

    def _cut(self) -> Iterator[Element]:
        while (found := self._next_mark()) is not None:
            start, mark = found
            if mark == b'"':
                self.in_string = not self.in_string
            elif mark in b"[{":
                self.depth += 1
            elif self.depth:
                self.depth -= mark != b","
            else:
                yield from self._element(start, mark)
                if mark != b",":
                    self.phase = _Phase.AFTER
                    return

    def _next_mark(self) -> tuple[int, bytes] | None:
        """Give the next mark that means something here, and where it stands."""
        pattern = _INSIDE_STRING if self.in_string else _OUTSIDE_STRING
        while match := pattern.search(self.buffer, self.scanned):
            start, mark = match.start(), match.group()
            if mark != b"\\":
                self.scanned = start + 1
                return start, mark
            if start + 1 == len(self.buffer):
                # What is escaped stands in the next chunk.
                self.scanned = start
                return None
            self.scanned = start + 2
        self.scanned = len(self.buffer)
        return None

    def _element(self, end: int, mark: bytes) -> Iterator[Element]:
        if mark == b"}":
            self._fail("the array is closed by }", "end it by ]")
        content = bytes(self.buffer[:end])
        blank = len(content) - len(content.lstrip())
        self._drop(blank)
        if blank < end:
            self.count += 1
            yield Element(self.line, self.column, self.offset, content[blank:])
        elif self.count or mark == b",":
            self._fail("a row is missing here", "remove the comma too many")
        self._drop(end - blank + 1)

    def _skip_blanks(self) -> bool:
        """Drop what is blank, and tell whether anything is left."""
        self._drop(len(self.buffer) - len(self.buffer.lstrip()))
        return bool(self.buffer)

    def _drop(self, length: int) -> None:
        dropped = self.buffer[:length]
        newlines = dropped.count(b"\n")
        rest = dropped[dropped.rfind(b"\n") + 1 :].decode("utf-8", "replace")
        self.line += newlines
        self.column = len(rest) + (1 if newlines else self.column)
        self.offset += length
        self.scanned = max(self.scanned - length, 0)
        del self.buffer[:length]

    def _fail(self, message: str, hint: str) -> NoReturn:
        span = place(self.name, self.line, column=self.column)
        fail("D102", message, hint=hint, span=span)
