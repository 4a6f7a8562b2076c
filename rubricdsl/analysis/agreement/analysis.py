"""All that `rub agree` has to say, as one record."""

from collections.abc import Sequence

from attrs import frozen

from rubricdsl.analysis.agreement.cells import LabelledCell, RatedResponse
from rubricdsl.analysis.agreement.records import VerdictAgreement
from rubricdsl.analysis.agreement.scores import (
    Preferences,
    ScoreAgreement,
    score_agreement,
)
from rubricdsl.analysis.agreement.verdicts import verdict_agreement


@frozen(kw_only=True)
class AgreementAnalysis:
    """How results agree with gold; a part is None where gold says nothing of it."""

    verdicts: VerdictAgreement | None
    scores: ScoreAgreement | None


def analyse_agreement(
    cells: Sequence[LabelledCell],
    responses: Sequence[RatedResponse],
    preferences: Preferences,
    *,
    seed: int = 0,
) -> AgreementAnalysis:
    """Hold verdicts and scores beside what people say; raises as `score_agreement`."""
    return AgreementAnalysis(
        verdicts=verdict_agreement(cells, seed=seed),
        scores=score_agreement(responses, preferences, seed=seed),
    )
