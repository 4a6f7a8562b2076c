"""Correlations and the AUC: values of other libraries, laws, and weights."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.correlations import (
    auc,
    auc_of,
    auc_wins,
    kendall,
    kendall_of,
    kendall_pairs,
    pearson,
    spearman,
    weighted_spearman,
)

ONE = np.array([float(x) for x in "5445345212255135141352224253333335544425"])
OTHER = np.array([float(x) for x in "5353553111155155351342115131545244525533"])
# Tenths, X for ten of them.
CHANCES = np.array(
    ["0123456789X".index(x) / 10 for x in "395867155946143284X666724241X27397189961"]
)
TRUE = np.array([x == "1" for x in "1001000001100000101100100000100010100110"])
ALL = (pearson, spearman, kendall)
NUMBERS = st.lists(st.integers(0, 5), min_size=1, max_size=12)
PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1)


def columns(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    one, other = np.array(pairs, np.float64).T
    return one, other


def test_what_other_libraries_give() -> None:
    assert pearson(ONE, OTHER) == pytest.approx(0.6530561079555647)
    assert spearman(ONE, OTHER) == pytest.approx(0.6238276389563313)
    assert kendall(ONE, OTHER) == pytest.approx(0.503474243912568)
    assert auc(CHANCES, TRUE) == pytest.approx(0.7535612535612536)


@given(PAIRS, st.randoms(use_true_random=False))
def test_no_order_of_items_or_rows_matters(
    pairs: list[tuple[int, int]], random: Random
) -> None:
    one, other = columns(pairs)
    x, y = columns(random.sample(pairs, k=len(pairs)))
    for correlation in ALL:
        found = correlation(one, other)
        assert correlation(x, y) == pytest.approx(found, nan_ok=True)
        assert correlation(other, one) == pytest.approx(found, nan_ok=True)
        assert correlation(-one, other) == pytest.approx(-found, nan_ok=True)
        assert np.isnan(found) or -1 <= found <= 1


@given(NUMBERS)
def test_a_row_with_itself(numbers: list[int]) -> None:
    row = np.array(numbers, np.float64)
    for correlation in ALL:
        found = correlation(row, row)
        if len(set(numbers)) == 1:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(1.0)


@given(PAIRS)
def test_ranks_need_only_the_order(pairs: list[tuple[int, int]]) -> None:
    one, other = columns(pairs)
    for correlation in (spearman, kendall):
        found = correlation(one, other)
        assert correlation(one**3, other) == pytest.approx(found, nan_ok=True)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1))
def test_the_auc_of_the_opposite_is_the_rest(pairs: list[tuple[int, bool]]) -> None:
    scores = np.array([float(score) for score, _ in pairs])
    truths = np.array([truth for _, truth in pairs], np.bool_)
    found = auc(scores, truths)
    if truths.all() or not truths.any():
        assert np.isnan(found)
        return
    assert auc(-scores, truths) == pytest.approx(1 - found)
    assert auc(scores, ~truths) == pytest.approx(1 - found)
    wins = [(x > y) + (x == y) / 2 for x in scores[truths] for y in scores[~truths]]
    assert found == pytest.approx(sum(wins) / len(wins))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3))))
def test_an_item_of_weight_2_counts_as_two(rows: list[tuple[int, int, int]]) -> None:
    repeated = [(x, y) for x, y, weight in rows for _ in range(weight)]
    if not repeated:
        return
    one, other, weight = np.array(rows, np.float64).T
    x, y = columns(repeated)
    weights = weight[None]
    with np.errstate(all="ignore"):
        ranked = weighted_spearman(one, other)(weights)[0]
        items = np.arange(len(rows))
        wins = auc_wins(one, other > 2, items)
        area = auc_of(weights, wins, 1.0 * (other > 2), 1.0 * (other <= 2))[0]
        pairs = kendall_pairs(one, other, items)
        ordered = kendall_of(weights, pairs)[0]
    assert ranked == pytest.approx(spearman(x, y), nan_ok=True)
    assert area == pytest.approx(auc(x, y > 2), nan_ok=True)
    assert ordered == pytest.approx(kendall(x, y), nan_ok=True)


@pytest.mark.parametrize("correlation", ALL)
def test_a_row_that_is_flat_up_to_rounding_does_not_vary(
    correlation: Callable[[np.ndarray, np.ndarray], float],
) -> None:
    flat = np.full(7, 0.1)
    assert np.isnan(correlation(flat, np.arange(7.0)))
