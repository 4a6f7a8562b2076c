"""The real model server of the judges' tests, and ``rub`` against a desk."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from rubricdsl.cli import main
from tests.cli.chat_server import serving
from tests.judging.conftest import model_server, start_model_server
from tests.refinement.desk import Desk

__all__ = ["desk", "model_server", "run", "start_model_server"]


@frozen
class Done:
    """What a run of ``rub`` said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def rubrics(self) -> Mapping[str, Mapping[str, Any]]:
        """What ``rub refine --json`` tells of each rubric."""
        return {one["name"]: one for one in json.loads(self.out)["rubrics"]}

    @property
    def results(self) -> Mapping[str, Mapping[str, Any]]:
        """What ``rub eval --json`` tells of each response."""
        return {one["response_id"]: one for one in json.loads(self.out)["results"]}


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Give a runner of ``rub`` in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "RUB_JUDGE"):
        monkeypatch.delenv(name, raising=False)

    def ran(*arguments: str) -> Done:
        code = main(list(arguments))
        return Done(code, *capfd.readouterr())

    return ran


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Give a model that judges by keywords and proposes nothing."""
    found = Desk()
    with serving(found.answer) as found.base:
        yield found
