"""People as judges: sheets out, answers in, whatever a spreadsheet made of them."""

import csv
import io
import json
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.judgement import Question
from rubricdsl.model.rubric import Level, LevelScale
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl_human.answers import read_answers
from rubricdsl_human.cells import guarded, unguarded
from rubricdsl_human.form import form
from rubricdsl_human.items import Item
from rubricdsl_human.sheets import Sheet, table, write_sheet
from tests.cli.in_process import InProcess

RUBRIC = """\
rubric capital
judge people
    model: "human/ann", "human/bob"
    votes: majority
judge: people
[2] names_it: Names Ottawa as the capital.
    n/a: skip
[1] quoted: Names the river.
    evidence: required
[1] amount: How much it says.
    level 1: little
    level 3: much
"""
ROWS = [
    {
        "prompt_id": "p",
        "response_id": f"one-of-two-{n}",
        "response": text,
        "prompt": "Where?",
    }
    for n, text in enumerate(
        ["=Ottawa, on the river.", "Toronto; “nothing” else,\nno."]
    )
]
ARGUMENTS = ("eval", "capital.rub", "--responses", "r.jsonl", "--out", "o.jsonl")
ANN = (*ARGUMENTS, "--judge", "human:ann?folder=sheets")
STATEMENTS = {
    "Names Ottawa as the capital.": "yes",
    "Names the river.": "no",
    "How much it says.": "3",
}


@pytest.fixture
def rub(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> InProcess:
    """Give a runner of ``rub`` in an empty folder."""
    return InProcess(tmp_path, monkeypatch, capsys)


@pytest.fixture
def capital(tmp_path: Path) -> Path:
    (tmp_path / "capital.rub").write_text(RUBRIC, "utf-8")
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "r.jsonl").write_text(lines, "utf-8")
    return tmp_path


def sheet_of(folder: Path, name: str) -> Path:
    (path,) = (folder / "sheets").glob(f"{name}-*.csv")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def fill(path: Path, *, only: int | None = None) -> None:
    """Answer the first rows of a sheet, or all."""
    rows = rows_of(path)
    for row in rows[:only]:
        row["answer"] = STATEMENTS[row["statement"]]
    write(path, rows)


def write(path: Path, rows: list[dict[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_text("\ufeff" + text.getvalue(), "utf-8", newline="")


def results(folder: Path) -> dict[str, dict[str, Any]]:
    _, *rows = (folder / "o.jsonl").read_text("utf-8").splitlines()
    return {row["response_id"]: row for row in map(json.loads, rows)}


# -------------------------------------------------------------------- the way of a user


def test_what_is_not_answered_is_asked_and_what_is_answered_is_scored(
    rub: InProcess, capital: Path
) -> None:
    done = rub(*ANN)
    assert done.returncode == 3
    assert "6 judge_pending" in done.stderr
    assert "waits for ann to answer a sheet in sheets" in done.stderr
    assert "once the answers that it waits for are there: rub eval" in done.stderr
    sheet = sheet_of(capital, "ann")
    before = sheet.read_bytes()

    done = rub(*ANN)
    assert done.returncode == 3
    assert sheet_of(capital, "ann") == sheet, "it was asked twice"
    assert sheet.read_bytes() == before

    fill(sheet, only=2)
    done = rub(*ANN)
    assert done.returncode == 3
    assert "4 judge_pending" in done.stderr
    assert len(list((capital / "sheets").iterdir())) == 3

    fill(sheet)
    done = rub(*ANN)
    assert done.returncode == 0, done.stderr
    assert {row["score"] for row in results(capital).values()} == {0.75}

    # A new response comes onto a new sheet, and only that.
    row = {"prompt_id": "p", "response_id": "new", "response": "Ottawa."}
    with (capital / "r.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    assert rub(*ANN).returncode == 3
    (new,) = set((capital / "sheets").glob("*.csv")) - {sheet}
    assert len(rows_of(new)) == 3
    assert {row["answer"] for row in rows_of(sheet)} == {"yes", "no", "3"}


def test_several_people_are_a_panel_and_their_answers_gold(
    rub: InProcess, capital: Path
) -> None:
    done = rub(*ARGUMENTS)
    assert done.returncode == 3
    for name in ("ann", "bob"):
        fill(sheet_of(capital, name))
    row, *others = rows_of(sheet_of(capital, "bob"))
    row |= {"answer": "N/A" if "n/a" in row["answers"] else row["answer"]}
    write(sheet_of(capital, "bob"), [row, *others])
    done = rub(*ARGUMENTS)
    assert done.returncode == 0, done.stderr
    (criterion, *_) = results(capital)["one-of-two-0"]["criteria"]
    assert criterion["judge"] == "majority of human:ann, human:bob"

    from rubricdsl_human.__main__ import gold_lines, status_lines

    answers = read_answers(capital / "sheets")
    assert list(status_lines(answers)) == [
        "ann: 6 of 6 answered",
        "bob: 6 of 6 answered",
    ]
    lines = list(gold_lines(answers))
    assert len(lines) == 12
    (capital / "gold.jsonl").write_text("\n".join(lines), "utf-8")
    done = rub("agree", "o.jsonl", "--gold", "gold.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    assert "ann" in {json.loads(line)["annotator"] for line in lines}
    assert "people" in done.stdout


def test_people_see_no_names_weights_or_answers_of_others(
    rub: InProcess, capital: Path
) -> None:
    rub(*ARGUMENTS)
    fill(sheet_of(capital, "bob"))
    for path in (capital / "sheets").glob("ann-*"):
        text = path.read_text("utf-8")
        for hidden in ("names_it", "quoted", "amount", "one-of-two", "bob"):
            assert hidden not in text, (path.suffix, hidden)


def test_the_order_is_each_persons_own_and_the_same_again() -> None:
    items = [item(f"Statement {n}.", response=f"text {n % 5}") for n in range(20)]
    ann = Sheet.of("ann", items, seed=0)
    assert [i.id for i in ann.items] == [
        i.id for i in Sheet.of("ann", items[::-1], seed=0).items
    ]
    for other in (Sheet.of("bob", items, seed=0), Sheet.of("ann", items, seed=1)):
        assert [i.id for i in other.items] != [i.id for i in ann.items]
        assert {i.id for i in other.items} == {i.id for i in ann.items}
    # What is about one response stands together.
    about = [i.about for i in ann.items]
    changes = sum(a != b for a, b in pairwise(about))
    assert changes == 4


def test_a_readiness_check_asks_nobody(rub: InProcess, capital: Path) -> None:
    done = rub("judges", "--check", "human:ann", "human")
    assert "ann has answered 0 of 0 in sheets" in done.stdout
    assert "needs the name of a person" in done.stdout
    assert not (capital / "sheets").exists()


def test_a_folder_that_cannot_be_written_is_an_error(
    rub: InProcess, capital: Path
) -> None:
    (capital / "sheets").write_text("a file", "utf-8")
    done = rub(*ANN)
    assert done.returncode == 2
    assert "D205" in done.stderr
    done = rub(*ARGUMENTS, "--judge", "human:ann?folder=sheets/below")
    assert done.returncode == 2
    assert "D111 the folder of sheets sheets/below cannot be made" in done.stderr
    assert "Traceback" not in done.stderr


# ------------------------------------------------------------------------ what is read


def item(text: str, *, response: str = "A response.") -> Item:
    asker = ("capital", "path", "p", response)
    return Item(
        question=Question(text=text),
        texts={"response": response},
        askers=frozenset([asker]),
    )


LEVELS = Item(
    question=Question(
        text="How much?",
        scale=LevelScale(
            1.0, 3.0, (Level(1.0, None, "little"), Level(3.0, None, "much"))
        ),
        may_abstain=True,
    ),
    texts={"response": "A response."},
)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    write_sheet(tmp_path, Sheet.of("ann", [item("Is kind."), LEVELS], seed=0))
    (path,) = tmp_path.glob("*.csv")
    return path


def answered(path: Path, word: str, of: str = "Is kind.", **more: str) -> Path:
    rows = rows_of(path)
    for row in rows:
        if row["statement"] == of:
            row |= {"answer": word, **more}
    write(path, rows)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("begin", ["", "\ufeff", "\ufeffsep={}\r\n", "sep={}\n"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_sheets_are_read_as_spreadsheets_save_them(
    sheet: Path, delimiter: str, begin: str, end: str
) -> None:
    rows = rows_of(sheet)[::-1]
    for row in rows:
        row |= {"answer": " Yes " if "kind" in row["statement"] else "3", "more": "x"}
    text = io.StringIO(newline="")
    names = ["comment", "ANSWER", *sorted(set(rows[0]) - {"comment", "answer"})]
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(names)
    writer.writerows([row[name.lower()] for name in names] for row in rows)
    written = begin.format(delimiter) + text.getvalue() + delimiter * 3 + end
    sheet.write_text(written, "utf-8", newline="")
    given = read_answers(sheet.parent).given
    assert {one.ruling for one in given.values()} == {YES, Ruling.level(3)}


@pytest.mark.parametrize(
    ("word", "ruling"),
    [
        ("level 3", Ruling.level(3)),
        ("LEVEL 1", Ruling.level(1)),
        ("3", Ruling.level(3)),
        ("1.0", Ruling.level(1)),
        ("n/a", Ruling.from_record("n/a")),
        ("2", None),
        ("level 2", None),
        ("yes", None),
        ("1e0", None),
        ("nan", None),
    ],
)
def test_answers_are_those_of_the_scale(
    sheet: Path, word: str, ruling: Ruling | None
) -> None:
    answered(sheet, word, of="How much?")
    if ruling is not None:
        (given,) = read_answers(sheet.parent).given.values()
        assert given.ruling == ruling
        return
    with pytest.raises(RubricError) as caught:
        read_answers(sheet.parent)
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.span.file) == ("D206", str(sheet))
    assert fault.span.line in {2, 3, 4}
    assert "legal are level 1, level 3, n/a" in fault.message


def test_comments_and_quotes_come_along(sheet: Path) -> None:
    answered(sheet, "no", quote="'=1+1", comment="so, so")
    (given,) = read_answers(sheet.parent).given.values()
    assert (given.ruling, given.quote, given.comment) == (NO, "=1+1", "so, so")


def test_all_that_is_wrong_is_told_with_its_place(sheet: Path) -> None:
    folder = sheet.parent
    (known,) = [row["id"] for row in rows_of(sheet) if row["statement"] == "Is kind."]
    answered(sheet, "perhaps")
    saved = [
        {"id": known, "annotator": "bob", "answer": "yes"},
        {"id": "q0", "annotator": "ann", "answer": "yes"},
        {"id": known, "annotator": "bob", "answer": "no"},
    ]
    text = "".join(json.dumps(row) + "\n" for row in saved)
    (folder / "x.jsonl").write_text(text, "utf-8")
    (folder / "y.csv").write_bytes("id,annotator,answer\n1,ann,\xe9".encode("latin-1"))
    (folder / "z.csv").write_text("id;answer\n1;yes\n", "utf-8")
    with pytest.raises(RubricError) as caught:
        read_answers(folder)
    faults = {
        (Path(d.span.file).name, d.code, d.span.line): d.message
        for d in caught.value.diagnostics
    }
    assert "'perhaps' is no legal answer" in str(faults)
    assert "no item of this folder has the id 'q0'" in faults["x.jsonl", "D206", 2]
    assert "bob answers no to" in faults["x.jsonl", "D206", 3]
    assert "x.jsonl:1" in faults["x.jsonl", "D206", 3]
    assert ("y.csv", "D104", 2) in faults
    assert "not just one column `annotator`" in faults["z.csv", "D206", 1]
    assert len(faults) == 5


def test_the_same_answer_twice_is_no_contradiction(sheet: Path) -> None:
    answered(sheet, "yes")
    copy = sheet.with_name("copy of it.csv")
    copy.write_bytes(sheet.read_bytes())
    (given,) = read_answers(sheet.parent).given.values()
    assert given.ruling == YES


def test_a_sheet_is_never_written_over(tmp_path: Path) -> None:
    sheet = Sheet.of("ann", [item("Is kind.")], seed=0)
    (tmp_path / f"{sheet.name}.csv").write_text("what somebody made of it", "utf-8")
    write_sheet(tmp_path, sheet)
    text = (tmp_path / f"{sheet.name}.csv").read_text("utf-8")
    assert text == "what somebody made of it"
    assert (tmp_path / f"{sheet.name}-2.csv").exists()


# ---------------------------------------------------------------------- what is written


@given(st.text())
def test_no_cell_is_a_formula_and_all_are_given_back(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    if not text.startswith("'"):
        assert unguarded(guarded(text)) == text


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(min_size=1), st.text()), min_size=1, max_size=5, unique=True
    )
)
def test_a_sheet_has_a_row_for_each_item_whatever_the_texts(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("sheets")
    items = [item(text, response=response) for text, response in pairs]
    write_sheet(folder, Sheet.of("ann", items, seed=0))
    answers = read_answers(folder)
    assert answers.put["ann"] == {one.id for one in items}
    assert not answers.given


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> & \u202e --> "


def test_a_hostile_text_stays_a_text() -> None:
    page = form("ann-1", "ann", [item(HOSTILE, response=HOSTILE)])
    assert page.count("<script") == 2
    assert "<img" not in page
    assert "\u202e" not in page
    policy = re.search(r'Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src &#x27;none&#x27;" in policy[1]
    assert "unsafe" not in policy[1]
    assert "http" not in policy[1]
    assert page == form("ann-1", "ann", [item(HOSTILE, response=HOSTILE)])


def test_an_artifact_may_be_called_as_a_column_is() -> None:
    asked = attrs.evolve(
        item("Is kind."), texts={"response": "x", "answer": "y", "=1": "z"}
    )
    text = table(Sheet.of("ann", [asked], seed=0)).removeprefix("\ufeff")
    header = next(csv.reader(io.StringIO(text)))
    assert header.count("answer") == 1
    assert "text answer" in header
    assert "'=1" in header


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_the_command_of_the_plugin_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from rubricdsl_human.__main__ import main

    monkeypatch.setattr("sys.argv", ["x", "status", str(tmp_path / "none")])
    assert main() == 2
    assert "D101" in capsys.readouterr().err
