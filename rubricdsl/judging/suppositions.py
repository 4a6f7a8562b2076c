"""How far an evaluation leads, supposing what judges would say."""

from collections.abc import Iterator

from rubricdsl.judging.agendas import Desk, Everything, Wanted
from rubricdsl.judging.asking_again import may_be_asked_again
from rubricdsl.judging.dockets import Docket, Inquiry
from rubricdsl.judging.planning import JudgedCriterion, RubricPlan
from rubricdsl.model.execution import Precision
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.scoring.leaves import RulingWorths
from rubricdsl.scoring.meaning import Branch


class Supposition(Everything):
    """An evaluation's agenda, supposing what judges would say.

    A need for a criterion is met by the best answer to it and unmet by the worst, and
    what needs it is asked a stage later, or not at all.  With needs for whole groups
    it is not so plain which answers meet them, and at which stage that is certain.
    There, the most is that everything that waits is asked, each in a request of its
    own, and the least that nothing is.
    """

    def __init__(self, *, furthest: bool, precision: Precision | None = None) -> None:
        self._furthest = furthest
        self._precision = precision
        self._waiting: dict[Docket, list[Wanted]] = {}
        # With the criterion beside it, its id cannot be given to another.
        self._rulings: dict[int, tuple[JudgedCriterion, Ruling]] = {}

    def wanted(self, docket: Docket, desk: Desk) -> Iterator[Wanted]:
        """Give what is asked in an evaluation, or at most, or at least."""
        yield from self._first(docket, desk)
        while self._precision is not None and not docket.outstanding:
            again = list(self._again(docket, self._precision.most))
            if not again:
                return
            yield from again

    def _first(self, docket: Docket, desk: Desk) -> Iterator[Wanted]:
        """Give what is asked for the first time."""
        if not self.is_loose(docket):
            yield from super().wanted(docket, desk)
            return
        if docket in self._waiting:
            yield from self._waiting.pop(docket)
            return
        yield from super().wanted(docket, desk)
        if docket.outstanding:
            self._waiting[docket] = list(self._unasked(docket))

    def _again(self, docket: Docket, most: int) -> Iterator[Wanted]:
        """Give all that may come to be asked, once more.

        That is also what waits for a need: asked again, it may turn out to be met.
        """
        for sheet in docket.sheets:
            for path, planned in sheet.plan.criteria.items():
                if path not in sheet.asked or (
                    may_be_asked_again(planned)
                    and len(sheet.ballots(path)) < most * len(planned.panel.members)
                ):
                    yield sheet, planned

    def _unasked(self, docket: Docket) -> Iterator[Wanted]:
        if not self._furthest:
            return
        for sheet in docket.sheets:
            for path, planned in sheet.plan.criteria.items():
                if path not in sheet.asked and path not in sheet.verdicts:
                    yield sheet, planned

    @staticmethod
    def is_loose(docket: Docket) -> bool:
        """Whether something needs a group."""
        return any(_needs_group(sheet.plan) for sheet in docket.sheets)

    def may_part(self, inquiry: Inquiry, *, is_first: bool) -> bool:
        """Say whether a question may go alone that goes with others here."""
        waiter = inquiry.waiters[0]
        if self.is_loose(waiter.docket) and not is_first:
            return True
        if self._precision is None:
            return False
        # Sheets, and what others need, are asked again each in its own time.
        sheets = waiter.docket.sheets
        is_again = inquiry.seat.sample >= waiter.judged.panel.votes
        return bool(waiter.judged.criterion.needs) or (
            is_again and (len(sheets) > 1 or has_needs(waiter.sheet.plan))
        )

    def ruling(self, inquiry: Inquiry) -> Ruling:
        """Give what is supposed to be answered."""
        judged = inquiry.waiters[0].judged
        known = self._rulings.get(id(judged))
        if known is None:
            ruling = self._extreme(judged)
            known = self._rulings[id(judged)] = judged, ruling
        return known[1]

    def probability(self, ruling: Ruling) -> float | None:
        """Give how sure the judge is supposed to be.

        As sure as can be, for the least, and at most so unsure that others are asked.
        """
        if self._furthest or ruling not in {YES, NO}:
            return None
        return float(ruling == YES)

    def _extreme(self, judged: JudgedCriterion) -> Ruling:
        worths = RulingWorths.of(judged.criterion)
        answers = [Ruling.from_record(word) for word in judged.question.answers]

        def worth(ruling: Ruling) -> float:
            value = worths.worth(ruling)
            return -1.0 if value is None else value

        return (max if self._furthest else min)(answers, key=worth)


def is_open(plan: RubricPlan) -> bool:
    """Tell whether answers decide how much of a rubric is asked."""
    return has_needs(plan) or any(
        planned.panel.at_once < len(planned.panel.seats)
        for planned in plan.criteria.values()
        if isinstance(planned, JudgedCriterion)
    )


def has_needs(plan: RubricPlan) -> bool:
    """Tell whether any criterion of a rubric needs another."""
    return bool(plan.scorer.prerequisites.bearing)


def _needs_group(plan: RubricPlan) -> bool:
    meaning = plan.scorer.meaning
    return any(
        isinstance(meaning.nodes[number], Branch)
        for number in plan.scorer.prerequisites.bearing
    )
