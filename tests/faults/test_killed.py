"""Runs that are killed, stopped or out of disk: nothing paid for is lost."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from tests.faults.runs import (
    Ended,
    Project,
    Started,
    assert_right,
    comparable,
    pairs,
)
from tests.faults.server import Apart, running_apart

KILLS = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 8
RESPONSES = 12
QUESTIONS = RESPONSES * 4


@frozen
class Undisturbed:
    """The run to which all others must be equal, and the server that they share."""

    server: Apart
    results: list[dict[str, object]]
    pairs: dict[tuple[str, str], tuple[str, str]]
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    folder = tmp_path_factory.mktemp("undisturbed")
    with running_apart(folder / "log.jsonl", delay=0.02) as server:
        project = Project.made(folder / "run", server.base, responses=RESPONSES)
        started = time.monotonic()
        done = project.run()
        seconds = time.monotonic() - started
        assert done.code == 0, done.err
        results = project.results()
        assert_right(results)
        assert server.noted("asked").total() == QUESTIONS
        yield Undisturbed(server, comparable(results), pairs(results), seconds)


def wait_for_answers(server: Apart, count: int, run: Started) -> None:
    """Wait until the server has given so many answers, or the run is over."""
    while server.noted("answered").total() < count and not run.is_over:
        time.sleep(0.005)


def kill_somewhere(project: Project, undisturbed: Undisturbed, seed: int) -> None:
    """Start a run and kill it: after so many answers, or just at any time."""
    rng = random.Random(seed)  # noqa: S311 - moments, not secrets
    server = undisturbed.server
    before = server.noted("answered").total()
    run = project.start()
    if rng.random() < 0.75:
        wait_for_answers(server, before + rng.randint(1, QUESTIONS), run)
        time.sleep(rng.uniform(0, 0.05))
    else:
        time.sleep(rng.uniform(0.3, 1.2) * undisturbed.seconds)
    run.kill()


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_run_goes_on_where_it_was(
    tmp_path: Path, undisturbed: Undisturbed, seed: int
) -> None:
    project = Project.made(
        tmp_path / "run", undisturbed.server.base, responses=RESPONSES
    )
    kill_somewhere(project, undisturbed, seed)
    kept = project.acknowledged()
    asked_before = undisturbed.server.noted("asked")
    done = project.run("--resume")
    assert done.code == 0, done.err
    assert comparable(project.results()) == undisturbed.results
    # A request that was under way when the client died may be noted late: it was
    # not yet answered then, so no verdict of it can have been kept.
    asked = undisturbed.server.noted("asked") - asked_before
    assert kept <= undisturbed.pairs.keys()
    assert not {undisturbed.pairs[key] for key in kept} & asked.keys()
    assert len(project.acknowledged()) == QUESTIONS


def test_a_run_killed_again_and_again_ends(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    project = Project.made(
        tmp_path / "run", undisturbed.server.base, responses=RESPONSES
    )
    server = undisturbed.server
    kept: set[tuple[str, str]] = set()
    for _ in range(4):
        before = server.noted("answered").total()
        run = project.start(*(["--resume"] if kept else []))
        wait_for_answers(server, before + 8, run)
        run.kill()
        # What was kept once is kept for good.
        assert kept <= project.acknowledged()
        kept = project.acknowledged()
    asked_before = server.noted("asked")
    assert project.run("--resume").code == 0
    assert comparable(project.results()) == undisturbed.results
    asked = server.noted("asked") - asked_before
    assert not {undisturbed.pairs[key] for key in kept} & asked.keys()


# ------------------------------------------------------------------ interrupted


def test_an_interrupted_run_says_how_to_go_on(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    server = undisturbed.server
    project = Project.made(tmp_path / "run", server.base, responses=RESPONSES)
    asked_before, before = server.noted("asked"), server.noted("answered").total()
    run = project.start()
    wait_for_answers(server, before + 10, run)
    run.interrupt()
    done = run.ended()
    assert done.code == 130, done.err
    assert "--resume" in done.err
    assert "Traceback" not in done.err
    judged = [c for r in project.results() for c in r["criteria"] if not c["error"]]
    missing = [c for r in project.results() for c in r["criteria"] if c["error"]]
    assert {c["error"]["kind"] for c in missing} == {"cancelled"}
    # Every answer that was given is kept: none was thrown away.
    given = server.noted("answered").total() - before
    assert len(judged) == given == len(project.acknowledged())
    done = project.run("--resume")
    assert done.code == 0, done.err
    assert comparable(project.results()) == undisturbed.results
    asked = server.noted("asked") - asked_before
    assert asked == Counter(dict.fromkeys(undisturbed.pairs.values(), 1))


def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    with running_apart(tmp_path / "log.jsonl", delay=60) as server:
        project = Project.made(tmp_path / "run", server.base, responses=3)
        run = project.start()
        while not server.noted("asked"):
            assert not run.is_over
            time.sleep(0.01)
        run.interrupt()
        time.sleep(0.3)
        assert not run.is_over
        run.interrupt()
        done = run.ended(within=20)
    assert done.code == 130, done.err
    assert "Traceback" not in done.err
    rows = project.results()
    assert {c["error"]["kind"] for r in rows for c in r["criteria"]} == {"cancelled"}


# -------------------------------------------------------------------- disk full


def assert_failed_clearly(done: Ended, name: str) -> None:
    assert done.code not in {0, 130}, done.err
    assert "Traceback" not in done.err
    assert name in done.err


def test_a_store_that_no_longer_fits(tmp_path: Path, undisturbed: Undisturbed) -> None:
    server = undisturbed.server
    project = Project.made(tmp_path / "run", server.base, responses=RESPONSES)
    before = server.noted("asked").total()
    done = project.run(largest_file=60_000)
    assert_failed_clearly(done, "store.sqlite")
    # It fails at once, and not after all questions were paid for in vain.
    kept = project.acknowledged()
    assert server.noted("asked").total() - before <= len(kept) + 16
    asked_before = server.noted("asked")
    assert project.run("--resume").code == 0
    assert comparable(project.results()) == undisturbed.results
    asked = server.noted("asked") - asked_before
    assert not {undisturbed.pairs[key] for key in kept} & asked.keys()


def test_results_that_no_longer_fit(tmp_path: Path, undisturbed: Undisturbed) -> None:
    server = undisturbed.server
    project = Project.made(tmp_path / "run", server.base, responses=60)
    assert project.run().code == 0
    path = project.folder / "results.jsonl"
    before, rows = path.read_bytes(), project.results()
    asked_before = server.noted("asked")
    # All verdicts are in the store, which needs no more room; the results do.
    limit = 80_000
    assert len(before) > limit
    done = project.run("--resume", largest_file=limit)
    assert_failed_clearly(done, "results.jsonl")
    assert path.read_bytes() == before
    left = {path.name for path in project.folder.glob("*results*")}
    assert left <= {"results.jsonl", "results.jsonl.run"}
    assert project.run("--resume").code == 0
    assert comparable(project.results()) == comparable(rows)
    assert server.noted("asked") == asked_before
