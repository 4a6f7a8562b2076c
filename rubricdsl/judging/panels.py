"""Who decides a question, and how several answers to it become one.

A panel has one or more judges, each asked one or more times.  Every answer is a
verdict of its own; the panel's verdict is made of them by a rule, and its reason
says who said what.  A cascade is a panel whose judges are asked one after the other,
and not all of them.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from statistics import fmean
from typing import TypeAlias, TypeVar

import attrs
from attrs import frozen

from rubricdsl.judging.cascades import Decisive, deciding
from rubricdsl.judging.options import INCIDENTAL_OPTIONS
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.judgement import Ballot, Provenance, Verdict
from rubricdsl.model.protocols import JudgeBackend, JudgeSettings
from rubricdsl.model.rubric import Ask, Criterion, LevelScale, Scale, VoteRule
from rubricdsl.model.ruling import NA, YES, Failure, FailureKind, Ruling, RulingWord
from rubricdsl.scoring.leaves import RulingWorths, answer_limits, hurts

DEFAULT_TIMEOUT = 120.0
# The most that a judge is given where its capacity is found out.
DEFAULT_CONCURRENCY = 64

_SKIPPED = 0.5
Worth: TypeAlias = Callable[[Ruling], float]
_Item = TypeVar("_Item")


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Judge:
    """A backend that is ready, and how it is used.

    ``timeout`` is in seconds, for one question with all that is done to have it
    answered; ``concurrency`` is the most requests in flight at once, and where it is
    ``adaptive`` as many of them as the judge can take.  With ``canaries``, statements
    with known answers are asked along.  ``distribution`` provides the backend.
    """

    settings: JudgeSettings
    backend: JudgeBackend
    timeout: float = DEFAULT_TIMEOUT
    concurrency: int = DEFAULT_CONCURRENCY
    adaptive: bool = False
    canaries: bool = False
    distribution: str = "rubricdsl"

    @property
    def name(self) -> str:
        """The judge's name in results."""
        return self.settings.name

    @property
    def lasting_options(self) -> dict[str, Plain]:
        """The options that an answer can depend on."""
        return {
            name: value
            for name, value in self.settings.options.items()
            if name not in INCIDENTAL_OPTIONS
        }

    @cached_property
    def identity(self) -> str:
        """Digest of all settings that an answer can depend on."""
        settings = self.settings
        return digest(settings.backend, settings.model, self.lasting_options)


@frozen(eq=False)
class Seat:
    """One place on a panel: a judge, and the how-manieth time it is asked.

    ``manner`` is the digest of judge, way of asking, instructions and time, and
    ``identity`` that of the manner and the prompt template.  Where there is an
    ``order``, questions are asked in an order drawn from it and from what is seen;
    else in that of the rubric.
    """

    judge: Judge
    sample: int
    manner: str
    identity: str
    order: str | None = None

    def ordered(self, items: Sequence[_Item], seen: str) -> list[_Item]:
        """Put what is asked together into the order of this seat.

        ``seen`` is the digest of what the judge sees; the order given counts.
        """
        found = list(items)
        if self.order is not None:
            random.Random(digest(self.order, seen)).shuffle(found)  # noqa: S311
        return found


@attrs.frozen(kw_only=True, eq=False, slots=False)
class Panel:
    """The judges of a criterion, and the rule that makes one verdict of theirs.

    ``decisive`` says which answers end a cascade.  With ``shuffled``, a seed, each
    judge is asked the second time and later in orders that are drawn anew, so that it
    shows whether the order makes a difference.
    """

    members: tuple[Judge, ...]
    ask: Ask = Ask.TOGETHER
    votes: int = 1
    rule: VoteRule = VoteRule.MAJORITY
    skip_failed: bool = False
    instructions: str | None = None
    shuffled: int | None = None
    decisive: Decisive = Decisive()

    @cached_property
    def seats(self) -> tuple[Seat, ...]:
        """Every judge as often as it votes."""
        return tuple(
            self._seat(judge, sample)
            for judge in self.members
            for sample in range(self.votes)
        )

    @cached_property
    def larger(self) -> "Panel":
        """The panel in which every judge votes once more.

        What fails then is left out: it takes nothing from what was known before.
        """
        return attrs.evolve(self, votes=self.votes + 1, skip_failed=True)

    @cached_property
    def name(self) -> str:
        """The panel's name in results: its judge's, or rule and judges."""
        between = ", then " if self.rule is VoteRule.CASCADE else ", "
        names = between.join(judge.name for judge in self.members)
        if len(self.seats) == 1:
            return names
        times = f"{self.votes} x " if self.votes > 1 else ""
        return f"{self.rule} of {times}{names}"

    @cached_property
    def identity(self) -> str:
        """Digest of all that its verdicts can depend on, beside the question."""
        seats: list[Plain] = [seat.identity for seat in self.seats]
        return digest(seats, str(self.rule), self.skip_failed, *self._thresholds)

    @cached_property
    def _thresholds(self) -> list[Plain]:
        if self.rule is not VoteRule.CASCADE:
            return []
        return [self.decisive.no, self.decisive.yes]

    @property
    def at_once(self) -> int:
        """How many of the seats are asked before anything was said."""
        return 1 if self.rule is VoteRule.CASCADE else len(self.seats)

    def ends_with(self, ballot: Verdict) -> bool:
        """Say whether no seat behind the one that said this has to be asked."""
        return self.rule is VoteRule.CASCADE and self.decisive.ends_with(ballot)

    def _seat(self, judge: Judge, sample: int) -> Seat:
        parts: list[Plain] = [judge.identity, str(self.ask), self.instructions, sample]
        order = None
        if self.shuffled is not None and sample > 0:
            order = digest("order", self.shuffled, sample)
            parts.append(order)
        manner = digest(*parts)
        identity = digest(manner, judge.backend.template)
        return Seat(judge, sample, manner, identity, order)

    def decide(
        self, ballots: Sequence[Verdict], *, scale: Scale, worth: Worth
    ) -> Verdict:
        """Make one verdict of the ballots, in the order of the seats.

        Those of a cascade end where the next seat was not asked.

        * ``majority``: the ruling given most often; among equals, the one that
          hurts the score.
        * ``unanimous``: the ruling that says least; so yes if all say yes.
        * ``any``: the ruling that says most; so yes if one says yes.
        * ``mean``: a number, the mean of yes as 1, partly as 1/2 and no as 0; where
          every ballot has a probability, that of yes, and the least answer for the
          rest.  For levels the mean level, which may lie between two steps.  It is
          never less than the least answer of the scale, nor more than the greatest.

        For these three n/a is set aside, unless over half say n/a.

        * ``cascade``: what the last judge that was asked says.

        ``worth`` is what a ruling is worth to the score; only here, where the
        answers are in, does a criterion's mark play a part.  A ballot that failed
        fails the panel, or is left out if failed ballots are skipped and there are
        others; one that is pending is waited for, and never left out.  The probability
        is the mean of the ballots'.
        """
        provenance = self._provenance(ballots)
        at = max([b.at for b in ballots if b.at is not None], default=None)
        tally = self._tally(ballots)
        counted = list(zip(self.seats, ballots, strict=False))
        if self.rule is VoteRule.CASCADE:
            counted = [counted[deciding(ballots, skip_failed=self.skip_failed)]]
        cast = [ballot for _, ballot in counted if ballot.ruling is not None]
        failed = [
            (seat, ballot.failure)
            for seat, ballot in counted
            if ballot.failure is not None
        ]
        # Who has yet to answer has not failed, and is waited for.
        pending = [pair for pair in failed if pair[1].kind == FailureKind.JUDGE_PENDING]
        if pending or (failed and not (self.skip_failed and cast)):
            seat, failure = (pending or failed)[0]
            reason = f"{seat.judge.name}: {failure.reason} ({tally})"
            return Verdict(
                failure=Failure(failure.kind, reason),
                ballots=self._ballots(ballots),
                at=at,
                provenance=provenance,
            )
        ruling = self._ruling([b for b in cast if b.ruling], scale, worth)
        agreeing = [b for b in cast if b.ruling == ruling] or cast
        said = next((b.reason for b in agreeing if b.reason), None)
        return Verdict(
            ruling=ruling,
            probability=_mean_probability(cast),
            evidence=next((b.evidence for b in agreeing if b.evidence), None),
            reason=f"{tally}. {said}" if said else tally,
            ballots=self._ballots(ballots),
            cached=all(ballot.cached for ballot in ballots),
            at=at,
            provenance=provenance,
        )

    def _ruling(self, cast: Sequence[Verdict], scale: Scale, worth: Worth) -> Ruling:
        rulings = [b.ruling for b in cast if b.ruling is not None]
        if self.rule in {VoteRule.MAJORITY, VoteRule.CASCADE}:
            counts = Counter(rulings)
            most = max(counts.values())
            tied = [ruling for ruling, n in counts.items() if n == most]
            return min(tied, key=worth)
        proper = [ruling for ruling in rulings if ruling != NA]
        if len(rulings) > 2 * len(proper) or not proper:
            return NA
        if self.rule is VoteRule.UNANIMOUS:
            return min(proper, key=_truth)
        if self.rule is VoteRule.ANY:
            return max(proper, key=_truth)
        mean = _mean([_truth(ruling) for ruling in proper])
        if isinstance(scale, LevelScale):
            return Ruling.level(mean)
        probability = _mean_probability([b for b in cast if b.ruling != NA])
        if probability is not None and str(YES) in scale.answers:
            least, _ = answer_limits(scale)
            mean = least + (1 - least) * probability
        return Ruling.of_number(mean)

    def _ballots(self, verdicts: Sequence[Verdict]) -> tuple[Ballot, ...]:
        return tuple(
            Ballot(
                judge=seat.judge.name,
                ruling=verdict.ruling,
                failure=verdict.failure,
                probability=verdict.probability,
            )
            for seat, verdict in zip(self.seats, verdicts, strict=False)
        )

    def _tally(self, ballots: Sequence[Verdict]) -> str:
        votes = [
            f"{seat.judge.name} {ballot.ruling}"
            if ballot.ruling is not None
            else f"{seat.judge.name} failed "
            f"({ballot.failure.kind if ballot.failure else 'no answer'})"
            for seat, ballot in zip(self.seats, ballots, strict=False)
        ]
        return f"{self.rule}: {', '.join(votes)}"

    def _provenance(self, ballots: Sequence[Verdict]) -> Provenance:
        parts = [ballot.provenance for ballot in ballots]
        models = sorted({part.model for part in parts if part.model is not None})
        return Provenance(
            judge=self.name,
            response=parts[0].response,
            settings=digest(
                [seat.manner for seat in self.seats],
                str(self.rule),
                self.skip_failed,
                *self._thresholds,
            ),
            template=digest([part.template for part in parts]),
            model=", ".join(models) or None,
        )


def oriented_worth(criterion: Criterion) -> Worth:
    """Give what each ruling on a criterion is worth to the score, in [0, 1].

    The less a ruling is worth, the more it hurts.  n/a is worth what the
    criterion's rule says, and one half where it is skipped.
    """
    worths = RulingWorths.of(criterion)
    worst = hurts(criterion)

    def worth(ruling: Ruling) -> float:
        value = worths.worth(ruling)
        return _SKIPPED if value is None else abs(value - worst)

    return worth


def _truth(ruling: Ruling) -> float:
    if ruling.word is RulingWord.PARTLY:
        return 0.5
    if ruling.number is not None:
        return ruling.number
    return 1.0 if ruling == YES else 0.0


def _mean(numbers: Sequence[float]) -> float:
    """Give the mean, which rounding takes out of their range at times."""
    return min(max(fmean(numbers), min(numbers)), max(numbers))


def _mean_probability(ballots: Sequence[Verdict]) -> float | None:
    known = [b.probability for b in ballots if b.probability is not None]
    return fmean(known) if known and len(known) == len(ballots) else None
