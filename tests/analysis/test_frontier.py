"""Win rate against divergence, from a pool of known worth."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.analysis.frontier import (
    effective_share,
    farthest_kl,
    frontier,
    pool_needed,
)
from rubricdsl.analysis.rearrangements import Rearrangement, perfect_win_rate
from rubricdsl.analysis.tilting import kl_of_tilt, tilt_at_kl

SIZE = 4_000


def of(gold, scores, kl=2.0, also=(0.5, 1.0)):
    found = frontier(["a"] * len(gold), gold, scores, divergence=kl, also=also)
    assert found is not None
    return found


def planted(share):
    """Give gold and scores of which the worst share scores best."""
    gold = (np.arange(SIZE) + 0.5) / SIZE
    return gold, np.where(gold < share, 2 + gold, gold)


def test_a_perfect_score_wins_as_the_theory_says():
    gold = np.arange(SIZE)
    found = of(gold, gold, kl=4.0, also=(1.0, 2.0))
    for kl, wins in ((1.0, 0.865), (2.0, 0.950), (4.0, 0.993)):
        place = found.at(kl)
        assert found.curve[place] == pytest.approx(wins, abs=0.005)
        expected = effective_share(tilt_at_kl(kl)) * SIZE
        assert found.effective[place, 0] == pytest.approx(expected, rel=0.01)
    assert found.gap()[0] == pytest.approx(0)
    assert found.turn is None
    assert found.at(1.5) is None


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1])
def test_a_leak_turns_the_curve_where_the_theory_says(share):
    expected = Rearrangement.leak(share).peak()
    assert expected is not None
    found = of(*planted(share))
    assert found.turn == pytest.approx(expected.kl, abs=0.02)
    assert found.kl[found.peak] == pytest.approx(expected.kl, abs=0.05)
    assert found.curve[found.peak] == pytest.approx(expected.win_rate, abs=0.005)
    at_one = found.curve[found.at(1.0)]
    assert at_one == pytest.approx(
        Rearrangement.leak(share).win_rate(tilt_at_kl(1.0)), abs=0.005
    )


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
def test_ties_at_the_top_cap_the_curve(share):
    gold = np.random.default_rng(0).permutation(SIZE)
    scores = np.minimum(gold, (1 - share) * SIZE)
    found = of(gold, scores, kl=4.0)
    assert found.curve.max() <= 1 - share / 2 + 1e-6
    assert found.curve[-1] == pytest.approx(1 - share / 2, abs=0.005)


def test_the_gap_is_the_area_between_the_curves():
    gold, scores = planted(0.05)
    far, near = of(gold, scores), of(gold, scores, kl=1.0, also=())
    assert far.gap(1.0)[0] == pytest.approx(near.gap()[0], abs=1e-3)
    assert far.gap(1.0)[0] < far.gap()[0]
    losses = [
        Rearrangement.perfect().win_rate(tilt) - Rearrangement.leak(0.05).win_rate(tilt)
        for tilt in (tilt_at_kl((step + 0.5) / 100) for step in range(100))
    ]
    assert far.gap(1.0)[0] == pytest.approx(np.mean(losses), abs=2e-3)


def test_the_rise_is_that_of_the_curve():
    gold, scores = planted(0.05)
    found = of(gold, scores)
    tilts = np.array([tilt_at_kl(kl) for kl in found.kl])
    rises = np.gradient(found.curve, tilts)[1:-1]
    assert found.rises[1:-1, 0] == pytest.approx(rises, abs=2e-3)


def test_a_finite_pool_of_a_perfect_score():
    generator = np.random.default_rng(1)
    prompts = [str(n // 256) for n in range(200 * 256)]
    gold = generator.random(200 * 256)
    found = frontier(prompts, gold, gold, divergence=2.0, also=[1.0])
    assert found is not None
    assert found.curve[found.at(1.0)] == pytest.approx(0.862, abs=0.005)
    assert found.curve[-1] == pytest.approx(0.948, abs=0.005)
    assert found.effective[found.at(1.0)].mean() == pytest.approx(70, abs=1)
    assert found.effective[-1].mean() == pytest.approx(25, abs=1)


def test_small_pools_are_left_out():
    assert frontier(["a"] * 16, range(16), range(16), divergence=1.0) is None
    assert frontier(["a"] * 16, range(16), range(16), divergence=0.1) is not None
    prompts = ["a"] * 50 + ["b"] * 20
    found = frontier(prompts, range(70), range(70), divergence=1.0)
    assert found is not None
    assert found.prompts == ("a",)
    with pytest.raises(ValueError, match="over 0"):
        frontier(["a"], [1], [1], divergence=0)


@settings(max_examples=30)
@given(st.integers(1, 10**6))
def test_no_pool_speaks_for_more_than_it_holds(count):
    farthest = farthest_kl(count)
    assert farthest <= max(0.0, log(count) - 1) + 1e-9
    if farthest > 0:
        tilt = tilt_at_kl(farthest)
        assert effective_share(tilt) * count >= 10 - 1e-3
        assert pool_needed(farthest - 1e-6) <= count
    assert farthest_kl(16) < kl_of_tilt(4)


def test_how_many_responses_it_takes():
    assert [pool_needed(kl) for kl in (1.0, 2.0)] == [37, 101]
    assert pool_needed(5.0) >= exp(6)


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=30, max_size=40
)


@settings(max_examples=30)
@given(ROWS)
def test_no_score_beats_gold_itself(rows):
    gold, scores = zip(*rows, strict=True)
    found = of(gold, scores, kl=0.3, also=())
    assert found.curve[0] == pytest.approx(0.5)
    assert np.all(found.wins <= found.perfect + 1e-9)
    assert np.all(found.gap() >= -1e-9)
    best = [perfect_win_rate(tilt_at_kl(kl)) for kl in found.kl]
    assert np.all(found.perfect[:, 0] <= np.array(best) + 1e-9)


def test_a_divergence_near_none_leaves_the_policy_as_it_is():
    gold = np.arange(SIZE)
    found = of(gold, gold, kl=1e-300)
    assert found.curve[found.at(1e-300)] == pytest.approx(0.5, abs=1e-6)
