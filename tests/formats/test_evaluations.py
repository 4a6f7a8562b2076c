"""Columns hold what results say, cell by cell, and nothing comes twice."""

from math import nan
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.formats.evaluations import read_evaluation
from rubricdsl.formats.results import write_results
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.ruling import NA, NO, YES, Failure, Ruling
from rubricdsl.model.scorecard import CriterionResult, GroupResult, Scorecard, Status

UNITS = st.integers(0, 256).map(lambda n: n / 256)
VERDICTS = st.sampled_from([YES, NO, Ruling.of_number(0.25), NA, None])


def criterion(
    path: str, mark: str, weight: float | None, ruling: Ruling | None
) -> CriterionResult:
    failure = None if ruling is not None else Failure("rate_limited", "later")
    values = {YES: 1.0, NO: 0.0, NA: None, None: None}
    return CriterionResult(
        name=path.rpartition(".")[2],
        path=path,
        mark=mark,
        verdict=Verdict(
            ruling=ruling,
            failure=failure,
            probability=0.75,
            provenance=Provenance(judge="j", response="r"),
        ),
        value=values.get(ruling, 0.25),
        weight=weight,
        share=None,
    )


def card(
    response: str, score: float | None, rulings: list[Ruling | None], rubric: str = "r"
) -> Scorecard:
    marks = [("a", "weight", 2.0), ("g.b", "weight", -1.0), ("g.c", "never", None)]
    return Scorecard(
        rubric=rubric,
        rubric_version=None,
        rubric_digest=f"digest of {rubric}",
        prompt_id="p",
        response_id=response,
        score=score,
        points=score,
        passed=None,
        status=Status.INCOMPLETE if score is None else Status.COMPLETE,
        coverage=1.0,
        interval=(0.0, 0.5) if score is None else (score, score),
        gates=(),
        criteria=tuple(
            criterion(*mark, ruling)
            for mark, ruling in zip(marks, rulings, strict=True)
        ),
        groups=(
            GroupResult(name="g", path="g", mark="weight", value=0.5, weight=-3.0),
        ),
    )


ROWS = st.tuples(
    st.none() | UNITS,
    st.lists(VERDICTS, min_size=3, max_size=3),
    st.sampled_from(["r", "s"]),
)


@given(st.lists(ROWS, max_size=6))
def test_each_cell_is_what_the_results_say(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[float | None, list[Ruling | None], str]],
) -> None:
    path = str(tmp_path_factory.mktemp("evaluations") / "results.jsonl")
    cards = [card(f"y{i}", *row) for i, row in enumerate(rows)]
    write_results(path, {"seed": 1}, cards)

    found = read_evaluation(path)

    assert found.run == {"seed": 1}
    columns = found.evaluation
    assert len(columns) == len(cards)
    assert list(columns.keys()) == [("p", one.response_id) for one in cards]
    assert columns.measured == sum(one.score is not None for one in cards)
    assert columns.scores == pytest.approx(
        [nan if one.score is None else one.score for one in cards], nan_ok=True
    )
    assert [sheet.rubric for sheet in columns.sheets] == list(
        dict.fromkeys(one.rubric for one in cards)
    )
    for sheet in columns.sheets:
        judged = [cards[row] for row in sheet.rows]
        assert all(one.rubric == sheet.rubric for one in judged)
        for column, one in enumerate(judged):
            for line, result in enumerate(one.criteria):
                value = nan if result.value is None else result.value
                assert sheet.values[line, column] == pytest.approx(value, nan_ok=True)
                is_measured = result.verdict.failure is None
                assert sheet.measured[line, column] == is_measured
                assert sheet.probabilities[line, column] == 0.75


def test_what_counts_against_the_score_is_turned_round(tmp_path: Path) -> None:
    path = str(tmp_path / "results.jsonl")
    write_results(path, {}, [card("y", 1.0, [YES, YES, YES])])

    (sheet,) = read_evaluation(path).evaluation.sheets

    # A penalty in a group that is one itself helps, and so does `never` there.
    assert [one.helps for one in sheet.criteria] == [True, True, True]
    assert [one.weight for one in sheet.criteria] == [2.0, -1.0, None]


def test_a_penalty_earns_credit_where_it_is_not_met(tmp_path: Path) -> None:
    path = str(tmp_path / "results.jsonl")
    plain = (
        criterion("a", "weight", 2.0, NO),
        criterion("b", "weight", -1.0, YES),
        criterion("c", "never", None, NA),
    )
    one = card("y", 1.0, [NO, YES, NA])
    scorecard = evolve(one, criteria=plain, groups=(), interval=None)
    write_results(path, {}, [scorecard])

    columns = read_evaluation(path).evaluation

    assert columns.sheets[0].credit[:, 0] == pytest.approx([0, 0, nan], nan_ok=True)
    assert np.isnan(columns.lows).all()
    assert columns.aligned({("p", "y"): 3.0, ("q", "y"): 4.0}).tolist() == [3.0]
    assert np.isnan(columns.aligned({})).all()


def test_a_response_that_comes_twice_is_told(tmp_path: Path) -> None:
    path = str(tmp_path / "results.jsonl")
    write_results(path, {}, [card("y", 1.0, [YES, NO, NO])] * 2)

    with pytest.raises(RubricError) as caught:
        read_evaluation(path)

    (problem,) = caught.value.diagnostics
    assert problem.span is not None
    assert problem.span.line == 3
    assert "a second time" in problem.message


def test_a_row_that_is_no_result_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('{"rub": 1, "run": {}}\n{"rubric": "r"}\n')

    with pytest.raises(RubricError) as caught:
        read_evaluation(str(path))

    (problem,) = caught.value.diagnostics
    assert problem.span is not None
    assert (problem.code, problem.span.line) == ("D103", 2)
