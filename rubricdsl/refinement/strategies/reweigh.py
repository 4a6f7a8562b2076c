"""Reweighing: weights under which good responses are ordered as people order them.

They are fitted to pairs of responses of which one is known to be better, by a logistic
regression on what each of the two has of each criterion, and kept as small whole
numbers.  They are proposed only if prompts that they were not fitted to are ordered
better by them.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations
from math import fsum, isnan, sqrt

from attrs import frozen

from rubricdsl.model.refinement import (
    Needs,
    Occasion,
    Proposed,
    RefinementStrategyOffer,
)
from rubricdsl.refinement.pools import draw
from rubricdsl.refinement.strategies.evidence import Evidence
from rubricdsl.refinement.strategies.places import Layout, with_marks
from rubricdsl.refinement.strategies.settings import options_of, require_arrays
from rubricdsl.refinement.strategies.weighing import NewWeight, new_weights
from rubricdsl.scoring.leaves import TOLERANCE
from rubricdsl.scoring.scorecards import Scorer

_FOLDS = 5
_TAIL = 0.5
_RIDGE = 1.0
# Of fewer prompts, none could be left out and the error still be told.
_LEAST_PROMPTS = 5
_MOST_FOLDS = 1_000


@frozen(kw_only=True)
class Reweighing:
    """Fits weights to gold, or else to preferences, among the best of each prompt.

    Pairs by gold are those of the best ``tail`` of the responses to a prompt, of 64 of
    them where there are more.  The ``ridge`` draws weights together where there is
    little to fit.  What is proposed orders pairs better that were left out, by more
    than the standard error, in ``folds`` parts of the prompts.  Gates and bonuses stay
    as they are.
    """

    needs = Needs()
    tail: float = _TAIL
    ridge: float = _RIDGE
    folds: int = _FOLDS

    async def propose(self, occasion: Occasion) -> Proposed:
        """Give the new weights, the greatest change first."""
        fitting = _Fitting.of(occasion, self.tail, self.ridge)
        prompts = sorted({pair.prompt for pair in fitting.pairs})
        if len(prompts) < _LEAST_PROMPTS:
            notice = (
                f"it is known which responses to {len(prompts)} prompts are better; to "
                f"fit weights takes {_LEAST_PROMPTS}"
            )
            return Proposed(notices=(notice,))
        gain = fitting.cross_validated(prompts, min(self.folds, len(prompts)))
        if not gain.is_sure:
            return Proposed(notices=(f"other weights would not help: {gain}",))
        weights = fitting.weights(fitting.pairs)
        return Proposed(
            edits=tuple(one.edit(f"fitted {one.ideal:.2f}; {gain}") for one in weights)
        )


@frozen
class _Pair:
    """Two responses by their numbers, and their prompt."""

    prompt: str
    better: int
    worse: int


@frozen
class _Gain:
    """How pairs of prompts that were left out are ordered, before and after."""

    before: float
    after: float
    error: float
    prompts: int

    @property
    def is_sure(self) -> bool:
        return self.after - self.before > self.error + TOLERANCE

    def __str__(self) -> str:
        return (
            f"pairs of prompts left out are ordered {self.before:.3f} -> "
            f"{self.after:.3f} (standard error of the change {self.error:.3f}, "
            f"{self.prompts} prompts)"
        )


@frozen(eq=False)
class _Fitting:
    """All that weights are fitted to."""

    occasion: Occasion
    layout: Layout
    evidence: Evidence
    pairs: tuple[_Pair, ...]
    paths: tuple[str, ...]
    credit: Sequence[Sequence[float]]
    ridge: float

    @classmethod
    def of(cls, occasion: Occasion, tail: float, ridge: float) -> "_Fitting":
        # Where a gate fired, it is the gate that made the score, and not the weights.
        free = [
            one
            for one in occasion.candidates
            if one.scorecard is not None and not one.scorecard.gates
        ]
        evidence = Evidence.among(free, occasion.preferences)
        layout = Layout.of(occasion.rubric, occasion.bound)
        terms = list(layout.terms())
        return cls(
            occasion,
            layout,
            evidence,
            tuple(_pairs(evidence, tail, occasion.seed)),
            tuple(term.node.path for term in terms),
            evidence.credit(terms),
            ridge,
        )

    def weights(self, pairs: Sequence[_Pair]) -> tuple[NewWeight, ...]:
        """Fit weights to some of the pairs."""
        from rubricdsl.analysis.preference_fit import preference_weights

        count: dict[str, int] = {}
        for pair in pairs:
            count[pair.prompt] = count.get(pair.prompt, 0) + 1
        rows = [[_apart(row, pair) for row in self.credit] for pair in pairs]
        importance = [1 / count[pair.prompt] for pair in pairs]
        fitted = preference_weights(rows, importance, ridge=self.ridge)
        ideal = dict(zip(self.paths, map(float, fitted), strict=True))
        return new_weights(self.occasion.rubric, self.layout, ideal)

    def cross_validated(self, prompts: Sequence[str], folds: int) -> _Gain:
        """Order the pairs of each part of the prompts by weights that others gave."""
        seed = self.occasion.seed
        drawn = sorted(prompts, key=lambda prompt: draw(seed, "fold", prompt))
        fold = {prompt: number % folds for number, prompt in enumerate(drawn)}
        before: dict[str, list[float]] = {}
        after: dict[str, list[float]] = {}
        for number in range(folds):
            seen = [pair for pair in self.pairs if fold[pair.prompt] != number]
            left_out = [pair for pair in self.pairs if fold[pair.prompt] == number]
            old = dict(enumerate(self.evidence.scores))
            new = self._scores(self.weights(seen), left_out)
            for pair in left_out:
                for found, scores in ((before, old), (after, new)):
                    found.setdefault(pair.prompt, []).append(_right(scores, pair))
        changes = [_mean(after[one]) - _mean(before[one]) for one in drawn]
        middle = _mean(changes)
        spread = fsum((one - middle) ** 2 for one in changes) / (len(changes) - 1)
        start = _mean([_mean(before[one]) for one in drawn])
        error = sqrt(spread / len(changes))
        return _Gain(start, start + middle, error, len(changes))

    def _scores(
        self, weights: Sequence[NewWeight], pairs: Sequence[_Pair]
    ) -> dict[int, float]:
        """Score the responses of some pairs by other weights; nobody is asked."""
        marks = {one.node.path: one.weight for one in weights}
        scorer = Scorer.of(with_marks(self.occasion.bound, marks))
        scores: dict[int, float] = {}
        for number in {n for pair in pairs for n in (pair.better, pair.worse)}:
            candidate = self.evidence.candidates[number]
            if candidate.scorecard is not None:
                verdicts = {r.path: r.verdict for r in candidate.scorecard.criteria}
                score = scorer.scorecard(candidate.response, verdicts).score
                if score is not None:
                    scores[number] = score
        return scores


def _pairs(evidence: Evidence, tail: float, seed: int) -> Sequence[_Pair]:
    """Give the pairs of which it is known which response is better."""
    from rubricdsl.analysis.pairs import tail_of

    prompts, gold = evidence.prompts, evidence.gold
    if not evidence.has_gold:
        return [_Pair(prompts[a], a, b) for a, b in evidence.preferences]
    members = tail_of(prompts, gold, tail, least=_LEAST_TAIL).members
    by_prompt: dict[str, list[int]] = {}
    for number, inside in enumerate(members):
        if inside:
            by_prompt.setdefault(prompts[number], []).append(number)

    def lot(number: int) -> bytes:
        return draw(seed, "pair", *evidence.candidates[number].key)

    return [
        _Pair(prompt, a, b)
        for prompt, numbers in by_prompt.items()
        for a, b in permutations(sorted(numbers, key=lot)[:_MOST_RESPONSES], 2)
        if gold[a] > gold[b] + TOLERANCE
    ]


# As in the acceptance gate.
_LEAST_TAIL = 3
# The pairs of so many responses to a prompt tell as much as those of more.
_MOST_RESPONSES = 64


def _apart(row: Sequence[float], pair: _Pair) -> float:
    """Give by how much the better has more of a summand; what is n/a says nothing."""
    apart = row[pair.better] - row[pair.worse]
    return 0.0 if isnan(apart) else apart


def _right(scores: Mapping[int, float], pair: _Pair) -> float:
    if pair.better not in scores or pair.worse not in scores:
        return 0.5
    apart = scores[pair.better] - scores[pair.worse]
    return 0.5 if abs(apart) <= TOLERANCE else float(apart > 0)


def _mean(numbers: Sequence[float]) -> float:
    return fsum(numbers) / len(numbers)


def _create(options: Mapping[str, str]) -> Reweighing:
    require_arrays(REWEIGH)
    read = options_of(REWEIGH, options)
    return Reweighing(
        tail=read.number("tail", _TAIL, least=0.01, most=1.0),
        ridge=read.number("ridge", _RIDGE, least=1e-6, most=1e6),
        folds=read.whole("folds", _FOLDS, least=2, most=_MOST_FOLDS),
    )


REWEIGH = RefinementStrategyOffer(
    name="reweigh",
    description="weights are fitted to gold or preferences, if that helps elsewhere",
    create=_create,
    options=("folds", "ridge", "tail"),
)
