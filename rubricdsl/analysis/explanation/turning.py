"""The smallest change of one weight that turns the order of two responses.

In a tree of means both scores are, as functions of one weight, quotients of straight
lines, piece by piece: pieces end where a value meets 0, 1 or the cap of a gate.  So
where the scores meet can be worked out exactly, piece after piece, and the first place
where they do and change their order is the smallest change of that weight.  Signs stay:
no merit is made a fault, and no weight becomes 0.
"""

from collections.abc import Iterator, Sequence
from math import ceil, fsum, inf, isfinite, sqrt

from attrs import frozen

from rubricdsl.analysis.explanation.means import MeanNode
from rubricdsl.scoring.leaves import TOLERANCE

# A step beyond the place where scores meet, to see that they have changed places.
_BEYOND = 1e-6
_MOST_PIECES = 1_000


@frozen(kw_only=True)
class WeightTurn:
    """One weight at which two responses score the same, and past which they turn.

    ``whole`` is the nearest whole number past it that turns their order; None if there
    is none, as where a weight would have to become 0.
    """

    path: str
    weight: float
    meets: float
    whole: int | None

    @property
    def change(self) -> float:
        """How far the weight must move, and a little further."""
        return self.meets - self.weight


def weight_turns(tree: MeanNode) -> tuple[WeightTurn, ...]:
    """Give, for each weight that can turn the order alone, the smallest change.

    The smallest change comes first.  None where the responses score the same already.
    """
    ahead = tree.difference()
    if ahead is None or abs(ahead) <= TOLERANCE:
        return ()
    found = [
        turn
        for line in _lines(tree)
        for turn in [_turn(tree, line, ahead)]
        if turn is not None
    ]
    return tuple(sorted(found, key=lambda turn: (abs(turn.change), turn.path)))


# ------------------------------------------------------------------ one weight


@frozen
class _Ratio:
    """``(a + b w) / (c + d w)``."""

    a: float
    b: float
    c: float
    d: float

    def at(self, weight: float) -> float:
        return (self.a + self.b * weight) / (self.c + self.d * weight)

    def meets(self, level: float) -> float | None:
        """Give the weight at which it comes to a level, if there is one."""
        slope = self.b - level * self.d
        return (level * self.c - self.a) / slope if slope else None


def _lines(tree: MeanNode) -> Iterator[tuple[MeanNode, ...]]:
    """Give the way from the root to each node below it."""
    stack: list[tuple[MeanNode, ...]] = [(tree,)]
    while stack:
        line = stack.pop()
        stack.extend((*line, child) for child in reversed(line[-1].children))
        if len(line) > 1:
            yield line


def _climb(
    line: Sequence[MeanNode], response: int, weight: float
) -> tuple[_Ratio, list[float]] | None:
    """Give a score as a function of the last node's weight, and where its piece ends.

    None where a group has no value, or only as a limit.
    """
    ends: list[float] = []
    own = line[-1].value(response)
    inside: _Ratio | None = None if own is None else _Ratio(own, 0.0, 1.0, 0.0)
    for depth in range(len(line) - 2, -1, -1):
        group, child = line[depth], line[depth + 1]
        inside = _mean(group, child, inside, response, moving=depth == len(line) - 2)
        if inside is None:
            return None
        top = min(1.0, group.caps[response])
        value = inside.at(weight)
        ends += [
            end for bound in (0.0, top) if (end := inside.meets(bound)) is not None
        ]
        if value <= 0 or value >= top:
            inside = _Ratio(min(max(value, 0.0), top), 0.0, 1.0, 0.0)
    return None if inside is None else (inside, ends)


def _mean(
    group: MeanNode,
    child: MeanNode,
    inside: _Ratio | None,
    response: int,
    *,
    moving: bool,
) -> _Ratio | None:
    """Give a mean as a function of a weight, which is that of the child if ``moving``.

    ``inside`` is the value of the child, None if it is not applicable.
    """
    held = [(c, c.value(response)) for c in group.children if c is not child]
    others = [(c, v) for c, v in held if v is not None]
    points = fsum(c.weight * v for c, v in others)
    divides = 1.0 if group.positive else -1.0
    total = fsum(
        divides * c.weight
        for c, _ in others
        if not c.is_bonus and (c.weight > 0 or not group.positive)
    )
    if inside is None:
        return _Ratio(_raised(group, points, total), 0.0, total, 0.0) if total else None
    counts = not child.is_bonus and (child.weight > 0 or not group.positive)
    if moving:
        value = inside.at(0.0)
        slope = divides if counts else 0.0
        raised = 0.0 if group.positive else slope
        base = _raised(group, points, total)
        if not total and not slope:
            return None
        return _Ratio(base, value + raised, total, slope)
    if counts:
        total += divides * child.weight
    if not total:
        return None
    base = _raised(group, points, total)
    return _Ratio(
        base * inside.c + child.weight * inside.a,
        base * inside.d + child.weight * inside.b,
        total * inside.c,
        total * inside.d,
    )


def _raised(group: MeanNode, points: float, total: float) -> float:
    """Give the points of a group; one of penalties alone counts down from 1."""
    return points if group.positive else points + total


def _turn(tree: MeanNode, line: Sequence[MeanNode], ahead: float) -> WeightTurn | None:
    """Find the smallest change of one weight, up or down, that turns the order."""
    found = [
        turn
        for direction in (1.0, -1.0)
        if (turn := _turn_along(tree, line, ahead, direction)) is not None
    ]
    return min(found, key=lambda turn: abs(turn.change), default=None)


def _turn_along(
    tree: MeanNode, line: Sequence[MeanNode], ahead: float, direction: float
) -> WeightTurn | None:
    own = line[-1]
    here = own.weight
    for _ in range(_MOST_PIECES):
        # Inside of the piece, not at its end.
        probe = here + direction * _BEYOND * max(1.0, abs(here)) * 1e-3
        if probe * own.weight <= 0:
            return None
        piece, other_piece = _climb(line, 0, probe), _climb(line, 1, probe)
        if piece is None or other_piece is None:
            return None
        (one, its_ends), (other, other_ends) = piece, other_piece
        ends = [e for e in (*its_ends, *other_ends) if (e - probe) * direction > 0]
        end = min(ends, key=lambda e: abs(e - here), default=direction * inf)
        for meeting in sorted(_meetings(one, other), key=lambda m: m * direction):
            is_here = (meeting - here) * direction >= -TOLERANCE and (
                (end - meeting) * direction >= -TOLERANCE
            )
            turn = _checked(tree, own, meeting, ahead, direction) if is_here else None
            if turn is not None:
                return turn
        if not isfinite(end) or end * own.weight <= 0:
            return None
        here = end
    return None


def _meetings(one: _Ratio, other: _Ratio) -> list[float]:
    """Give the weights at which two ratios are equal, the roots of a parabola."""
    square = one.b * other.d - other.b * one.d
    slope = one.a * other.d + one.b * other.c - other.a * one.d - other.b * one.c
    base = one.a * other.c - other.a * one.c
    if abs(square) <= TOLERANCE * max(abs(slope), abs(base), TOLERANCE):
        return [-base / slope] if slope else []
    under = slope * slope - 4 * square * base
    if under < 0:
        return []
    # Without taking nearly equal numbers from each other.
    far = -(slope + (sqrt(under) if slope >= 0 else -sqrt(under))) / 2
    return [far / square, *((base / far,) if far else ())]


def _checked(
    tree: MeanNode, own: MeanNode, meeting: float, ahead: float, direction: float
) -> WeightTurn | None:
    """Take a meeting for a turn where the order is another just beyond it."""
    if meeting * own.weight <= 0:
        return None
    beyond = meeting + direction * _BEYOND * max(1.0, abs(meeting))
    if beyond * own.weight <= 0 or not _turned(tree, own, beyond, ahead):
        return None
    whole = ceil(meeting * direction + TOLERANCE) * direction
    if abs(whole - meeting) <= TOLERANCE:
        whole += direction
    is_turned = whole * own.weight > 0 and _turned(tree, own, whole, ahead)
    return WeightTurn(
        path=own.path,
        weight=own.weight,
        meets=meeting,
        whole=int(whole) if is_turned else None,
    )


def _turned(tree: MeanNode, own: MeanNode, weight: float, ahead: float) -> bool:
    now = tree.reweighed({own.path: weight}).difference()
    return now is not None and now * ahead < 0
