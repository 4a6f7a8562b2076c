"""Offers the judge `example`: models behind an Ollama server.

Everybody's plugins are imported when one of them is wanted, so nothing is imported here
but what an offer is made of.
"""

from collections.abc import Mapping, Sequence

from rubricdsl.model.protocols import JudgeBackend, JudgeBackendOffer, JudgeSettings
from rubricdsl.plugins.specs import hookimpl


def _resolve(settings: JudgeSettings, environment: Mapping[str, str]) -> JudgeSettings:
    from rubricdsl_example.judge import resolve

    return resolve(settings, environment)


def _create(settings: JudgeSettings, environment: Mapping[str, str]) -> JudgeBackend:
    from rubricdsl_example.judge import create

    return create(settings, environment)


OFFER = JudgeBackendOffer(
    name="example",
    description="a model behind an Ollama server",
    create=_create,
    options=("base_url", "temperature", "max_tokens"),
    resolve=_resolve,
)


@hookimpl
def rubricdsl_judge_backends() -> Sequence[JudgeBackendOffer]:
    """Offer the judge."""
    return (OFFER,)
