"""Distributions of what a node is worth, and how those of children combine.

A distribution maps each value that a node can have (a number in [0, 1], or None
where it is not applicable) to its probability.  Children are independent of one
another, so the distribution of a group is that of a fold over its children: a state
that takes in one child after the other and is made into a value in the end.  Equal
states are merged, which keeps their number small for weights of few decimals.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import TypeAlias, TypeVar

from rubricdsl.model.rubric import Kind
from rubricdsl.scoring.leaves import TOLERANCE, Worth, met
from rubricdsl.scoring.meaning import Branch, Part, clip

Distribution: TypeAlias = Mapping[Worth, float]
"""Probabilities by value; they sum to 1."""

DistributionOf: TypeAlias = Callable[[int], Distribution]
"""Gives the distribution of a child by its number."""

MOST_STATES = 4_096
"""States beyond which a fold costs more than it is worth."""

DECIMALS = 12
"""Sums of decimals are rounded to as many, so that equal ones are equal."""

_State = TypeVar("_State")


class TooManyStatesError(Exception):
    """A distribution with too many values to be worked out exactly."""


def branch_distribution(branch: Branch, child: DistributionOf) -> Distribution:
    """Give the distribution of a group.

    Raises TooManyStatesError where it would take too long.
    """
    if branch.group.kind is Kind.FORMULA:
        # A formula may name its gates, so that the two are not independent.
        return _enumerated(branch, child)
    gates = _gates(branch, child)
    if not branch.weighted and not branch.bonuses:
        return _mapped(gates, lambda state: _gated(1.0 if state[0] else None, state[1]))
    inner = _inner(branch, child)
    if all(cap is None for _, cap in gates):
        return inner
    return _paired(inner, gates, lambda worth, state: _gated(worth, state[1]))


def _inner(branch: Branch, child: DistributionOf) -> Distribution:
    """Give the distribution of a group before its gates, for all but formulas."""
    match branch.group.kind:
        case Kind.MEAN:
            return _mean(branch, child)
        case Kind.GEOMEAN:
            return _geomean(branch, child)
        case Kind.WORST:
            return _extreme(branch, child, min)
        case Kind.BEST:
            return _extreme(branch, child, max)
        case _:
            return _enough_met(branch, child)


def firing_caps(branch: Branch, child: DistributionOf) -> Mapping[float, float]:
    """Give the probability of each cap being the lowest that fires."""
    caps: dict[float, float] = {}
    for (_, cap), probability in _gates(branch, child).items():
        if cap is not None:
            caps[cap] = caps.get(cap, 0.0) + probability
    return caps


# --------------------------------------------------------------------- folds


def _fold(
    start: _State,
    children: Sequence[tuple[Part, Distribution]],
    take: Callable[[_State, Part, float], _State],
) -> dict[_State, float]:
    """Take in one child after the other; one that does not apply changes nothing."""
    states = {start: 1.0}
    for part, distribution in children:
        following: dict[_State, float] = {}
        for state, mass in states.items():
            for worth, probability in distribution.items():
                new = state if worth is None else take(state, part, worth)
                following[new] = following.get(new, 0.0) + mass * probability
        if len(following) > MOST_STATES:
            raise TooManyStatesError
        states = following
    return states


def _mapped(
    states: Mapping[_State, float], value: Callable[[_State], Worth]
) -> Distribution:
    found: dict[Worth, float] = {}
    for state, probability in states.items():
        worth = value(state)
        found[worth] = found.get(worth, 0.0) + probability
    return found


def _paired(
    first: Distribution,
    second: Mapping[_State, float],
    value: Callable[[Worth, _State], Worth],
) -> Distribution:
    found: dict[Worth, float] = {}
    for worth, mass in first.items():
        for state, probability in second.items():
            combined = value(worth, state)
            found[combined] = found.get(combined, 0.0) + mass * probability
    return found


def _children(branch: Branch, child: DistributionOf) -> list[tuple[Part, Distribution]]:
    return [(part, child(part.number)) for part in branch.weighted]


def _gates(
    branch: Branch, child: DistributionOf
) -> dict[tuple[bool, float | None], float]:
    """Give the probabilities of: does a gate apply, and which cap is in force."""
    states: dict[tuple[bool, float | None], float] = {(False, None): 1.0}
    for gate in branch.gates:
        following: dict[tuple[bool, float | None], float] = {}
        for worth, probability in child(gate.number).items():
            fires = gate.fires({gate.number: worth})
            for (applies, cap), mass in states.items():
                lower = gate.cap if cap is None else min(cap, gate.cap)
                new = (applies or worth is not None, lower if fires else cap)
                following[new] = following.get(new, 0.0) + mass * probability
        states = following
    return states


def _gated(worth: Worth, cap: float | None) -> Worth:
    if cap is None:
        return worth
    return cap if worth is None else min(worth, cap)


def _enumerated(branch: Branch, child: DistributionOf) -> Distribution:
    distributions = [child(number) for number in branch.counted]
    if math.prod(map(len, distributions)) > MOST_STATES:
        raise TooManyStatesError
    found: dict[Worth, float] = {}
    for outcome in product(*(d.items() for d in distributions)):
        values = {
            number: worth
            for number, (worth, _) in zip(branch.counted, outcome, strict=True)
        }
        value = branch.value(values, {})
        probability = math.prod(probability for _, probability in outcome)
        found[value] = found.get(value, 0.0) + probability
    return found


# --------------------------------------------------------------------- kinds

# Points, the weight they are divided by, and whether a weighted child applies.
_Sum: TypeAlias = tuple[float, float, bool]


def _mean(branch: Branch, child: DistributionOf) -> Distribution:
    """Fold a mean; bonuses count once something that is weighted applies."""

    def take(state: _Sum, part: Part, worth: float) -> _Sum:
        points, total, _ = state
        divisor = part.weight if branch.positive else -part.weight
        return (
            round(points + part.weight * worth, DECIMALS),
            round(total + max(divisor, 0.0), DECIMALS),
            True,
        )

    def take_bonus(state: _Sum, part: Part, worth: float) -> _Sum:
        points, total, applies = state
        return round(points + part.weight * worth, DECIMALS), total, applies

    sums = _fold((0.0, 0.0, False), _children(branch, child), take)
    bonuses = [(part, child(part.number)) for part in branch.bonuses]
    if bonuses:
        added: dict[_Sum, float] = {}
        extras = _fold((0.0, 0.0, False), bonuses, take_bonus)
        if len(sums) * len(extras) > MOST_STATES:
            raise TooManyStatesError
        for (points, total, applies), mass in sums.items():
            for (extra, _, _), probability in extras.items():
                new = (round(points + extra, DECIMALS), total, applies)
                added[new] = added.get(new, 0.0) + mass * probability
        sums = added
    return _mapped(sums, lambda state: _mean_of(branch, state))


def _mean_of(branch: Branch, state: _Sum) -> Worth:
    points, total, applies = state
    if not applies:
        return None
    if not branch.positive:
        return clip(1 + points / total)
    if total > 0:
        return clip(points / total)
    if abs(points) <= TOLERANCE:
        return None
    return 1.0 if points > 0 else 0.0


def _enough_met(branch: Branch, child: DistributionOf) -> Distribution:
    """Count who is met and who applies: a Poisson binomial where all apply."""

    def take(state: tuple[int, int], part: Part, worth: float) -> tuple[int, int]:
        count, applicable = state
        return count + met(worth, part.passing), applicable + 1

    def value(state: tuple[int, int]) -> Worth:
        count, applicable = state
        if not applicable:
            return None
        match branch.group.kind, branch.group.count:
            case Kind.ANY, _:
                enough = 1
            case Kind.AT_LEAST, int(wanted):
                enough = min(wanted, applicable)
            case _:
                enough = applicable
        return 1.0 if count >= enough else 0.0

    return _mapped(_fold((0, 0), _children(branch, child), take), value)


def _extreme(
    branch: Branch, child: DistributionOf, choose: Callable[[float, float], float]
) -> Distribution:
    def take(state: Worth, _: Part, worth: float) -> Worth:
        return worth if state is None else choose(state, worth)

    start: Worth = None
    return _fold(start, _children(branch, child), take)


def _geomean(branch: Branch, child: DistributionOf) -> Distribution:
    """Fold weights and weighted logarithms; a child that is worth 0 ends all."""

    def take(
        state: tuple[float, float], part: Part, worth: float
    ) -> tuple[float, float]:
        logs, total = state
        log = part.weight * math.log(worth) if worth > 0 else -math.inf
        return round(logs + log, DECIMALS), round(total + part.weight, DECIMALS)

    def value(state: tuple[float, float]) -> Worth:
        logs, total = state
        return math.exp(logs / total) if total > 0 else None

    return _mapped(_fold((0.0, 0.0), _children(branch, child), take), value)
