"""Running ``rub`` as a user does, in this process."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

from rubricdsl.cli import main


@frozen
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def rub(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Done]:
    """Give a runner of ``rub`` in an empty folder."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["rub", *arguments])
        capsys.readouterr()
        code = main()
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    monkeypatch.chdir(tmp_path)
    return run
