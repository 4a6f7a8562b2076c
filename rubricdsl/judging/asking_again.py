"""Asking again what wavers, response by response, until scores are known well enough.

Everything is asked as in any evaluation.  Then, in rounds, the question of each
response whose next answer is expected to tell most (`rubricdsl.judging.sequential`)
is put once more to every judge of its panel, until the half-width of the score's
interval is small enough, or there is no more to ask.  What one request can hold is
asked again together, so that there are never more requests than with as many votes
on everything.

Only questions to models are asked again, and none of which an answer was n/a or
could not be had.
"""

from collections.abc import Iterator, Mapping
from math import fsum
from typing import TypeGuard

from rubricdsl.judging import degenerate
from rubricdsl.judging.agendas import Desk, Everything, Wanted, joint
from rubricdsl.judging.dockets import Docket, Sheet
from rubricdsl.judging.planning import JudgedCriterion, PlannedCriterion, RubricPlan
from rubricdsl.judging.sequential import (
    Precision,
    SequentialPolicy,
    Votes,
    repeatable,
)
from rubricdsl.model.judgement import Verdict
from rubricdsl.model.ruling import NA, NO, YES
from rubricdsl.model.scorecard import Noise


class UntilKnown(Everything):
    """The agenda of an evaluation that asks until scores are known well enough."""

    def __init__(self, precision: Precision) -> None:
        self._precision = precision
        self._policies: dict[int, tuple[RubricPlan, SequentialPolicy]] = {}

    def wanted(self, docket: Docket, desk: Desk) -> Iterator[Wanted]:
        """Give all that can be asked, then round by round what to ask again."""
        yield from super().wanted(docket, desk)
        while not docket.outstanding:
            again = [wanted for sheet in docket.sheets for wanted in self._again(sheet)]
            if not again:
                return
            yield from again
            # A need that is met only now lets others be asked.
            yield from super().wanted(docket, desk)

    def noise(self, sheet: Sheet) -> Noise:
        """Say how well a score is known."""
        votes = _votes(sheet)
        count = sum(said.asked for said in votes.values())
        if sheet.suspect or not votes:
            return Noise(None, count)
        estimate = self._policy(sheet.plan).estimate(sheet.verdicts, votes)
        return Noise(None if estimate is None else estimate.half_width, count)

    def _again(self, sheet: Sheet) -> Iterator[Wanted]:
        """Give the question that tells most, and what can be asked along with it."""
        if sheet.suspect:
            return
        policy, votes = self._policy(sheet.plan), _votes(sheet)
        criteria = sheet.plan.criteria
        first = policy.next(sheet.verdicts, votes)
        if first is None:
            return
        key = joint(criteria[first])
        for path, said in votes.items():
            along = key is not None and joint(criteria[path]) == key
            if path == first or (along and policy.has_room(said)):
                yield sheet, criteria[path]

    def _policy(self, plan: RubricPlan) -> SequentialPolicy:
        # With the plan beside it, its id cannot be given to another.
        if id(plan) not in self._policies:
            policy = SequentialPolicy.of(plan.scorer.expectation, self._precision)
            self._policies[id(plan)] = plan, policy
        return self._policies[id(plan)][1]


def may_be_asked_again(planned: PlannedCriterion) -> TypeGuard[JudgedCriterion]:
    """Say whether another answer can differ, and can be made use of."""
    if not isinstance(planned, JudgedCriterion):
        return False
    panel = planned.panel
    return repeatable(planned.question.scale, panel.rule) and all(
        judge.backend.capabilities.is_model for judge in panel.members
    )


def _votes(sheet: Sheet) -> Mapping[str, Votes]:
    """Give the votes on all questions that may be asked again, by path."""
    found: dict[str, Votes] = {}
    for path, planned in sheet.plan.criteria.items():
        if path not in sheet.asked or path not in sheet.verdicts:
            continue
        if not may_be_asked_again(planned):
            continue
        ballots = sheet.ballots(path)
        votes = [ballot for ballot in ballots if _is_vote(ballot)]
        if votes and sheet.verdicts[path].ruling not in {NA, None}:
            found[path] = Votes(
                yes=fsum(map(_yes, votes)),
                asked=len(votes),
                rule=planned.panel.rule,
                judges=len(planned.panel.members),
                closed=len(votes) < len(ballots),
            )
    return found


def _is_vote(ballot: Verdict) -> bool:
    """Say whether a judge said yes or no."""
    if ballot.provenance.judge == degenerate.JUDGE_NAME:
        return False
    return ballot.ruling in {YES, NO}


def _yes(ballot: Verdict) -> float:
    if ballot.probability is not None:
        return ballot.probability
    return float(ballot.ruling == YES)
