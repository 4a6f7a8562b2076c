"""``rub explain``: parts, gates, better verdicts, and weights that turn an order."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_calibrate import lines

RUBRIC = """\
rubric r
[must] safe: Is safe.
[3] a: Is so.
[2] mean of g: Is well written.
    [1] b: Is short.
    [1] c: Is clear.
[1] worst of w: Holds throughout.
    [1] d: Is true.
    [1] e: Is kind.
"""
VERDICTS = {
    ("p", "good"): {"safe": 1, "a": 1, "b": 1, "c": 0, "d": 1, "e": 1},
    ("p", "fair"): {"safe": 1, "a": 0, "b": 1, "c": 1, "d": 1, "e": 1},
    ("p", "bad"): {"safe": 0, "a": 1, "b": 1, "c": 1, "d": 1, "e": 0},
    ("q", "good"): {"safe": 1, "a": 0, "b": 0, "c": 0, "d": 0, "e": 0},
    ("q", "part"): {"safe": 1, "a": 1},
}


@pytest.fixture
def results(rub, tmp_path: Path) -> Path:
    """Judge responses to two prompts, of which both have one that is called `good`."""
    (tmp_path / "r.rub").write_text(RUBRIC)
    places = [{"prompt_id": p, "response_id": r} for p, r in VERDICTS]
    rows = [{**place, "response": "Text."} for place in places]
    (tmp_path / "responses.jsonl").write_text(lines(rows))
    said = [
        {**place, "criterion": name, "verdict": "yes" if verdict else "no"}
        for place, verdicts in zip(places, VERDICTS.values(), strict=True)
        for name, verdict in verdicts.items()
    ]
    (tmp_path / "said.jsonl").write_text(lines(said))
    done = rub(
        *("eval", "r.rub", "--responses", "responses.jsonl"),
        *("--judge", "scripted:said.jsonl", "--out", "results.jsonl"),
    )
    assert done.returncode == 3, done.stderr
    return tmp_path / "results.jsonl"


def explained(rub, *arguments: str) -> dict[str, Any]:
    done = rub("explain", "results.jsonl", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.usefixtures("results")
def test_the_whole_of_a_score(rub):
    found = explained(rub, "--response", "fair")
    assert found["score"] == pytest.approx(0.5)
    parts = {n["path"]: n["contribution"] for n in found["nodes"]}
    assert parts["g"] == pytest.approx(2 / 6)
    assert parts["g.b"] == pytest.approx(1 / 6)
    assert parts["w"] == pytest.approx(1 / 6)
    assert parts["w.d"] is None
    kinds = {n["path"]: n["kind"] for n in found["nodes"]}
    assert (kinds["g"], kinds["w"], kinds["a"]) == ("mean", "worst", None)
    assert [(i["path"], i["after"]) for i in found["improvements"]] == [("a", "yes")]
    assert found["improvements"][0]["gain"] == pytest.approx(0.5)
    assert (found["unknown"], found["comparison"]) == (None, None)


@pytest.mark.usefixtures("results")
def test_a_gate_and_what_is_without_it(rub):
    found = explained(rub, "--response", "bad")
    (gate,) = found["gates"]
    assert (gate["path"], gate["cap"]) == ("safe", 0)
    assert gate["without"] == found["ungated"] == pytest.approx(5 / 6)
    assert found["rest"] == pytest.approx(-5 / 6)
    gains = {i["path"]: i["gain"] for i in found["improvements"]}
    assert gains == {"safe": pytest.approx(5 / 6), "w.e": 0}
    text = rub("explain", "results.jsonl", "--response", "bad").stdout
    assert "gate safe (must) holds the score at 0; without it: 0.8333" in text
    assert "would change nothing alone, while a gate holds the score" in text
    assert "w (worst)" in text


@pytest.mark.usefixtures("results")
def test_what_turns_an_order(rub):
    arguments = ("--response", "good", "--prompt", "p", "--against", "fair")
    found = explained(rub, *arguments)["comparison"]
    assert found["difference"] == pytest.approx(2 / 6)
    assert [(p["path"], p["verdict"]) for p in found["parts"]] == [
        ("a", "yes"),
        ("g.c", "no"),
    ]
    turns = {t["path"]: (t["weight"], t["meets"], t["whole"]) for t in found["turns"]}
    assert turns["a"] == (3, pytest.approx(1), None)
    assert turns["g"] == (2, pytest.approx(6), 7)
    assert "g.c" not in turns
    text = rub("explain", "results.jsonl", *arguments).stdout
    assert "What change of weights puts fair before good" in text
    assert "2: over 6, as a whole number 7" in text
    assert "the least change of shares in all" in text


@pytest.mark.usefixtures("results")
def test_a_whole_number_turns_the_order_when_all_is_scored_again(rub, tmp_path):
    text = (tmp_path / "r.rub").read_text()
    (tmp_path / "r.rub").write_text(text.replace("[2] mean of g", "[7] mean of g"))
    done = rub(
        *("eval", "r.rub", "--responses", "responses.jsonl", "--out", "again.jsonl"),
        *("--judge", "scripted:said.jsonl"),
    )
    assert done.returncode == 3
    rows = [json.loads(x) for x in (tmp_path / "again.jsonl").read_text().splitlines()]
    scores = {(r["prompt_id"], r["response_id"]): r["score"] for r in rows[1:]}
    assert scores["p", "fair"] > scores["p", "good"]


@pytest.mark.usefixtures("results")
def test_what_cannot_be_turned(rub):
    arguments = ("--response", "fair", "--against", "bad")
    found = explained(rub, *arguments)["comparison"]
    assert (found["turns"], found["change"]) == ([], None)
    assert found["unturnable"].startswith("a gate holds bad down (safe)")
    assert (
        "none: a gate holds bad down"
        in rub("explain", "results.jsonl", *arguments).stdout
    )


@pytest.mark.usefixtures("results")
def test_without_the_rubric_nothing_is_guessed(rub, tmp_path):
    (tmp_path / "r.rub").rename(tmp_path / "moved.rub")
    arguments = ("--response", "fair", "--against", "bad")
    found = explained(rub, *arguments)
    assert found["improvements"] is None
    assert found["gates"] == []
    assert found["unknown"] == found["comparison"]["unknown"]
    assert "do not hold how groups count" in found["unknown"]
    parts = {n["path"]: n["contribution"] for n in found["nodes"]}
    assert parts["g"] == pytest.approx(2 / 6)
    assert parts["g.b"] is None
    text = rub("explain", "results.jsonl", *arguments)
    assert "not known: the results do not hold" in text.stdout
    assert "name it with --rubric PATH" in text.stderr
    named = explained(rub, *arguments, "--rubric", "moved.rub")
    assert named["improvements"] is not None


@pytest.mark.usefixtures("results")
def test_a_rubric_that_is_not_the_one(rub, tmp_path):
    text = (tmp_path / "r.rub").read_text()
    (tmp_path / "r.rub").write_text(text.replace("[3]", "[2]"))
    # The one that the results name has changed: it is as if it were not there.
    assert explained(rub, "--response", "fair")["improvements"] is None
    done = rub("explain", "results.jsonl", "--response", "fair", "--rubric", "r.rub")
    assert done.returncode == 2
    assert "r.rub does not hold the rubric that scored 'fair': r " in done.stderr


@pytest.mark.usefixtures("results")
def test_what_has_no_score_says_what_is_missing(rub):
    found = explained(rub, "--response", "part")
    assert (found["score"], found["rest"]) == (None, None)
    assert found["unknown"] == "there is no score: 4 verdicts are missing"
    errors = {n["path"]: n["error"] for n in found["nodes"]}
    assert (errors["a"], errors["g.b"]) == (None, "not_recorded")
    text = rub("explain", "results.jsonl", "--response", "part").stdout
    assert "no score: incomplete, between" in text


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            ["--response", "good"],
            "2 prompts have a response 'good'",
            "--prompt ID: p, q",
        ),
        (["--response", "fare"], "has no response 'fare'", "it has fair"),
        (
            ["--response", "fair", "--prompt", "q"],
            "has no response 'fair'",
            "it has good, part",
        ),
        (["--response", "fair", "--prompt", "z"], "has no prompt 'z'", "it has p, q"),
        (
            ["--response", "fair", "--against", "part"],
            "no response 'part' was scored by r for 'p'",
            "it has good, fair, bad",
        ),
        (
            ["--response", "fair", "--against", "fair"],
            "a response has no order with itself",
            "name another",
        ),
    ],
)
@pytest.mark.usefixtures("results")
def test_responses_that_are_not_one(rub, arguments, message, hint):
    done = rub("explain", "results.jsonl", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert hint in done.stderr
    assert not done.stdout


def test_it_needs_no_numpy():
    code = (
        "import sys\n"
        "import rubricdsl.cli.explain, rubricdsl.judging.reliability.consistency\n"
        "import rubricdsl.judging.calibration.fitting\n"
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
