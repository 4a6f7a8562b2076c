"""Fitting a calibration on labels, and judging with it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

RUBRIC = "rubric r\n\n[1] a: Is so.\n[1] b: Is good.\n"


def lines(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def prepare(folder: Path, *, labels: int = 120) -> None:
    """A judge that says 0.9 where 0.5 is right, and labels that show it."""
    random = Random(0)  # noqa: S311 - no secret
    responses, recorded, gold = [], [], []
    for number in range(labels // 2):
        place = {"prompt_id": f"p{number % 20}", "response_id": f"r{number}"}
        responses.append({**place, "response": f"Text {number}."})
        for name in ("a", "b"):
            high = random.random() < 0.6
            p = 0.6 + 0.2 * random.random() if high else 0.1
            cell = {**place, "criterion": name}
            recorded.append(
                {**cell, "verdict": "yes" if high else "no", "probability": p}
            )
            truth = random.random() < (0.35 if high else 0.02)
            gold.append({**cell, "verdict": "yes" if truth else "no"})
    (folder / "r.rub").write_text(RUBRIC)
    (folder / "responses.jsonl").write_text(lines(responses))
    (folder / "said.jsonl").write_text(lines(recorded))
    (folder / "gold.jsonl").write_text(lines(gold))


def judged(rub, *, spec: str, out: str) -> None:
    done = rub(
        *("eval", "r.rub", "--responses", "responses.jsonl"),
        *("--judge", spec, "--out", out),
    )
    assert done.returncode == 0, done.stderr


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


def test_labels_make_a_calibration_that_a_spec_can_name(rub, tmp_path):
    prepare(tmp_path)
    judged(rub, spec="scripted:said.jsonl", out="results.jsonl")
    fitted = rub(
        *("judges", "--calibrate", "cal.json"),
        *("--results", "results.jsonl", "--gold", "gold.jsonl", "--json"),
    )
    assert fitted.returncode == 0, fitted.stderr
    report = json.loads(fitted.stdout)
    assert report == json.loads((tmp_path / "cal.json").read_text())
    (calibration,) = report["calibrations"]
    assert calibration["judge"] == "scripted:said.jsonl"
    assert calibration["labels"] == 120
    for measure in ("log_loss", "brier", "ece"):
        assert calibration["after"][measure] < calibration["before"][measure]
    judged(rub, spec="scripted:said.jsonl?calibration=cal.json", out="again.jsonl")
    before, after = rows(tmp_path / "results.jsonl"), rows(tmp_path / "again.jsonl")
    assert sum(r["score"] for r in after) < sum(r["score"] for r in before)
    assert all(0 <= row["expected"] <= 1 for row in after)
    first, second = before[0]["criteria"][0], after[0]["criteria"][0]
    assert first["judge"] == second["judge"]
    assert first["provenance"]["settings"] != second["provenance"]["settings"]
    assert first["provenance"]["template"] != second["provenance"]["template"]


def test_the_same_labels_give_the_same_bytes(rub, tmp_path):
    prepare(tmp_path)
    judged(rub, spec="scripted:said.jsonl", out="results.jsonl")
    for name in ("one.json", "two.json"):
        done = rub(
            *("judges", "--calibrate", name),
            *("--results", "results.jsonl", "--gold", "gold.jsonl"),
        )
        assert "on unseen labels" in done.stdout
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_what_cannot_be_fitted_is_told(rub, tmp_path):
    prepare(tmp_path, labels=20)
    judged(rub, spec="scripted:said.jsonl", out="results.jsonl")
    few = rub(
        *("judges", "--calibrate", "cal.json"),
        *("--results", "results.jsonl", "--gold", "gold.jsonl"),
    )
    assert few.returncode == 2
    assert "D207 scripted:said.jsonl has 20 labels" in few.stderr
    assert not (tmp_path / "cal.json").exists()
    (tmp_path / "gold.jsonl").write_text(
        lines(
            [{"prompt_id": "x", "response_id": "x", "criterion": "a", "verdict": "no"}]
        )
    )
    none = rub(
        *("judges", "--calibrate", "cal.json"),
        *("--results", "results.jsonl", "--gold", "gold.jsonl"),
    )
    assert (none.returncode, "no label in gold.jsonl" in none.stderr) == (2, True)
    (tmp_path / "gold.jsonl").write_text('{"prompt_id": "x"}\n')
    bad = rub(
        *("judges", "--calibrate", "cal.json"),
        *("--results", "results.jsonl", "--gold", "gold.jsonl"),
    )
    assert "gold.jsonl:1:1: D103 this is no labelled verdict" in bad.stderr
    alone = rub("judges", "--calibrate", "cal.json")
    assert (alone.returncode, "D401" in alone.stderr) == (2, True)
    assert rub("judges", "--gold", "gold.jsonl").returncode == 2


def test_a_calibration_of_another_judge_asks_nothing(rub, tmp_path):
    prepare(tmp_path)
    judged(rub, spec="scripted:said.jsonl", out="results.jsonl")
    rub(
        *("judges", "--calibrate", "cal.json"),
        *("--results", "results.jsonl", "--gold", "gold.jsonl"),
    )
    spec = "openai:m?base_url=http://127.0.0.1:9/v1&calibration=cal.json"
    done = rub("eval", "r.rub", "--responses", "responses.jsonl", "--judge", spec)
    assert done.returncode == 2
    assert "no calibration of openai:m, only of scripted:said.jsonl" in done.stderr
