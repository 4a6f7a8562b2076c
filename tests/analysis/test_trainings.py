"""What a training log and a refinement tell besides their peak."""

from math import nan

import pytest

from rubricdsl.analysis.costs import Spent, cost_of
from rubricdsl.analysis.coverage import coverage
from rubricdsl.analysis.overclaiming import divergence, exploited, overclaims
from rubricdsl.analysis.simulation.onset import Curve


def test_a_score_leaves_gold_behind():
    curve = Curve(
        steps=(0, 10, 20), gold=(0.3, 0.4, 0.3), proxy=(0.3, 0.5, 0.5), kl=(0, 1, 2)
    )
    found = divergence(curve)
    assert found.first == 0
    assert found.last == pytest.approx(0.2)
    assert found.per_step == pytest.approx(0.01)
    assert found.per_nat == pytest.approx(0.1)
    alone = divergence(Curve(steps=(0,), gold=(0.3,), proxy=(0.5,)))
    assert (alone.per_step, alone.per_nat) == (None, None)
    with pytest.raises(ValueError, match="score"):
        divergence(Curve(steps=(0,), gold=(0.3,)))


def test_credit_that_is_not_deserved():
    credited: list[list[float]] = [[1, 1, 0, 1], [nan, 1, 0, 1]]
    deserved: list[list[float]] = [[1, 0, 0, nan], [1, 0, 1, 1]]
    found = overclaims(credited, deserved)
    assert (found.count, found.total) == (2, 4)
    with pytest.raises(ValueError, match="compared"):
        overclaims([1, 0], [1])


def test_what_a_policy_wins_and_no_panel_grants():
    before = [0, 0, 0, 1, 0, 0, nan]
    after = [1, 1, 1, 1, 0, 1, 1]
    panel: list[list[float]] = [
        [0, 0, 1, 0, 0, nan, 0],
        [0, 1, 1, 0, 0, 0, 0],
    ]
    found = exploited(before, after, panel)
    assert (found.count, found.total) == (1, 3)
    one_judge = exploited(before, after, panel[1:])
    assert (one_judge.count, one_judge.total) == (2, 4)
    for broken in (panel[0], [], [[0, 0]]):
        with pytest.raises(ValueError, match="panel"):
            exploited(before, after, broken)


def test_a_reference_is_covered_by_weight():
    found = coverage([3, 1, -1, -3], [0, 3])
    assert found.share == pytest.approx(6 / 8)
    assert (found.present, found.absent, found.absence) == (0.75, 0.75, 0.5)
    assert (found.matched, found.criteria) == (2, 4)
    assert coverage([1], []).absent is None
    assert coverage([], []).share is None
    with pytest.raises(ValueError, match="numbered"):
        coverage([1], [1])
    with pytest.raises(ValueError, match="finite"):
        coverage([nan], [])


def test_costs_are_shared_by_what_was_accepted():
    parts = [
        Spent(questions=10, cached=5, calls=4, tokens=800, accepted=2),
        Spent(questions=10, cached=1, calls=8, tokens=1_000),
    ]
    found = cost_of(parts)
    assert (found.calls, found.tokens, found.accepted) == (12, 1_800, 2)
    assert found.cached_share == pytest.approx(0.3)
    assert (found.calls_per_accepted, found.tokens_per_accepted) == (6, 900)
    assert cost_of([Spent(calls=1)]).calls_per_accepted is None
    assert cost_of([]).cached_share is None
