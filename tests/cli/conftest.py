"""Running ``rub`` as a user does, in a process of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def rub(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a runner of ``rub`` in an empty folder, with a bare environment."""

    def run(
        *arguments: str | Path, stdin: str = "", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rubricdsl", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env={"PATH": "", "PYTHONIOENCODING": "utf-8", "COLUMNS": "80", **environ},
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def shared() -> Path:
    """Give the folder of design and data beside the checkout, or skip."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder `shared` is not beside this checkout")
    return folder
