"""Laws of scores that one might expect and that are false, each by an example."""

from typing import Any

import pytest
from attrs import evolve

from rubricdsl.model.rubric import (
    AnswerScale,
    Bonus,
    Criterion,
    Group,
    Kind,
    NaPolicy,
    Node,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling
from rubricdsl.scoring.meaning import score
from rubricdsl.testing.strategies import rubric_of


def criterion(name: str, weight: float = 1.0, **fields: Any) -> Criterion:
    return Criterion(name=name, mark=Weight(weight), text="Is so.", **fields)


def group(name: str, *items: Node, kind: Kind = Kind.MEAN) -> Group:
    return Group(name=name, mark=Weight(1.0), kind=kind, items=items)


def test_false_na_is_neutral_where_no_other_positive_weight_applies() -> None:
    harm = criterion("x", -2.0)
    skipped = criterion("y", na=NaPolicy.SKIP)
    assert score(rubric_of([harm]), {"x": NO}) == 1.0
    assert score(rubric_of([harm, skipped]), {"x": NO, "y": NA}) is None


def test_false_raising_a_value_never_lowers_the_score_through_na() -> None:
    """Its positive weight skipped, ``inner`` goes from 0 through n/a to 1."""
    inner = group(
        "inner",
        criterion("skipped", na=NaPolicy.SKIP),
        criterion("harm", -0.5),
        evolve(criterion("extra"), mark=Bonus(1.0)),
    )
    outer = group("outer", inner, evolve(criterion("kind"), mark=Bonus(0.5)))
    rubric = rubric_of([outer, criterion("other")])
    said = {
        "outer.inner.skipped": NA,
        "outer.inner.harm": YES,
        "outer.kind": YES,
        "other": NO,
    }
    scores = [
        score(rubric, said | {"outer.inner.extra": Ruling.of_number(value)})
        for value in (0.0, 0.5, 1.0)
    ]
    assert scores == [0.25, 0.0, 0.5]


def test_false_flattening_with_na() -> None:
    nested = group("g", criterion("a"), criterion("b", na=NaPolicy.SKIP))
    said = {"g.a": YES, "g.b": NA, "c": NO}
    assert score(rubric_of([nested, criterion("c")]), said) == 0.5
    flat = [criterion("a", 0.5), criterion("b", 0.5, na=NaPolicy.SKIP), criterion("c")]
    flat_score = score(rubric_of(flat), {"a": YES, "b": NA, "c": NO})
    assert flat_score == pytest.approx(1 / 3)


def test_false_all_is_never_above_worst_with_a_pass_mark_below_one() -> None:
    scale = AnswerScale(("yes", "partly", "no"))
    item = criterion("a", passing=0.5, scale=scale)
    scores = {
        kind: score(rubric_of([group("g", item, kind=kind)]), {"g.a": PARTLY})
        for kind in (Kind.ALL, Kind.WORST)
    }
    assert scores == {Kind.ALL: 1.0, Kind.WORST: 0.5}


def test_false_a_negative_criterion_equals_its_negation() -> None:
    said = {"good": YES, "bad": NO}
    stated = rubric_of([criterion("good"), criterion("bad", -1.0)])
    turned = rubric_of([criterion("good"), criterion("bad")])
    assert score(stated, {"good": NO, "bad": NO}) == 0.0
    assert score(turned, {"good": NO, "bad": YES}) == 0.5
    assert score(stated, said) == score(turned, said | {"bad": YES}) == 1.0


def test_false_turning_round_keeps_the_order_of_answers_with_other_nas() -> None:
    often = criterion("often", 3.0, na=NaPolicy.SKIP)
    stated = rubric_of([often, criterion("good"), criterion("bad", -1.0)])
    turned = rubric_of([often, criterion("good"), criterion("bad")])
    skips = {"often": NA, "good": YES}
    answers = {"often": NO, "good": YES}
    assert score(stated, skips | {"bad": YES}) == 0.0
    assert score(stated, answers | {"bad": NO}) == 0.25
    assert score(turned, skips | {"bad": NO}) == 0.5
    assert score(turned, answers | {"bad": YES}) == 0.4


def test_false_na_never_beats_no() -> None:
    rubric = rubric_of([criterion("a"), criterion("b", na=NaPolicy.SKIP)])
    assert score(rubric, {"a": YES, "b": NO}) == 0.5
    assert score(rubric, {"a": YES, "b": NA}) == 1.0
