"""Runs on two nodes: equal to local ones, whatever is lost on the way."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

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


def wait_for_answers(server: Apart, count: int, run) -> None:
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


def executor(nodes, block: int = 5) -> tuple[str, str]:
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
    tmp_path: Path, nodes, server: Apart, local: Project, started: Callable
):
    before = server.noted("asked")
    project = Project.made(tmp_path / "run", server.base, responses=RESPONSES)
    code, err = started(project, *executor(nodes)).ended()
    assert code == 0, err
    assert rows(project) == rows(local)
    asked = server.noted("asked") - before
    assert asked.total() == len(asked) == QUESTIONS
    assert len(project.acknowledged()) == QUESTIONS


def test_an_actor_and_a_node_are_lost_and_only_what_was_in_flight_is_asked_again(
    tmp_path: Path, nodes, server: Apart, local: Project, started: Callable
):
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


def test_a_run_that_is_stopped_goes_on_anywhere(
    tmp_path: Path, nodes, server: Apart, local: Project, started: Callable
):
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
