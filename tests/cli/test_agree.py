"""``rub agree``: figures, several annotators, what is left out, and calibration."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from rubricdsl.formats.results import read_results
from rubricdsl.plugins.host import PluginHost
from tests.cli.test_calibrate import judged, lines, prepare

ROOT = Path(__file__).resolve().parents[2]
RUBRIC = """\
rubric r
[1] a: Is so.
[1] b: Is good.
    answers: yes, partly, no
[1] c: How good?
    levels: 1 to 4
    level 1: Bad.
    level 4: Good.
[1] mean of g: Is well written.
    [1] d: Is short.
        n/a: skip
"""


def agree(rub, *more: str, gold: str = "gold.jsonl") -> dict[str, Any]:
    done = rub("agree", "results.jsonl", "--gold", gold, "--json", *more)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write(folder: Path, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    (folder / name).write_text(lines(rows))


def small_run(rub, folder: Path) -> None:
    """Judge 12 responses to two prompts; the judge has no word on one of them."""
    (folder / "r.rub").write_text(RUBRIC)
    responses, said = [], []
    for number in range(12):
        place = {"prompt_id": f"p{number % 2}", "response_id": f"r{number}"}
        responses.append({**place, "response": f"Text {number}."})
        verdicts = {
            "a": "yes" if number % 3 else "no",
            "b": ("yes", "partly", "no")[number % 3],
            "c": f"level {number % 4 + 1}",
            "g.d": "n/a" if number == 5 else "yes",
        }
        said += [
            {**place, "criterion": path, "verdict": verdict}
            for path, verdict in verdicts.items()
            if (number, path) != (7, "a")
        ]
    write(folder, "responses.jsonl", responses)
    write(folder, "said.jsonl", said)
    done = rub(
        *("eval", "r.rub", "--responses", "responses.jsonl"),
        *("--judge", "scripted:said.jsonl", "--out", "results.jsonl"),
    )
    assert done.returncode == 3, done.stderr


def label(number: int, criterion: str, verdict: str, **more: str) -> dict[str, object]:
    return {
        "prompt_id": f"p{number % 2}",
        "response_id": f"r{number}",
        "criterion": criterion,
        "verdict": verdict,
        **more,
    }


def test_verdicts_of_all_scales(rub, tmp_path):
    small_run(rub, tmp_path)
    gold = [label(n, "a", "yes" if n % 3 else "no") for n in range(12)]
    gold += [label(n, "b", ("yes", "partly", "no")[n % 3]) for n in range(12)]
    gold += [label(n, "c", f"level {min(n % 4 + 2, 4)}") for n in range(12)]
    gold += [label(n, "d", "n/a" if n == 6 else "yes") for n in range(12)]
    write(tmp_path, "gold.jsonl", gold)
    found = agree(rub)
    assert found["scores"] is None
    assert found["leftover"] == {
        "verdicts": 0,
        "ambiguous": 0,
        "scores": 0,
        "preferences": 0,
    }
    by_path = {c["path"]: c for c in found["verdicts"]["criteria"]}
    assert {path: c["scale"] for path, c in by_path.items()} == {
        "a": "binary",
        "b": "graded",
        "c": "levels",
        "g.d": "binary",
    }
    counts = {path: c["judge"][0]["counts"] for path, c in by_path.items()}
    # The judge has no verdict on one cell: it is no disagreement.
    assert (counts["a"]["labelled"], counts["a"]["measured"]) == (12, 11)
    assert by_path["a"]["judge"][0]["raters"]["agreement"]["value"] == 1.0
    assert (counts["g.d"]["judge_na"], counts["g.d"]["reference_na"]) == (1, 1)
    assert by_path["g.d"]["judge"][0]["raters"]["kappa"] == {
        "value": None,
        "low": None,
        "high": None,
        "items": 10,
        "reason": "both say the same of everything",
    }
    assert by_path["c"]["judge"][0]["answers"] == [f"level {n}" for n in range(1, 5)]
    assert by_path["c"]["judge"][0]["tpr"]["reason"] == "levels have no yes"
    overall = found["verdicts"]["overall"][0]
    assert overall["criteria"] == 3
    assert overall["micro"]["counts"]["compared"] == 11 + 12 + 10
    assert overall["macro"]["agreement"]["items"] == 4
    text = rub("agree", "results.jsonl", "--gold", "gold.jsonl")
    assert text.returncode == 0
    assert "Verdicts against gold" in text.stdout
    assert "1 without a verdict of the judge" in text.stdout
    assert "n/a" in text.stdout
    assert max(map(len, text.stdout.splitlines())) <= 80
    assert rub("agree", "results.jsonl", "--gold", "gold.jsonl").stdout == text.stdout


def test_several_annotators_scores_and_preferences(rub, tmp_path):
    small_run(rub, tmp_path)
    gold: list[dict[str, object]] = []
    for name, turned in (("ana", 0), ("ben", 0), ("cleo", 4)):
        gold += [
            label(n, "a", "yes" if n % 3 and n >= turned else "no", annotator=name)
            for n in range(12)
        ]
        gold += [
            {
                "prompt_id": f"p{n % 2}",
                "response_id": f"r{n}",
                "gold": n % 3,
                "annotator": name,
            }
            for n in range(12)
        ]
    gold += [{"prompt_id": "p0", "better": "r0", "worse": "r2"}]
    write(tmp_path, "gold.jsonl", gold)
    found = agree(rub)
    verdicts = found["verdicts"]
    assert verdicts["annotators"] == ["ana", "ben", "cleo"]
    assert [o["reference"] for o in verdicts["overall"]] == [
        "majority",
        "ana",
        "ben",
        "cleo",
    ]
    people = verdicts["criteria"][0]["people"]
    assert [p["annotator"] for p in people["with_others"]] == ["ana", "ben", "cleo"]
    assert people["pairs"][0]["raters"]["kappa"]["value"] == 1.0
    assert people["alpha"]["value"] < 1
    scores = found["scores"]
    assert [r["reference"] for r in scores["references"]] == [
        "mean",
        "ana",
        "ben",
        "cleo",
    ]
    assert scores["references"][0]["rated"] == 12
    assert scores["references"][0]["compared"] == 11
    assert scores["people"]["alpha"]["value"] == 1.0
    assert scores["preferences"]["accuracy"]["pairs"] == 1
    text = rub("agree", "results.jsonl", "--gold", "gold.jsonl").stdout
    for part in (
        "Verdicts against the majority of 3 annotators",
        "How far people agree, which is the ceiling",
        "Scores against the mean of 3 annotators",
        "Scores against preferences",
        "of 1 pairs in 1 prompt",
    ):
        assert part in text


def test_gold_that_meets_nothing(rub, tmp_path):
    small_run(rub, tmp_path)
    write(
        tmp_path,
        "gold.jsonl",
        [
            label(0, "a", "yes"),
            label(0, "nothing", "yes"),
            label(99, "a", "yes"),
            {"prompt_id": "p0", "response_id": "zz", "gold": 1},
            {"prompt_id": "p0", "better": "r0", "worse": "zz"},
        ],
    )
    done = rub("agree", "results.jsonl", "--gold", "gold.jsonl")
    assert done.returncode == 0
    assert (
        "not used: 2 labels on what the results lack, 1 score of responses that the "
        "results lack, 1 preference" in done.stderr
    )
    write(tmp_path, "other.jsonl", [label(99, "a", "yes")])
    none = rub("agree", "results.jsonl", "--gold", "other.jsonl")
    assert none.returncode == 2
    assert "D106 other.jsonl speaks of nothing in results.jsonl" in none.stderr
    (tmp_path / "empty.jsonl").write_text("")
    assert rub("agree", "results.jsonl", "--gold", "empty.jsonl").returncode == 2
    both = rub("agree", "-", "--gold", "-")
    assert (both.returncode, "given twice" in both.stderr) == (2, True)


def test_gold_that_contradicts_itself(rub, tmp_path):
    small_run(rub, tmp_path)
    twice = [label(0, "a", v, annotator="ana") for v in ("yes", "no")]
    write(tmp_path, "gold.jsonl", twice)
    done = rub("agree", "results.jsonl", "--gold", "gold.jsonl")
    assert done.returncode == 2
    assert "D103 'ana' says both yes and no" in done.stderr
    # Without names they are two people.
    write(tmp_path, "gold.jsonl", [label(0, "a", v) for v in ("yes", "no")])
    assert agree(rub)["verdicts"]["annotators"] == ["gold", "gold 2"]


def test_results_of_a_response_twice(rub, tmp_path):
    small_run(rub, tmp_path)
    write(tmp_path, "gold.jsonl", [label(0, "a", "yes")])
    rows = (tmp_path / "results.jsonl").read_text().splitlines()
    (tmp_path / "results.jsonl").write_text("\n".join([*rows, rows[1]]) + "\n")
    done = rub("agree", "results.jsonl", "--gold", "gold.jsonl")
    assert done.returncode == 2
    assert "results.jsonl:14:1: D105 the response 'r0' to 'p0'" in done.stderr


def test_a_name_that_several_criteria_have(rub, tmp_path):
    for name in "gh":
        text = f"rubric {name}\n[1] x: Is {name}.\n[1] y: Is good.\n"
        (tmp_path / f"{name}.rub").write_text(text)
    (tmp_path / "r.rub").write_text(
        'rubric r\nuse "g.rub" as g\nuse "h.rub" as h\n[1] include g\n[1] include h\n'
    )
    place = {"prompt_id": "p", "response_id": "r"}
    write(tmp_path, "responses.jsonl", [{**place, "response": "Text."}])
    write(
        tmp_path,
        "said.jsonl",
        [
            {**place, "criterion": path, "verdict": "yes"}
            for path in ("g.x", "g.y", "h.x", "h.y")
        ],
    )
    judged(rub, spec="scripted:said.jsonl", out="results.jsonl")
    rows = [{**place, "criterion": c, "verdict": "yes"} for c in ("x", "h.x")]
    write(tmp_path, "gold.jsonl", rows)
    found = agree(rub)
    assert found["leftover"]["ambiguous"] == 1
    assert [c["path"] for c in found["verdicts"]["criteria"]] == ["h.x"]


def test_a_calibration_that_a_spec_can_name(rub, tmp_path):
    prepare(tmp_path)
    judged(rub, spec="scripted:said.jsonl", out="results.jsonl")
    found = agree(rub, "--calibrate", "cal.json")
    assert found["calibration"] == json.loads((tmp_path / "cal.json").read_text())
    (fit,) = found["calibration"]["calibrations"]
    chances = found["verdicts"]["overall"][0]["micro"]["chances"]
    assert fit["before"]["brier"] == pytest.approx(chances["brier"]["value"])
    assert fit["before"]["ece"] == pytest.approx(chances["ece"]["value"])
    assert fit["after"]["brier"] < fit["before"]["brier"]
    judged(rub, spec="scripted:said.jsonl?calibration=cal.json", out="results.jsonl")
    again = agree(rub)["verdicts"]["overall"][0]["micro"]["chances"]
    assert again["brier"]["value"] < chances["brier"]["value"]
    assert again["ece"]["value"] < chances["ece"]["value"]
    assert sum(b["count"] for b in again["bins"]) == 120
    text = rub(
        "agree", "results.jsonl", "--gold", "gold.jsonl", "--calibrate", "c.json"
    )
    assert "on unseen labels" in text.stdout
    assert "calibration: c.json" in text.stderr
    same = rub(
        *("judges", "--calibrate", "d.json"),
        *("--results", "results.jsonl", "--gold", "gold.jsonl"),
    )
    assert same.returncode == 0
    assert (tmp_path / "c.json").read_bytes() == (tmp_path / "d.json").read_bytes()


def test_a_calibration_takes_verdicts(rub, tmp_path):
    prepare(tmp_path, labels=20)
    judged(rub, spec="scripted:said.jsonl", out="results.jsonl")
    few = rub(
        "agree", "results.jsonl", "--gold", "gold.jsonl", "--calibrate", "cal.json"
    )
    assert few.returncode == 2
    assert "D207 scripted:said.jsonl has 20 labels" in few.stderr
    write(tmp_path, "s.jsonl", [{"prompt_id": "p0", "response_id": "r0", "gold": 1}])
    none = rub("agree", "results.jsonl", "--gold", "s.jsonl", "--calibrate", "cal.json")
    assert none.returncode == 2
    assert "D207 s.jsonl holds no verdicts" in none.stderr
    assert not (tmp_path / "cal.json").exists()


def test_without_numpy_it_says_what_to_install(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ImportError('no numpy here')\n")
    code = (
        "import sys, importlib.util as u\n"
        "found = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'numpy' else found(name, *a)\n"
        "from rubricdsl.cli.dispatch import run\n"
        "sys.exit(run(['agree', 'r.jsonl', '--gold', 'g.jsonl']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 2
    assert "D108 `rub agree` needs numpy" in done.stderr
    assert 'pip install "rubricdsl[arrays]"' in done.stderr


def test_the_results_in_the_examples_are_what_the_rubric_leads_to(rub, tmp_path):
    if "presence" not in PluginHost.installed().judge_backends:
        pytest.skip("the presence judge is not installed")
    examples = ROOT / "examples" / "doctor"
    done = rub(
        *("eval", examples / "fever.rub", "--out", "results.jsonl"),
        *("--responses", examples / "responses.jsonl", "--format", "json"),
    )
    assert done.returncode == 0, done.stderr
    now = read_results(str(tmp_path / "results.jsonl")).scorecards
    kept = read_results(str(examples / "results.jsonl")).scorecards
    for one, other in zip(now, kept, strict=True):
        assert (one.rubric_digest, one.response_id) == (
            other.rubric_digest,
            other.response_id,
        )
        assert one.score == pytest.approx(other.score)
