"""What a policy is trained on is a mean of verdicts, whichever weights are taken."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.simulation.parameters import Parameters, Weighting
from rubricdsl.analysis.simulation.rewards import rewards

WEIGHTS = np.array([[3.0, 1.0, 0.0], [1.0, 1.0, 2.0]])


def drawn(seed=0, chance=0.5):
    return np.random.default_rng(seed).random((2, 16, 3)) < chance


def given_rewards(met, **changes):
    draw = np.random.default_rng(7)
    return rewards(WEIGHTS, met, Parameters(**changes), draw)


def test_given_weights_are_those_of_the_rubric():
    met = drawn()
    expected = np.einsum("gc,grc->gr", WEIGHTS, met) / WEIGHTS.sum(axis=1)[:, None]
    assert given_rewards(met) == pytest.approx(expected)


def test_equal_weights_count_what_is_in_the_rubric_alike():
    met = drawn()
    found = given_rewards(met, weighting=Weighting.EQUAL)
    assert found[0] == pytest.approx(met[0, :, :2].mean(axis=1))
    assert found[1] == pytest.approx(met[1].mean(axis=1))


def test_by_variance_what_all_rollouts_meet_counts_nothing():
    met = drawn()
    met[:, :, 0] = True
    found = given_rewards(met, weighting=Weighting.VARIANCE)
    assert found[0] == pytest.approx(met[0, :, 1].astype(float))


def test_dropout_leaves_out_the_same_criteria_for_a_whole_group():
    met = drawn()
    found = given_rewards(met, dropout=0.5)
    for group, weights in enumerate(WEIGHTS):
        kept = [
            np.array(bits) * weights
            for bits in np.ndindex(2, 2, 2)
            if (np.array(bits) * weights).sum() > 0
        ]
        candidates = [(met[group] * one).sum(axis=1) / one.sum() for one in kept]
        candidates.append(np.zeros(16))
        assert any(np.allclose(found[group], one) for one in candidates)


@given(
    st.integers(0, 99),
    st.sampled_from(Weighting),
    st.sampled_from([0.0, 0.3, 0.9]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_rewards_are_in_the_unit_interval(seed, weighting, dropout, chance):
    found = given_rewards(drawn(seed, chance), weighting=weighting, dropout=dropout)
    assert found.shape == (2, 16)
    assert np.all((found >= 0) & (found <= 1))
