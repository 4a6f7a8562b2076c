"""Offers people as judges: a sheet out, answers in."""

from collections.abc import Sequence

from rubricdsl.model.protocols import JudgeBackendOffer
from rubricdsl.plugins.specs import hookimpl


@hookimpl
def rubricdsl_judge_backends() -> Sequence[JudgeBackendOffer]:
    """Offer the judge."""
    from rubricdsl_human.judge import OFFER

    return (OFFER,)
