"""Scorecards say what is known, and never make a number of a missing verdict."""

import pickle
from typing import Any, TypeAlias

import pytest
from attrs import asdict, evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Info,
    Kind,
    Mark,
    Must,
    NaPolicy,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, YES, Failure, Ruling
from rubricdsl.model.scorecard import Gate, Scorecard, Status
from rubricdsl.scoring.bounds import bounds
from rubricdsl.scoring.meaning import MissingVerdictError, score
from rubricdsl.scoring.scorecards import Scorer, make_scorecard
from rubricdsl.testing.strategies import bound_rubrics, rubric_of, verdicts

BY_HAND = Provenance(judge="test")
RESPONSE = Response(text="Yes.", prompt_id="p1", response_id="r1")
LOST = Verdict(failure=Failure("rate_limited", "try later"), provenance=BY_HAND)
Verdicts: TypeAlias = dict[str, Verdict]


def criterion(name: str, mark: Mark, **fields: Any) -> Criterion:
    return Criterion(name=name, mark=mark, text="Is so.", **fields)


def said(**words: Ruling) -> Verdicts:
    return {
        path.replace("__", "."): Verdict(ruling=ruling, provenance=BY_HAND)
        for path, ruling in words.items()
    }


def card(rubric: BoundRubric, known: Verdicts) -> Scorecard:
    return make_scorecard(rubric, RESPONSE, known)


METHOD = Group(
    name="method",
    mark=Weight(5.0),
    items=(criterion("a", Weight(3.0)), criterion("b", Weight(1.0))),
)
PAPER = rubric_of(
    [
        criterion("runs", Must()),
        METHOD,
        criterion("padding", Weight(-2.0)),
        criterion("hours", Info()),
        criterion("clear", Weight(3.0)),
        criterion("extra", Bonus(1.0)),
    ],
    passing=0.7,
)
WORDS = said(
    runs=YES,
    method__a=YES,
    method__b=NO,
    padding=NO,
    hours=NO,
    clear=YES,
    extra=YES,
)


def test_a_complete_scorecard() -> None:
    usage = Usage(prompt_tokens=812, completion_tokens=40)
    result = make_scorecard(
        PAPER, RESPONSE, WORDS, judge_calls=7, usage=usage, seconds=1.9
    )
    assert result.status is Status.COMPLETE
    assert result.points == 5 * 0.75 + 3 + 1
    assert result.score == pytest.approx((5 * 0.75 + 3 + 1) / 8)
    assert result.interval == (result.score, result.score)
    assert result.passed is True
    assert result.coverage == 1.0
    assert result.gates == ()
    assert (result.prompt_id, result.response_id) == ("p1", "r1")
    assert (result.judge_calls, result.usage, result.seconds) == (7, usage, 1.9)
    assert [c.path for c in result.criteria] == list(WORDS)
    assert [(g.path, g.value, g.weight) for g in result.groups] == [
        ("method", 0.75, 5.0)
    ]


def test_shares_are_the_parts_of_the_score() -> None:
    shares = {c.path: (c.mark, c.weight, c.share) for c in card(PAPER, WORDS).criteria}
    assert shares == {
        "runs": ("must", None, None),
        "method.a": ("weight", 3.0, 5 / 8 * 3 / 4),
        "method.b": ("weight", 1.0, 5 / 8 * 1 / 4),
        "padding": ("weight", -2.0, -2 / 8),
        "hours": ("info", None, None),
        "clear": ("weight", 3.0, 3 / 8),
        "extra": ("bonus", 1.0, 1 / 8),
    }


def test_what_stands_below_a_gate_or_info_has_no_share() -> None:
    gate = Group(name="g", mark=Must(), items=(criterion("a", Weight(2.0)),))
    result = card(rubric_of([gate, criterion("b", Weight(1.0))]), said(g__a=YES, b=YES))
    assert [(c.path, c.weight, c.share) for c in result.criteria] == [
        ("g.a", 2.0, None),
        ("b", 1.0, 1.0),
    ]


def test_without_positive_weights_shares_are_of_all_weights() -> None:
    items = [criterion("a", Weight(-3.0)), criterion("b", Weight(-1.0))]
    result = card(rubric_of(items), said(a=NO, b=NO))
    assert [c.share for c in result.criteria] == [-0.75, -0.25]
    assert result.score == 1.0


def test_gates_that_fired_are_named() -> None:
    inner = Group(
        name="g",
        mark=Weight(1.0),
        items=(criterion("x", Weight(1.0)), criterion("cap", Cap(0.5))),
    )
    rubric = rubric_of([criterion("runs", Must()), inner])
    result = card(rubric, said(runs=NO, g__x=YES, g__cap=NO))
    assert result.gates == (
        Gate(name="runs", path="runs", mark="must", cap=0.0),
        Gate(name="cap", path="g.cap", mark="cap", cap=0.5),
    )
    assert result.score == 0.0


# ------------------------------------------------------------ missing verdicts


def test_a_lost_verdict_that_counts_makes_the_row_incomplete() -> None:
    result = card(PAPER, WORDS | {"clear": LOST})
    assert result.status is Status.INCOMPLETE
    assert (result.score, result.points, result.passed) == (None, None, None)
    assert result.interval == pytest.approx((4.75 / 8, 7.75 / 8))
    assert result.coverage == pytest.approx(8 / 11)
    lost = result.criteria[5]
    assert (lost.path, lost.value, lost.verdict) == ("clear", None, LOST)


def test_a_lost_info_verdict_leaves_the_row_complete() -> None:
    result = card(PAPER, WORDS | {"hours": LOST})
    complete = card(PAPER, WORDS)
    assert result.status is Status.COMPLETE
    assert (result.score, result.points) == (complete.score, complete.points)
    assert (result.coverage, result.interval) == (1.0, complete.interval)


def test_a_fired_gate_settles_the_interval_but_not_the_row() -> None:
    result = card(PAPER, WORDS | said(runs=NO) | {"clear": LOST})
    assert result.status is Status.INCOMPLETE
    assert result.interval == (0.0, 0.0)
    assert [gate.path for gate in result.gates] == ["runs"]


def test_a_lost_gate_verdict_shows_in_the_coverage() -> None:
    result = card(PAPER, WORDS | {"runs": LOST})
    assert result.status is Status.INCOMPLETE
    assert result.coverage == 0.5
    assert result.interval == pytest.approx((0.0, 7.75 / 8))


def test_a_group_with_a_lost_part_has_no_value_unless_it_is_settled() -> None:
    known = WORDS | {"method.b": LOST}
    assert card(PAPER, known).groups[0].value is None
    either = Group(
        name="g",
        mark=Weight(1.0),
        kind=Kind.ANY,
        items=(criterion("a", Weight(1.0)), criterion("b", Weight(1.0))),
    )
    result = card(rubric_of([either]), said(g__a=YES) | {"g.b": LOST})
    assert result.groups[0].value == 1.0
    assert (result.status, result.interval) == (Status.INCOMPLETE, (1.0, 1.0))


def test_all_na_is_undefined_and_not_zero() -> None:
    rubric = rubric_of([criterion("a", Weight(1.0), na=NaPolicy.SKIP)], passing=0.0)
    result = card(rubric, said(a=NA))
    assert result.status is Status.UNDEFINED
    assert (result.score, result.points, result.passed) == (None, None, None)
    assert (result.interval, result.coverage) == (None, 1.0)


def test_a_pass_mark_of_zero_is_a_pass_mark() -> None:
    rubric = rubric_of([criterion("a", Weight(1.0))], passing=0.0)
    assert card(rubric, said(a=NO)).passed is True
    unmarked = rubric_of([criterion("a", Weight(1.0))])
    assert card(unmarked, said(a=YES)).passed is None


def test_needs_are_followed() -> None:
    rubric = rubric_of(
        [criterion("a", Weight(1.0)), criterion("b", Weight(1.0), needs=("a",))]
    )
    unmet = card(rubric, said(a=NO))
    assert (unmet.status, unmet.score) == (Status.COMPLETE, 0.0)
    assert unmet.criteria[1].verdict.provenance.judge == "needs"
    overruled = card(rubric, said(a=NO, b=YES))
    assert overruled.criteria[1].verdict.ruling == NO
    lost = card(rubric, said(b=YES) | {"a": LOST})
    failure = lost.criteria[1].verdict.failure
    assert failure is not None
    assert failure.kind == "rate_limited"
    assert lost.status is Status.INCOMPLETE
    assert lost.interval == (0.0, 1.0)


def test_a_forgotten_criterion_is_an_error() -> None:
    with pytest.raises(MissingVerdictError, match="extra has no ruling"):
        card(PAPER, {p: v for p, v in WORDS.items() if p != "extra"})


# ------------------------------------------------------------------ properties


@st.composite
def partly_lost(draw: st.DrawFn) -> tuple[BoundRubric, Verdicts, Verdicts]:
    """A rubric, complete verdicts, and the same with some of them lost."""
    rubric = draw(bound_rubrics())
    complete = dict(draw(verdicts(rubric)))
    lost = draw(st.sets(st.sampled_from(sorted(complete))))
    return rubric, complete, complete | dict.fromkeys(lost, LOST)


@given(partly_lost())
def test_a_scorecard_agrees_with_the_meaning_and_the_bounds(
    case: tuple[BoundRubric, Verdicts, Verdicts],
) -> None:
    rubric, complete, known = case
    scorer = Scorer.of(rubric)
    full = scorer.scorecard(RESPONSE, complete)
    rulings = {p: v.ruling for p, v in complete.items() if v.ruling is not None}
    assert full.score == score(rubric, rulings)
    assert full.coverage == 1.0
    assert (full.status is Status.UNDEFINED) == (full.score is None)

    partial = scorer.scorecard(RESPONSE, known)
    assert 0 <= partial.coverage <= 1
    assert (partial.coverage == 1) == (partial.status is not Status.INCOMPLETE)
    if partial.status is not Status.INCOMPLETE:
        assert partial.score == full.score
        return
    assert (partial.score, partial.points, partial.passed) == (None, None, None)
    if full.score is not None:
        assert partial.interval is not None
        low, high = partial.interval
        assert low - 1e-9 <= full.score <= high + 1e-9
    left = {
        c.path: c.verdict.ruling
        for c in partial.criteria
        if c.verdict.ruling is not None
    }
    assert partial.interval == bounds(rubric, left).interval


@given(partly_lost(), st.data())
def test_another_verdict_never_lowers_the_coverage(
    case: tuple[BoundRubric, Verdicts, Verdicts], data: st.DataObject
) -> None:
    rubric, complete, known = case
    found = data.draw(st.sampled_from(sorted(complete)))
    scorer = Scorer.of(rubric)
    before = scorer.scorecard(RESPONSE, known).coverage
    after = scorer.scorecard(RESPONSE, known | {found: complete[found]}).coverage
    assert after >= before - 1e-12


def test_the_expected_score_stands_beside_the_hard_one() -> None:
    """Where every verdict that counts has a probability, and there is a score."""
    rubric = rubric_of([criterion("a", Weight(3.0)), criterion("b", Weight(1.0))])
    unsure = {
        "a": evolve(said(a=YES)["a"], probability=0.9),
        "b": evolve(said(b=NO)["b"], probability=0.2),
    }
    result = card(rubric, unsure)
    assert result.score == 0.75
    assert result.expected == pytest.approx((3 * 0.9 + 0.2) / 4)
    assert card(rubric, unsure | said(b=NO)).expected is None
    assert card(rubric, unsure | {"b": LOST}).expected is None


def test_results_are_the_tuple_that_they_stand_for() -> None:
    made = card(PAPER, WORDS)
    results = tuple(made.criteria)
    assert len(made.criteria) == len(results) == len(list(PAPER.criteria()))
    assert made.criteria == results
    assert results == made.criteria
    assert made.criteria != results[1:]
    assert hash(made.criteria) == hash(results)
    assert repr(made.criteria) == repr(results)
    assert made.criteria[1] is results[1]
    assert made.criteria[1:3] == results[1:3]
    assert results[0] in made.criteria
    # The same whether somebody has looked at them or not.
    assert made == card(PAPER, WORDS)
    assert hash(made) == hash(card(PAPER, WORDS))
    assert made != card(PAPER, WORDS | said(hours=YES))
    assert asdict(made)["criteria"] == results
    sent = pickle.loads(pickle.dumps(card(PAPER, WORDS)))  # noqa: S301 - our own
    assert sent == made


def test_results_name_what_was_asked() -> None:
    asked = {c.path: f"digest of {c.path}" for c in PAPER.criteria()}
    made = Scorer.of(PAPER, asked).scorecard(RESPONSE, WORDS)
    assert {r.path: r.question for r in made.criteria} == asked
    assert {r.question for r in card(PAPER, WORDS).criteria} == {""}
