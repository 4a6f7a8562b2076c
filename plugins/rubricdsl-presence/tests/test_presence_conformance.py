"""The judge against the suite that all judge backends are held to."""

import rubricdsl_presence
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import BackendSuite, Refused

(OFFER,) = rubricdsl_presence.rubricdsl_judge_backends()


def refused(code: str, **options: str | float | bool) -> Refused:
    return Refused(JudgeSettings(backend="presence", options=options), code=code)


class TestByMeaning(BackendSuite):
    """It reads with the encoder."""

    distribution = "rubricdsl-presence"
    offer = OFFER
    settings = JudgeSettings(backend="presence", options={"reading": "meaning"})
    refused = (
        Refused(JudgeSettings(backend="presence", model="large"), code="D202"),
        refused("D203", threshold=1.0),
        refused("D203", threshold="high"),
        refused("D203", reading="aloud"),
        refused("D203", weights=7.0),
        refused("D205", reading="meaning", weights="none.onnx"),
    )


class TestByWords(TestByMeaning):
    """It reads without weights."""

    settings = JudgeSettings(backend="presence", options={"reading": "words"})
