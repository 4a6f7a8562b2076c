"""The expected score: what a score comes to on average, given how sure judges are.

A hard score rounds each verdict to yes or no; the expected score is the mean of all
scores that the verdicts could have made, each weighed by its probability.  Criteria
are taken to be independent, and a judge's probability of yes at its word (so it is
as good as the judge is calibrated).

What can be one thing or another:

* An answer with a probability p is yes with p.  The rest goes to the answer given,
  or, where that is yes, to the least answer of the scale.
* Checks, n/a, levels and numbers are certain: they are what they say.  So is what a
  need or the engine decided without asking.

Where n/a is skipped there may be no score at all; the mean is over those cases in
which there is one.

The mean is exact where it can be had cheaply: sums of independent children in means,
Poisson binomials where it counts how many are met, and folds over merged states
elsewhere (`rubricdsl.scoring.distributions`); criteria on which a need depends are
gone through one by one.  Else it is estimated from seeded draws.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from random import Random

import attrs
from attrs import frozen

from rubricdsl.model.judgement import Verdict
from rubricdsl.model.rubric import AnswerScale
from rubricdsl.model.ruling import YES, Ruling, RulingWord
from rubricdsl.scoring.distributions import Distribution, TooManyStatesError
from rubricdsl.scoring.leaves import Worth, met
from rubricdsl.scoring.meaning import Branch, Leaf, Meaning
from rubricdsl.scoring.node_means import Chances, NodeMeans

DRAWS = 2_048
"""How many scores an estimate is made of."""

_MOST_CASES = 64
_CONFIDENCE = 0.99
_CERTAIN_JUDGES = ("check", "needs")
_ENGINE = "engine:"


@frozen
class Expected:
    """An expected score in [0, 1].

    ``error`` is 0 where it is ``exact``; else the true value is within ``error`` of
    ``score`` at a confidence of 99 % (the empirical Bernstein bound of Maurer and
    Pontil, 2009).
    """

    score: float
    exact: bool = True
    error: float = 0.0


@attrs.frozen(eq=False, slots=False)
class Expectation:
    """The expected scores of one rubric; made once and used for every response."""

    meaning: Meaning

    def score(
        self, verdicts: Mapping[str, Verdict], *, seed: int = 0
    ) -> Expected | None:
        """Give the expected score.

        ``verdicts`` are by path, those that needs decide among them.  None where one
        that matters is missing, has failed or has no probability, and where no
        outcome has a score.
        """
        chances: dict[int, Distribution] = {}
        for leaf in self._mattering:
            verdict = verdicts.get(leaf.path)
            distribution = None if verdict is None else _distribution(leaf, verdict)
            if distribution is None:
                return None
            chances[leaf.number] = distribution
        try:
            score = self._exact(chances)
        except TooManyStatesError:
            return self._estimate(chances, seed)
        return None if score is None else Expected(min(max(score, 0.0), 1.0))

    # ------------------------------------------------------------- structure

    @cached_property
    def _mattering(self) -> tuple[Leaf, ...]:
        """The criteria that move the score, or decide whether one that does counts."""
        return tuple(leaf for leaf in self._leaves if leaf.number in self._reached)

    @cached_property
    def _reached(self) -> frozenset[int]:
        return self._below([0])

    @cached_property
    def _pivots(self) -> tuple[Leaf, ...]:
        """The criteria on which a need depends, so that others are not independent."""
        needs = [
            need.number
            for leaf in self._leaves
            if leaf.number in self._reached
            for need in leaf.needs
        ]
        below = self._below(needs) if needs else frozenset[int]()
        return tuple(leaf for leaf in self._leaves if leaf.number in below)

    @cached_property
    def _leaves(self) -> tuple[Leaf, ...]:
        return tuple(node for node in self.meaning.nodes if isinstance(node, Leaf))

    def _below(self, numbers: Sequence[int]) -> frozenset[int]:
        """Give the criteria that bear on nodes, or on a need of one that does."""
        found: set[int] = set()
        stack = list(numbers)
        seen: set[int] = set()
        while stack:
            number = stack.pop()
            if number in seen:
                continue
            seen.add(number)
            for leaf in self.meaning.bearing(number):
                if leaf.number not in found:
                    found.add(leaf.number)
                    stack.extend(need.number for need in leaf.needs)
        return frozenset(found)

    @cached_property
    def _fickle(self) -> frozenset[int]:
        """Give the groups that may apply or not though no verdict says n/a."""
        fickle: set[int] = set()
        skippable: set[int] = set()
        for step in self.meaning.steps:
            if isinstance(step, Leaf):
                if step.worths.skippable:
                    skippable.add(step.number)
                continue
            parts = [part for part in step.weighted if part.weight > 0]
            may_vanish = all(
                part.number in skippable for part in parts or step.weighted
            )
            may_vanish |= any(number in skippable for _, number in step.operands)
            odd = step.gates or step.bonuses or len(parts) < len(step.weighted)
            if (
                not step.group.monotone
                or (may_vanish and odd)
                or any(number in fickle for number in step.counted)
            ):
                fickle.add(step.number)
                skippable.add(step.number)
            elif may_vanish:
                skippable.add(step.number)
        return frozenset(fickle)

    # ----------------------------------------------------------------- exact

    def _exact(self, chances: dict[int, Distribution]) -> float | None:
        uncertain = [
            leaf.number for leaf in self._pivots if len(chances[leaf.number]) > 1
        ]
        if not uncertain:
            total, mass = self._mean(chances)
        elif math.prod(len(chances[number]) for number in uncertain) > _MOST_CASES:
            raise TooManyStatesError
        else:
            totals: list[float] = []
            masses: list[float] = []
            for case in product(*(chances[number].items() for number in uncertain)):
                probability = math.prod(p for _, p in case)
                fixed = {n: {w: 1.0} for n, (w, _) in zip(uncertain, case, strict=True)}
                total, mass = self._mean({**chances, **fixed})
                totals.append(probability * total)
                masses.append(probability * mass)
            total, mass = math.fsum(totals), math.fsum(masses)
        return total / mass if mass > 0 else None

    def _mean(self, chances: Chances) -> tuple[float, float]:
        return NodeMeans(self.meaning, chances, self._fickle).mean(0)

    # -------------------------------------------------------------- estimate

    def _estimate(self, chances: Chances, seed: int) -> Expected | None:
        random = Random(seed)  # noqa: S311 - no secret
        free = [(n, list(d.items())) for n, d in chances.items() if len(d) > 1]
        values: list[Worth] = [None] * len(self.meaning.steps)
        drawn: dict[int, Worth] = {n: next(iter(d)) for n, d in chances.items()}
        scores: list[float] = []
        for _ in range(DRAWS):
            for number, outcomes in free:
                point = random.random()
                for worth, probability in outcomes:
                    point -= probability
                    drawn[number] = worth
                    if point < 0:
                        break
            for step in self.meaning.steps:
                if isinstance(step, Branch):
                    values[step.number] = step.value(values, {})
                elif all(met(values[need.number], need.passing) for need in step.needs):
                    values[step.number] = drawn.get(step.number)
                else:
                    values[step.number] = 0.0
            if values[0] is not None:
                scores.append(values[0])
        if len(scores) < 2:  # noqa: PLR2004 - a variance takes two
            return None
        return _estimated(scores)


def _estimated(scores: Sequence[float]) -> Expected:
    n = len(scores)
    mean = math.fsum(scores) / n
    variance = math.fsum((score - mean) ** 2 for score in scores) / (n - 1)
    log = math.log(4 / (1 - _CONFIDENCE))
    error = math.sqrt(2 * variance * log / n) + 7 * log / (3 * (n - 1))
    return Expected(mean, exact=False, error=min(error, 1.0))


# -------------------------------------------------------------------- leaves


def _distribution(leaf: Leaf, verdict: Verdict) -> Distribution | None:
    """Give what a criterion can be worth; None where that is not known."""
    ruling = verdict.ruling
    if ruling is None:
        return None
    worth = leaf.worths.worth(ruling)
    criterion = leaf.worths.criterion
    if criterion.check is not None or ruling.word in _STATED or _is_decided(verdict):
        return {worth: 1.0}
    scale = criterion.scale
    probability = verdict.probability
    if probability is None:
        return None
    if not isinstance(scale, AnswerScale) or str(YES) not in scale.answers:
        return {worth: 1.0}
    if ruling == YES:
        worth = min(_worths(leaf, scale))
    if worth == 1 or probability == 1:
        return {1.0: 1.0}
    return {worth: 1 - probability, 1.0: probability} if probability else {worth: 1.0}


def _worths(leaf: Leaf, scale: AnswerScale) -> Iterator[float]:
    for answer in scale.answers:
        yield leaf.worths.worth(Ruling.from_record(answer)) or 0.0


_STATED = frozenset({RulingWord.NA, RulingWord.LEVEL, RulingWord.NUMBER})


def _is_decided(verdict: Verdict) -> bool:
    judge = verdict.provenance.judge
    return judge in _CERTAIN_JUDGES or judge.startswith(_ENGINE)


def expected_score(
    meaning: Meaning, verdicts: Mapping[str, Verdict], *, seed: int = 0
) -> Expected | None:
    """Give the expected score; see `Expectation.score`.

    For many responses to one rubric, keep an `Expectation`.
    """
    return Expectation(meaning).score(verdicts, seed=seed)
