"""Offers the judge `presence`, which needs no key and no network."""

from collections.abc import Mapping, Sequence

from rubricdsl.model.protocols import JudgeBackend, JudgeBackendOffer, JudgeSettings
from rubricdsl.plugins.specs import hookimpl


def _create(settings: JudgeSettings, environment: Mapping[str, str]) -> JudgeBackend:
    from rubricdsl_presence.judge import PresenceJudge, read_settings

    del environment
    return PresenceJudge(read_settings(settings))


@hookimpl
def rubricdsl_judge_backends() -> Sequence[JudgeBackendOffer]:
    """Offer the judge."""
    return (
        JudgeBackendOffer(
            name="presence",
            description="judges offline whether a response states something",
            create=_create,
            options=("threshold", "reading", "weights"),
        ),
    )
