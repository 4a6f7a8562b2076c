"""Enclosing a formula piece by piece, where one enclosure of all would be too wide.

Interval arithmetic forgets that two places hold the same operand: over [0, 1],
``a * (1 - a)`` becomes [0, 1], although it never exceeds 1/4.  On small boxes it
forgets little, so boxes that say too little are halved (Moore, Kearfott and Cloud,
Introduction to Interval Analysis, 2009, ch. 6: refinements).  Where a slope has one
sign, the extremes lie at an end of that operand, and the enclosure becomes exact.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import evolve, frozen

from rubricdsl.expressions.intervals import Enclosure, Interval, enclose, pinned
from rubricdsl.expressions.walking import walk
from rubricdsl.model.expression import Expression

MOST_BOXES = 128
# So that a formula of thousands of terms costs no more than a short one.
_MOST_STEPS = 50_000


@frozen
class Piece:
    """A formula's enclosure on a box of its operands."""

    operands: Mapping[str, Interval]
    enclosure: Enclosure


def cover(
    formula: Expression,
    operands: Mapping[str, Interval],
    is_settled: Callable[[Enclosure], bool],
    *,
    most: int = MOST_BOXES,
) -> tuple[Piece, ...]:
    """Enclose a formula on boxes that cover its operands' intervals.

    A box is halved until its enclosure is settled or there are ``most`` boxes.  All
    pieces together are a safe enclosure whether they are settled or not.
    """
    most = min(most, _MOST_STEPS // sum(1 for _ in walk(formula)))
    settled: list[Piece] = []
    open_pieces = deque([_piece(formula, operands)])
    while open_pieces and len(settled) + len(open_pieces) < most:
        piece = open_pieces.popleft()
        halves = () if is_settled(piece.enclosure) else _halves(piece)
        if not halves:
            settled.append(piece)
        for half in halves:
            open_pieces.append(_piece(formula, half))
    return (*settled, *open_pieces)


def _piece(formula: Expression, operands: Mapping[str, Interval]) -> Piece:
    whole = enclose(formula, operands)
    if not whole.defined:
        return Piece(operands, whole)
    low = enclose(formula, pinned(operands, whole.slopes, rising=0)).low
    high = enclose(formula, pinned(operands, whole.slopes, rising=1)).high
    return Piece(operands, evolve(whole, low=low, high=high))


def points(piece: Piece) -> Iterator[Mapping[str, Interval]]:
    """Give points of a piece's box, each as a box: far corners, middle, extremes.

    The extremes are those of the operands whose slope has one sign.
    """
    slopes = piece.enclosure.slopes if piece.enclosure.defined else {}
    for rising in (0, 1):
        yield _at(pinned(piece.operands, slopes, rising=rising), 0.5)
    for share in (0.0, 0.5, 1.0):
        yield _at(piece.operands, share)


def _at(operands: Mapping[str, Interval], share: float) -> Mapping[str, Interval]:
    at = {name: low + share * (high - low) for name, (low, high) in operands.items()}
    return {name: (value, value) for name, value in at.items()}


def _halves(piece: Piece) -> tuple[Mapping[str, Interval], ...]:
    """Halve the longest side; none if all are points."""
    used = [name for name in piece.operands if name in piece.enclosure.slopes]
    # Where a division may be by zero, no slopes are known.
    names = used if piece.enclosure.defined else list(piece.operands)
    width, name = max(
        ((piece.operands[n][1] - piece.operands[n][0], n) for n in names),
        default=(0.0, ""),
    )
    if not width > 0:
        return ()
    low, high = piece.operands[name]
    middle = low + width / 2
    return (
        {**piece.operands, name: (low, middle)},
        {**piece.operands, name: (middle, high)},
    )


def hull(intervals: Iterable[Interval]) -> Interval:
    """Give the least interval that holds all of some."""
    lows, highs = zip(*intervals, strict=True)
    return min(lows), max(highs)
