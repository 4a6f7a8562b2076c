"""Needs: what can be asked, what is decided, whatever order the answers come in."""

from random import Random
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    BoundRubric,
    Criterion,
    Group,
    Info,
    Kind,
    NaPolicy,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, YES, Failure, Ruling
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.scoring.needs import Prerequisites, decide
from rubricdsl.scoring.scorecards import make_scorecard
from rubricdsl.testing.strategies import (
    bound_rubrics,
    failures,
    rubric_of,
    rulings,
    verdicts,
)

BY_HAND = Provenance(judge="test")
ONE = Weight(1.0)
Verdicts: TypeAlias = dict[str, Verdict]


def criterion(name: str, *needs: str, **fields: Any) -> Criterion:
    return Criterion(name=name, mark=ONE, text="Is so.", needs=needs, **fields)


def said(**words: Ruling) -> Verdicts:
    return {
        path.replace("__", "."): Verdict(ruling=ruling, provenance=BY_HAND)
        for path, ruling in words.items()
    }


def failed(path: str, kind: str = "rate_limited") -> Verdicts:
    failure = Failure(kind, "try later")
    return {path: Verdict(failure=failure, provenance=BY_HAND)}


def ready(rubric: BoundRubric, known: Verdicts) -> list[str]:
    return [c.path for c in decide(rubric, known).ready]


CHAIN = rubric_of([criterion("c", "b"), criterion("b", "a"), criterion("a")])


def test_only_what_needs_nothing_is_ready_at_first() -> None:
    readiness = decide(CHAIN, {})
    assert [c.path for c in readiness.ready] == ["a"]
    assert [c.path for c in readiness.waiting] == ["c", "b"]
    assert readiness.decided == {}


def test_a_met_need_makes_ready() -> None:
    assert ready(CHAIN, said(a=YES)) == ["b"]
    assert ready(CHAIN, said(a=YES, b=YES)) == ["c"]
    assert ready(CHAIN, said(a=YES, b=YES, c=NO)) == []


def test_an_unmet_need_decides_all_that_hangs_on_it() -> None:
    readiness = decide(CHAIN, said(a=NO))
    assert readiness.ready == readiness.waiting == ()
    assert set(readiness.decided) == {"b", "c"}
    verdict = readiness.decided["c"]
    assert verdict.ruling == NO
    assert verdict.provenance.judge == "needs"
    assert verdict.reason == "not asked: it needs b, which is not met"


def test_na_is_unmet() -> None:
    rubric = rubric_of([criterion("a", na=NaPolicy.SKIP), criterion("b", "a")])
    assert decide(rubric, said(a=NA)).decided["b"].ruling == NO


def test_a_failed_need_fails_with_the_same_kind_and_names_it() -> None:
    decided = decide(CHAIN, failed("a")).decided
    failure = decided["b"].failure
    assert failure is not None
    assert failure.kind == "rate_limited"
    assert failure.reason == "it needs a, which has no verdict: try later"
    assert decided["c"].failure is not None
    assert decided["c"].failure.kind == "rate_limited"


def test_one_unmet_need_outweighs_one_that_failed() -> None:
    rubric = rubric_of([criterion("a"), criterion("b"), criterion("c", "a", "b")])
    waiting = decide(rubric, failed("a"))
    assert [c.path for c in waiting.waiting] == ["c"]
    decided = decide(rubric, failed("a") | said(b=NO)).decided
    assert decided["c"].ruling == NO
    decided = decide(rubric, failed("a") | said(b=YES)).decided
    assert decided["c"].failure is not None


def test_a_needed_group_is_decided_as_early_as_it_can_be() -> None:
    any_of = Group(
        name="g", mark=ONE, kind=Kind.ANY, items=(criterion("a"), criterion("b"))
    )
    rubric = rubric_of([any_of, criterion("x", "g")])
    assert ready(rubric, {}) == ["g.a", "g.b"]
    assert ready(rubric, said(g__a=YES)) == ["g.b", "x"]
    assert ready(rubric, said(g__a=YES) | failed("g.b")) == ["x"]
    failure = decide(rubric, said(g__a=NO) | failed("g.b")).decided["x"].failure
    assert failure is not None
    assert failure.reason.startswith("it needs g, which has no verdict")


def test_info_inside_a_needed_group_is_not_waited_for() -> None:
    note = Criterion(name="note", mark=Info(), text="Is so.")
    needed = Group(name="g", mark=ONE, items=(criterion("a"), note))
    rubric = rubric_of([needed, criterion("x", "g")])
    assert ready(rubric, said(g__a=YES)) == ["g.note", "x"]
    assert ready(rubric, said(g__a=YES) | failed("g.note")) == ["x"]


def run(rubric: BoundRubric, answers: Verdicts, random: Random) -> Verdicts:
    """Ask one question at a time, in any order, until none is left."""
    prerequisites = Prerequisites.of(Meaning.of(rubric))
    known: Verdicts = {}
    while True:
        readiness = prerequisites.decide(known)
        known |= readiness.decided
        if not readiness.ready:
            assert not readiness.waiting or readiness.decided
            if not readiness.decided:
                return known
            continue
        asked = random.choice(readiness.ready).path
        known[asked] = answers[asked]


@st.composite
def answered(draw: st.DrawFn) -> tuple[BoundRubric, Verdicts]:
    """A rubric, and what a judge would say to each question: some failures."""
    rubric = draw(bound_rubrics())
    answers = {}
    for item in rubric.criteria():
        if draw(st.integers(0, 3)):
            verdict = Verdict(ruling=draw(rulings(item)), provenance=BY_HAND)
        else:
            verdict = Verdict(failure=draw(failures()), provenance=BY_HAND)
        answers[item.path] = verdict
    return rubric, answers


RANDOMS = st.randoms(use_true_random=False)


@given(answered(), RANDOMS, RANDOMS)
def test_every_order_of_answers_ends_in_the_same_scorecard(
    case: tuple[BoundRubric, Verdicts], one: Random, other: Random
) -> None:
    rubric, answers = case
    response = Response(text="Yes.", prompt_id="p", response_id="r")
    ends = [run(rubric, answers, random) for random in (one, other)]
    for end in ends:
        assert end.keys() == {c.path for c in rubric.criteria()}
    cards = [make_scorecard(rubric, response, end) for end in ends]
    assert cards[0] == cards[1] == make_scorecard(rubric, response, answers)


@given(st.data(), RANDOMS)
def test_what_was_decided_without_asking_is_what_the_meaning_says(
    data: st.DataObject, random: Random
) -> None:
    rubric = data.draw(bound_rubrics())
    answers = dict(data.draw(verdicts(rubric)))
    end = run(rubric, answers, random)
    meaning = Meaning.of(rubric)
    scores = [
        meaning.score({p: v.ruling for p, v in known.items() if v.ruling is not None})
        for known in (answers, end)
    ]
    assert scores[0] == scores[1]
