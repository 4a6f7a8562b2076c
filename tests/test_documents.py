"""The README runs as it stands."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rubricdsl.api
import rubricdsl.telemetry
from rubricdsl.plugins.host import PluginHost

ROOT = Path(__file__).resolve().parents[1]


def test_the_python_examples_of_the_readme():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted >= 4
    assert result.failed == 0


@pytest.mark.parametrize(
    ("module", "least"), [(rubricdsl.api, 5), (rubricdsl.telemetry, 4)]
)
def test_the_examples_in_docstrings(module, least):
    result = doctest.testmod(module)
    assert result.attempted >= least
    assert result.failed == 0


def test_the_rubric_on_the_first_screen_is_the_one_that_is_shipped():
    readme = (ROOT / "README.md").read_text("utf-8")
    shipped = (ROOT / "examples" / "doctor" / "fever.rub").read_text("utf-8")
    assert shipped.strip() in readme


def test_the_result_on_the_first_screen_is_what_comes_out():
    backends = PluginHost.installed().judge_backends
    if "presence" not in backends:
        pytest.skip("the presence judge is not installed")
    readme = (ROOT / "README.md").read_text("utf-8")
    command = next(x for x in readme.splitlines() if x.startswith("$ rub eval"))
    done = subprocess.run(
        [sys.executable, "-m", "rubricdsl", *command.split()[2:]],
        capture_output=True, encoding="utf-8", cwd=ROOT, check=False,
        env={**os.environ, "COLUMNS": "88", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip("\n") in readme


def test_every_command_is_in_the_readme():
    from rubricdsl.cli.dispatch import COMMANDS

    readme = (ROOT / "README.md").read_text("utf-8")
    for command in COMMANDS:
        assert f"`rub {command}" in readme
