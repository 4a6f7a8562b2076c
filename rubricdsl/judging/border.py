"""How surely the best K responses are the best, and what to ask again until they are.

`rubricdsl.judging.ranking` finds the best K by the verdicts as they are; a judge that
wavers might say otherwise next time.  What is known of a score where the votes are
counted is a belief with a mean and a variance (`rubricdsl.judging.sequential`), taken
as normal.  Beside one response of the best, another is better by more than ``within``
with a probability that follows from both beliefs; the sum of these over all pairs
across the border bounds the probability that any response outside is better, by more
than that, than any inside.  When the sum is small enough, the border is decided:
probably approximately correct, as subsets of arms are selected by Kalyanakrishnan,
Tewari, Auer and Stone (2012), and as there, the weakest inside and the strongest
outside are asked about again.

Not everything was asked of every response, since the verdicts decided without.  What
was not is taken as if it had been answered, by each judge once, in the way that speaks
most against the border: for who is outside, against who is inside.  To ask it for the
first time may then tell more than to ask anything else again.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from statistics import NormalDist

import attrs
from attrs import evolve, field, frozen

from rubricdsl.judging.panels import oriented_worth
from rubricdsl.judging.ranking import Outlook, Ranker
from rubricdsl.judging.sequential import LEAST_GAIN, SequentialPolicy, Votes, Weighing
from rubricdsl.model.execution import Precision
from rubricdsl.model.judgement import Provenance, Question, Verdict
from rubricdsl.model.rubric import Criterion
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.model.scorecard import Doubt
from rubricdsl.scoring.leaves import TOLERANCE

# How many of the responses near the border are asked about in one round.
_SHARE_OF_DOUBTFUL = 0.25
_SUPPOSED = Provenance(judge="")


@frozen(eq=False)
class Side:
    """What is known of a score, all that is missing being said to one end of it.

    ``votes`` are by path, those supposed among them.  ``weighing`` is None where
    there is no score.
    """

    votes: Mapping[str, Votes]
    weighing: Weighing | None


@attrs.frozen(eq=False, slots=False, kw_only=True)
class Prospects:
    """What is known of a response, once it is asked for.

    ``verdicts`` are those of what was asked, by path, ``votes`` as of
    `SequentialPolicy.estimate`.  ``unasked`` are, without a vote, the questions that
    may be asked so and were not; ``askable`` the paths of all that can be asked for
    the first time.
    """

    border: "Border"
    verdicts: Mapping[str, Verdict]
    votes: Mapping[str, Votes]
    unasked: Mapping[str, Votes]
    askable: frozenset[str]

    @cached_property
    def low(self) -> Side:
        """The score where all that is missing speaks against it."""
        return self.border.side(self, highest=False)

    @cached_property
    def high(self) -> Side:
        """The score where all that is missing speaks for it."""
        return self.border.side(self, highest=True)


ProspectsOf = Callable[[int], Prospects]
"""Gives what is known of a response, by its place; only asked where it matters."""


@frozen(eq=False)
class _Pair:
    """A response of the best, one that is not, and the risk that it should be."""

    inside: int
    outside: int
    risk: float


@frozen(kw_only=True, eq=False)
class Border:
    """The border between the best and all others, by one rubric."""

    ranker: Ranker
    policy: SequentialPolicy
    _inputs: Mapping[str, tuple[Ruling, ...]] = field(alias="inputs")

    @classmethod
    def of(cls, ranker: Ranker, precision: Precision) -> "Border":
        """Work out what does not depend on verdicts."""
        scorer = ranker.scorer
        return cls(
            ranker=ranker,
            policy=SequentialPolicy.of(scorer.expectation, precision),
            inputs={c.path: _rulings(c) for c in scorer.rubric.criteria()},
        )

    # ------------------------------------------------------------- responses

    def side(self, prospects: Prospects, *, highest: bool) -> Side:
        """Say what is known of a response where all that is missing is said one way."""
        rulings = {
            path: verdict.ruling
            for path, verdict in prospects.verdicts.items()
            if verdict.ruling is not None
        }
        completed, supposed = dict(prospects.verdicts), dict(prospects.votes)
        for path, inputs in self._inputs.items():
            if path in rulings:
                continue
            ruling = self._furthest(rulings, path, inputs, highest=highest)
            rulings[path] = ruling
            completed[path] = Verdict(ruling=ruling, provenance=_SUPPOSED)
            if path in prospects.unasked and ruling in {YES, NO}:
                votes = prospects.unasked[path]
                yes = float(votes.judges * (ruling == YES))
                supposed[path] = evolve(votes, yes=yes, asked=votes.judges)
        return Side(supposed, self.policy.weigh(completed, supposed))

    def _furthest(
        self,
        rulings: Mapping[str, Ruling],
        path: str,
        inputs: Sequence[Ruling],
        *,
        highest: bool,
    ) -> Ruling:
        """Give the ruling that leaves the score the furthest end; the first of equals.

        A score that there is not comes last.
        """
        bounds = self.ranker.scorer.bounds

        def end(ruling: Ruling) -> float:
            interval = bounds.score({**rulings, path: ruling}).interval
            if interval is None:
                return -math.inf
            return interval[1] if highest else interval[0]

        ordered = inputs if highest else inputs[::-1]
        return max(ordered, key=end) if highest else min(ordered, key=end)

    # ------------------------------------------------------------------- pairs

    def again(
        self, outlooks: Sequence[Outlook], prospects: ProspectsOf
    ) -> Mapping[int, str]:
        """Give the path of what to ask next, by the place of the response.

        Nothing, once the border is decided, and where no question tells more.
        """
        pairs = self._pairs(outlooks, prospects)
        most = 1 - self.policy.confidence
        if math.fsum(pair.risk for pair in pairs) <= most:
            return {}
        doubtful = [pair for pair in pairs if pair.risk > most / len(pairs)]
        doubtful.sort(key=lambda pair: -pair.risk)
        places = {place for pair in doubtful for place in (pair.inside, pair.outside)}
        width = max(2, math.ceil(len(places) * _SHARE_OF_DOUBTFUL))
        chosen: dict[int, str] = {}
        looked_at: set[int] = set()
        for pair in doubtful:
            low, high = prospects(pair.inside).low, prospects(pair.outside).high
            deviation = _deviation(high, low)
            for place, side in ((pair.outside, high), (pair.inside, low)):
                if place in looked_at or len(chosen) == width:
                    continue
                looked_at.add(place)
                path = self._telling(prospects(place), side, deviation)
                if path is not None:
                    chosen[place] = path
        return chosen

    def doubts(
        self, outlooks: Sequence[Outlook], prospects: ProspectsOf
    ) -> Sequence[Doubt]:
        """Say of each response how likely the ranking is wrong about it."""
        places = range(len(outlooks))
        inside, outside = self._sides(outlooks)
        border = [0.0] * len(outlooks)
        place_risk = [0.0] * len(outlooks)
        for one in places:
            for other in places:
                if one >= other:
                    continue
                risk = self._risk(outlooks, prospects, one, other)
                across = {one, other} & inside and {one, other} & outside
                for place in (one, other):
                    place_risk[place] += risk
                    border[place] += risk if across else 0.0
        known = inside | outside
        return [
            Doubt(
                border=min(border[place], 1.0) if place in known else 1.0,
                place=min(place_risk[place], 1.0),
            )
            for place in places
        ]

    def _pairs(
        self, outlooks: Sequence[Outlook], prospects: ProspectsOf
    ) -> list[_Pair]:
        """Give all pairs across the border, as far as verdicts decide it."""
        inside, outside = self._sides(outlooks)
        return [
            _Pair(one, other, self._better_outside(prospects(one), prospects(other)))
            for one in sorted(inside)
            for other in sorted(outside)
            if self.ranker.precedes(outlooks, one, other)
        ]

    def _sides(self, outlooks: Sequence[Outlook]) -> tuple[set[int], set[int]]:
        """Give who is among the best for certain by the verdicts, and who is not."""
        top, standings = self.ranker.top, self.ranker.standings(outlooks)
        inside = {place for place, s in enumerate(standings) if s.worst <= top}
        outside = {place for place, s in enumerate(standings) if s.best > top}
        return inside, outside

    def _risk(
        self,
        outlooks: Sequence[Outlook],
        prospects: ProspectsOf,
        one: int,
        other: int,
    ) -> float:
        """Give the risk that the order of two responses is wrong; 1 without one."""
        if self.ranker.precedes(outlooks, one, other):
            return self._better_outside(prospects(one), prospects(other))
        if self.ranker.precedes(outlooks, other, one):
            return self._better_outside(prospects(other), prospects(one))
        return 1.0

    def _better_outside(self, inside: Prospects, outside: Prospects) -> float:
        """Give the probability that the second is better, by more than is allowed."""
        low, high = inside.low.weighing, outside.high.weighing
        if low is None or high is None:
            return 0.0
        lead = high.score - low.score - self.policy.within
        deviation = _deviation(inside.low, outside.high)
        if deviation <= TOLERANCE:
            return float(lead > TOLERANCE)
        return NormalDist().cdf(lead / deviation)

    # --------------------------------------------------------------- questions

    def _telling(
        self, prospects: Prospects, side: Side, deviation: float
    ) -> str | None:
        """Give the path of the question that is expected to tell most.

        That is, to take most from what the upper end of the outsider's interval has
        over the lower end of the insider's; None where nothing takes anything.
        """
        falls = dict(self._falls(prospects, side, deviation))
        best = max(falls, key=falls.__getitem__, default=None)
        return None if best is None or falls[best] <= LEAST_GAIN else best

    def _falls(
        self, prospects: Prospects, side: Side, deviation: float
    ) -> Iterator[tuple[str, float]]:
        weighing = side.weighing
        if weighing is None:
            return
        for path, gain in weighing.gains.items():
            if path in prospects.votes and deviation > 0:
                yield path, self.policy.quantile * gain / (2 * deviation)
        # Half of what is asked for the first time is not answered as was supposed.
        for path in sorted(prospects.askable):
            drop = self.ranker.relevance.influence[path]
            if path in side.votes:
                drop = abs(weighing.slopes[path]) * self._swing(side.votes[path])
            yield path, drop / 2

    def _swing(self, supposed: Votes) -> float:
        """Give how far the belief in a yes goes the other way, were all votes so."""
        other = evolve(supposed, yes=supposed.asked - supposed.yes)
        means = [self.policy.belief(votes).mean for votes in (supposed, other)]
        return abs(means[0] - means[1])


def _deviation(one: Side, other: Side) -> float:
    """Give the standard deviation of the difference of two scores."""
    known = [side.weighing for side in (one, other) if side.weighing is not None]
    return math.sqrt(math.fsum(weighing.variance for weighing in known))


def _rulings(criterion: Criterion) -> tuple[Ruling, ...]:
    """Give what may be said of a criterion, what helps the score most first."""
    if criterion.check is not None:
        words: list[Ruling] = [YES, NO]
    else:
        words = [Ruling.from_record(a) for a in Question.of(criterion).answers]
    return tuple(sorted(words, key=oriented_worth(criterion), reverse=True))
