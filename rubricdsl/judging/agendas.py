"""What a run asks, and which of its jobs go in step: everything, or what is needed.

An agenda sorts jobs into dockets, and says of an open docket what to ask next.  It is
asked again whenever all that it wanted has been answered, so what it says depends on
verdicts and never on the order in which they came.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import attrs

from rubricdsl.judging.dockets import Docket, Sheet, by_prompt, by_response
from rubricdsl.judging.planning import JudgedCriterion, PlannedCriterion, RubricPlan
from rubricdsl.judging.ranking import Outlook, Ranker
from rubricdsl.model.execution import Job
from rubricdsl.model.rubric import Ask, Criterion
from rubricdsl.model.scorecard import Noise, Standing
from rubricdsl.scoring.bounds import NOT_APPLICABLE

Wanted = tuple[Sheet, PlannedCriterion]


class Desk(Protocol):
    """Knows what can be asked of a sheet, and what an answer would take."""

    def ready(self, sheet: Sheet) -> Sequence[PlannedCriterion]:
        """Give the criteria that can be asked now and were not asked before."""
        ...

    def is_free(self, docket: Docket, sheet: Sheet, planned: PlannedCriterion) -> bool:
        """Say whether the verdict can be had without asking a judge.

        Of what was asked, whether another vote of each judge can.
        """
        ...


class Agenda(Protocol):
    """Decides what is asked.

    It ``asks_all`` where it wants, first of all, everything that can be asked.
    """

    @property
    def asks_all(self) -> bool:
        """Whether all that can be asked is asked at once."""
        ...

    def dockets(self, jobs: Sequence[Job]) -> list[list[int]]:
        """Sort jobs into dockets, by their places, in the order given."""
        ...

    def wanted(self, docket: Docket, desk: Desk) -> Iterator[Wanted]:
        """Give what to ask next, one by one; each is put to its judge at once.

        What is answered at once can be seen by then.  Nothing, while nobody is
        waited for, ends the docket.
        """
        ...

    def standings(self, sheets: Sequence[Sheet]) -> Mapping[int, Standing]:
        """Say how the responses of a docket stand, by the place of the job."""
        ...

    def noise(self, sheet: Sheet) -> Noise | None:
        """Say how well a score is known; None where it was not asked for that."""
        ...


class Everything:
    """The agenda of an evaluation: all criteria, and what is needed first."""

    asks_all = True

    def dockets(self, jobs: Sequence[Job]) -> list[list[int]]:
        """Put all jobs on one response text together."""
        return by_response(jobs)

    def wanted(self, docket: Docket, desk: Desk) -> Iterator[Wanted]:
        """Give all that can be asked."""
        for sheet in docket.sheets:
            while ready := desk.ready(sheet):
                for planned in ready:
                    yield sheet, planned

    def standings(self, sheets: Sequence[Sheet]) -> Mapping[int, Standing]:
        """Say nothing: whoever has all scores can compare them."""
        del sheets
        return {}

    def noise(self, sheet: Sheet) -> Noise | None:
        """Say nothing."""
        del sheet
        return None


class BestOf:
    """The agenda of a ranking: what can change which responses are the best ``top``.

    The responses to one prompt are compared rubric by rubric.  What costs nothing
    (checks, verdicts known before) is always taken.
    """

    asks_all = False

    def __init__(self, top: int) -> None:
        self._top = top
        self._rankers: dict[int, tuple[RubricPlan, Ranker]] = {}
        self._views: dict[Sheet, _View] = {}

    def dockets(self, jobs: Sequence[Job]) -> list[list[int]]:
        """Put all responses to one prompt together."""
        return by_prompt(jobs)

    def wanted(self, docket: Docket, desk: Desk) -> Iterator[Wanted]:
        """Give what costs nothing, then a round of what is needed."""
        while not docket.outstanding:
            for sheet in docket.sheets:
                while free := self._free(docket, sheet, desk):
                    for planned in free:
                        yield sheet, planned
            needed = [
                wanted
                for plan, sheets in by_rubric(docket.sheets)
                for wanted in self._needed(plan, sheets)
            ]
            if not needed:
                return
            yield from needed

    def standings(self, sheets: Sequence[Sheet]) -> Mapping[int, Standing]:
        """Say how the responses stand, as far as verdicts tell."""
        found: dict[int, Standing] = {}
        for plan, compared in by_rubric(sheets):
            ranker = self.ranker(plan)
            outlooks = [self.outlook(ranker, sheet) for sheet in compared]
            standings = ranker.standings(outlooks)
            for sheet, standing in zip(compared, standings, strict=True):
                if not sheet.suspect:
                    found[sheet.index] = standing
        for sheet in sheets:
            self._views.pop(sheet, None)
        return found

    def noise(self, sheet: Sheet) -> Noise | None:
        """Say nothing."""
        del sheet
        return None

    def _free(
        self, docket: Docket, sheet: Sheet, desk: Desk
    ) -> Sequence[PlannedCriterion]:
        """Give what costs nothing, of what was not looked at before."""
        view = self._view(sheet)
        free = []
        for planned in desk.ready(sheet):
            path = planned.criterion.path
            if path in view.costly:
                continue
            if desk.is_free(docket, sheet, planned):
                free.append(planned)
            else:
                view.costly.add(path)
        return free

    def _needed(self, plan: RubricPlan, sheets: Sequence[Sheet]) -> Iterator[Wanted]:
        def asked_with(criterion: Criterion) -> object:
            return joint(plan.criteria[criterion.path])

        ranker = self.ranker(plan)
        outlooks = [self.outlook(ranker, sheet) for sheet in sheets]
        for place, criteria in ranker.ask(outlooks, asked_with).items():
            for criterion in criteria:
                yield sheets[place], plan.criteria[criterion.path]

    def outlook(self, ranker: Ranker, sheet: Sheet) -> Outlook:
        """Say what is known of a response."""
        if sheet.suspect:
            # Nothing that was said of it is believed, so it comes last.
            return Outlook(NOT_APPLICABLE, ())
        view = self._view(sheet)
        if view.outlook is None or view.revision != sheet.revision:
            view.outlook = ranker.outlook(sheet.verdicts)
            view.revision = sheet.revision
        return view.outlook

    def _view(self, sheet: Sheet) -> "_View":
        return self._views.setdefault(sheet, _View())

    def ranker(self, plan: RubricPlan) -> Ranker:
        """Give the ranker of a rubric."""
        # With the plan beside it, its id cannot be given to another.
        if id(plan) not in self._rankers:
            self._rankers[id(plan)] = plan, Ranker.of(plan.scorer, self._top)
        return self._rankers[id(plan)][1]


@attrs.define(eq=False)
class _View:
    """What was found out about a sheet at a revision.

    ``costly`` are criteria whose verdicts a judge must be asked for.
    """

    revision: int = 0
    outlook: Outlook | None = None
    costly: set[str] = attrs.field(factory=set)


def by_rubric(sheets: Sequence[Sheet]) -> list[tuple[RubricPlan, list[Sheet]]]:
    """Sort sheets by their rubrics, in the order given."""
    found: dict[int, tuple[RubricPlan, list[Sheet]]] = {}
    for sheet in sheets:
        found.setdefault(id(sheet.plan), (sheet.plan, []))[1].append(sheet)
    return list(found.values())


def joint(planned: PlannedCriterion) -> object:
    """Give the same key for what one request can hold; None for what goes alone."""
    if not isinstance(planned, JudgedCriterion) or planned.panel.ask is Ask.EACH:
        return None
    if not all(judge.backend.capabilities.together for judge in planned.panel.members):
        return None
    return id(planned.panel), planned.criterion.sees
