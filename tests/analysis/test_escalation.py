"""Thresholds of cascades, beside trying them all."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.escalation import (
    TwoJudges,
    analyse_cascade,
    chosen,
    escalation_curve,
)

probabilities = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.8, 0.95, 1.0, math.nan])
questions = st.lists(
    st.tuples(
        st.sampled_from("pqrstu"),
        probabilities,
        st.sampled_from(("yes", "no", "partly")),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def judges_of(rows):
    prompts, sure, said, first, second = zip(*rows, strict=True)
    return TwoJudges(
        prompts=prompts,
        responses=tuple(f"y{number}" for number in range(len(rows))),
        yes=np.array([one == "yes" for one in said]),
        no=np.array([one == "no" for one in said]),
        probability=np.array(sure),
        first_right=np.array(first),
        second_right=np.array(second),
    )


@given(questions)
def test_no_thresholds_beat_the_curve(rows):
    judges = judges_of(rows)
    curve = escalation_curve(judges)
    known = sorted({one for one in judges.probability.tolist() if one == one} | {0, 1})  # noqa: PLR0124
    tried = [
        (
            float(1 - judges.stands((no, yes)).mean()),
            float(judges.right((no, yes)).mean()),
        )
        for no in known
        for yes in known
        if no <= yes
    ]
    for one in curve:
        no, yes = one.thresholds
        assert 0 <= no <= yes <= 1
        assert one.asked_on == pytest.approx(1 - judges.stands((no, yes)).mean())
        assert one.accuracy == pytest.approx(judges.right((no, yes)).mean())
    for asked_on, accuracy in tried:
        assert any(
            one.asked_on <= asked_on + 1e-9 and one.accuracy >= accuracy - 1e-9
            for one in curve
        )
    costs = [one.asked_on for one in curve]
    assert costs == sorted(set(costs))
    accuracies = [one.accuracy for one in curve]
    assert accuracies == sorted(set(accuracies))


@given(questions, st.sampled_from([0.0, 0.05, 0.3]))
def test_what_is_chosen_is_right_as_often(rows, within):
    judges = judges_of(rows)
    choice = chosen(judges, within)
    best = escalation_curve(judges)[-1].accuracy
    bar = float(judges.second_right.mean()) - within
    assert choice.accuracy >= min(bar, best) - 1e-9
    assert all(
        one.accuracy < bar
        for one in escalation_curve(judges)
        if one.asked_on < choice.asked_on
    )


def sure_where_right(count, prompts=20):
    """Give a cheap judge whose probabilities are true, and a dear one that knows."""
    draw = Random(3)  # noqa: S311 - no secret
    rows = []
    for number in range(count):
        probability = draw.random()
        truth = draw.random() < probability
        said = probability >= 0.5
        dear = draw.random() < 0.95
        rows.append(
            (
                f"p{number % prompts}",
                probability,
                "yes" if said else "no",
                said == truth,
                dear,
            )
        )
    return judges_of(rows)


def test_a_calibrated_judge_saves_what_it_should():
    found = analyse_cascade(sure_where_right(4_000), within=0.0)
    # The answers that are right more often than the dear judge: p > .95 or p < .05,
    # and beyond, as long as those that stand are right as often on the average.
    assert found.second.value == pytest.approx(0.95, abs=0.01)
    assert found.first.value == pytest.approx(0.75, abs=0.02)
    no, yes = found.choice.thresholds
    # What is chosen is a little too good where it is chosen.
    assert no + 1 - yes == pytest.approx(0.2, abs=0.08)
    assert found.choice.asked_on == pytest.approx(0.8, abs=0.08)
    assert found.held_out is not None
    assert found.held_out.asked_on.value == pytest.approx(0.8, abs=0.08)
    difference = found.held_out.difference
    assert difference.low is not None
    assert difference.low < 0.005
    assert abs(difference.value or 1.0) < 0.01


def test_too_few_prompts_hold_none_out():
    assert analyse_cascade(sure_where_right(50, prompts=4)).held_out is None
    with pytest.raises(ValueError, match="nothing"):
        escalation_curve(sure_where_right(4).among(np.zeros(4, np.bool_)))
