"""Weights that order pairs as people do, and small ones that stand to each other so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.preference_fit import preference_weights, small_weights


def _pairs(weights, count: int, seed: int):
    generator = np.random.default_rng(seed)
    rows = generator.choice([-1.0, 0.0, 1.0], (count, len(weights)))
    chance = 1 / (1 + np.exp(-rows @ np.array(weights)))
    signs = np.where(generator.random(count) < chance, 1.0, -1.0)
    return rows * signs[:, None], np.ones(count)


def test_weights_are_found_again() -> None:
    rows, counts = _pairs([3.0, 1.0, 0.5, 0.0], 20_000, 1)
    assert preference_weights(rows, counts) == pytest.approx(
        [3.0, 1.0, 0.5, 0.0], abs=0.1
    )


def test_no_weight_turns_against_its_sign() -> None:
    rows, counts = _pairs([2.0, -2.0, 1.0], 5_000, 2)
    found = preference_weights(rows, counts)
    assert found[1] == 0
    assert found[0] > found[2] > 0


@given(st.integers(0, 1_000), st.integers(1, 6), st.floats(0.01, 30.0))
def test_it_is_the_least_of_all(seed, criteria, ridge) -> None:
    """At the minimum, no slope is left where a weight could still move."""
    generator = np.random.default_rng(seed)
    rows = generator.choice([-1.0, -0.5, 0.0, 0.5, 1.0], (30, criteria))
    counts = generator.random(30)
    found = preference_weights(rows, counts, ridge=ridge)
    slope = ridge * found - rows.T @ (counts / (1 + np.exp(rows @ found)))
    assert (found >= 0).all()
    assert np.abs(slope[found > 0]).max(initial=0) < 1e-5
    assert (slope[found == 0] > -1e-5).all()


def test_pairs_that_can_be_parted_give_finite_weights() -> None:
    found = preference_weights([[1.0, 0.0]] * 9, np.ones(9))
    assert 0 < found[0] < 10
    assert found[1] == 0
    with pytest.raises(ValueError, match="positive"):
        preference_weights([[1.0]], [1.0], ridge=0)


def test_nothing_known_gives_nothing() -> None:
    assert preference_weights(np.zeros((0, 3)), []).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("ideal", "current", "expected"),
    [
        ([3.0, 1.0, 2.0], [1, 1, 1], (3, 1, 2)),
        ([0.3, 0.1, 0.2], [1, 1, 1], (3, 1, 2)),
        ([5.0, 5.1, 4.9], [2, 2, 2], (2, 2, 2)),  # as they are, and not 1, 1, 1
        ([9.0, 1.0, 0.0], [1, 1, 1], (3, 1, 1)),
        ([0.0, 0.0], [2, 1], (2, 1)),
        ([1.0, 1.0, 1.0], [5, 5, 5], (1, 1, 1)),  # 5 is no choice
    ],
)
def test_small_weights(ideal, current, expected) -> None:
    choices = [(1, 2, 3)] * len(ideal)
    assert small_weights(ideal, choices, current) == expected


@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=6),
    st.sets(st.integers(1, 10), min_size=1, max_size=5),
    st.floats(0.01, 100),
)
def test_only_proportions_matter(ideal, choices, scale) -> None:
    steps = [sorted(choices)] * len(ideal)
    current = [min(choices)] * len(ideal)
    found = small_weights(ideal, steps, current)
    assert set(found) <= choices
    scaled = small_weights([scale * one for one in ideal], steps, current)
    norms = [np.linalg.norm(v) for v in (ideal, found, scaled)]
    cosines = [
        np.dot(ideal, v) / norms[0] / n
        for v, n in zip((found, scaled), norms[1:], strict=True)
    ]
    assert cosines[0] == pytest.approx(cosines[1], abs=1e-6)


def test_a_choice_is_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        small_weights([1.0], [[0, 1]], [1])
    with pytest.raises(ValueError, match="positive"):
        small_weights([1.0], [[]], [1])


def test_each_weight_has_its_own_choices() -> None:
    found = small_weights([4.0, 2.0, 1.0], [[1, 5], [1, 2, 3], [2]], [1, 1, 2])
    assert found == (5, 3, 2)
