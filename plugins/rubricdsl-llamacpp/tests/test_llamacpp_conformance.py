"""The suite for judge backends, on this one, with a model that is made for it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import BackendSuite, Refused
from rubricdsl_llamacpp import judge

NO_MODEL = str(Path(__file__))


@pytest.fixture(scope="module")
def resident(made_model: Path) -> Iterator[JudgeSettings]:
    """Keep the model in memory, so that not every test loads it anew."""
    settings = JudgeSettings(
        backend="llamacpp",
        model=str(made_model),
        options={"parallel": 2.0, "threads": 1.0},
    )
    made = judge.create(settings, {})
    made.prepare()
    yield settings
    asyncio.run(made.close())


class TestLlamaCpp(BackendSuite):
    """The judge `llamacpp`, with a model that knows nothing."""

    distribution = "rubricdsl-llamacpp"
    offer = judge.OFFER
    refused = (
        Refused(JudgeSettings(backend="llamacpp"), code="D205"),
        Refused(JudgeSettings(backend="llamacpp", model="none.gguf"), code="D205"),
        Refused(JudgeSettings(backend="llamacpp", model=NO_MODEL), code="D205"),
    )

    @pytest.fixture(autouse=True)
    def _found(self, resident: JudgeSettings) -> None:
        self._settings = resident

    def settings_in(self, folder: Path) -> JudgeSettings:
        """Ask the model that is in memory already."""
        del folder
        return self._settings
