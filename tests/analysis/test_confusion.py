"""Kappa, rates and shares from tables of two raters' answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.confusion import (
    agreement,
    cohen_kappa,
    confusion_terms,
    quadratic_distances,
    rate_given,
    share_of,
)

SIZE = 3
PAIRS = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)),
    min_size=1,
    max_size=30,
)
QUADRATIC = quadratic_distances(np.arange(float(SIZE)))
# Two raters on a scale of five, and what scikit-learn makes of them.
ONE = "5445345212255135141352224253333335544425"
OTHER = "5353553111155155351342115131545244525533"


def table(pairs: list[tuple[int, int]], size: int = SIZE) -> np.ndarray:
    first, second = np.array(pairs, np.intp).T
    counts: np.ndarray = confusion_terms(first, second, size).sum(axis=0)
    return counts.reshape(1, size, size)


def kappas(pairs: list[tuple[int, int]]) -> tuple[float, float]:
    with np.errstate(all="ignore"):
        counts = table(pairs)
        return float(cohen_kappa(counts)[0]), float(cohen_kappa(counts, QUADRATIC)[0])


def test_kappa_is_what_another_library_gives() -> None:
    pairs = [(int(x) - 1, int(y) - 1) for x, y in zip(ONE, OTHER, strict=True)]
    counts = table(pairs, 5)
    distances = quadratic_distances(np.arange(5.0))
    assert cohen_kappa(counts) == pytest.approx(0.05288082083662193)
    assert cohen_kappa(counts, distances) == pytest.approx(0.6406160867084998)


def test_rates_by_hand() -> None:
    # The first rater in rows: 8 of 10 found, 3 of 20 by mistake.
    counts = np.array([[[17.0, 2.0], [3.0, 8.0]]])
    assert rate_given(counts, 1) == pytest.approx(0.8)
    assert rate_given(counts, 1, absent=True) == pytest.approx(0.15)
    assert share_of(counts, 1) == pytest.approx(11 / 30)
    assert share_of(counts, 1, second=True) == pytest.approx(10 / 30)
    assert agreement(counts) == pytest.approx(25 / 30)
    # (25/30 - by chance) / (1 - by chance)
    by_chance = (19 * 20 + 11 * 10) / 900
    expected = (25 / 30 - by_chance) / (1 - by_chance)
    assert cohen_kappa(counts) == pytest.approx(expected)


def test_high_agreement_on_a_rare_yes_is_no_agreement() -> None:
    counts = np.array([[[95.0, 3.0], [2.0, 0.0]]])
    assert agreement(counts) == pytest.approx(0.95)
    assert cohen_kappa(counts)[0] < 0


@given(PAIRS)
def test_kappa_has_no_order_and_no_first_rater(pairs: list[tuple[int, int]]) -> None:
    found = kappas(pairs)
    assert kappas(pairs[::-1]) == pytest.approx(found, nan_ok=True)
    swapped = [(y, x) for x, y in pairs]
    assert kappas(swapped) == pytest.approx(found, nan_ok=True)
    assert all(np.isnan(kappa) or kappa <= 1 + 1e-12 for kappa in found)


@given(PAIRS)
def test_turning_the_scale_round_changes_nothing(
    pairs: list[tuple[int, int]],
) -> None:
    turned = [(SIZE - 1 - x, SIZE - 1 - y) for x, y in pairs]
    assert kappas(turned) == pytest.approx(kappas(pairs), nan_ok=True)


@given(st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=20))
def test_perfect_agreement(answers: list[int]) -> None:
    found = kappas([(x, x) for x in answers])
    if len(set(answers)) == 1:
        # Chance would have made them agree as well: that is not known, and never 1.
        assert np.isnan(found).all()
    else:
        assert found == pytest.approx((1.0, 1.0))


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1))
def test_with_two_answers_weights_make_no_difference(
    pairs: list[tuple[int, int]],
) -> None:
    plain, weighted = kappas(pairs)
    assert plain == pytest.approx(weighted, nan_ok=True)
