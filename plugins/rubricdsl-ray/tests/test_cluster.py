"""Runs on two nodes: equal to local ones, whatever is lost on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from tests.faults.runs import CRITERIA, Project, assert_right, comparable
from tests.faults.server import Apart

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc"),
]

RESPONSES = 60
QUESTIONS = RESPONSES * len(CRITERIA)


_JUDGING = b"ray::MapWorker(MapBatches(JudgingActor))"


_LONGEST = 120.0
IS_NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
Start = Callable[..., "Run"]


@define
class TwoNodes:
    """A cluster of two nodes with a CPU each; the second can be taken away."""

    cluster: Any
    second: Any
    address: str

    def lose_node(self) -> None:
        """Take the second node away, with all that runs there."""
        self.cluster.remove_node(self.second, allow_graceful=False)

    def gain_node(self) -> None:
        """Bring a second node in again."""
        self.second = _add_node(self.cluster)


@pytest.fixture(scope="module")
def nodes() -> Iterator[TwoNodes]:
    pytest.importorskip("ray", reason="ray is not installed")
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1,
            "object_store_memory": 100 * 2**20,
            "include_dashboard": False,
        },
    )
    yield TwoNodes(cluster, _add_node(cluster), cluster.address)
    cluster.shutdown()  # type: ignore[no-untyped-call]


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


def _add_node(cluster: Any) -> Any:
    return cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)


def wait_for_answers(server: Apart, count: int, run: Run) -> None:
    """Wait until the server has given so many answers."""
    ends = time.monotonic() + _LONGEST
    while server.noted("answered").total() < count:
        assert run.process.poll() is None, run.ended()
        assert time.monotonic() < ends, "no answers"
        time.sleep(0.02)


def judging_actors() -> list[int]:
    """Give the processes of the actors that judge on this machine."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if command.startswith(_JUDGING):
                found.append(int(folder.name))
    return sorted(found)


def executor(nodes: TwoNodes, block: int = 5) -> tuple[str, str]:
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
    done = project.run()
    assert done.code == 0, done.err
    assert_right(project.results())
    return project


def test_results_are_those_of_a_run_here_and_nothing_is_asked_twice(
    tmp_path: Path, nodes: TwoNodes, server: Apart, local: Project, started: Start
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
    tmp_path: Path, nodes: TwoNodes, server: Apart, local: Project, started: Start
) -> None:
    asked, answered = server.noted("asked"), server.noted("answered")
    project = Project.made(tmp_path / "run", server.base, responses=RESPONSES)
    run = started(project, *executor(nodes))
    wait_for_answers(server, answered.total() + QUESTIONS // 4, run)
    os.kill(judging_actors()[0], signal.SIGKILL)
    wait_for_answers(server, answered.total() + QUESTIONS // 2, run)
    nodes.lose_node()
    try:
        code, err = run.ended()
    finally:
        nodes.gain_node()
    assert code == 0, err
    assert comparable(project.results()) == comparable(local.results())
    again = server.noted("asked") - asked
    assert len(again) == QUESTIONS
    # Eight requests are in flight at most, half of them to each actor.
    assert again.total() - QUESTIONS <= 4 + 8
    assert again.most_common(1)[0][1] <= 3


@pytest.mark.skipif(not IS_NIGHTLY, reason="another half a minute; run nightly")
def test_a_run_that_is_stopped_goes_on_anywhere(
    tmp_path: Path, nodes: TwoNodes, server: Apart, local: Project, started: Start
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
