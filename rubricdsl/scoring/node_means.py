"""What nodes are worth on average, once nothing ties one criterion to another.

Means are followed up the tree without distributions as far as sums and products of
independent children carry them.  A sum that is held between limits is followed by
its values only as long as it may leave them.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from rubricdsl.model.rubric import Kind
from rubricdsl.scoring.distributions import (
    DECIMALS,
    MOST_STATES,
    Distribution,
    TooManyStatesError,
    branch_distribution,
    firing_caps,
)
from rubricdsl.scoring.leaves import TOLERANCE, Worth, met
from rubricdsl.scoring.meaning import Branch, Leaf, Meaning, Part

Chances: TypeAlias = Mapping[int, Distribution]
"""What each criterion can be worth, by number, its needs left aside."""

_UNMET: Distribution = {0.0: 1.0}


@frozen(eq=False)
class _Term:
    """A child's part in a sum: its mean, and the least and the most it can be."""

    part: Part
    mean: float
    low: float
    high: float


class NodeMeans:
    """The nodes of one rubric, given what each criterion can be worth.

    ``fickle`` are the groups that may apply or not though no verdict says n/a.  What
    others need must be certain.
    """

    def __init__(
        self, meaning: Meaning, chances: Chances, fickle: frozenset[int]
    ) -> None:
        self._meaning = meaning
        self._chances = chances
        self._fickle = fickle
        self._known: dict[int, Distribution] = {}

    def distribution(self, number: int) -> Distribution:
        """Give the distribution of a node."""
        known = self._known.get(number)
        if known is None:
            step = self._meaning.nodes[number]
            if isinstance(step, Leaf):
                known = self._of_leaf(step)
            else:
                known = branch_distribution(step, self.distribution)
            self._known[number] = known
        return known

    def _of_leaf(self, leaf: Leaf) -> Distribution:
        for need in leaf.needs:
            (worth,) = self.distribution(need.number)
            if not met(worth, need.passing):
                return _UNMET
        return self._chances[leaf.number]

    def mean(self, number: int) -> tuple[float, float]:
        """Give the sum over the cases where a node applies, and their probability.

        The first is its worth times the probability of each, summed; the mean is the
        one divided by the other.
        """
        step = self._meaning.nodes[number]
        if isinstance(step, Branch):
            found = self._without_distribution(step)
            if found is not None:
                return found
        return _mean_of(self.distribution(number))

    def _without_distribution(self, branch: Branch) -> tuple[float, float] | None:
        """Give the same from the means of children; None where it takes more."""
        if branch.number in self._fickle or not branch.weighted:
            return None
        match branch.group.kind:
            case Kind.MEAN:
                return self._of_sum(branch)
            case Kind.GEOMEAN:
                return self._of_product(branch)
            case _:
                return None

    def _of_sum(self, branch: Branch) -> tuple[float, float] | None:
        applicable: list[Part] = []
        terms: list[_Term] = []
        for part in branch.weighted:
            if (term := self._term(part)) is not None:
                applicable.append(part)
                terms.append(term)
        if not applicable:
            return None if branch.gates else (0.0, 0.0)
        terms += [t for part in branch.bonuses if (t := self._term(part)) is not None]
        total = branch.total(applicable)
        start = 0.0 if branch.positive else total
        caps = firing_caps(branch, self.distribution) if branch.gates else {}
        ceilings = [(1.0, 1 - math.fsum(caps.values())), *caps.items()]
        means = [
            probability * self._clipped(terms, start, ceiling * total)
            for ceiling, probability in ceilings
            if ceiling > 0 and probability > 0
        ]
        return math.fsum(means) / total, 1.0

    def _term(self, part: Part) -> "_Term | None":
        """Give a child's part in a sum; None if it does not apply."""
        mean, mass = self.mean(part.number)
        if mass < 0.5:  # noqa: PLR2004 - 0 or 1: no child here is fickle
            return None
        least, most = self._limits(part.number)
        ends = sorted((part.weight * least, part.weight * most))
        return _Term(part, part.weight * mean, ends[0], ends[1])

    def _clipped(self, terms: Sequence["_Term"], start: float, ceiling: float) -> float:
        """Give the mean of a sum that is held between 0 and ``ceiling``.

        As long as it may leave these limits, each sum is followed by itself; from
        where on it cannot, only its mean counts.  What takes it out of them comes
        first, so that little is left to follow.
        """
        low = start + math.fsum(term.low for term in terms)
        high = start + math.fsum(term.high for term in terms)
        mean = math.fsum(term.mean for term in terms)
        if low >= -TOLERANCE and high <= ceiling + TOLERANCE:
            return start + mean
        low, high = low - start, high - start
        ordered = sorted(terms, key=lambda term: (term.high > 0, -term.high))
        states = {start: 1.0}
        settled: list[float] = []
        for term in ordered:
            low, high, mean = low - term.low, high - term.high, mean - term.mean
            following: dict[float, float] = {}
            for points, mass in states.items():
                for worth, probability in self.distribution(term.part.number).items():
                    added = points + term.part.weight * (worth or 0.0)
                    chance = mass * probability
                    if (
                        added + low >= -TOLERANCE
                        and added + high <= ceiling + TOLERANCE
                    ):
                        settled.append(chance * (added + mean))
                    elif added + low >= ceiling:
                        settled.append(chance * ceiling)
                    elif added + high > 0:
                        added = round(added, DECIMALS)
                        following[added] = following.get(added, 0.0) + chance
            if len(following) > MOST_STATES:
                raise TooManyStatesError
            states = following
        return math.fsum(settled)

    def _of_product(self, branch: Branch) -> tuple[float, float] | None:
        caps = firing_caps(branch, self.distribution) if branch.gates else {}
        if any(cap > 0 for cap in caps):
            return None
        children = [
            (part.weight, distribution)
            for part in branch.weighted
            if None not in (distribution := self.distribution(part.number))
        ]
        if not children:
            return None if branch.gates else (0.0, 0.0)
        total = math.fsum(weight for weight, _ in children)
        factors = [
            math.fsum(p * _power(worth, weight / total) for worth, p in d.items())
            for weight, d in children
        ]
        return (1 - math.fsum(caps.values())) * math.prod(factors), 1.0

    def _limits(self, number: int) -> tuple[float, float]:
        """Give values between which a node lies: tight for a criterion."""
        if not isinstance(self._meaning.nodes[number], Leaf):
            return 0.0, 1.0
        worths = [worth or 0.0 for worth in self.distribution(number)]
        return min(worths), max(worths)


def _mean_of(distribution: Distribution) -> tuple[float, float]:
    applicable = [(w, p) for w, p in distribution.items() if w is not None]
    return (
        math.fsum(worth * probability for worth, probability in applicable),
        math.fsum(probability for _, probability in applicable),
    )


def _power(worth: Worth, exponent: float) -> float:
    return float((worth or 0.0) ** exponent)
