"""``rub report`` from the outside: a page from results, and what is refused."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUBRIC = """\
rubric steps
[2] brief: Has at most four words.
    check: words(response) <= 4
[1] polite: Says please.
    check: contains(response, "please")
"""
REFINED = RUBRIC.replace("[1] polite", "[3] polite")


@pytest.fixture
def run(rub, tmp_path):
    """Give a folder with a rubric, responses, and the results of two runs."""
    (tmp_path / "steps.rub").write_text(RUBRIC, "utf-8")
    (tmp_path / "refined.rub").write_text(REFINED, "utf-8")
    rows = [
        {"prompt_id": "p", "response_id": f"r{n}", "response": text}
        for n, text in enumerate(["Close the door.", "Please, would you close it?"])
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    for name in ("steps", "refined"):
        done = rub(
            *("eval", f"{name}.rub", "--responses", "r.jsonl"),
            *("--out", f"{name}.jsonl", "--format", "csv"),
        )
        assert done.returncode == 0, done.stderr
    return tmp_path


def edit(name: str) -> dict[str, object]:
    return {"op": "reweigh", "criterion": name, "mark": "3", "reason": f"why {name}"}


def write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document), "utf-8")


def test_a_page_from_all_that_there_is(rub, run) -> None:
    measure = {"pairs": 3, "accuracy": 0.5, "ties": 0.25, "leak": None}
    write(
        run / "refine.json",
        {
            "rubrics": [
                {
                    "name": "steps",
                    "file": "steps.rub",
                    "rounds": [
                        {
                            "round": 1,
                            "strategy": "rtd",
                            "prompt_id": "p",
                            "pair": ["r0", "r1"],
                            "accepted": [
                                {
                                    "edit": edit("polite"),
                                    "why": "it tells them apart",
                                    "before": measure,
                                    "after": {**measure, "accuracy": 0.75},
                                }
                            ],
                            "rejected": [
                                {"edit": edit("brief"), "why": "it does not"},
                                {"text": "no edit <b>", "why": "it is none"},
                            ],
                            "calls": 4,
                            "error": None,
                        }
                    ],
                    "stop": "rounds_done",
                    "stop_reason": "1 round made",
                    "begin": RUBRIC,
                    "source": REFINED,
                }
            ]
        },
    )
    write(
        run / "audit.json",
        {
            "top": 0.1,
            "through": 1,
            "measured": 2,
            "probes": [
                {"name": "empty", "attacks": "lenience", "through": 1, "measured": 2}
            ],
            "criteria": [
                {
                    "rubric": "steps",
                    "path": "brief",
                    "helps": True,
                    "fooled": [1, 2],
                    "by_probe": {"empty": [1, 2]},
                }
            ],
            "remedies": [
                {
                    "rubric": "steps",
                    "replaces": None,
                    "probes": ["empty"],
                    "why": "nothing asks for words",
                    "lines": "[must] said: Says something.",
                    "stops": [1, 1],
                    "harms": [0, 2],
                }
            ],
            "mutations": [],
            "killers": [],
            "not_measured": ["much"],
        },
    )
    (run / "gold.jsonl").write_text(
        '{"prompt_id": "p", "response_id": "r0", "gold": 1}\n', "utf-8"
    )
    done = rub(
        *(
            "report",
            "refined.jsonl",
            "--out",
            "report.html",
            "--compare",
            "steps.jsonl",
        ),
        *("--responses", "r.jsonl", "--gold", "gold.jsonl"),
        *("--refine", "refine.json", "--audit", "audit.json"),
    )
    assert done.returncode == 0, done.stderr
    # On a terminal stands the same in brief.
    assert "2 responses to 1 prompt, 2/2 scored, 4/4 verdicts" in done.stdout
    assert "polite" in done.stdout
    assert "<" not in done.stdout
    assert done.stderr.startswith("report: report.html, ")
    page = (run / "report.html").read_text("utf-8")
    for name in ("overview", "comparison", "map", "criteria", "scores", "audit"):
        assert f'<section id="{name}"' in page
    assert "Please, would you close it?" in page
    refinement = page[page.index('<section id="refinement"') :]
    assert "1 of 3 proposed edits entered" in refinement
    assert "reweigh `polite` to [3]" in refinement
    assert "50% → 75%" in refinement
    assert "no edit &lt;b&gt;" in refinement
    assert "What became of the rubric" in refinement
    assert "33.3% → 60.0%" in refinement
    assert "stops 1 of 1 that got through, and 0 of the 2 best responses" in page


def test_without_a_file_the_page_is_printed_and_is_the_same_each_time(rub, run) -> None:
    printed = [rub("report", "steps.jsonl").stdout for _ in range(2)]
    assert printed[0].startswith("<!doctype html>")
    assert printed[0].endswith("</html>\n")
    assert printed[0] == printed[1]
    results = (run / "steps.jsonl").read_text("utf-8")
    assert rub("report", "-", stdin=results).stdout == printed[0]
    assert '<section id="refinement"' not in printed[0]


def test_one_response_twice_is_refused(rub, run) -> None:
    done = rub("report", "steps.jsonl", "steps.jsonl", "--out", "x.html")
    assert done.returncode == 2
    assert "comes a second time" in done.stderr
    assert not (run / "x.html").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["none.jsonl"], "D101"),
        (["steps.rub"], "D103"),
        (["steps.jsonl", "--refine", "none.json"], "D101"),
        (["steps.jsonl", "--refine", "steps.rub"], "D102"),
        (["steps.jsonl", "--refine", "list.json"], "D103"),
        (["steps.jsonl", "--audit", "list.json"], "D103"),
        (["steps.jsonl", "--compare", "other.jsonl"], "D103"),
        (["empty.jsonl"], "D106"),
    ],
)
def test_what_cannot_be_shown_is_refused(rub, run, arguments, code) -> None:
    (run / "list.json").write_text("[]", "utf-8")
    header, *rows = (run / "steps.jsonl").read_text("utf-8").splitlines(keepends=True)
    (run / "empty.jsonl").write_text(header, "utf-8")
    renamed = [row.replace('"prompt_id": "p"', '"prompt_id": "q"') for row in rows]
    (run / "other.jsonl").write_text(header + "".join(renamed), "utf-8")
    done = rub("report", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert code in done.stderr


def test_an_older_record_of_a_refinement_shows_its_rounds(rub, run) -> None:
    record = {"name": "steps", "rounds": [], "stop": "cancelled", "source": RUBRIC}
    write(run / "refine.json", {"rubrics": [record]})
    done = rub("report", "steps.jsonl", "--refine", "refine.json")
    assert done.returncode == 0
    assert "It ended: cancelled." in done.stdout
    assert "What became" not in done.stdout


def test_what_criteria_say_stands_beside_them(rub, run) -> None:
    arguments = ("report", "steps.jsonl", "--rubric", "steps.rub")
    page = rub(*arguments)
    assert page.returncode == 0, page.stderr
    assert "Has at most four words." in page.stdout
    assert "Has at most four words." not in rub("report", "steps.jsonl").stdout


def test_what_another_rubric_says_does_not(rub, run) -> None:
    both = ("steps.rub", "refined.rub")
    (run / "refined.rub").write_text(REFINED.replace("steps", "other"), "utf-8")
    page = rub("report", "steps.jsonl", *(f"--rubric={path}" for path in both))
    assert page.returncode == 0, page.stderr
    assert not page.stderr
    (run / "steps.rub").write_text(RUBRIC.replace("four", "five"), "utf-8")
    page = rub("report", "steps.jsonl", "--rubric", "steps.rub")
    assert page.returncode == 2
    assert "was another when this was judged" in page.stderr
    assert "no rubric here is one of these results" in page.stderr
