"""Krippendorff's alpha: published values, laws, and one arithmetic for all."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.alpha import (
    Metric,
    interval_disagreements,
    interval_terms,
    krippendorff_alpha,
)
from rubricdsl.analysis.confusion import alpha_of_tables, confusion_terms, pair_alpha

METRICS = st.sampled_from(list(Metric))
UNITS = st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=8)
# Krippendorff's own example: four observers, twelve units, 0 for no rating.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]


@pytest.mark.parametrize(
    ("metric", "published"),
    [(Metric.NOMINAL, 0.743), (Metric.ORDINAL, 0.815), (Metric.INTERVAL, 0.849)],
)
def test_the_published_example(metric: Metric, published: float) -> None:
    units = [[x for x in column if x] for column in zip(*OBSERVERS, strict=True)]
    assert krippendorff_alpha(units, metric) == pytest.approx(published, abs=5e-4)


@given(UNITS, METRICS, st.randoms(use_true_random=False))
def test_neither_the_order_of_units_nor_of_ratings_matters(
    units: list[list[int]], metric: Metric, random: Random
) -> None:
    shuffled = [random.sample(unit, k=len(unit)) for unit in units]
    random.shuffle(shuffled)
    found = krippendorff_alpha(units, metric)
    assert found == pytest.approx(krippendorff_alpha(shuffled, metric))
    assert found is None or found <= 1 + 1e-12


@given(st.lists(st.integers(0, 4), min_size=2, max_size=9), METRICS)
def test_perfect_agreement_is_1(ratings: list[int], metric: Metric) -> None:
    found = krippendorff_alpha([[rating] * 3 for rating in ratings], metric)
    if len(set(ratings)) > 1:
        assert found == pytest.approx(1.0)
    else:
        assert found is None


@given(UNITS, st.integers(-3, 3), st.integers(1, 4))
def test_intervals_have_no_unit_and_no_zero(
    units: list[list[int]], shift: int, scale: int
) -> None:
    moved = [[scale * rating + shift for rating in unit] for unit in units]
    found = krippendorff_alpha(units, Metric.INTERVAL)
    assert krippendorff_alpha(moved, Metric.INTERVAL) == pytest.approx(found)


@given(UNITS)
def test_sums_of_squares_say_the_same_as_coincidences(units: list[list[int]]) -> None:
    terms = np.array([interval_terms(unit) for unit in units]).reshape(-1, 4)
    observed, expected = interval_disagreements(*map(float, terms.sum(axis=0)))
    found = krippendorff_alpha(units, Metric.INTERVAL)
    if found is None:
        assert expected == pytest.approx(0) or not terms[:, 0].any()
    else:
        assert found == pytest.approx(1 - observed / expected)
        assert found == pytest.approx(_by_definition(units))


def _by_definition(units: Sequence[Sequence[int]]) -> float:
    """Go through all pairs, as the definition does."""
    rated = [unit for unit in units if len(unit) > 1]
    every = [rating for unit in rated for rating in unit]
    within = sum(
        sum((x - y) ** 2 for x in unit for y in unit) / (len(unit) - 1)
        for unit in rated
    )
    between = sum((x - y) ** 2 for x in every for y in every) / (len(every) - 1)
    return 1 - within / between


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12),
    METRICS,
)
def test_columns_of_numbers_say_the_same_as_numbers(
    pairs: list[tuple[int, int]], metric: Metric
) -> None:
    first, second = np.array(pairs, np.intp).T
    sums = confusion_terms(first, second, 4).sum(axis=0)
    tables = np.array([sums, 2 * sums]).reshape(-1, 4, 4)
    values = np.arange(4.0)
    with np.errstate(all="ignore"):
        found = pair_alpha(tables, metric, values)
        coincident = tables + tables.swapaxes(1, 2)
        same = alpha_of_tables(coincident, metric, values)
    expected = krippendorff_alpha(pairs, metric)
    twice = krippendorff_alpha([*pairs, *pairs], metric)
    assert found == pytest.approx(same, nan_ok=True)
    if expected is None or twice is None:
        assert np.isnan(found).all()
    else:
        assert found == pytest.approx([expected, twice])
