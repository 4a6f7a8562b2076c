"""Offers the judge `decisions`: models that decide, and write nothing."""

from collections.abc import Sequence

from rubricdsl.model.protocols import JudgeBackendOffer
from rubricdsl.plugins.specs import hookimpl


@hookimpl
def rubricdsl_judge_backends() -> Sequence[JudgeBackendOffer]:
    """Offer the judge."""
    from rubricdsl_decisions.judge import OFFER

    return (OFFER,)
