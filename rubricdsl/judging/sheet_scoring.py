"""From a sheet of verdicts to its scorecard, whether all are there or not."""

from collections.abc import Mapping

import attrs

from rubricdsl.judging.agendas import Agenda
from rubricdsl.judging.clerk import Clerk
from rubricdsl.judging.dockets import Sheet
from rubricdsl.judging.planning import JudgedCriterion, PlannedCriterion
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.protocols import Clock
from rubricdsl.model.ruling import FailureKind
from rubricdsl.model.scorecard import Scorecard, Standing

_CANCELLED = "the run was stopped before this was judged"


@attrs.frozen(eq=False)
class SheetScorer:
    """Makes scorecards of sheets; the ``agenda`` knows how sure their scores are."""

    clerk: Clerk
    agenda: Agenda
    stopwatch: Clock

    def finished(self, sheet: Sheet, standing: Standing | None) -> Scorecard:
        """Give that of a sheet of which nothing more will be asked."""
        verdicts = sheet.verdicts
        if len(verdicts) < len(sheet.plan.criteria):
            left_out = {
                path: Verdict(asked=False, provenance=_not_asked(planned))
                for path, planned in sheet.plan.criteria.items()
                if path not in verdicts
            }
            verdicts = {**verdicts, **left_out}
        return self._scorecard(sheet, verdicts, standing)

    def cancelled(self, sheet: Sheet, standing: Standing | None) -> Scorecard:
        """Give that of a sheet of which the rest will not be asked any more."""
        verdicts = dict(sheet.verdicts)
        for path, planned in sheet.plan.criteria.items():
            if path not in verdicts:
                verdicts[path] = self.clerk.failed(
                    FailureKind.CANCELLED, _CANCELLED, provenance=_not_asked(planned)
                )
        return self._scorecard(sheet, verdicts, standing)

    def _scorecard(
        self,
        sheet: Sheet,
        verdicts: Mapping[str, Verdict],
        standing: Standing | None,
    ) -> Scorecard:
        scorecard = sheet.plan.scorer.scorecard(
            sheet.response,
            verdicts,
            judge_calls=sheet.account.calls,
            usage=sheet.account.usage,
            seconds=self.stopwatch() - sheet.started,
            suspect=sheet.suspect,
        )
        noise = self.agenda.noise(sheet)
        if standing is None and noise is None:
            return scorecard
        return attrs.evolve(scorecard, standing=standing, noise=noise)


def _not_asked(planned: PlannedCriterion) -> Provenance:
    if isinstance(planned, JudgedCriterion):
        return Provenance(judge=planned.panel.name)
    return Provenance(judge="check")
