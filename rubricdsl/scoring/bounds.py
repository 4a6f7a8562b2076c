"""What a score can still come to while some verdicts are missing.

Each node has a range: the least and the greatest number that it can be worth, and
whether it can be not applicable.  The ranges of a group follow from its own meaning
(`Branch.combined`), taken at corners: each child at the end that raises or lowers
the group, and each that may be not applicable either there or left out.

Ranges are sound: whatever the missing verdicts turn out to be, the value lies
inside.  They are exact where nothing can be n/a and no need ties one criterion to
another of the opposite sign.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum

from attrs import field, frozen

from rubricdsl.model.rubric import BoundRubric, Kind
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.formulas import formula_range
from rubricdsl.scoring.leaves import Worth, met
from rubricdsl.scoring.meaning import (
    Branch,
    GatePart,
    Leaf,
    Meaning,
    Need,
    Part,
    clip,
    formula_of,
)


@frozen
class Range:
    """What a node can be worth.

    ``interval`` is None where it can be no number, ``na`` says whether it can be
    not applicable; one of the two always holds.
    """

    interval: tuple[float, float] | None
    na: bool = field(default=False, kw_only=True)

    @classmethod
    def of(cls, worth: Worth) -> "Range":
        """Give the range of a value that is known."""
        return NOT_APPLICABLE if worth is None else cls((worth, worth))

    @classmethod
    def of_outcomes(cls, outcomes: Sequence[Worth]) -> "Range":
        """Give the narrowest range that holds all these values."""
        numbers = [worth for worth in outcomes if worth is not None]
        interval = (min(numbers), max(numbers)) if numbers else None
        return cls(interval, na=len(numbers) < len(outcomes))

    def with_outcome(self, number: float) -> "Range":
        """Give the narrowest range that holds this and ``number``."""
        low, high = self.interval or (number, number)
        return Range((min(low, number), max(high, number)), na=self.na)

    @property
    def value(self) -> Worth:
        """The value where it is known; None where it is n/a or not known."""
        return self.interval[0] if self.interval is not None and self.known else None

    @property
    def known(self) -> bool:
        """Whether just one value is left."""
        if self.interval is None:
            return True
        low, high = self.interval
        return low == high and not self.na


NOT_APPLICABLE = Range(None, na=True)
UNMET = Range((0.0, 0.0))
Ranges = Sequence[Range]


class Prospect(Enum):
    """Whether a node is met, as far as is known."""

    MET = "met"
    UNMET = "unmet"
    OPEN = "open"


def prospect(reach: Range, passing: float) -> Prospect:
    """Say whether a node is met; not applicable is unmet."""
    if reach.interval is None or not met(reach.interval[1], passing):
        return Prospect.UNMET
    if met(reach.interval[0], passing) and not reach.na:
        return Prospect.MET
    return Prospect.OPEN


# --------------------------------------------------------------------- nodes


def leaf_range(leaf: Leaf, ranges: Ranges, ruling: Ruling | None) -> Range:
    """Give the range of a criterion with this ruling, or without one.

    ``ranges`` hold those of all its needs.
    """
    asked = needs_prospect(leaf.needs, ranges)
    if asked is Prospect.UNMET:
        return UNMET
    if ruling is None:
        own = Range(leaf.worths.limits, na=leaf.worths.skippable)
    else:
        own = Range.of(leaf.worths.worth(ruling))
    return own if asked is Prospect.MET else own.with_outcome(0.0)


def needs_prospect(needs: Sequence[Need], ranges: Ranges) -> Prospect:
    """Say whether all needs are met: a single unmet one decides."""
    prospects = [prospect(ranges[need.number], need.passing) for need in needs]
    if Prospect.UNMET in prospects:
        return Prospect.UNMET
    return Prospect.OPEN if Prospect.OPEN in prospects else Prospect.MET


def branch_range(branch: Branch, ranges: Ranges) -> Range:
    """Give the range of a group; ``ranges`` hold those of all its children."""
    return _gated(branch.gates, ranges, _combined(branch, ranges))


def _gated(gates: Sequence[GatePart], ranges: Ranges, inner: Range) -> Range:
    certain: list[float] = []
    possible: list[float] = []
    for gate in gates:
        match firing(gate, ranges[gate.number]):
            case Prospect.MET:
                certain.append(gate.cap)
            case Prospect.OPEN:
                possible.append(gate.cap)
    if not certain and not possible:
        return inner
    ceiling = min(certain, default=1.0)
    floor = min([*certain, *possible])
    outcomes: list[Worth] = []
    if inner.interval is not None:
        low, high = inner.interval
        outcomes += [min(low, floor), min(high, ceiling)]
    if inner.na:
        outcomes += [floor, min([ceiling, max([*certain, *possible])])]
        if not certain:
            outcomes.append(None)
    return Range.of_outcomes(outcomes)


def firing(gate: GatePart, reach: Range) -> Prospect:
    """Say whether a gate fires: MET if so, UNMET if not, OPEN if it may."""
    if reach.interval is None:
        return Prospect.UNMET
    low, high = (
        met(end, gate.passing) is gate.fires_when_met for end in reach.interval
    )
    if not low and not high:
        return Prospect.UNMET
    return Prospect.MET if low and high and not reach.na else Prospect.OPEN


# ------------------------------------------------------------------- corners


class _Direction(Enum):
    """The end of a range that is looked for, as an index into its interval."""

    LOWEST = 0
    HIGHEST = 1

    def end(self, part: Part) -> int:
        """Give the end of a child that takes its group in this direction."""
        return self.value if part.weight > 0 else 1 - self.value

    def welcomes(self, change: float) -> bool:
        """Say whether adding ``change`` leads in this direction, or nowhere."""
        return change >= 0 if self is _Direction.HIGHEST else change <= 0

    def sorted(self, children: "Iterable[_Optional]") -> "list[_Optional]":
        """Put those first that lead furthest in this direction."""
        return sorted(children, reverse=self is _Direction.HIGHEST)


def _combined(branch: Branch, ranges: Ranges) -> Range:
    if all(ranges[number].known for number in branch.counted):
        values = {number: ranges[number].value for number in branch.counted}
        return Range.of(branch.combined(values))
    if not branch.weighted:
        return _without_weights(branch, ranges)
    if branch.group.kind is Kind.FORMULA:
        return _formula_combined(branch, ranges)
    outcomes = [
        branch.combined(corner)
        for direction in _Direction
        for corner in _corners(branch, ranges, direction)
    ]
    if all(ranges[part.number].na for part in branch.weighted):
        outcomes.append(None)
    if 0.0 in outcomes and 1.0 in outcomes and _may_vanish(branch, ranges):
        outcomes.append(None)
    return Range.of_outcomes(outcomes)


def _may_vanish(branch: Branch, ranges: Ranges) -> bool:
    """Say whether all positive weights of a mean may be skipped.

    Between the limits 0 and 1 its points may then be 0, which has no value.
    """
    positive = [part for part in branch.weighted if part.weight > 0]
    return bool(positive) and all(ranges[part.number].na for part in positive)


def _corners(
    branch: Branch, ranges: Ranges, direction: _Direction
) -> Iterator[Mapping[int, Worth]]:
    """Give values of the children among which the group's extreme is found.

    A child is at the end that leads in the direction.  One that may be n/a is left
    out, or in, as that leads there too.
    """
    divisors = _divisors(branch)
    corner: dict[int, Worth] = {}
    optional: list[_Optional] = []
    spare: list[_Optional] = []
    for part in branch.weighted + branch.bonuses:
        reach = ranges[part.number]
        value = None if reach.interval is None else reach.interval[direction.end(part)]
        corner[part.number] = value
        if value is None or not reach.na:
            continue
        if part in divisors:
            corner[part.number] = None
            optional.append(_Optional(_merit(branch, part, value), part.number, value))
        elif not direction.welcomes(part.weight * value):
            corner[part.number] = None
            spare.append(_Optional(part.weight * value, part.number, value))
    yield corner
    # Where nothing else applies, it takes a child that harms to have a value at all.
    for least_harm in direction.sorted(spare)[:1]:
        yield _with(corner, [least_harm])
    if optional:
        optional = direction.sorted(optional)
        yield _with(corner, optional[:1])
        yield _with(
            corner, optional[: _worth_taking(branch, direction, corner, optional)]
        )


@frozen(order=True)
class _Optional:
    """A child that may be n/a: what it is good for, its number, and its value."""

    merit: float
    number: int
    value: float


def _with(
    corner: Mapping[int, Worth], children: Sequence[_Optional]
) -> Mapping[int, Worth]:
    return {**corner, **{child.number: child.value for child in children}}


def _worth_taking(
    branch: Branch,
    direction: _Direction,
    corner: Mapping[int, Worth],
    optional: Sequence[_Optional],
) -> int:
    """Say how many children to take in, the best first, beyond the first one.

    What counts how many are met gains by each that is as wished.  A mean gains by
    each that is better than the mean of those before: true up to some child, false
    from there on.
    """
    match branch.group.kind:
        case Kind.WORST | Kind.BEST:
            return 1
        case Kind.ALL | Kind.ANY | Kind.AT_LEAST:
            return sum(child.merit == direction.value for child in optional)
        case _:
            pass

    def loss(taken: int) -> int:
        mean = branch.combined(_with(corner, optional[:taken])) or 0.0
        return 0 if direction.welcomes(optional[taken].merit - mean) else 1

    return bisect_left(range(len(optional)), 1, lo=1, key=loss)


def _divisors(branch: Branch) -> frozenset[Part]:
    """Give the children that count in the divisor, not only in the points."""
    if not branch.positive:
        return frozenset(branch.weighted)
    return frozenset(part for part in branch.weighted if part.weight > 0)


def _merit(branch: Branch, part: Part, value: float) -> float:
    if branch.group.kind in (Kind.ALL, Kind.ANY, Kind.AT_LEAST):
        return float(met(value, part.passing))
    return value if part.weight > 0 else 1 - value


def _without_weights(branch: Branch, ranges: Ranges) -> Range:
    gates = [ranges[gate.number] for gate in branch.gates]
    if branch.bonuses or all(gate.interval is None for gate in gates):
        return NOT_APPLICABLE
    return Range((1.0, 1.0), na=all(gate.na for gate in gates))


def _formula_combined(branch: Branch, ranges: Ranges) -> Range:
    weighted = [ranges[part.number] for part in branch.weighted]
    operands = [(name, ranges[number]) for name, number in branch.operands]
    intervals = {name: r.interval for name, r in operands if r.interval is not None}
    if len(intervals) < len(operands) or all(r.interval is None for r in weighted):
        return NOT_APPLICABLE
    na = any(r.na for _, r in operands) or all(r.na for r in weighted)
    reach = formula_range(formula_of(branch.group), intervals)
    if not reach.defined:
        return Range((0.0, 1.0), na=True)
    return Range((clip(reach.low), clip(reach.high)), na=na)


# ------------------------------------------------------------------- rubrics


@frozen(eq=False)
class Bounds:
    """The bounds of one rubric, for any response and any verdicts so far."""

    meaning: Meaning

    @classmethod
    def of(cls, rubric: BoundRubric) -> "Bounds":
        """Work out what does not depend on verdicts; raises as `Meaning.of`."""
        return cls(Meaning.of(rubric))

    def ranges(self, rulings: Mapping[str, Ruling]) -> Ranges:
        """Give the ranges of all nodes, by their number in the structure.

        ``rulings`` are by path, as many as there are.  Raises IllegalRulingError
        for a ruling that is not legal for its criterion.
        """
        ranges = [NOT_APPLICABLE] * len(self.meaning.steps)
        for step in self.meaning.steps:
            if isinstance(step, Leaf):
                reach = leaf_range(step, ranges, rulings.get(step.path))
            else:
                reach = branch_range(step, ranges)
            ranges[step.number] = reach
        return ranges

    def score(self, rulings: Mapping[str, Ruling]) -> Range:
        """Give what the score can still come to; like `ranges` in all else."""
        return self.ranges(rulings)[0]


def bounds(rubric: BoundRubric, rulings: Mapping[str, Ruling]) -> Range:
    """Give the least and the greatest score that missing verdicts can still make.

    For many responses to one rubric, keep a `Bounds`.
    """
    return Bounds.of(rubric).score(rulings)
