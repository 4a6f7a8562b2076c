"""What reaches the top without being good."""

from math import nan

import numpy as np
import pytest

from rubricdsl.analysis.bootstrap import bootstrap_mean
from rubricdsl.analysis.leaks import attacks_at_top, leak_of, top_bars
from rubricdsl.analysis.proportions import Interval, Proportion


def pool(share, *, prompts=200, size=200, noise=0.0, seed=0):
    """Give pools of which the worst share, on the average, scores best."""
    generator = np.random.default_rng(seed)
    gold = generator.standard_normal(prompts * size)
    scores = gold + noise * generator.standard_normal(len(gold))
    bar = np.quantile(gold, share)
    scores = np.where(gold < bar, 10 + scores, scores)
    return [str(n // size) for n in range(len(gold))], gold, scores


@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("share", [0.005, 0.01, 0.05])
def test_planted_leaks_are_recovered(share, noise):
    found = leak_of(*pool(share, noise=noise))
    interval = bootstrap_mean(found.bad_at_top - found.good_at_bottom)
    assert interval is not None
    assert interval.low > 0
    assert interval.estimate == pytest.approx(share, abs=0.1 * share)
    assert interval.low <= share <= interval.high


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_noise_is_no_leak(noise):
    found = leak_of(*pool(0.0, noise=noise))
    interval = bootstrap_mean(found.bad_at_top - found.good_at_bottom)
    assert interval is not None
    assert interval.low <= 0 <= interval.high


def test_ties_are_taken_in_any_order():
    found = leak_of(["a"] * 20, [0] * 2 + [1] * 18, [1] * 20)
    assert found.bad_at_top[0] == pytest.approx(0.1 * 0.1)
    turned = leak_of(["a"] * 20, range(20), range(20, 0, -1))
    assert turned.bad_at_top[0] == pytest.approx(0.1)


def test_where_all_are_equally_good_nothing_leaks():
    found = leak_of(["a"] * 3 + ["b"] * 2, [1, 1, 1, 1, nan], [1, 2, 3, 1, 2])
    assert np.isnan(found.bad_at_top).all()
    assert found.responses == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        leak_of(["a"], [1], [1], top=1.0)


def test_attacks_are_held_against_honest_responses():
    bars = top_bars(["a"] * 10 + ["b"], [*range(10), nan], 0.2)
    assert bars == {"a": 8}
    found = attacks_at_top(
        bars,
        ["echo", "echo", "echo", "empty", "empty", "padding"],
        ["a", "a", "a", "a", "b", "b"],
        [9, 8, 7.9, 0, 9, 9],
    )
    assert (found["echo"].count, found["echo"].total) == (2, 3)
    assert found["empty"] == Proportion(0, 1, Interval(0.0, 1.0))
    assert found["padding"].share is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        top_bars(["a"], [1], 0)
