"""Flip rate, Krippendorff's alpha, and how much scores waver."""

from collections.abc import Sequence
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.reliability.consistency import (
    consistency,
    score_noise,
)
from rubricdsl.model.ruling import NO, PARTLY, YES, Ruling

RULINGS = st.sampled_from([YES, NO, PARTLY, Ruling.level(2)])
UNITS = st.lists(st.lists(RULINGS, max_size=5), max_size=8)


def test_by_hand() -> None:
    found = consistency([[YES, YES, NO], [NO, NO, NO], [YES]])
    assert found is not None
    assert (found.units, found.answers) == (2, 6)
    assert found.flip_rate == pytest.approx((4 / 6 + 0) / 2)
    assert found.unstable == 0.5
    # Coincidences: two yes and four no in all; observed 2, expected 16/5.
    assert found.alpha == pytest.approx(1 - (4 / 2) / (16 / 5))


def test_the_reference_example() -> None:
    """Krippendorff's own nominal example: four observers, twelve units, 0.743."""
    rows = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
    units = [
        [Ruling.level(v) for v in column if v] for column in zip(*rows, strict=True)
    ]
    found = consistency(units)
    assert found is not None
    assert found.alpha == pytest.approx(0.743, abs=5e-4)


@given(UNITS)
def test_flips_are_those_of_all_pairs(units: Sequence[Sequence[Ruling]]) -> None:
    found = consistency(units)
    repeated = [unit for unit in units if len(unit) > 1]
    if not repeated:
        assert found is None
        return
    rates = []
    for unit in repeated:
        pairs = list(permutations(unit, 2))
        rates.append(sum(one != other for one, other in pairs) / len(pairs))
    assert found is not None
    assert found.flip_rate == pytest.approx(sum(rates) / len(rates))
    assert 0 <= found.flip_rate <= 1
    assert found.alpha is None or found.alpha <= 1 + 1e-12


@given(UNITS, st.randoms(use_true_random=False))
def test_no_order_makes_a_difference(units: list[list[Ruling]], random: Random) -> None:
    shuffled = [random.sample(unit, k=len(unit)) for unit in units]
    random.shuffle(shuffled)
    one, other = consistency(units), consistency(shuffled)
    if one is None or other is None:
        assert one is other
        return
    assert one.flip_rate == pytest.approx(other.flip_rate)
    assert one.alpha == pytest.approx(other.alpha)


def test_one_answer_each_is_not_known_and_never_0() -> None:
    assert consistency([[YES], [NO]]) is None
    assert consistency([]) is None
    same = consistency([[YES, YES], [YES, YES]])
    assert same is not None
    assert (same.flip_rate, same.alpha) == (0.0, None)


def test_scores_that_waver() -> None:
    noise = score_noise([[0.4, 0.6], [0.9, 0.7], [0.5]])
    assert noise is not None
    assert noise.within == pytest.approx((4 * 0.1**2 / 2) ** 0.5)
    assert noise.between == pytest.approx((2 * 0.15**2) ** 0.5)
    assert noise.ratio == pytest.approx(noise.within / noise.between)
    assert score_noise([[0.4, 0.6], [0.9]]) is None
    flat = score_noise([[0.4, 0.6], [0.6, 0.4]])
    assert flat is not None
    assert flat.ratio is None
