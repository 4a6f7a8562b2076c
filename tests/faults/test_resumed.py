"""What the store and ``--resume`` must and must not remember.

Peers were seen to give old scores for new rubrics, to keep failures for ever, and to
answer from a store for a server that was never asked.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.conftest import RESPONSE, RUBRIC, SCORE, TRUTH, VERDICTS, Evaluate
from tests.faults.runs import Project, comparable
from tests.faults.server import FaultyServer, by_digest, each, plan, running_apart

STORE = ("--store", "store.sqlite")
QUERY = "ask=each&concurrency=3&timeout=1.5"


@pytest.fixture(autouse=True)
def _truth_for_all(server: FaultyServer) -> None:
    """Answer statements that are not in the table, too."""
    server.judge = each(lambda s, r: TRUTH.get(s) or by_digest(s, r))


def test_nothing_is_asked_twice(server: FaultyServer, evaluate: Evaluate) -> None:
    first = evaluate(server.base, *STORE)
    second = evaluate(server.base, *STORE)
    assert len(server.asked) == 3
    assert comparable(first.rows) == comparable(second.rows)
    assert all(c["cached"] for c in second.row["criteria"])
    assert not any(c["cached"] for c in first.row["criteria"])
    assert second.row["judge_calls"] == 0


def test_without_the_store_all_is_asked(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    evaluate(server.base, "--no-cache")
    evaluate(server.base, "--no-cache")
    assert len(server.asked) == 6
    assert not list(Path().rglob("*.sqlite*"))


# ----------------------------------------------------------- what is another key

REWORDED = RUBRIC.replace("largest city", "smallest city")
SAME: Mapping[str, tuple[str, str]] = {
    # What does not change a verdict: rubric and query.
    "weights": (RUBRIC.replace("[5]", "[7]"), QUERY),
    "names": (RUBRIC.replace("boast", "vaunt"), QUERY),
    "a comment": ("# Comment.\n" + RUBRIC, QUERY),
    "a passing mark": (
        RUBRIC.replace("capital\n", "capital\npassing: 0.5\n", 1),
        QUERY,
    ),
    "timeout": (RUBRIC, "ask=each&concurrency=3&timeout=2.5"),
    "concurrency": (RUBRIC, "ask=each&concurrency=1&timeout=1.5"),
}
OTHER: Mapping[str, tuple[str, str, int]] = {
    # What does, and how many of the three it is asked again.
    "words": (REWORDED, QUERY, 1),
    "a note": (RUBRIC + "    note: Ottawa is not.\n", QUERY, 1),
    "an example": (RUBRIC + "    example yes: It is the largest.\n", QUERY, 1),
    "answers": (RUBRIC + "    answers: yes, partly, no\n", QUERY, 1),
    "n/a": (RUBRIC + "    n/a: skip\n", QUERY, 1),
    "evidence": (RUBRIC + "    evidence: required\n", QUERY, 1),
    "temperature": (RUBRIC, f"{QUERY}&temperature=0.5", 3),
    "max_tokens": (RUBRIC, f"{QUERY}&max_tokens=99", 3),
    "together": (RUBRIC, "ask=together", 3),
}


@pytest.mark.parametrize("change", SAME)
def test_what_does_not_change_a_verdict_is_not_asked_again(
    server: FaultyServer, evaluate: Evaluate, change: str
) -> None:
    rubric, query = SAME[change]
    evaluate(server.base, *STORE)
    run = evaluate(server.base, *STORE, rubric=rubric, query=query)
    assert run.code == 0, run.err
    assert len(server.asked) == 3


@pytest.mark.parametrize("change", OTHER)
def test_what_changes_a_verdict_is_asked_again(
    server: FaultyServer, evaluate: Evaluate, change: str
) -> None:
    rubric, query, again = OTHER[change]
    evaluate(server.base, *STORE)
    run = evaluate(server.base, *STORE, rubric=rubric, query=query)
    assert run.code == 0, run.err
    asked = [s for a in server.asked[3:] for s in a.statements.values()]
    assert len(asked) == again


def test_another_server_is_asked_for_itself(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    evaluate(server.base, *STORE)
    with FaultyServer(lambda *_: "yes") as other:
        run = evaluate(other.base, *STORE)
        assert set(run.verdicts().values()) == {"yes"}
        assert len(other.asked) == 3
    # One that is dead has no verdicts, whatever the first one said.
    run = evaluate(other.base, *STORE, query="ask=each&timeout=1")
    assert set(run.verdicts().values()) == {"yes"}
    run = evaluate("http://127.0.0.1:9/v1", *STORE, query="ask=each&timeout=1")
    assert run.verdicts() == dict.fromkeys(VERDICTS)


@pytest.mark.parametrize("field", ["response", "prompt", "reference"])
def test_another_text_is_another_question(
    server: FaultyServer, evaluate: Evaluate, field: str
) -> None:
    row: dict[str, object] = {"response_id": "r", "response": RESPONSE}
    evaluate(server.base, *STORE, responses=[row])
    evaluate(server.base, *STORE, responses=[{**row, field: "Other."}])
    assert len(server.asked) == 6


def test_the_same_text_under_another_id_is_the_same(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    rows = [{"response_id": n, "response": RESPONSE} for n in ("a", "b")]
    run = evaluate(server.base, *STORE, responses=rows)
    assert [row["score"] for row in run.rows] == [SCORE, SCORE]
    evaluate(server.base, *STORE, responses=[{"response_id": "c", **rows[0]}])
    assert len(server.asked) == 3


# ------------------------------------------------------------------- resuming


def test_what_failed_is_asked_again_and_nothing_else(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    server.faults = plan("http=400~ZQ7")
    assert evaluate(server.base, *STORE).errors() == {"river": "request_rejected"}
    server.faults = []
    run = evaluate(server.base, *STORE, "--resume")
    assert (run.code, run.row["score"]) == (0, SCORE)
    assert len(server.asked) == 4
    assert list(server.asked[-1].statements.values()) == [[*TRUTH][1]]


def test_an_outage_is_made_up_for(evaluate: Evaluate) -> None:
    rows = [{"response_id": f"r{n}", "response": f"{RESPONSE} {n}"} for n in range(8)]
    with FaultyServer(by_digest, "http=401@9-") as server:
        run = evaluate(
            server.base, *STORE, query="ask=each&concurrency=1", responses=rows
        )
        assert run.code == 3
        assert run.err.count("--resume") >= 1
        server.faults = []
        run = evaluate(
            server.base, *STORE, "--resume", query="ask=each&concurrency=1",
            responses=rows,
        )  # fmt: skip
        assert run.code == 0
        # Nine were answered; of the others a few were refused, and most not sent.
        assert 24 < len(server.asked) <= 24 + 3
        assert sum(c["cached"] for r in run.rows for c in r["criteria"]) == 9


ROWS = [{"response_id": "r", "response": RESPONSE}]
CHANGED = {
    "rubric": (REWORDED, QUERY, ROWS),
    "weights": (RUBRIC.replace("[5]", "[7]"), QUERY, ROWS),
    "responses": (RUBRIC, QUERY, [{"response_id": "r", "response": "Another."}]),
    "judge": (RUBRIC, f"{QUERY}&temperature=1", ROWS),
}


@pytest.mark.parametrize("what", CHANGED)
def test_another_run_is_not_gone_on_with(
    server: FaultyServer, evaluate: Evaluate, what: str
) -> None:
    server.faults = plan("http=400~ZQ7")
    evaluate(server.base, *STORE)
    before, asked = Path("results.jsonl").read_bytes(), len(server.asked)
    rubric, query, rows = CHANGED[what]
    run = evaluate(
        server.base, *STORE, "--resume", rubric=rubric, query=query, responses=rows
    )
    assert run.code == 2
    assert {"weights": "rubric"}.get(what, what) in run.err
    assert Path("results.jsonl").read_bytes() == before
    assert len(server.asked) == asked


def test_a_torn_line_of_results_is_redone(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    rows = [{"response_id": f"r{n}", "response": f"{RESPONSE} {n}"} for n in range(4)]
    first = evaluate(server.base, *STORE, responses=rows)
    path = Path("results.jsonl")
    path.write_bytes(path.read_bytes()[:-40])
    run = evaluate(server.base, *STORE, "--resume", responses=rows)
    assert run.code == 0
    assert comparable(run.rows) == comparable(first.rows)
    assert len(server.asked) == 12


def test_resuming_what_never_began_is_a_beginning(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    """So that a script may always say ``--resume``."""
    run = evaluate(server.base, *STORE, "--resume")
    assert (run.code, run.row["score"]) == (0, SCORE)


# ------------------------------------------------------------ the file of the store


def test_a_file_that_is_no_store_is_refused_before_anything_is_asked(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    Path("store.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    run = evaluate(server.base, *STORE)
    assert run.code == 2
    assert "store.sqlite" in run.err
    assert server.asked == []


def test_a_store_cut_short_gives_what_is_right_or_a_clear_word(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    rows = [{"response_id": f"r{n}", "response": f"{RESPONSE} {n}"} for n in range(30)]
    evaluate(server.base, *STORE, responses=rows)
    path = Path("store.sqlite")
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        for rest in Path().glob("store.sqlite-*"):
            rest.unlink()
        run = evaluate(server.base, *STORE, responses=rows)
        assert run.code in {0, 2}
        if run.code == 2:
            assert "store.sqlite" in run.err
        else:
            assert all(row["score"] == SCORE for row in run.rows)


def test_what_a_stored_verdict_says_is_checked(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    """Whoever can write the file can lie, but cannot bring in a number that is none."""
    evaluate(server.base, *STORE)
    with closing(sqlite3.connect("store.sqlite")) as connection, connection:
        connection.execute("UPDATE verdicts SET word = 99, probability = 9e999")
    run = evaluate(server.base, *STORE)
    if run.code == 2:
        assert "store.sqlite" in run.err
    else:
        assert run.verdicts() == VERDICTS
        assert len(server.asked) == 6


# ---------------------------------------------------------------- side by side


def test_two_processes_ask_each_question_once(tmp_path: Path) -> None:
    with running_apart(tmp_path / "log.jsonl", delay=0.05) as server:
        project = Project.made(tmp_path / "run", server.base, responses=10)
        one = project.start()
        other = project.start("--out", "other.jsonl")
        ends = [run.ended() for run in (one, other)]
        assert [end.code for end in ends] == [0, 0], ends
        counts = server.noted("asked")
        assert len(counts) == 40
        assert counts.total() == 40
        rows = [
            json.loads(line)
            for line in (project.folder / "other.jsonl").read_text().splitlines()[1:]
        ]
        assert comparable(rows) == comparable(project.results())


# ------------------------------------------------------------------- budgets


def test_a_budget_is_never_overshot_and_can_be_gone_on_with(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    rows = [{"response_id": f"r{n}", "response": f"{RESPONSE} {n}"} for n in range(5)]
    run = evaluate(server.base, *STORE, "--max-calls", "7", responses=rows)
    assert run.code == 3
    assert len(server.asked) == 7
    kinds = [c["error"]["kind"] for r in run.rows for c in r["criteria"] if c["error"]]
    assert kinds == ["budget_exhausted"] * 8
    run = evaluate(server.base, *STORE, "--resume", responses=rows)
    assert run.code == 0
    assert len(server.asked) == 15


def test_a_budget_of_money_is_not_overshot(
    server: FaultyServer, evaluate: Evaluate
) -> None:
    rows = [{"response_id": f"r{n}", "response": f"{RESPONSE} {n}"} for n in range(5)]
    # 100 and 5 tokens a call, as the server counts: 0.00205 a call.
    priced = f"{QUERY}&price_prompt=20&price_completion=10"
    run = evaluate(
        server.base, *STORE, "--max-cost", "0.02", query=priced, responses=rows
    )
    assert run.code == 3
    assert len(server.asked) < 10
    assert sum(row["cost"] or 0 for row in run.rows) <= 0.02
