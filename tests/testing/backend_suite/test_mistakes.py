"""The suite finds each mistake by the test that is about it."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET  # what is read was written here
from importlib import import_module
from pathlib import Path

import pytest

from rubricdsl.testing.backend_suite import BackendSuite, HttpBackendSuite
from tests.testing.backend_suite.mistaken import SUITES, install

ROOT = Path(__file__).resolve().parents[3]
for room in ("in_answers", "in_conduct", "over_http"):
    import_module(f"tests.testing.backend_suite.mistakes_{room}")
RIGHT = [suite for suite in SUITES if not suite.found_by]


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Give classes and tests that fail: all of what is right, and what finds mistakes.

    They run in one process beside this one, as a plugin's author runs them.
    """
    folder = tmp_path_factory.mktemp("mistakes")
    install(folder)
    chosen = [
        f"{Path(sys.modules[suite.__module__].__file__ or '').relative_to(ROOT)}"
        f"::{suite.__name__}" + (f"::{suite.found_by}" if suite.found_by else "")
        for suite in SUITES
    ]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--tb=no", "-n0"),
            *("-p", "no:cacheprovider", f"--junit-xml={folder / 'found.xml'}"),
            *chosen,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr
    return {
        (
            (case.get("classname") or "").rpartition(".")[2],
            (case.get("name") or "").partition("[")[0],
        )
        for case in ET.parse(folder / "found.xml").iter("testcase")  # noqa: S314
        # Where no judge can be made at all, its fixture fails.
        if case.find("failure") is not None or case.find("error") is not None
    }


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.__name__)
def test_each_mistake_is_found_by_the_test_that_is_about_it(failed, suite):
    broken = {test for name, test in failed if name == suite.__name__}
    assert broken == ({suite.found_by} if suite.found_by else set())


def test_there_are_judges_without_mistakes():
    assert len(RIGHT) == 2


def test_for_every_law_there_is_a_mistake():
    found = {suite.found_by for suite in SUITES}
    laws = {
        name
        for suite in (BackendSuite, HttpBackendSuite)
        for name in dir(suite)
        if name.startswith("test_")
    }
    assert laws == found - {""}
