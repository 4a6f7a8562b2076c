"""Asking again what wavers, until scores, or the best K, are known well enough.

Where scores are wanted, everything is asked as in any evaluation.  Then, in rounds,
the question of each response whose next answer is expected to tell most
(`rubricdsl.judging.sequential`) is put once more to every judge of its panel, until
the half-width of the score's interval is small enough, or there is no more to ask.
Where the best K are wanted, what decides them is asked as in any ranking, and then
what tells most about the border between them and all others
(`rubricdsl.judging.border`).  What one request can hold is asked again together, so
that scores never take more requests than as many votes on everything.

Only questions to models are asked again, and none of which an answer was n/a or
could not be had.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import fsum
from typing import TypeGuard

from attrs import evolve

from rubricdsl.judging import degenerate
from rubricdsl.judging.agendas import (
    BestOf,
    Desk,
    Everything,
    Wanted,
    by_rubric,
    joint,
)
from rubricdsl.judging.border import Border, Prospects, ProspectsOf
from rubricdsl.judging.dockets import Docket, Sheet
from rubricdsl.judging.planning import JudgedCriterion, PlannedCriterion, RubricPlan
from rubricdsl.judging.ranking import Outlook
from rubricdsl.judging.sequential import SequentialPolicy, Votes, repeatable
from rubricdsl.model.execution import Precision
from rubricdsl.model.judgement import Verdict
from rubricdsl.model.ruling import NA, NO, YES
from rubricdsl.model.scorecard import Doubt, Noise, Standing


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
        return _noise(sheet, self._policy(sheet.plan))

    def _again(self, sheet: Sheet) -> Iterator[Wanted]:
        """Give the question that tells most, and what can be asked along with it."""
        if sheet.suspect:
            return
        policy, votes = self._policy(sheet.plan), _votes(sheet)
        first = policy.next(sheet.verdicts, votes)
        if first is not None:
            yield from _with_others(sheet, first, votes, policy)

    def _policy(self, plan: RubricPlan) -> SequentialPolicy:
        # With the plan beside it, its id cannot be given to another.
        if id(plan) not in self._policies:
            policy = SequentialPolicy.of(plan.scorer.expectation, self._precision)
            self._policies[id(plan)] = plan, policy
        return self._policies[id(plan)][1]


class UntilDecided(BestOf):
    """The agenda of a ranking that asks until the best are known well enough.

    The border between them and all others shall be right within what the precision
    says, at its confidence; the order among the best is that of the verdicts.
    """

    def __init__(self, top: int, precision: Precision) -> None:
        super().__init__(top)
        self._precision = precision
        self._borders: dict[int, tuple[RubricPlan, Border]] = {}
        self._prospects: dict[Sheet, tuple[int, Prospects]] = {}
        # The revisions at which no other answers were known before.
        self._exhausted: dict[Sheet, int] = {}

    def wanted(self, docket: Docket, desk: Desk) -> Iterator[Wanted]:
        """Give what decides the best by the verdicts as they are, then what wavers."""
        while not docket.outstanding:
            yield from super().wanted(docket, desk)
            if docket.outstanding:
                return
            again = list(self._known(docket, desk)) or [
                wanted
                for plan, sheets in by_rubric(docket.sheets)
                for wanted in self._again(plan, sheets)
            ]
            if not again:
                return
            yield from again

    def standings(self, sheets: Sequence[Sheet]) -> Mapping[int, Standing]:
        """Say how the responses stand, and how likely that is wrong."""
        doubts: dict[int, Doubt] = {}
        for plan, compared in by_rubric(sheets):
            border, outlooks, prospects = self._look(plan, compared)
            found = border.doubts(outlooks, prospects)
            for sheet, doubt in zip(compared, found, strict=True):
                doubts[sheet.index] = doubt
        for sheet in sheets:
            self._prospects.pop(sheet, None)
            self._exhausted.pop(sheet, None)
        return {
            index: evolve(standing, doubt=doubts[index])
            for index, standing in super().standings(sheets).items()
        }

    def noise(self, sheet: Sheet) -> Noise:
        """Say how well a score is known, where there is one."""
        return _noise(sheet, self._border(sheet.plan).policy)

    def _known(self, docket: Docket, desk: Desk) -> Iterator[Wanted]:
        """Give the questions to which another answer is known before.

        So a run that is repeated knows at once all that it found out, and goes on
        from there.
        """
        for sheet in docket.sheets:
            if sheet.suspect or self._exhausted.get(sheet) == sheet.revision:
                continue
            self._exhausted[sheet] = sheet.revision
            policy = self._border(sheet.plan).policy
            for path, said in _votes(sheet).items():
                planned = sheet.plan.criteria[path]
                if policy.has_room(said) and desk.is_free(docket, sheet, planned):
                    yield sheet, planned

    def _again(self, plan: RubricPlan, sheets: Sequence[Sheet]) -> Iterator[Wanted]:
        border, outlooks, prospects = self._look(plan, sheets)
        for place, path in border.again(outlooks, prospects).items():
            sheet = sheets[place]
            if path in sheet.asked:
                yield from _with_others(sheet, path, _votes(sheet), border.policy)
            else:
                yield sheet, plan.criteria[path]

    def _look(
        self, plan: RubricPlan, sheets: Sequence[Sheet]
    ) -> tuple[Border, Sequence[Outlook], ProspectsOf]:
        border = self._border(plan)
        outlooks = [self.outlook(border.ranker, sheet) for sheet in sheets]

        def prospects(place: int) -> Prospects:
            return self._prospects_of(border, outlooks[place], sheets[place])

        return border, outlooks, prospects

    def _prospects_of(
        self, border: Border, outlook: Outlook, sheet: Sheet
    ) -> Prospects:
        revision, known = self._prospects.get(sheet, (-1, None))
        if known is None or revision != sheet.revision:
            known = Prospects(
                border=border,
                verdicts={p: v for p, v in sheet.verdicts.items() if p in sheet.asked},
                votes=_votes(sheet),
                unasked=_unasked(sheet),
                askable=frozenset(criterion.path for criterion in outlook.askable),
            )
            self._prospects[sheet] = sheet.revision, known
        return known

    def _border(self, plan: RubricPlan) -> Border:
        # With the plan beside it, its id cannot be given to another.
        if id(plan) not in self._borders:
            border = Border.of(self.ranker(plan), self._precision)
            self._borders[id(plan)] = plan, border
        return self._borders[id(plan)][1]


def may_be_asked_again(planned: PlannedCriterion) -> TypeGuard[JudgedCriterion]:
    """Say whether another answer can differ, and can be made use of."""
    if not isinstance(planned, JudgedCriterion):
        return False
    panel = planned.panel
    return repeatable(planned.question.scale, panel.rule) and all(
        judge.backend.capabilities.is_model for judge in panel.members
    )


def _noise(sheet: Sheet, policy: SequentialPolicy) -> Noise:
    votes = _votes(sheet)
    count = sum(said.asked for said in votes.values())
    if sheet.suspect or not votes:
        return Noise(None, count)
    estimate = policy.estimate(sheet.verdicts, votes)
    return Noise(None if estimate is None else estimate.half_width, count)


def _with_others(
    sheet: Sheet, first: str, votes: Mapping[str, Votes], policy: SequentialPolicy
) -> Iterator[Wanted]:
    """Give a question, and what can be asked again in the same request."""
    criteria = sheet.plan.criteria
    key = joint(criteria[first])
    for path, said in votes.items():
        along = key is not None and joint(criteria[path]) == key
        if path == first or (along and policy.has_room(said)):
            yield sheet, criteria[path]


def _unasked(sheet: Sheet) -> Mapping[str, Votes]:
    """Give, without a vote, what may be asked again and was not asked, by path."""
    return {
        path: Votes(0.0, 0, planned.panel.rule, len(planned.panel.members))
        for path, planned in sheet.plan.criteria.items()
        if path not in sheet.asked and may_be_asked_again(planned)
    }


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
