"""What each criterion did in a run, and what its author should look at.

All figures are over the responses that a criterion was measured on; how many these are
of how many stands with them.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from math import isnan

from attrs import frozen

from rubricdsl.analysis.bootstrap import Interval
from rubricdsl.analysis.criterion_sets import CriterionSet
from rubricdsl.analysis.discrimination import (
    LEAST_RESPONSES,
    Discrimination,
    discriminations,
    preference_discriminations,
)
from rubricdsl.analysis.evaluation import Evaluation, SheetCriterion
from rubricdsl.analysis.item_rest import item_rest
from rubricdsl.analysis.redundancy import Redundancy, redundancy
from rubricdsl.formats.gold import Gold
from rubricdsl.scoring.leaves import TOLERANCE

DUPLICATE = 0.95
"""Two criteria of a correlation of so much say the same."""
OFTEN = 0.1
"""Of a criterion that lacks more than this share of its verdicts little is known."""


class Flag(StrEnum):
    """What an author should look at."""

    NEVER_MET = "never met"
    ALWAYS_MET = "always met"
    INVERTED = "inverted"
    DUPLICATE = "duplicate"
    UNMEASURED = "often unmeasured"


@frozen(kw_only=True)
class CriterionFinding:
    """One criterion of a run.

    ``measured`` of ``responses`` have a verdict, ``applicable`` a value.  ``rate`` is
    the mean value, the better the greater: of penalties and ``never``, how far they
    were avoided.  ``rest`` is the correlation with the mean of the other criteria;
    ``gold`` how it tells good responses apart as people say.  ``twin`` is the path of
    the criterion that is most like it, and ``likeness`` their correlation.
    """

    criterion: SheetCriterion
    responses: int
    measured: int
    applicable: int
    rate: float | None
    rest: float | None
    gold: Discrimination | None
    twin: str | None
    likeness: float | None

    @property
    def difference(self) -> Interval | None:
        """How much oftener better responses meet it than worse ones."""
        return None if self.gold is None else self.gold.difference

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What an author should look at, of enough responses to say so."""
        return tuple(self._flags())

    def _flags(self) -> Iterator[Flag]:
        rate = self.rate
        if rate is not None and self.applicable >= LEAST_RESPONSES:
            if rate <= TOLERANCE:
                yield Flag.NEVER_MET
            if rate >= 1 - TOLERANCE:
                yield Flag.ALWAYS_MET
        if self.gold is not None and self.gold.is_misaligned:
            yield Flag.INVERTED
        if self.likeness is not None and self.likeness >= DUPLICATE:
            yield Flag.DUPLICATE
        if self.measured < (1 - OFTEN) * self.responses:
            yield Flag.UNMEASURED


def criterion_findings(
    evaluation: Evaluation, criteria: CriterionSet, gold: Gold, *, seed: int = 0
) -> tuple[CriterionFinding, ...]:
    """Look at each criterion, with the gold that there is."""
    prompts = [evaluation.prompts[row] for row in criteria.rows]
    likeness = redundancy(prompts, criteria.credit)
    rests = item_rest(prompts, criteria.credit)
    by_gold = _by_gold(evaluation, criteria, prompts, gold, seed)
    found: list[CriterionFinding] = []
    for number, criterion in enumerate(criteria.criteria):
        values = [float(one) for one in criteria.credit[number] if not isnan(one)]
        twin, phi = _twin(likeness, number)
        found.append(
            CriterionFinding(
                criterion=criterion,
                responses=len(prompts),
                measured=int(criteria.measured[number].sum()),
                applicable=len(values),
                rate=sum(values) / len(values) if values else None,
                rest=rests[number],
                gold=by_gold[number] if by_gold else None,
                twin=None if twin is None else criteria.criteria[twin].path,
                likeness=phi,
            )
        )
    return tuple(found)


def _twin(likeness: Redundancy, number: int) -> tuple[int | None, float | None]:
    """Give the criterion that goes most with this one."""
    row = [
        (float(phi), -other)
        for other, phi in enumerate(likeness.phi[number])
        if other != number and not isnan(phi)
    ]
    if number in likeness.constant or not row:
        return None, None
    phi, other = max(row)
    return (-other, phi) if phi > 0 else (None, None)


def _by_gold(
    evaluation: Evaluation,
    criteria: CriterionSet,
    prompts: Sequence[str],
    gold: Gold,
    seed: int,
) -> tuple[Discrimination, ...]:
    if gold.scores:
        known: Mapping[tuple[str, str], float] = gold.means()
        good = evaluation.aligned(known)[criteria.rows]
        return discriminations(prompts, criteria.credit, good, seed=seed)
    if gold.preferences:
        keys = list(evaluation.keys())
        places = {keys[row]: place for place, row in enumerate(criteria.rows)}
        pairs = [
            (
                places.get((one.prompt_id, one.better), -1),
                places.get((one.prompt_id, one.worse), -1),
            )
            for one in gold.preferences
        ]
        known_pairs = [pair for pair in pairs if min(pair) >= 0]
        return preference_discriminations(
            prompts, criteria.credit, known_pairs, seed=seed
        )
    return ()
