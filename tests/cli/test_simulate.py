"""``rub simulate``: the built-in world, and a policy over responses of one's own."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from rubricdsl.cli.simulate import EPILOG
from rubricdsl.refinement.simulated.experiment import CONDITION_NAMES

QUICK = ("--seeds", "1", "--set", "prompts=4", "--steps", "20", "--jobs", "1")


def results(folder, *, leak=False):
    """Write results whose scores are right, but for one response of 16 that leaks."""
    draw = random.Random(0)  # noqa: S311 - no secret
    rows, gold = [{"rub": 1, "run": {}}], []
    for prompt in range(4):
        for number in range(16):
            worth = draw.random()
            score = worth
            if leak and number == 0:
                worth, score = -1.0, 1.0
            ids = {"prompt_id": f"p{prompt}", "response_id": f"r{number}"}
            gold.append({**ids, "gold": worth})
            rows.append(
                {
                    "rubric": "r",
                    "rubric_digest": "d",
                    **ids,
                    "score": score,
                    "points": score,
                    "passed": None,
                    "status": "complete",
                    "coverage": 1.0,
                    "interval": [score, score],
                    "gates": [],
                    "criteria": [],
                    "groups": [],
                }
            )
    for name, lines in (("results", rows), ("gold", gold)):
        text = "".join(json.dumps(row) + "\n" for row in lines)
        (folder / f"{name}.jsonl").write_text(text)
    return ("simulate", "results.jsonl", "--gold", "gold.jsonl")


def test_each_condition_is_told_with_figures_curves_and_what_is_expected(rub):
    done = rub("simulate", "--conditions", "initial,4-great-diverse", *QUICK, "--json")

    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["parameters"]["prompts"] == 4
    initial, diverse = record["conditions"]
    assert (initial["name"], diverse["name"]) == ("initial", "4 great & diverse")
    figures = [one["figures"]["coverage"]["mean"] for one in record["conditions"]]
    assert figures[0] < figures[1]
    assert initial["curve"]["steps"] == [0, 10, 20]
    assert initial["curve"]["kl"][0] == pytest.approx(0)
    assert initial["figures"]["onset_kl"] is None
    assert len(record["expected"]) == 3


def test_people_see_the_same_in_tables(rub):
    done = rub("simulate", "--conditions", "initial", *QUICK)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for word in ("coverage", "peak gold", "KL at the end", "initial"):
        assert word in done.stdout
    ascii_only = rub(
        "simulate", "--conditions", "initial", *QUICK, PYTHONIOENCODING="ascii"
    )
    assert ascii_only.returncode == 0, ascii_only.stderr


def test_the_world_is_drawn_on_a_page(rub, tmp_path):
    done = rub("simulate", "--conditions", "initial", *QUICK, "--html", "page.html")
    assert done.returncode == 0, done.stderr
    assert "What is expected" in (tmp_path / "page.html").read_text("utf-8")


def test_the_answer_of_a_check_is_no_where_training_is_too_short(rub):
    done = rub("simulate", "--conditions", "initial", *QUICK, "--check")
    assert done.returncode == 1
    assert "does not" in done.stdout


def test_settings_reach_the_world_and_wrong_ones_are_told(rub):
    done = rub(
        *("simulate", "--conditions", "initial", *QUICK, "--json"),
        *("--set", "great.basic=0.9", "--set", "weighting=variance"),
        *("--set", "normalises=false", "--set", "base_basic=0.4..0.5"),
    )
    assert done.returncode == 0, done.stderr
    settings = json.loads(done.stdout)["parameters"]
    assert settings["great"]["basic"] == 0.9
    assert settings["weighting"] == "variance"
    assert settings["normalises"] is False
    assert settings["base_basic"] == [0.4, 0.5]
    for wrong, hint in (
        ("great.basic=2", "write a number"),
        ("learning_rate=inf", "write a number"),
        ("kl_coefficient=inf", "write a number"),
        ("great=2", "great.basic"),
        ("steps.more=2", "use one of prompts"),
        ("weighting=x", "given, equal, variance"),
        ("nothing=1", "use one of prompts"),
        ("prompts", "--set NAME=VALUE"),
        ("normalises=1", "true or false"),
        ("base_basic=0.5..0.1", "two numbers"),
    ):
        done = rub("simulate", *QUICK, "--set", wrong)
        assert (done.returncode, done.stdout) == (2, "")
        assert "D401" in done.stderr
        assert hint in done.stderr
        assert done.stderr.count("D401") == 1


def test_conditions_are_those_that_the_help_names(rub):
    for name in CONDITION_NAMES:
        assert name in EPILOG
    done = rub("simulate", "--conditions", "initial,five-great")
    assert done.returncode == 2
    assert "there is no condition 'five-great'" in done.stderr


def test_a_pool_whose_scores_are_right_is_climbed_to_the_top(rub, tmp_path):
    done = rub(*results(tmp_path), "--seeds", "2", "--json")

    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["prompts"], record["used"], record["left_out"]) == (4, 64, 0)
    assert len(record["trainings"]) == 2
    for one in record["trainings"]:
        assert one["onset"] is None
        assert one["peak"]["gold"] > 0.85


def test_a_leak_turns_gold_round_and_the_onset_is_told(rub, tmp_path):
    arguments = results(tmp_path, leak=True)
    record = json.loads(rub(*arguments, "--seeds", "1", "--json").stdout)
    (training,) = record["trainings"]
    assert training["onset"]["kl"] < record["most_kl"]
    assert training["drop"] > 0.3
    done = rub(*arguments, "--seeds", "1")
    assert done.returncode == 0
    assert "onset KL" in done.stdout
    assert "64 responses to 4 prompts" in done.stdout
    done = rub(*arguments, "--seeds", "1", "--html", "page.html")
    assert done.returncode == 0
    assert "page.html" in done.stderr
    assert "onset at" in (tmp_path / "page.html").read_text("utf-8")


def test_gold_of_other_responses_is_refused(rub, tmp_path):
    arguments = results(tmp_path)
    (tmp_path / "gold.jsonl").write_text(
        '{"prompt_id": "p0", "response_id": "elsewhere", "gold": 1}\n'
    )
    done = rub(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "D403" in done.stderr


def test_gold_without_scores_is_told(rub, tmp_path):
    arguments = results(tmp_path)
    (tmp_path / "gold.jsonl").write_text(
        '{"prompt_id": "p0", "better": "r1", "worse": "r2"}\n'
    )
    done = rub(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "gives no response a score" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_an_interrupt_ends_all_processes_at_once(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-m", "rubricdsl", "simulate", "--jobs", "2"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        time.sleep(8)  # by then the processes are at work, for minutes
        assert child.poll() is None
        os.killpg(child.pid, signal.SIGINT)
        assert child.wait(60) == 130
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def test_what_does_not_go_together_is_refused(rub, tmp_path):
    arguments = results(tmp_path)
    for wrong in (
        ("simulate", "--gold", "gold.jsonl"),
        ("simulate", "results.jsonl"),
        (*arguments, "--conditions", "initial"),
        (*arguments, "--check"),
    ):
        done = rub(*wrong)
        assert done.returncode == 2
        assert "D401" in done.stderr


def test_a_response_that_two_rubrics_scored_is_refused(rub, tmp_path):
    results(tmp_path)
    path = tmp_path / "results.jsonl"
    rows = path.read_text().splitlines()
    other = {**json.loads(rows[1]), "rubric": "other", "rubric_digest": "e"}
    path.write_text("\n".join([*rows, json.dumps(other)]) + "\n")
    done = rub("simulate", "results.jsonl", "--gold", "gold.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"results.jsonl:{len(rows) + 1}:1:" in done.stderr
    assert "comes a second time" in done.stderr
    assert "one rubric" in done.stderr
