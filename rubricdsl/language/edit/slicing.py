"""A file taken apart, one slice for each rubric in it, and put together again.

Where a file is cut decides to which rubric a comment belongs: to the one below, unless
it touches the one above, or is indented as that is.  Blank lines stay above the cut.
"""

from collections.abc import Iterable
from itertools import pairwise

from attrs import frozen

from rubricdsl.language.characters import Source
from rubricdsl.language.edit.patches import Patch, last_row
from rubricdsl.language.reading import SourceReading, read_source


@frozen
class Slice:
    """A rubric's part of a file: its lines, as they are, with its comments.

    ``text`` is a file of its own, for no rubric needs another that stands beside it.
    """

    name: str
    text: str


def slices(text: str) -> tuple[Slice, ...]:
    """Take a file apart: a slice for each rubric, in their order.

    Raises RubricError with the errors of syntax.
    """
    return slices_of(text, read_source(Source.of(text)))


def slices_of(text: str, reading: SourceReading) -> tuple[Slice, ...]:
    """Do as `slices` to a file that is read already."""
    rubrics = reading.models()
    rows = text.split("\n")
    starts = _starts(reading.source, [rubric.span.line for rubric in rubrics])
    stops = [*(start - 1 for start in starts[1:]), len(rows)]
    pieces: list[Slice] = []
    for rubric, start, stop in zip(rubrics, starts, stops, strict=True):
        end = "\n" if stop < len(rows) else ""
        piece = "\n".join(rows[start - 1 : stop]) + end
        pieces.append(Slice(rubric.name, piece))
    return tuple(pieces)


def joined(texts: Iterable[str]) -> str:
    """Put the texts of slices, edited or not, together again."""
    return "".join(texts)


def _starts(source: Source, headers: list[int]) -> list[int]:
    """Give the first row of each slice, by the rows of the rubrics' headers."""
    patch = Patch.of(source)
    # The last row of each top-level block, by its first.
    blocks = {
        number: last_row(line)
        for number, line in patch.lines.items()
        if line.column == 0
    }
    ends = dict.fromkeys(headers, 0)
    header = 0
    for first in sorted(blocks):
        header = first if first in ends else header
        ends[header] = blocks[first]
    cuts = [_cut(patch, ends[above], below) for above, below in pairwise(headers)]
    return [1, *cuts]


def _cut(patch: Patch, last: int, header: int) -> int:
    """Give the first row that belongs to the rubric below.

    ``last`` is the last row of the rubric above that says something, ``header`` the
    first of the one below.
    """
    own = patch.extent(patch.lines[header]).first
    start = last + 1
    while start < own and start in patch.comments:
        start += 1
    for row in range(start, own):
        if patch.comments.get(row, 0) > 0:
            start = row + 1
    while start < own and start not in patch.comments:
        start += 1
    return start
