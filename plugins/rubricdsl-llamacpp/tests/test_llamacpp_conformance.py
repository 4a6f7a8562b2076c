"""The judge against the suite that all judge backends are held to."""

from pathlib import Path

import attrs
import pytest

from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.testing.backend_suite import BackendSuite, Bench, Refused
from rubricdsl_llamacpp.judge import OFFER

_NO_MODEL = str(Path(__file__))


@pytest.mark.model
class TestLlamaCpp(BackendSuite):
    """The judge `llamacpp`, with a model that knows nothing."""

    distribution = "rubricdsl-llamacpp"
    offer = OFFER
    refused = (
        Refused(JudgeSettings(backend="llamacpp"), code="D205"),
        Refused(JudgeSettings(backend="llamacpp", model="none.gguf"), code="D205"),
        Refused(JudgeSettings(backend="llamacpp", model=_NO_MODEL), code="D205"),
    )

    @pytest.fixture(autouse=True)
    def _found(self, cut: JudgeSettings) -> None:
        self._settings = cut

    def settings_in(self, folder: Path) -> JudgeSettings:
        """Ask the model that is in memory already."""
        del folder
        return self._settings

    @pytest.fixture
    def whole_bench(self, bench: Bench, whole: JudgeSettings) -> Bench:
        """Ask the model of which the other was cut."""
        return attrs.evolve(bench, settings=whole)

    def test_probabilities_are_there_where_declared(self, whole_bench: Bench) -> None:
        """A model that knows no yes and no gives neither a probability."""
        super().test_probabilities_are_there_where_declared(whole_bench)
