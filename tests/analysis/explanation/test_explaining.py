"""Explanations add up, and say what the reference evaluator says."""

from collections.abc import Mapping
from math import fsum

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricdsl.analysis.explanation.explaining import (
    NO_RUBRIC,
    WrongRubricError,
    explain,
)
from rubricdsl.analysis.explanation.suppositions import rulings_of
from rubricdsl.language.binding import bind
from rubricdsl.model.rubric import BoundRubric
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.project import Project
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.testing.strategies import bound_rubrics, rulings_for
from tests.analysis.explanation.cards import card_of

Scored = tuple[BoundRubric, Mapping[str, Ruling]]


@st.composite
def scored(draw: st.DrawFn) -> Scored:
    rubric = draw(bound_rubrics())
    rulings = draw(rulings_for(rubric))
    assume(Meaning.of(rubric).score(rulings) is not None)
    return rubric, rulings


@given(scored())
def test_contributions_and_the_rest_are_the_score(drawn: Scored) -> None:
    rubric, rulings = drawn
    card = card_of(rubric, rulings)
    found = explain(card, rubric)
    told = [n.contribution for n in found.nodes if "." not in n.path]
    assert found.rest is not None
    assert fsum([found.rest, *(c for c in told if c is not None)]) == pytest.approx(
        card.score
    )
    # What stands right below the root adds up to the same without the rubric.
    alone = explain(card, None)
    assert alone.rest == pytest.approx(found.rest)
    assert alone.improvements is None
    assert alone.unknown == NO_RUBRIC


@given(scored())
def test_improvements_are_what_scoring_again_gives(drawn: Scored) -> None:
    rubric, rulings = drawn
    card = card_of(rubric, rulings)
    assert card.score is not None
    improvements = explain(card, rubric).improvements
    assert improvements is not None
    assert [one.gain for one in improvements] == sorted(
        (one.gain for one in improvements), reverse=True
    )
    said = rulings_of(card)
    for one in improvements:
        assert said[one.path] == one.before
        again = Meaning.of(rubric).score({**said, one.path: one.after})
        assert one.score == again
        assert one.gain == pytest.approx(one.score - card.score, abs=1e-9)


@given(scored())
def test_a_gate_of_the_whole_only_ever_lowers_a_score(drawn: Scored) -> None:
    rubric, rulings = drawn
    card = card_of(rubric, rulings)
    assert card.score is not None
    found = explain(card, rubric)
    assert [effect.gate for effect in found.gates] == list(card.gates)
    for effect in found.gates:
        if "." not in effect.gate.path and effect.without is not None:
            assert effect.without >= card.score - 1e-12
    if not card.gates:
        assert found.ungated is None


# --------------------------------------------------------------------- by hand

SOURCE = """\
rubric answer
[must] safe: Is safe.
[3] right: Is right.
[2] mean of style: Is well written.
    [1] short: Is short.
    [1] clear: Is clear.
[-1] rude: Is rude.
"""


@pytest.fixture(scope="module")
def answer() -> BoundRubric:
    from rubricdsl.api import open_project

    project: Project = open_project()
    (rubric,) = project.load_text(SOURCE).checked()
    return bind(rubric, project.functions)


def card(rubric: BoundRubric, name: str = "r", **said: Ruling) -> Scorecard:
    paths = {c.name: c.path for c in rubric.criteria()}
    every = {"rude": NO, "safe": YES, **said}
    rulings = {path: every.get(key, NO) for key, path in paths.items()}
    return card_of(rubric, rulings, name)


def test_a_score_by_hand(answer: BoundRubric) -> None:
    found = explain(card(answer, right=YES, short=YES), answer)
    parts = {n.path: n.contribution for n in found.nodes}
    assert found.card.score == pytest.approx(0.8)
    assert parts == {
        "safe": None,
        "right": pytest.approx(0.6),
        "style": pytest.approx(0.2),
        "style.short": pytest.approx(0.2),
        "style.clear": 0.0,
        "rude": 0.0,
    }
    assert found.rest == pytest.approx(0)
    (one,) = found.improvements or ()
    assert (one.path, one.after) == ("style.clear", YES)
    assert one.gain == pytest.approx(0.2)


def test_a_gate_holds_all_that_is_good(answer: BoundRubric) -> None:
    found = explain(card(answer, safe=NO, right=YES), answer)
    assert found.card.score == 0
    (effect,) = found.gates
    assert effect.without == found.ungated == pytest.approx(0.6)
    gains = {one.path: one.gain for one in found.improvements or ()}
    assert gains == {"safe": pytest.approx(0.6), "style.short": 0, "style.clear": 0}
    assert found.rest == pytest.approx(-0.6)


def test_what_groups_do_is_not_guessed(answer: BoundRubric) -> None:
    one, other = card(answer, right=YES), card(answer, "s", short=YES, clear=YES)
    alone = explain(one, None, other)
    parts = {n.path: n.contribution for n in alone.nodes}
    assert parts["style.short"] is None
    assert alone.comparison is not None
    assert alone.comparison.unknown == NO_RUBRIC
    assert (alone.comparison.turns, alone.comparison.change) == ((), None)
    known = explain(one, answer, other).comparison
    assert known is not None
    assert known.unknown is None
    assert {turn.path for turn in known.turns} == {"right", "style"}


def test_what_cannot_be_turned_says_why(answer: BoundRubric) -> None:
    best = card(answer, right=YES, short=YES, clear=YES)
    worse = explain(best, answer, card(answer, "s", short=YES)).comparison
    assert worse is not None
    assert worse.unturnable == "nothing that has a weight speaks for s"
    gated = explain(best, answer, card(answer, "s", safe=NO, short=YES)).comparison
    assert gated is not None
    assert gated.unturnable is not None
    assert gated.unturnable.startswith("a gate holds s down (safe)")
    same = explain(best, answer, evolve(best, response_id="t")).comparison
    assert same is not None
    assert same.unturnable == "they score the same: there is no order"


def test_another_rubric_is_refused(answer: BoundRubric) -> None:
    given_card = card(answer, right=YES)
    with pytest.raises(WrongRubricError, match=r"by it the score is 0\.6000, not 0\.9"):
        explain(evolve(given_card, score=0.9), answer)
    few = evolve(given_card, criteria=given_card.criteria[1:])
    with pytest.raises(WrongRubricError, match="other criteria"):
        explain(few, answer)
