"""The template for plugins: built, installed beside the core's wheel, and tested there.

The source is out of reach: what is imported are the two wheels.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rubricdsl.testing.backend_suite import LocalServer
from tests.packaging.wheels import ROOT, built_wheel

TEMPLATE = ROOT / "examples" / "plugin-template"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both wheels unpacked, and a copy of the template's tests."""
    folder = tmp_path_factory.mktemp("author")
    for project in (ROOT, TEMPLATE):
        wheel = built_wheel(project, folder / f"dist-{project.name}")
        with zipfile.ZipFile(wheel) as file:
            file.extractall(folder / "installed")
    shutil.copytree(TEMPLATE / "tests", folder / "tests")
    shutil.copy(TEMPLATE / "pyproject.toml", folder)
    return folder


def run(author: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(author / "installed")}
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=author,
        env=environ,
    )


@pytest.mark.packaging
def test_the_template_passes_its_suite_beside_the_wheel_of_the_core(author):
    done = run(author, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    assert "failed" not in done.stdout
    passed = int(done.stdout.rsplit(" passed", 1)[0].split()[-1])
    assert passed >= 100


@pytest.mark.packaging
def test_the_templates_judge_is_ready_where_its_server_is(author):
    found = run(author, "-c", "import rubricdsl; print(rubricdsl.__file__)").stdout
    assert str(author / "installed") in found

    def answered(_: object) -> object:
        content = json.dumps({"c1": "yes"})
        return {"message": {"content": content}, "done_reason": "stop"}

    with LocalServer() as server:
        server.say("Paris", answered)
        spec = f"example:llama3.2?base_url={server.base}"
        ready = run(author, "-m", "rubricdsl", "judges", "--check", spec)
    assert ready.returncode == 0, ready.stderr
    assert " ready " in ready.stdout
    assert server.received[0].target == "/api/chat"
    away = run(author, "-m", "rubricdsl", "judges", "--check", spec)
    assert away.returncode == 1
    assert "not ready" in away.stdout
    assert "no connection" in away.stdout


def test_the_template_is_one_to_publish():
    project = tomllib.loads((TEMPLATE / "pyproject.toml").read_text("utf-8"))["project"]
    assert "rubricdsl>=0.1,<0.2" in project["dependencies"]
    (module,) = project["entry-points"]["rubricdsl"].values()
    assert (TEMPLATE / "src" / module / "py.typed").is_file()
    assert (TEMPLATE / project["readme"]).is_file()
    assert all((TEMPLATE / name).is_file() for name in project["license-files"])
