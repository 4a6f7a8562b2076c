"""What a person should know of scorecards, gathered one by one, in bounded memory."""

from collections.abc import Iterable
from typing import Self

from attrs import define, field

from rubricdsl.judging import degenerate
from rubricdsl.model.ruling import Failure
from rubricdsl.model.scorecard import CriterionResult, Scorecard, Status

MOST_NAMES = 3
"""So many names are shown, and then that there are more."""

_MOST_CAUSES = 10_000
_OTHER = ("other", "for other reasons")
WITHOUT_JUDGE = frozenset({"check", "needs", degenerate.JUDGE_NAME})
"""What stands in a verdict's provenance where no judge was asked."""


@define
class Named:
    """Things of one kind: how many, and the first names among them."""

    count: int = 0
    names: list[str] = field(factory=list)

    def add(self, name: str) -> None:
        """Count one."""
        self.count += 1
        if len(self.names) <= MOST_NAMES and name not in self.names:
            self.names.append(name)

    @property
    def shown(self) -> str:
        """The first names, and whether there are more."""
        more = ", …" if len(self.names) > MOST_NAMES else ""
        return ", ".join(self.names[:MOST_NAMES]) + more


Causes = dict[tuple[str, str], Named]
"""The paths of what failed, by the kind of the failure and its reason."""


@define
class RunFindings:
    """What scorecards come to.

    ``fail_under`` is the least score that is not too low, ``within`` the half-width
    with which a score is known well enough; each if it matters.
    """

    fail_under: float | None = None
    within: float | None = None
    responses: int = 0
    verdicts: Causes = field(factory=dict)
    votes: Causes = field(factory=dict)
    suspects: Named = field(factory=Named)
    under: Named = field(factory=Named)
    is_incomplete: bool = False
    is_judged: bool = False
    noisy: int = 0
    known_enough: int = 0
    votes_asked: int = 0

    @classmethod
    def of(
        cls,
        scorecards: Iterable[Scorecard],
        *,
        fail_under: float | None = None,
        within: float | None = None,
    ) -> Self:
        """Gather what scorecards come to that are all there."""
        found = cls(fail_under, within)
        for scorecard in scorecards:
            found.add(scorecard)
        return found

    @property
    def kinds(self) -> set[str]:
        """The kinds of the failures because of which verdicts are missing."""
        return {kind for kind, _ in self.verdicts}

    def add(self, card: Scorecard) -> None:
        """Take one more scorecard into account."""
        self.responses += 1
        if card.status is Status.SUSPECT:
            self.suspects.add(card.response_id)
        self.is_incomplete |= card.status in {Status.INCOMPLETE, Status.SUSPECT}
        if self.fail_under is not None and _is_under(card, self.fail_under):
            self.under.add(card.response_id)
        for result in card.criteria:
            self._add_verdict(result)
        if card.noise is not None:
            width = card.noise.half_width
            self.noisy += 1
            self.votes_asked += card.noise.votes
            self.known_enough += width is not None and width <= (self.within or 0)

    def _add_verdict(self, result: CriterionResult) -> None:
        verdict = result.verdict
        if verdict.failure is not None:
            _count(self.verdicts, verdict.failure, result.path)
            return
        for ballot in verdict.ballots:
            if ballot.failure is not None:
                _count(self.votes, ballot.failure, result.path)
        self.is_judged |= (
            verdict.ruling is not None and verdict.provenance.judge not in WITHOUT_JUDGE
        )


def _count(causes: Causes, failure: Failure, path: str) -> None:
    key = failure.kind, failure.reason
    if key not in causes and len(causes) >= _MOST_CAUSES:
        key = _OTHER
    causes.setdefault(key, Named()).add(path)


def _is_under(card: Scorecard, bound: float) -> bool:
    return card.score is None or card.score < bound - 1e-9
