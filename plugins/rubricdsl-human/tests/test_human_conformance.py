"""A person who has answered, against the suite that all judge backends are held to."""

import asyncio
from pathlib import Path

from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import (
    SAMPLES,
    BackendSuite,
    Refused,
    sample_request,
)
from rubricdsl_human.answers import read_answers
from rubricdsl_human.judge import OFFER


def refused(code: str, model: str = "ann", **options: str | float) -> Refused:
    return Refused(
        JudgeSettings(backend="human", model=model, options=options), code=code
    )


class TestHuman(BackendSuite):
    """All samples stand on a sheet, which was answered in full."""

    distribution = "rubricdsl-human"
    offer = OFFER
    settings = JudgeSettings(backend="human", model="ann")
    refused = (
        refused("D205", model=""),
        refused("D205", model="../ann"),
        refused("D205", model="_"),
        refused("D203", folder=7.0),
        refused("D203", folder=" "),
        refused("D203", seed=-1.0),
        refused("D203", seed="first"),
        refused("D203", canaries=True),
    )

    def settings_in(self, folder: Path) -> JudgeSettings:
        """Ask all samples, and answer them."""
        settings = JudgeSettings(
            backend="human", model="ann", options={"folder": str(folder)}
        )
        asyncio.run(_asked(settings))
        answers = read_answers(folder)
        rows = [
            f'{{"id": "{one}", "annotator": "ann", "answer": "{known.answers[0]}", '
            '"quote": "the river Seine"}\n'
            for one, known in answers.known.items()
        ]
        (folder / "a.answers.jsonl").write_text("".join(rows), "utf-8")
        return settings


async def _asked(settings: JudgeSettings) -> None:
    judge = OFFER.create(settings, {})
    await judge.judge(sample_request(SAMPLES, by_name=True))
    await judge.close()
