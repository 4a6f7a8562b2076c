"""What is written is read back equal; broken results say where they are broken."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.formats.result_rows import result_row, scorecard_of
from rubricdsl.formats.results import (
    read_results,
    result_lines,
    results_document,
    write_csv,
    write_results,
)
from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Failure, Ruling
from rubricdsl.model.scorecard import (
    CriterionResult,
    Doubt,
    Gate,
    GroupResult,
    Noise,
    Scorecard,
    Standing,
    Status,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
UNITS = st.floats(0, 1)
NUMBERS = st.floats(-1e6, 1e6)
COUNTS = st.integers(0, 2**50)
MARKS = st.sampled_from(["weight", "must", "never", "cap", "bonus", "info"])
RULINGS = (
    st.sampled_from([YES, NO, PARTLY, NA])
    | st.integers(-5, 100).map(Ruling.level)
    | UNITS.map(Ruling.of_number)
)
PROVENANCES = st.builds(Provenance, judge=TEXTS, response=TEXTS)
DETAILS: dict[str, st.SearchStrategy[Any]] = {
    "probability": st.none() | UNITS,
    "evidence": st.none() | TEXTS,
    "reason": st.none() | TEXTS,
    "cached": st.booleans(),
    "provenance": PROVENANCES,
}
VERDICTS = st.builds(Verdict, ruling=RULINGS, **DETAILS) | st.builds(
    Verdict, failure=st.builds(Failure, TEXTS, TEXTS), **DETAILS
)
PLACES = {"name": TEXTS, "path": TEXTS, "mark": MARKS}


STANDINGS = st.builds(
    lambda best, more, doubt: Standing(best, best + more, doubt),
    st.integers(1, 9),
    st.integers(0, 3),
    st.none() | st.builds(Doubt, UNITS, UNITS),
)


@st.composite
def scorecards(draw: st.DrawFn) -> Scorecard:
    status = draw(st.sampled_from(Status))
    is_complete = status is Status.COMPLETE
    ends = sorted([draw(UNITS), draw(UNITS)])
    return draw(
        st.builds(
            Scorecard,
            rubric=TEXTS,
            rubric_version=st.none() | TEXTS,
            rubric_digest=TEXTS,
            prompt_id=TEXTS,
            response_id=TEXTS,
            score=UNITS if is_complete else st.none(),
            points=NUMBERS if is_complete else st.none(),
            passed=st.none() | st.booleans(),
            status=st.just(status),
            coverage=UNITS,
            interval=st.sampled_from([None, (ends[0], ends[1])]),
            expected=st.none() | UNITS,
            gates=st.lists(st.builds(Gate, cap=UNITS, **PLACES), max_size=2).map(tuple),
            criteria=st.lists(
                st.builds(
                    CriterionResult,
                    verdict=VERDICTS,
                    value=st.none() | UNITS,
                    weight=st.none() | NUMBERS,
                    share=st.none() | NUMBERS,
                    question=TEXTS,
                    **PLACES,
                ),
                max_size=3,
            ).map(tuple),
            groups=st.lists(
                st.builds(
                    GroupResult,
                    value=st.none() | UNITS,
                    weight=st.none() | NUMBERS,
                    **PLACES,
                ),
                max_size=2,
            ).map(tuple),
            judge_calls=COUNTS,
            usage=st.builds(
                Usage,
                prompt_tokens=COUNTS,
                completion_tokens=COUNTS,
                cost=st.none() | NUMBERS,
            ),
            seconds=st.floats(0, 1e6),
            standing=st.none() | STANDINGS,
            noise=st.none() | st.builds(Noise, st.none() | UNITS, COUNTS),
        )
    )


CARD = Scorecard(
    rubric="tdap",
    rubric_version="1.2.0",
    rubric_digest="d1",
    prompt_id="p1",
    response_id="r03",
    score=0.846,
    points=11.0,
    passed=True,
    status=Status.COMPLETE,
    coverage=1.0,
    interval=(0.846, 0.846),
    expected=0.8123,
    gates=(Gate(name="runs", path="runs", mark="must", cap=0.0),),
    criteria=(
        CriterionResult(
            name="window",
            path="window",
            mark="weight",
            verdict=Verdict(
                ruling=YES,
                probability=0.93,
                evidence="between weeks 27 and 36",
                reason="it says so",
                provenance=Provenance(judge="openai:m", response="r"),
            ),
            value=1.0,
            weight=3.0,
            share=0.2308,
            question="q",
        ),
    ),
    groups=(
        GroupResult(name="method", path="method", mark="weight", value=0.75, weight=5),
    ),
    judge_calls=7,
    usage=Usage(prompt_tokens=812, completion_tokens=40),
    seconds=1.9,
)


def test_the_row_is_the_one_that_scripts_rely_on() -> None:
    assert json.dumps(result_row(CARD)) == (
        '{"rubric": "tdap", "rubric_version": "1.2.0", "rubric_digest": "d1", '
        '"prompt_id": "p1", "response_id": "r03", "score": 0.846, "points": 11, '
        '"passed": true, "status": "complete", "coverage": 1.0, '
        '"interval": [0.846, 0.846], "expected": 0.8123, '
        '"gates": [{"name": "runs", "path": "runs", "mark": "must", "cap": 0.0}], '
        '"criteria": [{"name": "window", "path": "window", "mark": "weight", '
        '"verdict": "yes", "value": 1.0, "weight": 3, "share": 0.2308, '
        '"probability": 0.93, "judge": "openai:m", '
        '"evidence": "between weeks 27 and 36", "reason": "it says so", '
        '"cached": false, "error": null, "provenance": {"question": "q", '
        '"response": "r", "settings": "", "template": "", "model": null}}], '
        '"groups": [{"name": "method", "path": "method", "mark": "weight", '
        '"value": 0.75, "weight": 5}], '
        '"judge_calls": 7, "tokens": {"prompt": 812, "completion": 40}, '
        '"cost": null, "seconds": 1.9}'
    )


@pytest.mark.parametrize(
    ("ruling", "record"),
    [(NA, "n/a"), (Ruling.level(3), "level 3"), (Ruling.of_number(0.5), 0.5)],
)
def test_verdicts_are_words_or_numbers(ruling: Ruling, record: str | float) -> None:
    verdict = evolve(CARD.criteria[0].verdict, ruling=ruling)
    card = evolve(CARD, criteria=(evolve(CARD.criteria[0], verdict=verdict),))
    row: Any = result_row(card)
    assert row["criteria"][0]["verdict"] == record


def test_a_failure_is_an_error_and_no_verdict() -> None:
    verdict = Verdict(
        failure=Failure("rate_limited", "429 \ud83d"),
        provenance=Provenance(judge="", response="r"),
    )
    card = evolve(CARD, criteria=(evolve(CARD.criteria[0], verdict=verdict),))
    (criterion,) = json.loads(json.dumps(result_row(card)))["criteria"]
    assert criterion["verdict"] is None
    assert criterion["error"] == {"kind": "rate_limited", "reason": "429 �"}
    assert criterion["judge"] is None


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_never_get_out(number: float) -> None:
    for card in (
        evolve(CARD, score=number),
        evolve(CARD, points=number),
        evolve(CARD, interval=(0.0, number)),
        evolve(CARD, criteria=(evolve(CARD.criteria[0], value=number),)),
        evolve(CARD, usage=Usage(cost=number)),
    ):
        with pytest.raises(ValueError, match="finite"):
            result_row(card)


# --------------------------------------------------------------- round trips


@given(scorecards())
def test_a_row_gives_its_scorecard_back(card: Scorecard) -> None:
    row = json.loads(json.dumps(result_row(card), allow_nan=False))
    assert scorecard_of(row) == card
    judges = [result.verdict.provenance.judge for result in card.criteria]
    read = scorecard_of(row)
    assert [result.verdict.provenance.judge for result in read.criteria] == judges
    for before, after in zip(card.criteria, read.criteria, strict=True):
        assert before.question == after.question
        assert before.verdict.provenance == after.verdict.provenance


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@given(
    st.dictionaries(TEXTS, TEXTS | COUNTS | st.none(), max_size=3),
    st.lists(scorecards(), max_size=3),
    st.sampled_from(["out.jsonl", "out.jsonl.gz", "out"]),
)
def test_a_file_gives_back_what_was_written(
    folder: Path, run: dict[str, Any], cards: list[Scorecard], name: str
) -> None:
    path = str(folder / name)
    write_results(path, run, cards)
    results = read_results(path)
    assert results.run == run
    assert results.scorecards == tuple(cards)
    lines = "".join(f"{line}\n" for line in result_lines(run, cards))
    assert read_results("-", stdin=io.BytesIO(lines.encode())) == results
    document: Any = results_document(run, cards)
    assert document["run"] == run
    assert document["results"] == [json.loads(line) for line in lines.splitlines()[1:]]


def test_equal_results_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one.gz", "other.gz"):
        write_results(str(tmp_path / name), {"seed": 0}, [CARD])
    one, other = ((tmp_path / n).read_bytes() for n in ("one.gz", "other.gz"))
    assert one == other
    assert gzip.decompress(one).startswith(b'{"rub": 1, "run": {"seed": 0}}\n{"rubric"')


# ------------------------------------------------------------- broken results

HEADER = '{"rub": 1, "run": {}}\n'


@pytest.mark.parametrize(
    ("content", "code", "line", "words"),
    [
        ("", "D103", 1, "does not begin with the header"),
        ('{"response": "a"}\n', "D103", 1, "does not begin with the header"),
        ('{"rub": true, "run": {}}', "D103", 1, "does not begin with the header"),
        ('{"rub": 1, "run": []}', "D103", 1, "does not begin with the header"),
        ("no json", "D103", 1, "does not begin with the header"),
        ('{"rub": 2, "run": {}}', "D108", 1, "edition 2"),
        (HEADER + "{", "D102", 2, "not valid JSON"),
        (HEADER + "{}", "D103", 2, "`rubric` is missing"),
    ],
)
def test_what_is_no_results_file_is_refused(
    tmp_path: Path, content: str, code: str, line: int, words: str
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RubricError) as caught:
        read_results(str(path))
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.span.line) == (code, line)
    assert words in fault.message
    assert "rub" in fault.hint or code == "D102"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"score": "high"}, "`score` is a text, not a number"),
        ({"score": None}, "`score` is null"),
        ({"status": "incomplete"}, "`score` is a number"),
        ({"score": 1.5}, "`score` is 1.5"),
        ({"score": None, "status": "fine"}, "`status` is 'fine'"),
        ({"passed": 1}, "`passed` is a number, not a truth value"),
        ({"coverage": None}, "`coverage` is missing"),
        ({"interval": [1, 0]}, "`interval`"),
        ({"expected": 1.5}, "`expected` is 1.5"),
        ({"noise": {"half_width": 0.1}}, "`noise` is not a half-width"),
        ({"noise": {"half_width": -1, "votes": 2}}, "`noise` is not a half-width"),
        (
            {"rank_interval": [1, 2], "rank_doubt": {"border": 2, "place": 0}},
            "`rank_doubt` is not a pair of risks",
        ),
        ({"tokens": []}, "`tokens` is an empty list"),
        ({"criteria": {}}, "`criteria` is not a list of objects"),
        ({"gates": [{"name": "g"}]}, "entry 1 of `gates`: `path` is missing"),
        ({"criteria": [{"verdict": "maybe"}]}, "entry 1 of `criteria`"),
    ],
)
def test_every_bad_row_is_told(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    bad = json.dumps(result_row(CARD) | change)
    path = tmp_path / "r.jsonl"
    good = json.dumps(result_row(CARD))
    path.write_text(f"{HEADER}{bad}\n{good}\n{bad}\n", encoding="utf-8")
    with pytest.raises(RubricError) as caught:
        read_results(str(path))
    faults = caught.value.diagnostics
    assert [(fault.code, fault.span.line) for fault in faults] == [
        ("D103", 2),
        ("D103", 4),
    ]
    assert words in faults[0].message


@pytest.mark.parametrize("verdict", ["maybe", "level x", "level inf", True, [], {}])
def test_a_verdict_that_is_none_is_refused(tmp_path: Path, verdict: object) -> None:
    row: Any = result_row(CARD)
    row["criteria"][0]["verdict"] = verdict
    path = tmp_path / "r.jsonl"
    path.write_text(HEADER + json.dumps(row), encoding="utf-8")
    with pytest.raises(RubricError, match="`verdict` is"):
        read_results(str(path))


# ------------------------------------------------------------------------ CSV


def table(cards: list[Scorecard]) -> list[list[str]]:
    file = io.StringIO(newline="")
    write_csv(file, cards)
    return list(csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True))


def test_csv_is_flat_and_safe_in_spreadsheets() -> None:
    evil = evolve(CARD, prompt_id="=1+1", response_id="@x", points=-2.5, passed=None)
    failed = Verdict(
        failure=Failure("not_recorded", "no"),
        provenance=Provenance(judge="j", response="r"),
    )
    result = evolve(CARD.criteria[0], path="status", verdict=failed)
    other = evolve(
        CARD,
        score=None,
        status=Status.INCOMPLETE,
        interval=None,
        criteria=(result, CARD.criteria[0]),
    )
    header, first, second = table([evil, other])
    assert header == [
        *("rubric", "prompt_id", "response_id", "score", "points", "passed"),
        *("status", "coverage", "interval_low", "interval_high"),
        *("window", "criteria.status"),
    ]
    assert first == [
        *("tdap", "'=1+1", "'@x", "0.846", "-2.5", "", "complete", "1.0"),
        *("0.846", "0.846", "yes", ""),
    ]
    assert second == [
        *("tdap", "p1", "r03", "", "11", "true", "incomplete", "1.0", "", ""),
        *("yes", "error:not_recorded"),
    ]


@given(st.lists(scorecards(), max_size=4))
def test_csv_has_a_row_for_each_result_and_no_formula(cards: list[Scorecard]) -> None:
    header, *rows = table(cards)
    assert len(rows) == len(cards)
    for card, row in zip(cards, rows, strict=True):
        cells = dict(zip(header[:10], row, strict=False))
        assert len(row) == len(header)
        assert not cells["prompt_id"].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cells["prompt_id"].removeprefix("'") == card.prompt_id.removeprefix("'")
        assert cells["score"] == ("" if card.score is None else repr(card.score))


def test_results_that_cannot_be_written_leave_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")
    with pytest.raises(ValueError, match="finite"):
        write_results(str(path), {}, [CARD, evolve(CARD, seconds=float("nan"))])
    assert path.read_text() == "old"
