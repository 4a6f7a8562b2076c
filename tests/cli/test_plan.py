"""``rub plan`` from the outside: what it says is what ``rub eval`` then does."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli import chat_server

RUBRIC = """\
rubric sky
[must] names: Names scattering as the cause.
[2] waves: States that short waves are scattered more than long ones.
    needs: names
[1] violet: Mentions violet.
[1] brief: Has at most thirty words.
    check: words(response) <= 30
"""
TEXTS = (
    "Blue light is scattered more than red, since short waves are scattered more.",
    "Scattering is the cause.  Violet is scattered too, but we hardly see it.",
    "Because the sea is blue.",
)


@pytest.fixture
def sky(tmp_path):
    (tmp_path / "sky.rub").write_text(RUBRIC, "utf-8")
    write_responses(tmp_path, TEXTS)
    return tmp_path


def write_responses(folder: Path, texts: tuple[str, ...]) -> None:
    rows = [
        {"prompt_id": "p", "response_id": f"r{n}", "response": text}
        for n, text in enumerate(texts)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "r.jsonl").write_text(lines, "utf-8")


ARGUMENTS = ("sky.rub", "--responses", "r.jsonl")


def planned(rub, *more):
    done = rub("plan", *ARGUMENTS, "--json", *more)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert {
        *("questions", "cached", "checks", "calls", "tokens", "cost", "seconds"),
    } <= plan.keys()
    return plan


def evaluated(rub, *more: str) -> tuple[int, int]:
    done = rub("eval", *ARGUMENTS, "--json", *more)
    assert done.returncode in {0, 3}, done.stderr
    document = json.loads(done.stdout)
    prompt = sum(row["tokens"]["prompt"] for row in document["results"])
    return document["run"]["judge_calls"], prompt


def test_calls_and_tokens_lie_where_the_plan_says(rub, sky) -> None:
    plan = planned(rub)
    assert (plan["calls_least"], plan["calls"]) == (3, 6)
    assert (plan["questions_least"], plan["questions"]) == (6, 9)
    assert plan["checks"] == 3
    assert not (sky / ".rub").exists()
    calls, prompt = evaluated(rub)
    assert plan["calls_least"] <= calls <= plan["calls"]
    assert plan["tokens_least"]["prompt"] <= prompt <= plan["tokens"]["prompt"]


def test_without_needs_the_embedded_judge_takes_just_what_was_planned(rub, sky) -> None:
    text = RUBRIC.replace("    needs: names\n", "")
    (sky / "sky.rub").write_text(text, "utf-8")
    plan = planned(rub)
    assert evaluated(rub) == (plan["calls"], plan["tokens"]["prompt"])
    assert plan["calls"] == plan["calls_least"] == 3

    write_responses(sky, (*TEXTS, "Violet is scattered most."))
    more = planned(rub)
    assert (more["cached"], more["questions"], more["calls"]) == (9, 12, 1)
    assert evaluated(rub) == (more["calls"], more["tokens"]["prompt"])
    assert planned(rub)["calls"] == 0
    assert planned(rub, "--no-cache")["calls"] == 4


def test_money_and_time_are_told_where_they_can_be(rub, sky) -> None:
    (sky / "rub.toml").write_text(
        "[judges.dear]\n"
        'backend = "openai"\n'
        'model = "m"\n'
        'base_url = "http://127.0.0.1:9/v1"\n'
        "concurrency = 2\n"
        "price_prompt = 2.0\n"
        "price_completion = 8.0\n",
        "utf-8",
    )
    plan = planned(rub, "--judge", "dear", "--latency", "0.5")
    tokens = plan["tokens"]
    cost = (2.0 * tokens["prompt"] + 8.0 * tokens["completion"]) / 1e6
    assert plan["cost"] == pytest.approx(cost)
    assert plan["seconds"] == pytest.approx(1.5)
    assert plan["judges"] == [
        {"judge": "openai:m", "calls": 6, "concurrency": 2, "learnt": None}
    ]
    assert planned(rub, "--judge", "dear")["seconds"] is None


def test_what_a_model_wrote_and_took_before_is_told(rub, sky) -> None:
    with chat_server.serving(chat_server.answer_yes) as base_url:
        judge = f"openai:m?base_url={base_url}&price_prompt=2&price_completion=8"
        first = planned(rub, "--judge", judge)
        assert first["judges"][0]["learnt"] is None
        calls, _ = evaluated(rub, "--judge", judge)
        write_responses(sky, (*TEXTS, "Violet is scattered most."))
        more = planned(rub, "--judge", judge)
    (load,) = more["judges"]
    assert load["learnt"]["calls"] == load["learnt"]["timed"] == calls
    assert load["learnt"]["completion"] == 2
    tokens = more["tokens"]
    assert tokens["completion"] == 2 * more["calls"]
    cost = (2.0 * tokens["prompt"] + 8.0 * tokens["completion"]) / 1e6
    assert more["cost"] == pytest.approx(cost)
    assert more["seconds"] > 0
    lines = rub("plan", *ARGUMENTS, "--judge", judge).stdout
    assert f"to write (as in {calls} earlier calls)" in lines
    assert f"at most (as in {calls} earlier calls)" in lines
    wins = rub("plan", *ARGUMENTS, "--judge", judge, "--latency", "60").stdout
    assert "  seconds    60.0 at most\n" in wins


def test_people_read_that_it_depends_on_verdicts(rub, sky) -> None:
    done = rub("plan", *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    assert "  calls      3 to 6" in done.stdout
    assert "depends on verdicts" in done.stdout


def test_what_cannot_be_had_is_said_beforehand(rub, sky) -> None:
    levels = "[1] graded: How clear it is.\n    level 0: Dark.\n    level 1: Clear.\n"
    (sky / "sky.rub").write_text(RUBRIC + levels, "utf-8")
    plan = planned(rub)
    assert plan["unmeasured"] == {"judge_unsupported": 3}


def test_no_key_is_needed(rub, sky) -> None:
    plan = planned(rub, "--judge", "openai:m")
    assert plan["calls"] == 6
    done = rub("eval", *ARGUMENTS, "--judge", "openai:m")
    assert done.returncode == 2
    assert "OPENAI_API_KEY is not set" in done.stderr
    # All else must be right.
    done = rub("plan", *ARGUMENTS, "--judge", "openai")
    assert done.returncode == 2
    assert "needs a model" in done.stderr


def test_bad_input_is_refused_as_by_eval(rub, sky) -> None:
    assert rub("plan", *ARGUMENTS, "--judge", "nobody:x").returncode == 2
    assert rub("plan", "sky.rub", "--responses", "none.jsonl").returncode == 2
    assert rub("plan", *ARGUMENTS, "--latency", "-1").returncode == 2


def test_on_a_terminal_it_shows_how_far_it_is(sky) -> None:
    master, terminal = pty.openpty()
    with os.fdopen(master, "rb", buffering=0) as screen:
        done = subprocess.run(
            [sys.executable, "-m", "rubricdsl", "plan", *ARGUMENTS],
            stdout=subprocess.PIPE,
            stderr=terminal,
            cwd=sky,
            env={"PATH": ""},
            timeout=120,
            check=False,
        )
        os.close(terminal)
        shown = screen.read(10_000).decode()
    assert done.returncode == 0
    assert b"calls" in done.stdout
    assert "1/6 responses" in shown
    # The line is cleared in the end.
    assert shown.endswith(" \r")
