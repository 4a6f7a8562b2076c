"""What junk got through: tail false positives, probe by probe (M10).

P(score >= the pool's score at the quantile 1 - x | junk).  A policy that is trained on
a rubric finds what leaks into the top, however well the rest is ranked.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property

from attrs import field, frozen

from rubricdsl.analysis.proportions import leak_bound
from rubricdsl.audit.drawing import Attempt, NotMade
from rubricdsl.audit.tops import Key, Top
from rubricdsl.model.audit import ProbeOffer, Yardstick
from rubricdsl.model.scorecard import Scorecard, Status
from rubricdsl.scoring.leaves import TOLERANCE


class Outcome(StrEnum):
    """What became of a junk response.

    ``through``: it scores as it should not.  ``stopped``: it does not.  ``caught``: a
    canary showed that it talks to the judge, so it has no score.  ``unmeasured``: for
    any other reason it has none, or there is nothing to measure it by.
    """

    THROUGH = "through"
    STOPPED = "stopped"
    CAUGHT = "caught"
    UNMEASURED = "unmeasured"


@frozen(kw_only=True)
class Trial:
    """A junk response, the score from which on it got through, and its own."""

    attempt: Attempt
    bar: float | None
    card: Scorecard

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if self.card.status is Status.SUSPECT:
            return Outcome.CAUGHT
        if self.bar is None or self.card.score is None:
            return Outcome.UNMEASURED
        if self.card.score >= self.bar - TOLERANCE:
            return Outcome.THROUGH
        return Outcome.STOPPED


@frozen(kw_only=True, slots=False)
class ProbeResult:
    """What came of one probe.

    ``measured`` counts the junk responses of which the outcome is known, those that
    were caught among them; ``upper`` is what share may get through at most, at 95 %,
    as if they were independent of each other.
    """

    offer: ProbeOffer
    trials: tuple[Trial, ...]
    not_made: tuple[NotMade, ...]

    @cached_property
    def through(self) -> tuple[Trial, ...]:
        """Those that got through."""
        return self._of(Outcome.THROUGH)

    @cached_property
    def caught(self) -> int:
        """How many a canary caught."""
        return len(self._of(Outcome.CAUGHT))

    @cached_property
    def unmeasured(self) -> tuple[Trial, ...]:
        """Those of which nothing is known."""
        return self._of(Outcome.UNMEASURED)

    @property
    def measured(self) -> int:
        """How many are known."""
        return len(self.trials) - len(self.unmeasured)

    @property
    def prompts(self) -> int:
        """To how many prompts something was measured."""
        known = (t for t in self.trials if t.outcome is not Outcome.UNMEASURED)
        return len({trial.attempt.base.key for trial in known})

    @property
    def upper(self) -> float | None:
        """The bound; None where nothing was measured."""
        if not self.measured:
            return None
        return leak_bound(len(self.through), self.measured)

    def _of(self, outcome: Outcome) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.outcome is outcome)


@frozen(kw_only=True)
class Judged:
    """An attempt with the scorecard that it came to."""

    attempt: Attempt
    card: Scorecard = field(repr=False)


def probe_results(
    offers: Sequence[ProbeOffer],
    judged: Sequence[Judged],
    not_made: Sequence[NotMade],
    found: Sequence[Top],
) -> tuple[ProbeResult, ...]:
    """Hold junk against the top of its pool, or against what it was made of."""
    by_key = {top.key: top for top in found}
    return tuple(
        ProbeResult(
            offer=offer,
            trials=tuple(
                Trial(
                    attempt=one.attempt,
                    bar=_bar(offer.yardstick, one.attempt, by_key),
                    card=one.card,
                )
                for one in judged
                if one.attempt.maker == offer.name
            ),
            not_made=tuple(one for one in not_made if one.maker == offer.name),
        )
        for offer in offers
    )


def _bar(
    yardstick: Yardstick, attempt: Attempt, found: Mapping[Key, Top]
) -> float | None:
    if yardstick is Yardstick.TOP:
        return found[attempt.base.key].bar
    score = attempt.base.card.score
    # What has the least score there is cannot lose any.
    return score if score is not None and score > TOLERANCE else None
