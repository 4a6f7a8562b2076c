"""``rub rank`` from the outside: the best K, what was saved, and what is certain."""

import gzip
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from rubricdsl.formats.results import read_results
from rubricdsl.formats.tables import ranked
from rubricdsl.model.scorecard import Scorecard

RUBRIC = """\
rubric steps
[4] first: Names the first step.
[2] second: Names the second step.
[1] third: Names the third step.
[1] brief: Has at most nine words.
    check: words(response) <= 9
"""
# Whether the first, second and third step are named; all are brief.
STEPS = {"r1": "ynn", "r2": "yyn", "r3": "nyy", "r4": "nnn", "r5": "yyy"}


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def steps(tmp_path):
    (tmp_path / "steps.rub").write_text(RUBRIC, "utf-8")
    responses = [
        {"prompt_id": "p", "response_id": name, "response": f"Answer {name}."}
        for name in STEPS
    ]
    write_rows(tmp_path / "r.jsonl", responses)
    verdicts = [
        {
            "prompt_id": "p",
            "response_id": name,
            "criterion": criterion,
            "verdict": "yes" if met == "y" else "no",
        }
        for name, all_met in STEPS.items()
        for criterion, met in zip(("first", "second", "third"), all_met, strict=True)
    ]
    write_rows(tmp_path / "verdicts.jsonl", verdicts)
    return tmp_path


def arguments(*more: str) -> list[str]:
    judge = ["--judge", "scripted:verdicts.jsonl?ask=each"]
    return ["steps.rub", "--responses", "r.jsonl", *judge, *more]


def test_rows_carry_a_rank_and_what_was_not_asked(rub, steps) -> None:
    done = rub("rank", *arguments("--top", "2", "--json"))
    assert done.returncode == 0, done.stderr
    rows = {row["response_id"]: row for row in json.loads(done.stdout)["results"]}
    assert {name: row["rank"] for name, row in rows.items()} == {
        "r1": 3,
        "r2": 2,
        "r3": None,
        "r4": None,
        "r5": 1,
    }
    assert rows["r4"]["rank_interval"] == [4, 5]
    assert rows["r4"]["status"] == "incomplete"
    assert rows["r4"]["score"] is None
    assert rows["r4"]["interval"] == [0.125, 0.5]
    first, second, third, brief = rows["r4"]["criteria"]
    assert (first["verdict"], second["verdict"], brief["verdict"]) == (
        "no",
        None,
        "yes",
    )
    assert second["asked"] is False
    assert second["error"] is None
    assert third["asked"] is False
    assert "asked" not in first
    assert "verdicts were not needed" in done.stderr


def test_results_are_read_back_as_they_were(rub, steps) -> None:
    done = rub("rank", *arguments("--top", "2", "--out", "out.jsonl"))
    assert done.returncode == 0, done.stderr
    cards = read_results(str(steps / "out.jsonl")).scorecards
    assert [card.response_id for card in ranked(cards)[:2]] == ["r5", "r2"]
    assert [card.standing and card.standing.rank for card in cards] == [
        3,
        2,
        None,
        None,
        1,
    ]
    left_out = [c for card in cards for c in card.criteria if not c.verdict.asked]
    assert left_out
    assert not (steps / "out.jsonl.run").exists()


def test_the_table_shows_the_best(rub, steps) -> None:
    done = rub("rank", *arguments("--top", "2"))
    lines = [line.split() for line in done.stdout.splitlines() if line]
    assert "2 of 5 responses" in done.stdout
    assert [line[0] for line in lines[3:5]] == ["1", "2"]
    assert "r5" in lines[3]
    assert "r2" in lines[4]


def test_what_failed_leaves_the_best_open(rub, steps) -> None:
    rows = (steps / "verdicts.jsonl").read_text().splitlines()
    kept = [row for row in rows if '"r2"' not in row or '"second"' not in row]
    (steps / "verdicts.jsonl").write_text("\n".join(kept) + "\n")
    done = rub("rank", *arguments("--top", "2", "--json"))
    assert done.returncode == 3
    rows = {row["response_id"]: row for row in json.loads(done.stdout)["results"]}
    assert rows["r5"]["rank"] == 1
    assert rows["r2"]["rank"] is None
    assert rows["r2"]["rank_interval"][0] == 2
    assert "the best 2 are not certain for 1 prompt" in done.stderr


def test_a_failure_that_changes_nothing_does_no_harm(rub, steps) -> None:
    rows = (steps / "verdicts.jsonl").read_text().splitlines()
    kept = [row for row in rows if '"r4"' not in row or '"second"' not in row]
    (steps / "verdicts.jsonl").write_text("\n".join(kept) + "\n")
    done = rub("rank", *arguments("--top", "2"))
    assert done.returncode == 0, done.stderr


def test_a_ranking_is_not_resumed_as_another(rub, steps) -> None:
    first = rub("rank", *arguments("--top", "2", "--out", "out.jsonl"))
    assert first.returncode == 0
    other = rub("rank", *arguments("--top", "3", "--out", "out.jsonl", "--resume"))
    assert other.returncode == 2
    assert "the best 2" in other.stderr
    same = rub("rank", *arguments("--top", "2", "--out", "out.jsonl", "--resume"))
    assert same.returncode == 0, same.stderr


def test_the_number_is_needed(rub, steps) -> None:
    assert rub("rank", *arguments()).returncode == 2
    assert rub("rank", *arguments("--top", "0")).returncode == 2


# ------------------------------------------------------------------- real data

LEVELS = {"No": 0, "To some extent": 1, "Yes": 2}
NOMINAL = {
    "Yes (and the answer is correct)": 1,
    "Yes (but the answer is incorrect)": 2,
    "Encouraging": 0,
    "Neutral": 1,
    "Offensive": 2,
}


def read_packed(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture
def tutors(rub, shared, tmp_path):
    """Tutoring dialogues, each with its rubric, and the verdicts of experts."""
    data = shared / "data" / "mrbench_v2"
    if not data.is_dir():
        pytest.skip("there is no mrbench_v2 beside the checkout")
    done = rub(
        *("import", data / "rubrics.jsonl.gz", "--from", "levels"),
        *("--out", "tutors.rub", "--map", "map.jsonl"),
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "map.jsonl").open(encoding="utf-8") as file:
        paths = {row["id"]: row["path"] for row in map(json.loads, file)}
    write_rows(
        tmp_path / "r.jsonl",
        [
            {
                "prompt_id": row["prompt_id"],
                "response_id": row["response_id"],
                "response": row["text"],
            }
            for row in read_packed(data / "responses.jsonl.gz")
        ],
    )
    write_rows(
        tmp_path / "experts.jsonl",
        [
            {
                "prompt_id": row["prompt_id"],
                "response_id": row["response_id"],
                "criterion": paths[f"{row['prompt_id']}/{row['criterion_id']}"],
                "verdict": f"level {(LEVELS | NOMINAL)[row['value']]}",
            }
            for row in read_packed(data / "labels.jsonl.gz")
        ],
    )
    return tmp_path


def asked_of(card: Scorecard) -> list[bool]:
    """Say of each criterion that counts whether it was asked."""
    return [c.verdict.asked for c in card.criteria if c.mark != "info"]


@pytest.mark.parametrize("ask", ["each", "together"])
def test_the_best_two_of_real_responses_take_fewer_questions(rub, tutors, ask) -> None:
    judged = (
        *("tutors.rub", "--responses", "r.jsonl"),
        *("--judge", f"scripted:experts.jsonl?ask={ask}", "--format", "csv"),
    )
    full = rub("eval", *judged, "--out", "full.jsonl")
    assert full.returncode == 0, full.stderr[-500:]
    best = rub("rank", *judged, "--out", "best.jsonl", "--top", "2")
    assert best.returncode == 0, best.stderr[-500:]

    full_cards, cards = (
        read_results(str(tutors / name)).scorecards
        for name in ("full.jsonl", "best.jsonl")
    )
    expected: dict[str, list[str]] = defaultdict(list)
    for card in ranked(full_cards):
        expected[card.prompt_id].append(card.response_id)
    found: dict[str, dict[int | None, str]] = defaultdict(dict)
    for card in cards:
        assert card.standing is not None
        found[card.prompt_id][card.standing.rank] = card.response_id
    assert len(expected) == 200
    for prompt, order in expected.items():
        assert [found[prompt][1], found[prompt][2]] == order[:2]

    counting = [asked for card in cards for asked in asked_of(card)]
    calls = [sum(card.judge_calls for card in made) for made in (full_cards, cards)]
    share = sum(counting) / len(counting)
    print(  # noqa: T201 - a figure to report
        f"asked {ask}: {share:.1%} of the {len(counting):,} questions that count, "
        f"{sum(counting) / (len(cards) * 8):.1%} of all; {calls[1]:,} calls "
        f"instead of {calls[0]:,}"
    )
    assert share < 0.8
