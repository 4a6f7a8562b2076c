"""The slope of gold on the score, and what else the score follows."""

from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.analysis.slopes import partial_correlation, start_slope

PROMPTS = [str(n // 20) for n in range(2_000)]


def drawn(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, len(PROMPTS)))


def test_the_slope_is_within_prompts():
    scores, noise = drawn(2)
    # Prompts of greater gold score less; that is not what a policy learns from.
    hard = np.repeat(np.arange(100.0), 20)
    found = start_slope(PROMPTS, 0.5 * scores + hard + 0.1 * noise, scores - 3 * hard)
    assert found is not None
    assert found.estimate == pytest.approx(0.5, abs=0.02)
    assert found.low < 0.5 < found.high
    assert found.clusters == 100


def test_a_score_that_never_varies_has_no_slope():
    assert start_slope(["a", "a", "b", "b"], [1, 2, 3, 4], [1, 1, 2, 2]) is None
    assert start_slope(["a", "a"], [1, 2], [1, 2]) is None


def test_what_is_not_known_is_left_out():
    gold, scores = drawn(2)
    some = np.arange(len(PROMPTS)) % 3 == 0
    masked = start_slope(PROMPTS, np.where(some, nan, gold), scores)
    left = [p for p, gone in zip(PROMPTS, some, strict=True) if not gone]
    assert masked == start_slope(left, gold[~some], scores[~some])


def test_a_score_that_rewards_length_is_found_out():
    gold, noise, other = drawn(3)
    length = gold + noise
    fair = partial_correlation(PROMPTS, gold + 0.3 * other, gold, length)
    assert fair is not None
    assert fair.low < 0 < fair.high
    fooled = partial_correlation(PROMPTS, gold + 0.5 * noise, gold, length)
    assert fooled is not None
    assert fooled.estimate == pytest.approx(1, abs=0.01)
    half = partial_correlation(PROMPTS, gold + noise + other, gold, length)
    assert half is not None
    assert half.estimate == pytest.approx(0.5**0.5, abs=0.03)


def test_where_gold_never_varies_nothing_is_told():
    (scores,) = drawn(1)
    assert partial_correlation(PROMPTS, scores, [1.0] * len(PROMPTS), scores) is None


@settings(max_examples=20)
@given(st.integers(0, 20), st.floats(0.1, 10), st.floats(-5, 5))
def test_units_do_not_matter_to_a_correlation(seed, unit, shift):
    scores, gold, length = drawn(3, seed)
    one = partial_correlation(PROMPTS, scores, gold, length, seed=1)
    other = partial_correlation(PROMPTS, scores, gold, unit * length + shift, seed=1)
    assert one is not None
    assert other is not None
    assert one.estimate == pytest.approx(other.estimate)
