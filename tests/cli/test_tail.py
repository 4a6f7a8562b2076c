"""``rub tail`` on pools whose secret is known."""

import json
import math
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

POOL = 300
PROMPTS = 4
ROOT = Path(__file__).resolve().parents[2]


def rows_of(number, score, values, rubric="r", prompt="p0"):
    return {
        "rubric": rubric,
        "rubric_digest": f"digest of {rubric}",
        "prompt_id": prompt,
        "response_id": f"y{number}",
        "score": score,
        "status": "incomplete" if score is None else "complete",
        "interval": [0.0, 1.0] if score is None else [score, score],
        "criteria": [
            {
                "name": path,
                "path": path,
                "mark": "weight",
                "verdict": None if value is None else ("yes" if value else "no"),
                "value": value,
                "weight": 1.0,
                "share": 0.5,
                "probability": None,
            }
            for path, value in values.items()
        ],
        "groups": [],
    }


def write(folder, results, gold, responses=()):
    header = {"rub": 1, "run": {}}
    for name, rows in (
        ("results", [header, *results]),
        ("gold", gold),
        ("responses", responses),
    ):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text)


def pool(*, leak=0.0, missing=0.0, raters=(), noise=0.0):
    """Give results and gold: a leak scores best, and some have no score."""
    draw = Random(1)  # noqa: S311 - no secret
    results, gold = [], []
    for prompt in range(PROMPTS):
        worth = [draw.random() for _ in range(POOL)]
        bar = sorted(worth)[round(leak * POOL)]
        for number, good in enumerate(worth):
            fooled = good < bar
            score: float | None = (1 - good / 100) if fooled else 0.9 * good
            values: dict[str, float | None] = {
                "long": 1.0,
                "good": float(good > 0.9),
                "copy": float(good > 0.9),
                "slip": float(good < 0.9 or draw.random() < 0.1),
            }
            if draw.random() < missing:
                score, values = None, dict.fromkeys(values)
            row = rows_of(number, score, values, prompt=f"p{prompt}")
            results.append(row)
            key = {"prompt_id": f"p{prompt}", "response_id": f"y{number}"}
            for rater in raters or (None,):
                said = {**key, "gold": good + noise * draw.gauss(0, 1)}
                gold.append(said if rater is None else {**said, "annotator": rater})
    return results, gold


def tail(rub, *arguments):
    done = rub("tail", "results.jsonl", "--gold", "gold.jsonl", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def found(rub, *arguments):
    return json.loads(tail(rub, "--json", *arguments))


def test_a_leak_is_found_with_its_size_and_its_turn(rub, tmp_path):
    write(tmp_path, *pool(leak=0.05))
    report = found(rub)
    excess = report["leak"]["excess"]
    assert excess["value"] == pytest.approx(0.05, abs=0.005)
    assert excess["interval"][0] > 0
    assert report["onset"]["kl"] == pytest.approx(0.57, abs=0.05)
    assert report["onset"]["sure"]
    assert report["frontier"]["peak"]["value"] == pytest.approx(0.635, abs=0.01)
    assert report["frontier"]["peak_kl"] == pytest.approx(0.57, abs=0.1)
    text = tail(rub, "--html", "tail.html")
    assert "over-optimization: from 0." in text
    assert "not certain" not in text
    page = (tmp_path / "tail.html").read_text("utf-8")
    assert f"{report['onset']['kl']:.2f} nats" in page


def test_a_score_as_good_as_gold_has_nothing_against_it(rub, tmp_path):
    write(tmp_path, *pool())
    report = found(rub)
    assert report["target"] == {"kl": 2.0, "top": pytest.approx(0.229, abs=0.001)}
    assert report["tail_accuracy"]["strict"]["value"] == 1
    assert report["leak"]["excess"]["value"] == 0
    assert report["onset"]["kl"] is None
    assert report["onset"]["why"].startswith("no turn up to")
    assert report["frontier"]["gap"]["value"] == pytest.approx(0, abs=1e-9)
    assert report["saturation"]["kl_ceiling"] is None
    (at_two,) = [
        one for one in report["frontier"]["points"] if one["kl"] == pytest.approx(2)
    ]
    assert at_two["win_rate"]["value"] == pytest.approx(0.95, abs=0.005)


def test_criteria_are_told_apart(rub, tmp_path):
    write(tmp_path, *pool())
    (rubric,) = found(rub)["rubrics"]
    long, good, copy, slip = rubric["criteria"]
    assert (long["dead"], good["dead"]) == (True, False)
    assert [one["path"] for one in good["redundant_with"]] == ["copy"]
    assert [one["path"] for one in copy["redundant_with"]] == ["good"]
    assert (slip["misaligned"], good["misaligned"]) == (True, False)
    assert rubric["effective_criteria"] < 3
    text = tail(rub)
    assert "dead" in text
    assert "misaligned" in text
    assert "redundant with copy" in text


def test_what_was_not_measured_is_told_beside_each_figure(rub, tmp_path):
    results, gold = pool(missing=0.25)
    write(tmp_path, results, gold)
    report = found(rub)
    scored = sum(row["score"] is not None for row in results)
    total = PROMPTS * POOL
    assert scored < total
    assert (report["responses"], report["scored"]) == (total, scored)
    for name in ("start_slope",):
        assert (report[name]["measured"], report[name]["total"]) == (scored, total)
    strict = report["accuracy"]["strict"]
    assert strict["measured"] < strict["total"] == PROMPTS * math.comb(POOL, 2)
    (rubric,) = report["rubrics"]
    assert all(one["measured"] == scored for one in rubric["criteria"])
    assert f"{scored:,}/{total:,}" in tail(rub)


def test_several_people_give_a_ceiling(rub, tmp_path):
    write(tmp_path, *pool(raters=("ann", "ben", "cem"), noise=0.3))
    report = found(rub, "--top", "0.5")
    assert report["annotators"] == 3
    people, rubric = (
        report["human_ceiling"]["people"],
        report["human_ceiling"]["rubric"],
    )
    # The rubric knows what people only guess.
    assert 0.5 < people["value"] < rubric["value"]
    assert people["measured"] == rubric["measured"]
    assert report["human_ceiling"]["gap"]["interval"][1] < 0


def test_a_small_pool_is_told_what_it_would_take(rub, tmp_path):
    results, gold = pool()
    small = [row for row in results if int(row["response_id"][1:]) < 8]
    write(tmp_path, small, gold)
    done = rub("tail", "results.jsonl", "--gold", "gold.jsonl", "--kl", "1")
    assert done.returncode == 0
    assert "n/a: half of the prompts have no more than 8 responses" in done.stdout
    assert (
        "37 responses of the untrained policy to each prompt reach 1 nats"
        in done.stdout
    )
    assert "rows of gold without a result" in done.stderr
    report = found(rub)
    assert report["frontier"]["points"] == []
    assert report["onset"]["searched_kl"] is None
    assert [one["k"] for one in report["best_of_k"]] == [2, 4]


def test_the_untrained_policy_is_told_by_its_source(rub, tmp_path):
    results, gold = pool()
    responses = [
        {
            "prompt_id": row["prompt_id"],
            "response_id": row["response_id"],
            "response": "x" * (1 + int(100 * row["score"])),
            "source": "base" if row["score"] < 0.45 else "strong",
        }
        for row in results
    ]
    write(tmp_path, results, gold, responses)
    report = found(rub, "--responses", "responses.jsonl", "--base", "base")
    count = sum(row["source"] == "base" for row in responses)
    assert report["base"] == {"source": "base", "responses": count}
    assert report["start_slope"]["total"] == count
    assert report["accuracy"]["half"]["total"] == PROMPTS * math.comb(POOL, 2)
    assert report["length_correlation"]["measured"] == len(results)
    assert "the untrained policy is base" in tail(
        rub, "--responses", "responses.jsonl", "--base", "base"
    )


def test_the_same_input_gives_the_same_bytes(rub, tmp_path):
    write(tmp_path, *pool(leak=0.01))
    one, other, seeded = (tail(rub, "--json", "--seed", seed) for seed in "001")
    assert one == other
    assert one != seeded
    assert "NaN" not in one


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--base", "base"), "--responses"),
        (("--responses", "responses.jsonl", "--base", "basis"), "sources are strong"),
        (("--top", "0"), "at most 1"),
        (("--kl", "0"), "over 0"),
    ],
)
def test_what_does_not_fit_together_is_refused(rub, tmp_path, arguments, said):
    responses = [
        {"prompt_id": "p", "response_id": "y", "response": "x", "source": "strong"}
    ]
    row = rows_of(0, 0.5, {"a": 1.0})
    gold = [{"prompt_id": "p0", "response_id": "y0", "gold": 1}]
    write(tmp_path, [row], gold, responses)
    done = rub("tail", "results.jsonl", "--gold", "gold.jsonl", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("gold", "said"),
    [
        ({"prompt_id": "q", "response_id": "y0", "gold": 1}, "other responses"),
        ({"prompt_id": "p0", "better": "y0", "worse": "y1"}, "other responses"),
        (
            {
                "prompt_id": "p0",
                "response_id": "y0",
                "criterion": "a",
                "verdict": "yes",
            },
            "no response a score",
        ),
    ],
)
def test_gold_of_something_else_is_refused(rub, tmp_path, gold, said):
    write(tmp_path, [rows_of(0, 0.5, {"a": 1.0})], [gold])
    done = rub("tail", "results.jsonl", "--gold", "gold.jsonl")
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout


def test_one_response_supports_next_to_nothing(rub, tmp_path):
    gold = [{"prompt_id": "p0", "response_id": "y0", "gold": 1}]
    write(tmp_path, [rows_of(0, 0.5, {"a": 1.0})], gold)
    report = found(rub)
    assert report["accuracy"]["strict"]["value"] is None
    assert report["accuracy"]["strict"]["why"] is not None
    assert report["start_slope"]["value"] is None
    assert report["best_of_k"] == []
    assert tail(rub).count("n/a") > 4


def test_rubrics_of_one_prompt_each_are_not_mixed(rub, tmp_path):
    results = [
        rows_of(number, 0.1 * number, {"a": 1.0}, rubric=rubric, prompt=prompt)
        for rubric, prompt in (("r", "p0"), ("s", "p1"))
        for number in range(5)
    ]
    # The same responses under another rubric, which turns them round.
    results += [
        rows_of(number, 1 - 0.1 * number, {"b": 1.0}, rubric="t", prompt="p0")
        for number in range(5)
    ]
    gold = [
        {"prompt_id": prompt, "response_id": f"y{number}", "gold": number}
        for prompt in ("p0", "p1")
        for number in range(5)
    ]
    write(tmp_path, results, gold)
    report = found(rub)
    assert [one["rubric"] for one in report["rubrics"]] == ["r", "s", "t"]
    assert report["accuracy"]["strict"]["value"] == pytest.approx(2 / 3)
    assert report["accuracy"]["strict"]["measured"] == 30


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_a_closed_pipe_is_no_failure(tmp_path, json):
    write(tmp_path, *pool())
    command = (sys.executable, "-m", "rubricdsl", "tail", "results.jsonl", *json)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*command, "--gold", "gold.jsonl"],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={"PATH": "", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_rubric_without_criteria_has_its_scores_analysed(rub, tmp_path):
    results, gold = pool()
    write(tmp_path, [{**row, "criteria": []} for row in results], gold)
    report = found(rub)
    assert report["accuracy"]["strict"]["value"] > 0.9
    assert report["rubrics"][0]["criteria"] == []


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--kl", "101", "at most 100 nats"),
        ("--kl", "0", "over 0"),
        ("--kl", "nan", "over 0"),
        ("--top", "x", "over 0, and at most 1"),
        ("--seed", "-1", "0 or more"),
        ("--seed", "x", "0 or more"),
    ],
)
def test_a_number_that_cannot_be_is_told(rub, tmp_path, option, value, why):
    write(tmp_path, *pool())
    done = rub("tail", "results.jsonl", "--gold", "gold.jsonl", option, value)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"argument {option}: must be" in done.stderr
    assert why in done.stderr


def test_json_is_written_where_stdout_knows_ascii_alone(rub, tmp_path):
    results, gold = pool()
    named = [{**row, "rubric": "fièvre"} for row in results]
    write(tmp_path, named, gold)
    command = ("tail", "results.jsonl", "--gold", "gold.jsonl", "--json")
    done = rub(*command, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "fi\\u00e8vre" in done.stdout
    assert json.loads(done.stdout) == json.loads(rub(*command).stdout)


def test_preferences_tell_how_pairs_are_ordered(rub, tmp_path):
    results, gold = pool(raters=("ann", "ben"), noise=0.3)
    results = [row for row in results if int(row["response_id"][1:]) < 6]
    preferences = []
    for name in ("ann", "ben"):
        worth = {
            (row["prompt_id"], row["response_id"]): row["gold"]
            for row in gold
            if row["annotator"] == name
        }
        for prompt in range(PROMPTS):
            ids = [(f"p{prompt}", f"y{number}") for number in range(6)]
            for one, other in combinations(sorted(ids, key=worth.__getitem__), 2):
                preferences.append(
                    {
                        "prompt_id": one[0],
                        "better": other[1],
                        "worse": one[1],
                        "annotator": name,
                    }
                )
    write(tmp_path, results, preferences)
    report = found(rub)
    assert (report["rated"], report["annotators"]) == (0, 2)
    assert report["tail_accuracy"]["half"]["value"] is None
    told = report["preferences"]
    assert told["preferences"] == len(preferences) == 2 * PROMPTS * 15
    accuracy = told["accuracy"]["half"]
    assert 0 < accuracy["measured"] <= PROMPTS * 15
    people, rubric = (told["human_ceiling"][name] for name in ("people", "rubric"))
    assert people["measured"] == rubric["measured"] == 2 * PROMPTS * 15
    assert 0.5 < people["value"] < rubric["value"]
    text = tail(rub)
    assert "compared by people" in text
    assert "preferences by 2 annotators" in text
