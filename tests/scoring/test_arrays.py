"""Scores over arrays are those of the reference, on every rubric."""

import math
import subprocess
import sys
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.rubric import (
    AnswerScale,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Info,
    Kind,
    LevelScale,
    NaPolicy,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling, RulingWord
from rubricdsl.scoring.arrays import evaluating
from rubricdsl.scoring.arrays.columns import Term, total
from rubricdsl.scoring.arrays.evaluating import ArrayMeaning
from rubricdsl.scoring.arrays.worths import Code, Worths, code_of
from rubricdsl.scoring.leaves import IllegalRulingError, Worth
from rubricdsl.scoring.meaning import Leaf, Meaning, MissingVerdictError
from rubricdsl.testing.strategies import bound_rubrics, rubric_of, rulings_for

Rulings = Mapping[str, Ruling]


@st.composite
def rubrics_with_rulings(draw: st.DrawFn) -> tuple[BoundRubric, list[Rulings]]:
    """Generate a rubric, and complete rulings on some responses."""
    rubric = draw(bound_rubrics())
    rows = draw(st.lists(rulings_for(rubric), min_size=1, max_size=6))
    return rubric, list(rows)


def _assert_is(number: float, worth: Worth) -> None:
    if worth is None:
        assert math.isnan(number)
    else:
        assert number == pytest.approx(worth, abs=1e-12)


@given(rubrics_with_rulings())
def test_every_value_is_that_of_the_reference(
    drawn: tuple[BoundRubric, list[Rulings]],
) -> None:
    rubric, rows = drawn
    arrays, meaning = ArrayMeaning.of(rubric), Meaning.of(rubric)
    worths = Worths.of_rulings(rubric, rows)
    result, scored = arrays.values(worths), arrays.scores(worths)
    assert not result.missing.any()
    assert not scored.missing.any()
    for number, row in enumerate(rows):
        expected = meaning.evaluate(row)
        assert result.values.keys() == expected.values.keys()
        for path, worth in expected.values.items():
            _assert_is(result.values[path][number], worth)
        _assert_is(scored.scores[number], expected.score)
        assert scored.undefined[number] == (expected.score is None)


@given(rubrics_with_rulings(), st.data())
def test_a_missing_verdict_gives_no_number(
    drawn: tuple[BoundRubric, list[Rulings]], data: st.DataObject
) -> None:
    rubric, rows = drawn
    arrays, meaning = ArrayMeaning.of(rubric), Meaning.of(rubric)
    counting = {step.path for step in arrays.counting if isinstance(step, Leaf)}
    partial = [
        {p: r for p, r in row.items() if p not in data.draw(_some(sorted(row)))}
        for row in rows
    ]
    scored = arrays.scores(Worths.of_rulings(rubric, partial))
    for number, (row, kept) in enumerate(zip(rows, partial, strict=True)):
        idle = {path: ruling for path, ruling in row.items() if path not in counting}
        try:
            expected = meaning.score({**idle, **kept})
        except MissingVerdictError:
            assert scored.missing[number]
            assert math.isnan(scored.scores[number])
        else:
            assert not scored.missing[number]
            _assert_is(scored.scores[number], expected)


def _some(paths: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(paths), max_size=2)


@given(rubrics_with_rulings())
def test_codes_are_worth_what_rulings_are(
    drawn: tuple[BoundRubric, list[Rulings]],
) -> None:
    rubric, rows = drawn
    criteria = tuple(rubric.criteria())
    rows = [
        {p: r for p, r in row.items() if r.word is not RulingWord.NUMBER}
        for row in rows
    ]
    codes = np.array(
        [
            [code_of(c, row[c.path]) if c.path in row else Code.MISSING for row in rows]
            for c in criteria
        ],
        np.int8,
    )
    of_codes, of_rulings = (
        Worths.of_codes(rubric, codes),
        Worths.of_rulings(rubric, rows),
    )
    assert of_codes.paths == of_rulings.paths
    np.testing.assert_array_equal(of_codes.values, of_rulings.values)
    if of_rulings.missing is None or of_codes.missing is None:
        assert of_rulings.missing is of_codes.missing
    else:
        np.testing.assert_array_equal(of_codes.missing, of_rulings.missing)
    known = Worths.of_values(rubric, of_rulings.values, of_rulings.missing)
    np.testing.assert_array_equal(
        ArrayMeaning.of(rubric).scores(known).scores,
        ArrayMeaning.of(rubric).scores(of_codes).scores,
    )


_ANY_FLOAT = st.floats(-1e6, 1e6)


@given(st.lists(st.lists(_ANY_FLOAT, min_size=3, max_size=3), max_size=9))
def test_sums_are_rounded_once(terms: list[list[float]]) -> None:
    added = total([Term(np.array(values), even=False) for values in terms])
    for column, result in enumerate(np.broadcast_to(added, 3)):
        expected = math.fsum(values[column] for values in terms)
        assert result == pytest.approx(expected, rel=1e-15, abs=1e-26)


def test_a_sum_that_is_zero_is_zero() -> None:
    """Added one after another, these three come to 5.6e-17."""
    terms = [Term(np.array([value]), even=False) for value in (0.1, 0.2, -0.3)]
    assert np.asarray(total(terms)).tolist() == [math.fsum([0.1, 0.2, -0.3])]


def _criterion(name: str, weight: float = 1.0, **settings: object) -> Criterion:
    return Criterion(name=name, mark=Weight(weight), text="Is so.", **settings)  # type: ignore[arg-type]


def test_many_responses_are_scored_block_by_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluating, "_BLOCK", 7)
    cap = Criterion(name="cap", mark=Cap(0.25), text="Is so.", na=NaPolicy.SKIP)
    pair = (_criterion("a", 3.0), _criterion("b", 1.0))
    group = Group(name="g", mark=Weight(1.0), kind=Kind.WORST, items=pair)
    rubric = rubric_of([cap, group, _criterion("c", 2.0)])
    words = [YES, NO, NA]
    rows = [
        {
            "cap": words[n % 3],
            "g.a": words[n % 2],
            "g.b": words[n // 2 % 2],
            "c": words[n // 4 % 2],
        }
        for n in range(48)
    ]
    scored = ArrayMeaning.of(rubric).scores(Worths.of_rulings(rubric, rows))
    meaning = Meaning.of(rubric)
    assert scored.scores.tolist() == [meaning.score(row) for row in rows]


def test_a_rubric_of_nothing_but_info_has_no_score() -> None:
    rubric = rubric_of([Criterion(name="a", mark=Info(), text="Is so.")])
    scored = ArrayMeaning.of(rubric).scores(Worths.of_values(rubric, [[1.0, 0.0]]))
    assert scored.undefined.tolist() == [True, True]
    assert Meaning.of(rubric).score({"a": YES}) is None


def test_no_responses() -> None:
    rubric = rubric_of([_criterion("a")])
    worths = Worths.of_values(rubric, np.empty((1, 0)))
    assert len(ArrayMeaning.of(rubric).scores(worths).scores) == 0


# ------------------------------------------------------------------ bad input


def test_illegal_codes_are_refused() -> None:
    rubric = rubric_of([_criterion("a"), _criterion("b", scale=LevelScale(0, 2, ()))])
    for row, code in [(0, 2), (0, 3), (0, 4), (0, -2), (1, 1), (1, 100)]:
        codes = np.array([[0], [0]], np.int8)
        codes[row] = code
        with pytest.raises(IllegalRulingError, match="ab"[row]):
            Worths.of_codes(rubric, codes)


def test_values_that_are_no_worth_are_refused() -> None:
    rubric = rubric_of([_criterion("a"), _criterion("b", na=NaPolicy.SKIP)])
    for values in ([[1.5], [0.0]], [[0.0], [-0.1]], [[math.inf], [0.0]]):
        with pytest.raises(ValueError, match="from 0 to 1"):
            Worths.of_values(rubric, values)
    with pytest.raises(IllegalRulingError, match="a: NaN without"):
        Worths.of_values(rubric, [[math.nan], [math.nan]])
    there = np.array([[True], [False]])
    worths = Worths.of_values(rubric, [[math.nan], [math.nan]], there)
    scored = ArrayMeaning.of(rubric).scores(worths)
    assert scored.missing.tolist() == [True]


def test_wrong_shapes_are_refused() -> None:
    rubric = rubric_of([_criterion("a")])
    with pytest.raises(ValueError, match="needs 1 rows"):
        Worths.of_values(rubric, [[1.0], [0.0]])
    with pytest.raises(ValueError, match="needs 1 rows"):
        Worths.of_codes(rubric, np.zeros(3, np.int8))
    with pytest.raises(ValueError, match="missing has shape"):
        Worths.of_values(rubric, [[1.0]], np.zeros((1, 2), np.bool_))


def test_verdicts_on_other_criteria_are_refused() -> None:
    worths = Worths.of_values(rubric_of([_criterion("a")]), [[1.0]])
    with pytest.raises(ValueError, match="another rubric"):
        ArrayMeaning.of(rubric_of([_criterion("b")])).scores(worths)


def test_codes_stand_for_words_and_levels() -> None:
    criterion = _criterion("a", scale=AnswerScale(("yes", "partly", "no")))
    assert [code_of(criterion, r) for r in (NO, YES, PARTLY, NA)] == [0, 1, 2, 3]
    levels = _criterion("a", scale=LevelScale(1, 5, (), stated=True))
    assert code_of(levels, Ruling.level(1)) == Code.LEVEL
    assert code_of(levels, Ruling.level(5)) == Code.LEVEL + 4
    for ruling in (Ruling.level(1.5), Ruling.of_number(0.5)):
        with pytest.raises(IllegalRulingError, match="no code"):
            code_of(levels, ruling)


def test_too_many_levels_for_a_byte() -> None:
    rubric = rubric_of([_criterion("a", scale=LevelScale(0, 200, (), stated=True))])
    with pytest.raises(ValueError, match="201 levels"):
        Worths.of_codes(rubric, np.zeros((1, 1), np.int8))


def test_the_core_does_not_import_numpy() -> None:
    modules = "meaning, bounds, scorecards, needs, shares"
    imports = "; ".join(f"import rubricdsl.scoring.{m}" for m in modules.split(", "))
    code = f"{imports}; import sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
