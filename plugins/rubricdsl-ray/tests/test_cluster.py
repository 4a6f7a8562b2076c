"""Runs on two nodes: equal to local ones, whatever is lost on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import define

from tests.faults.nodes import Nodes
from tests.faults.runs import CRITERIA, Project, assert_right, comparable
from tests.faults.server import Apart

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

RESPONSES = 60
QUESTIONS = RESPONSES * len(CRITERIA)


_LONGEST = 120.0
IS_NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
Start = Callable[..., "Run"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    pytest.importorskip("ray", reason="ray is not installed")
    with Nodes.one(watchful=True) as nodes:
        yield nodes


@pytest.fixture
def nodes(cluster: Nodes) -> Nodes:
    """Give the cluster with both nodes: one may have been lost before."""
    cluster.have_second()
    return cluster


@define
class Run:
    """A run of ``rub eval`` in a process of its own."""

    process: subprocess.Popen[str]

    def interrupt(self) -> None:
        """Do what Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def ended(self) -> tuple[int, str]:
        """Wait for the end; gives the exit code, and what was said."""
        _, err = self.process.communicate(timeout=_LONGEST)
        return self.process.returncode, err


@pytest.fixture
def started() -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(project: Project, *arguments: str) -> Run:
        spec = f"openai:test?base_url={project.base}&ask=each&concurrency=8"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "rubricdsl", "eval", "capital.rub"),
                *("--responses", "responses.jsonl", "--judge", spec),
                *("--out", "results.jsonl", "--store", "store.sqlite", *arguments),
            ],
            cwd=project.folder,
            env={**os.environ, "OPENAI_API_KEY": "sk-local-0123456789"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        runs.append(Run(process))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def wait_for_answers(server: Apart, count: int, run: Run) -> None:
    """Wait until the server has given so many answers."""
    ends = time.monotonic() + _LONGEST
    while server.noted("answered").total() < count:
        assert run.process.poll() is None, run.ended()
        assert time.monotonic() < ends, "no answers"
        time.sleep(0.02)


def executor(nodes: Nodes, block: int = 5) -> tuple[str, str]:
    return "--executor", f"ray?address={nodes.address}&actors=2&block={block}"


def rows(project: Project) -> list[str]:
    """Give the rows of a results file as they are written, without their seconds."""
    lines = (project.folder / "results.jsonl").read_text("utf-8").splitlines()
    parsed = [json.loads(line) for line in lines[1:]]
    return [json.dumps({**row, "seconds": 0}) for row in parsed]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, server: Apart) -> Project:
    """Give the project of a run in this process."""
    folder = tmp_path_factory.mktemp("local") / "run"
    project = Project.made(folder, server.base, responses=RESPONSES)
    done = project.start(concurrency=64).ended()
    assert done.code == 0, done.err
    assert_right(project.results())
    return project


def test_results_are_those_of_a_run_here_and_nothing_is_asked_twice(
    tmp_path: Path, nodes: Nodes, server: Apart, local: Project, started: Start
) -> None:
    before = server.noted("asked")
    project = Project.made(tmp_path / "run", server.base, responses=RESPONSES)
    code, err = started(project, *executor(nodes)).ended()
    assert code == 0, err
    assert rows(project) == rows(local)
    asked = server.noted("asked") - before
    assert asked.total() == len(asked) == QUESTIONS
    assert len(project.acknowledged()) == QUESTIONS


def test_an_actor_and_a_node_are_lost_and_only_what_was_in_flight_is_asked_again(
    tmp_path: Path, nodes: Nodes, server: Apart, local: Project, started: Start
) -> None:
    asked, answered = server.noted("asked"), server.noted("answered")
    project = Project.made(tmp_path / "run", server.base, responses=RESPONSES)
    run = started(project, *executor(nodes))
    wait_for_answers(server, answered.total() + QUESTIONS // 4, run)
    nodes.lose_actor()
    wait_for_answers(server, answered.total() + QUESTIONS // 2, run)
    nodes.lose_node()
    code, err = run.ended()
    assert code == 0, err
    assert rows(project) == rows(local)
    again = server.noted("asked") - asked
    assert len(again) == QUESTIONS
    # Eight requests are in flight at most, half of them to each actor.
    assert again.total() - QUESTIONS <= 4 + 8
    assert again.most_common(1)[0][1] <= 3


@pytest.mark.skipif(not IS_NIGHTLY, reason="another half a minute; run nightly")
def test_a_run_that_is_stopped_goes_on_anywhere(
    tmp_path: Path, nodes: Nodes, server: Apart, local: Project, started: Start
) -> None:
    asked, answered = server.noted("asked"), server.noted("answered")
    project = Project.made(tmp_path / "run", server.base, responses=RESPONSES)
    run = started(project, *executor(nodes))
    wait_for_answers(server, answered.total() + QUESTIONS // 4, run)
    run.interrupt()
    code, err = run.ended()
    assert code == 130, err
    assert "stopping" in err
    kept = len(project.acknowledged())
    assert QUESTIONS // 4 <= kept < QUESTIONS
    assert [row["response_id"] for row in project.results()] == [
        f"r{n}" for n in range(RESPONSES)
    ]
    done = project.run("--resume")
    assert done.code == 0, done.err
    assert comparable(project.results()) == comparable(local.results())
    again = server.noted("asked") - asked
    assert again.total() == len(again) == QUESTIONS
