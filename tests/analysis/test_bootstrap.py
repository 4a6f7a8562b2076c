"""Intervals by drawing clusters again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.bootstrap import bootstrap_mean, cluster_bootstrap


def test_the_interval_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(1).standard_normal(400) + 2
    found = bootstrap_mean(values)
    assert found is not None
    half = 1.96 * values.std() / 20
    assert found.estimate == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.02)
    assert found.high == pytest.approx(values.mean() + half, abs=0.02)
    assert (found.clusters, found.level) == (400, 0.95)
    assert found.is_above_zero
    assert not found.is_below_zero


def test_intervals_cover_as_often_as_they_say() -> None:
    generator = np.random.default_rng(2)
    covered = 0
    for seed in range(300):
        found = bootstrap_mean(generator.standard_normal(40), seed=seed, draws=400)
        assert found is not None
        covered += found.low <= 0 <= found.high
    assert 0.89 <= covered / 300 <= 0.98


def test_responses_to_one_prompt_are_not_counted_as_many() -> None:
    # 20 prompts of 50 responses each that all say the same.
    by_prompt = np.random.default_rng(3).standard_normal(20)
    sums = np.column_stack([50 * by_prompt, np.full(20, 50.0)])
    clustered = cluster_bootstrap(sums, lambda s: s[:, 0] / s[:, 1])
    alone = bootstrap_mean(np.repeat(by_prompt, 50))
    assert clustered is not None
    assert alone is not None
    assert clustered.estimate == pytest.approx(alone.estimate)
    assert clustered.high - clustered.low > 5 * (alone.high - alone.low)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30), st.integers(0, 9))
def test_the_seed_decides_and_nothing_else(values, seed) -> None:
    found = bootstrap_mean(values, seed=seed, draws=50)
    assert found == bootstrap_mean(values, seed=seed, draws=50)
    assert found is not None
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


def test_very_many_clusters_spread_as_they_would_one_by_one() -> None:
    values = np.random.default_rng(4).exponential(size=20_000)
    found = bootstrap_mean(values)
    assert found is not None
    half = 1.96 * values.std() / 20_000**0.5
    assert found.estimate == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * half, rel=0.15)
    assert found.clusters == 20_000


def test_blocks_change_nothing(monkeypatch) -> None:
    values = list(range(30))
    monkeypatch.setattr("rubricdsl.analysis.bootstrap._BLOCK", 100)
    monkeypatch.setattr("rubricdsl.analysis.bootstrap._KEPT", 0)
    found = bootstrap_mean(values, draws=2_000)
    assert found is not None
    assert found.low == pytest.approx(14.5 - 1.96 * 8.655 / 30**0.5, abs=0.3)


def test_one_cluster_says_nothing_of_others() -> None:
    assert bootstrap_mean([0.5]) is None
    assert bootstrap_mean([0.5, float("nan")]) is None
    assert bootstrap_mean([]) is None


def test_draws_without_a_number_are_left_out() -> None:
    sums = [[1.0, 1.0], [2.0, 0.0], [4.0, 1.0]]
    found = cluster_bootstrap(sums, lambda s: s[:, 0] / s[:, 1])
    assert found is not None
    assert np.isfinite([found.low, found.high]).all()
    assert cluster_bootstrap([[1.0, 0.0]] * 3, lambda s: s[:, 0] / s[:, 1]) is None


def test_sums_must_be_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        cluster_bootstrap([[float("inf")], [1.0]], lambda s: s[:, 0])
