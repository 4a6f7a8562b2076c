"""Changes to the rows of a file, collected first and made in one go.

Rows are the lines of the file, counted from 1.  What no change speaks of keeps its
bytes, line end included.
"""

from collections.abc import Iterator
from functools import partial

from attrs import define, field, frozen

from rubricdsl.language.characters import Source
from rubricdsl.language.layout import Line, lay_out

_BYTE_ORDER_MARK = "\ufeff"


@frozen
class Extent:
    """The rows of a block with its comments, first and last included.

    Its comments are those right above it that are indented no deeper, and those
    right below that are.
    """

    first: int
    last: int

    def rows(self) -> range:
        """Give the numbers of the rows."""
        return range(self.first, self.last + 1)


@frozen
class _Moved:
    """Rows that are taken from elsewhere, ``by`` so many columns further right."""

    extent: Extent
    by: int


_Piece = _Moved | tuple[str, ...]


@define
class Patch:
    """A file, its blocks, and the changes to make."""

    source: Source
    lines: dict[int, Line]
    comments: dict[int, int]
    # Rows between triple quotes, with the extent of their text.
    blocks: dict[int, Extent]
    _replaced: dict[int, tuple[str, ...]] = field(factory=dict)
    _away: set[int] = field(factory=set)
    _above: dict[int, list[_Piece]] = field(factory=dict)
    _below: dict[int, list[_Piece]] = field(factory=dict)
    _added: dict[int, list[str]] = field(factory=dict)

    @classmethod
    def of(cls, source: Source) -> "Patch":
        """Find the blocks of a source."""
        layout = lay_out(source)
        lines = [line for top in layout.lines for line in top.walk()]
        blocks = {
            row: Extent(line.number + 1, line.last)
            for line in lines
            for row in range(line.number + 1, line.last + 1)
        }
        comments = {
            comment.line: len(
                source.lines[comment.line - 1][: comment.column].expandtabs(4)
            )
            for comment in layout.comments
        }
        return cls(source, {line.number: line for line in lines}, comments, blocks)

    # ----------------------------------------------------------------- looking

    def row(self, number: int) -> str:
        """Give a row, without its line end."""
        return self.source.lines[number - 1]

    def extent(self, line: Line) -> Extent:
        """Give the rows of a block with its comments."""
        first, last = line.number, last_row(line)
        while self.comments.get(first - 1, line.column + 1) <= line.column:
            first -= 1
        while self.comments.get(last + 1, 0) > line.column:
            last += 1
        return Extent(first, last)

    # ---------------------------------------------------------------- changing

    def replace(self, row: int, *rows: str) -> None:
        """Put rows, or nothing, in the place of one."""
        self._replaced[row] = rows

    def add(self, row: int, *rows: str) -> None:
        """Add rows to the block that ends with a row; they move with it."""
        self._added.setdefault(row, []).extend(rows)

    def insert(self, rows: tuple[str, ...], *, above: int = 0, below: int = 0) -> None:
        """Put rows above or below a row."""
        self._put(rows, above, below)

    def move(self, extent: Extent, by: int, *, above: int = 0, below: int = 0) -> None:
        """Put a block above or below a row, ``by`` columns further right."""
        self._away.update(extent.rows())
        self._put(_Moved(extent, by), above, below)

    def drop(self, extent: Extent) -> None:
        """Take a block out for good."""
        for row in extent.rows():
            self._replaced[row] = ()

    def close(self, extent: Extent) -> None:
        """Where a block is gone between blank lines, leave one of them."""
        above, below = extent.first - 1, extent.last + 1
        if not self._is_open(above) or not self._is_open(below):
            return
        if above >= 1:
            self._replaced[above] = ()
        elif below <= len(self.source.lines):
            self._replaced[below] = ()

    def _put(self, piece: _Piece, above: int, below: int) -> None:
        pieces = self._above if above else self._below
        pieces.setdefault(above or below, []).append(piece)

    def _is_open(self, row: int) -> bool:
        return not (1 <= row <= len(self.source.lines)) or not self.row(row).strip()

    # ----------------------------------------------------------------- writing

    def text(self, original: str) -> str:
        """Give the changed text; ``original`` is what the source was made of."""
        bare = original.removeprefix(_BYTE_ORDER_MARK)
        ends = ["\r\n" if raw.endswith("\r") else "\n" for raw in bare.split("\n")]
        if not bare.endswith("\n"):
            ends[-1] = ends[0]
        pieces: list[str] = []
        for text, row in self._all():
            pieces += [text, ends[row - 1] if row else ends[0]]
        if pieces and not bare.endswith("\n"):
            pieces.pop()
        mark = original[: len(original) - len(bare)]
        return mark + "".join(pieces)

    def _all(self) -> Iterator[tuple[str, int]]:
        for row in range(1, len(self.source.lines) + 1):
            yield from self._pieces(self._above.get(row, ()))
            if row not in self._away:
                yield from self._own(row)
            yield from self._pieces(self._below.get(row, ()))

    def _own(self, row: int) -> Iterator[tuple[str, int]]:
        """Give what stands in the place of one row, with its number if it is that."""
        if row in self._replaced:
            yield from ((text, 0) for text in self._replaced[row])
        else:
            yield self.row(row), row
        yield from ((text, 0) for text in self._added.get(row, ()))

    def _pieces(self, pieces: "list[_Piece] | tuple[()]") -> Iterator[tuple[str, int]]:
        for piece in pieces:
            if isinstance(piece, tuple):
                yield from ((text, 0) for text in piece)
                continue
            for row in piece.extent.rows():
                for text, number in self._own(row):
                    yield self._shifted(text, number, piece.by), number

    def _shifted(self, text: str, row: int, by: int) -> str:
        if not text.strip():
            return text
        if by >= 0:
            return " " * by + text
        block = self.blocks.get(row)
        # A text in triple quotes may stand further left than its block.
        if block and not all(
            map(partial(_has_margin, -by), map(self.row, block.rows()))
        ):
            return text
        margin = len(text) - len(text.lstrip(" "))
        return text[min(margin, -by) :]


def last_row(line: Line) -> int:
    """Give the last row of a line with all below it."""
    return max(inner.last for inner in line.walk())


def _has_margin(width: int, row: str) -> bool:
    return not row.strip() or row.startswith(" " * width)
