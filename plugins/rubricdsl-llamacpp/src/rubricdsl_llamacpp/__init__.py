"""Offers any GGUF file as judge and as chat model, through llama.cpp."""

from collections.abc import Sequence

from rubricdsl.model.chat import ChatModelOffer
from rubricdsl.model.protocols import JudgeBackendOffer
from rubricdsl.plugins.specs import hookimpl


@hookimpl
def rubricdsl_judge_backends() -> Sequence[JudgeBackendOffer]:
    """Offer the judge."""
    from rubricdsl_llamacpp.judge import OFFER

    return (OFFER,)


@hookimpl
def rubricdsl_chat_models() -> Sequence[ChatModelOffer]:
    """Offer the chat model."""
    from rubricdsl_llamacpp.chat import OFFER

    return (OFFER,)
