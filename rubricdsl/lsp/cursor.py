"""The place where an author is typing: what stands before it and around it."""

import re
from collections.abc import Sequence

from attrs import frozen

from rubricdsl.language.layout import Line
from rubricdsl.language.scopes import Named, Scope
from rubricdsl.language.words import NAME
from rubricdsl.lsp.definitions import test_at
from rubricdsl.lsp.documents import Reading
from rubricdsl.lsp.mentions import Block, block_of
from rubricdsl.model.protocols import Signature
from rubricdsl.model.rubric import Rubric

_CALL = re.compile(rf"({NAME})\s*\(")


@frozen
class Cursor:
    """A place in a row; ``above`` are the lines whose blocks it stands in."""

    reading: Reading
    row: int
    before: str
    above: tuple[Line, ...]
    rubric: Rubric | None

    @classmethod
    def at(cls, reading: Reading, row: int, before: str) -> "Cursor":
        """Look around in a document."""
        return cls(
            reading, row, before, _above(reading, row, before), reading.rubric_at(row)
        )

    @property
    def block(self) -> Block:
        """The block that the row stands in."""
        return block_of(self.reading, self.above)

    @property
    def scope(self) -> Scope:
        """The names of the rubric."""
        return Scope() if self.rubric is None else self.reading.scope(self.rubric)

    @property
    def is_inside_text(self) -> bool:
        """Whether the row stands between triple quotes."""
        chain = self.reading.lines.get(self.row)
        return chain is not None and self.row != chain[-1].number

    def responses(self) -> Sequence[str]:
        """Give the names of the responses of the test."""
        test = None if self.rubric is None else test_at(self.rubric, self.row)
        return [r.name for r in (test.responses if test else ()) if r.name is not None]

    def enclosing_call(self, rest: str) -> Signature | None:
        """Give the function whose brackets the cursor is in."""
        open_at: list[int] = []
        for at, character in enumerate(rest):
            if character == "(":
                open_at.append(at)
            elif character == ")" and open_at:
                open_at.pop()
        if not open_at:
            return None
        calls = [m for m in _CALL.finditer(rest) if m.end() - 1 == open_at[-1]]
        return self.reading.functions.get(calls[0][1]) if calls else None

    def siblings(self) -> Sequence[Line]:
        """Give the lines of the block that the row stands in."""
        if self.above:
            return self.above[-1].children
        rubric = self.rubric
        if rubric is None:
            return ()
        lines = self.reading.layout.lines
        ends = [
            other.span.line
            for other in self.reading.loaded.rubrics
            if other.span.line > rubric.span.line
        ]
        end = min(ends, default=len(self.reading.source.lines) + 1)
        return [line for line in lines if rubric.span.line <= line.number < end]

    def owner(self) -> Named | None:
        """Give the item that the row belongs to."""
        for line in reversed(self.above):
            for named in self.scope.own:
                if named.item.span.line == line.number:
                    return named
        return None


def _above(reading: Reading, row: int, before: str) -> tuple[Line, ...]:
    """Give the lines that the row stands below in its block."""
    chain = reading.lines.get(row)
    if chain is not None and before.strip():
        return chain[:-1]
    column = len(before) - len(before.lstrip(" \t"))
    for number in range(row - 1, 0, -1):
        chain = reading.lines.get(number)
        if chain is not None:
            return tuple(line for line in chain if line.column < column)
    return ()


def is_in_string(text: str) -> bool:
    """Say whether a text ends inside quotes."""
    quote = ""
    escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif quote == '"' and character == "\\":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
    return bool(quote)
