"""Which questions still matter for the best K of several responses, and no others.

The responses to one prompt are compared by what their scores can still come to.  One
comes before another for certain when the least it can score is more than the most
that the other can, or as much and it stands earlier in the input: the order in which
a full evaluation ranks them, so the best K found here are its best K, in its order.

Everything goes in rounds.  A round asks only about responses that can still be among
the best K and whose place is not certain, and of each first what can move its score
most.  The K-th best score is at most the K-th best prospect, the most that so many can
score; whoever can score more must be asked about in any case, be it to learn that it
does not.  Those are asked about all at once, and of those that can score just as much
a few.  What is asked depends on verdicts alone, never on the order in which they came.
"""

from collections.abc import Callable, Mapping, Sequence
from heapq import nlargest, nsmallest
from itertools import accumulate
from math import ceil, fsum, inf

from attrs import frozen

from rubricdsl.model.judgement import Verdict
from rubricdsl.model.rubric import Criterion, Kind
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.scorecard import Standing
from rubricdsl.scoring.bounds import Range
from rubricdsl.scoring.leaves import TOLERANCE
from rubricdsl.scoring.meaning import Leaf, Meaning
from rubricdsl.scoring.relevance import Relevance
from rubricdsl.scoring.scorecards import Scorer

# Where a score may come out a little different in floating point than its bounds.
_INEXACT = (Kind.GEOMEAN, Kind.FORMULA)

# How many of the responses that still matter are asked about in one round, beside
# those that have to be: fewer take fewer questions, and more rounds.
_SHARE_OF_CONTENDERS = 0.25

Joint = Callable[[Criterion], object]


@frozen(eq=False)
class Outlook:
    """What is known of one response's score.

    ``reach`` is what the score can still come to.  ``askable`` are the criteria that
    can be asked now and can still move the score, the most influential first.
    """

    reach: Range
    askable: tuple[Criterion, ...]


@frozen(eq=False)
class Ranker:
    """Ranks responses by one rubric, as far as the best ``top`` of them."""

    scorer: Scorer
    relevance: Relevance
    top: int
    _slack: float

    @classmethod
    def of(cls, scorer: Scorer, top: int) -> "Ranker":
        """Work out what does not depend on verdicts."""
        meaning = scorer.meaning
        return cls(
            scorer,
            Relevance.of(meaning),
            top,
            0.0 if _is_exact(meaning) else TOLERANCE,
        )

    def outlook(self, verdicts: Mapping[str, Verdict]) -> Outlook:
        """Say what is known of a response, given its verdicts so far, by path.

        Raises IllegalRulingError for a ruling that its criterion does not allow.
        """
        prerequisites = self.scorer.prerequisites
        ready = prerequisites.decide(verdicts)
        verdicts = {**verdicts, **ready.decided}
        rulings: dict[str, Ruling] = {
            path: verdict.ruling
            for path, verdict in verdicts.items()
            if verdict.ruling is not None
        }
        ranges = self.scorer.bounds.ranges(rulings)
        bearing = self.relevance.bearing(ranges)
        influence = self.relevance.influence
        askable = [c for c in ready.ready if c.path in bearing]
        askable.sort(key=lambda criterion: -influence[criterion.path])
        return Outlook(ranges[0], tuple(askable))

    def standings(self, outlooks: Sequence[Outlook]) -> tuple[Standing, ...]:
        """Say how the responses stand, in the order given."""
        places = range(len(outlooks))
        ahead = [0] * len(outlooks)
        behind = [0] * len(outlooks)
        for first in places:
            for second in places:
                if self.precedes(outlooks, first, second):
                    behind[first] += 1
                    ahead[second] += 1
        return tuple(
            Standing(before + 1, len(outlooks) - after)
            for before, after in zip(ahead, behind, strict=True)
        )

    def ask(
        self, outlooks: Sequence[Outlook], joint: Joint
    ) -> Mapping[int, tuple[Criterion, ...]]:
        """Give the criteria to ask now, by the place of the response.

        Nothing is left to ask when the best are certain, or nothing can make them
        so.  ``joint`` gives the same key for criteria that one request can hold,
        and None for those that are asked alone.
        """
        contenders = self._contenders(outlooks)
        if not contenders:
            return {}
        contenders.sort(key=lambda place: _prospects(outlooks[place], place))
        level = nlargest(self.top, map(_most, outlooks))[-1]
        certain = sum(_most(outlooks[place]) > level for place in contenders)
        equal = sum(_most(outlooks[place]) == level for place in contenders)
        some = max(self.top + 1, ceil(len(contenders) * _SHARE_OF_CONTENDERS))
        # A failure can keep the level above all who can be asked about.
        width = max(certain, min(certain + equal, some)) or some
        return {
            place: self._first(outlooks[place].askable, joint)
            for place in contenders[:width]
        }

    def _first(
        self, askable: Sequence[Criterion], joint: Joint
    ) -> tuple[Criterion, ...]:
        """Give the criteria to ask first: one, or half of what one request can hold.

        Half of the influence of all that the rubric has of these: every request
        carries the response again, so two large steps are cheaper than many small
        ones.
        """
        key = joint(askable[0])
        if key is None:
            return (askable[0],)
        influence = self.relevance.influence
        criteria = self.scorer.rubric.criteria()
        half = fsum(influence[c.path] for c in criteria if joint(c) == key) / 2
        together = [criterion for criterion in askable if joint(criterion) == key]
        so_far = accumulate(influence[criterion.path] for criterion in together)
        count = sum(part < half - TOLERANCE for part in so_far)
        return tuple(together[: count + 1])

    def _contenders(self, outlooks: Sequence[Outlook]) -> list[int]:
        """Give the responses of which another verdict can help to find the best."""
        places = range(len(outlooks))
        leaders = nsmallest(
            self.top, places, key=lambda place: _guarantee(outlooks[place], place)
        )
        possible = [
            place
            for place in places
            if len(leaders) < self.top
            or not all(self.precedes(outlooks, leader, place) for leader in leaders)
        ]
        return [
            place
            for place in possible
            if outlooks[place].askable
            and any(self._may_part(outlooks, place, other) for other in possible)
        ]

    def precedes(self, outlooks: Sequence[Outlook], first: int, second: int) -> bool:
        """Say whether one comes before another whatever is still to come."""
        if first == second:
            return False
        one, other = outlooks[first], outlooks[second]
        least, most = one.reach.interval, other.reach.interval
        if one.reach.na:
            # What has no score comes last.
            return least is None and most is None and first < second
        if least is None or most is None:
            return most is None
        lead = least[0] - most[1]
        if self._slack and not (one.reach.known and other.reach.known):
            return lead > self._slack
        return lead > 0 or (lead == 0 and first < second)

    def _may_part(self, outlooks: Sequence[Outlook], place: int, rival: int) -> bool:
        """Say whether more verdicts on one response may tell it from another.

        Not where that is certain already; nor where a judge failed to tell the
        other's score, and the first can come neither above nor below all that it
        may be.
        """
        if (
            place == rival
            or self.precedes(outlooks, place, rival)
            or self.precedes(outlooks, rival, place)
        ):
            return False
        one, other = outlooks[place], outlooks[rival]
        if other.askable or other.reach.known:
            return True
        ours, theirs = one.reach.interval, other.reach.interval
        if ours is None or theirs is None or one.reach.na or other.reach.na:
            return True
        return ours[1] >= theirs[1] or ours[0] <= theirs[0]


def _is_exact(meaning: Meaning) -> bool:
    """Say whether bounds are what the score comes to, to the last digit.

    Sums, products with a weight, and quotients are rounded to the nearest number,
    which keeps their order; powers are not, and n/a changes what is divided by.
    """
    return not any(
        step.worths.skippable if isinstance(step, Leaf) else step.group.kind in _INEXACT
        for step in meaning.nodes
    )


def _most(outlook: Outlook) -> float:
    """Give the most that a response can score; no score is less."""
    return -inf if outlook.reach.interval is None else outlook.reach.interval[1]


def _prospects(outlook: Outlook, place: int) -> tuple[float, float, int]:
    """Order responses by the most that they can score, then by the least."""
    low, _ = outlook.reach.interval or (-inf, -inf)
    return -_most(outlook), -low, place


def _guarantee(outlook: Outlook, place: int) -> tuple[bool, float, int]:
    """Order responses by the least that they can come to; no score is less."""
    low, _ = outlook.reach.interval or (-inf, -inf)
    return outlook.reach.na, -low, place
