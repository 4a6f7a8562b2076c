"""Offers judges behind batch services: request files out, results in."""

from collections.abc import Sequence

from rubricdsl.model.protocols import JudgeBackendOffer
from rubricdsl.plugins.specs import hookimpl


@hookimpl
def rubricdsl_judge_backends() -> Sequence[JudgeBackendOffer]:
    """Offer the judge."""
    from rubricdsl_batch.judge import OFFER

    return (OFFER,)
