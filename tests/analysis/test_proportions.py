"""Exact bounds of shares, against sums of the binomial distribution itself."""

from math import comb, fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.proportions import (
    Interval,
    Proportion,
    clopper_pearson,
    leak_bound,
    lower_bound,
    regularised_beta,
    upper_bound,
)

counts = st.integers(1, 200).flatmap(
    lambda total: st.tuples(st.integers(0, total), st.just(total))
)


def at_most(count: int, total: int, share: float) -> float:
    return fsum(
        comb(total, n) * share**n * (1 - share) ** (total - n) for n in range(count + 1)
    )


@given(counts, st.floats(0.01, 0.99))
def test_the_beta_function_is_the_tail_of_the_binomial(counted, share):
    count, total = counted
    if count == total:
        return
    found = regularised_beta(total - count, count + 1, 1 - share)
    assert found == pytest.approx(at_most(count, total, share), abs=1e-9)


@given(counts)
def test_at_the_bound_what_was_counted_is_just_not_too_unlikely(counted):
    count, total = counted
    bound = upper_bound(count, total)
    assert count / total <= bound <= 1
    if count < total:
        assert at_most(count, total, bound) == pytest.approx(0.05, abs=1e-7)


@given(counts)
def test_intervals_hold_what_was_counted_and_mirror_each_other(counted):
    count, total = counted
    interval = clopper_pearson(count, total)
    mirror = clopper_pearson(total - count, total)
    assert 0 <= interval.low <= count / total <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirror.high, abs=1e-12)
    assert interval.low <= lower_bound(count, total)
    assert upper_bound(count, total) <= interval.high


def test_tables_of_the_field():
    # 1 of 10 and 5 of 20, two-sided at 95 %, as they are tabled.
    assert clopper_pearson(1, 10).high == pytest.approx(0.44502, abs=1e-5)
    assert clopper_pearson(1, 10).low == pytest.approx(0.00253, abs=1e-5)
    assert clopper_pearson(5, 20).low == pytest.approx(0.08657, abs=1e-5)
    assert clopper_pearson(5, 20).high == pytest.approx(0.49105, abs=1e-5)


def test_many_are_as_good_as_few():
    assert upper_bound(500, 100_000) == pytest.approx(0.00538, abs=1e-5)
    assert upper_bound(50_000, 100_000) == pytest.approx(0.5026, abs=1e-4)


def test_none_of_n_is_three_over_n_and_never_more_than_all():
    assert leak_bound(0, 60) == pytest.approx(0.05)
    assert leak_bound(0, 2) == 1.0
    assert leak_bound(3, 60) == upper_bound(3, 60)
    # The rule is a little more careful than the exact bound that it stands for.
    assert upper_bound(0, 60) < leak_bound(0, 60)


@pytest.mark.parametrize(("count", "total"), [(-1, 3), (4, 3), (0, 0)])
def test_what_was_not_counted_has_no_bound(count, total):
    for bound in (upper_bound, lower_bound, clopper_pearson, leak_bound):
        with pytest.raises(ValueError, match="no bound"):
            bound(count, total)


@pytest.mark.parametrize("x", [-0.1, 1.1, float("nan")])
def test_the_beta_function_outside_its_range(x):
    with pytest.raises(ValueError, match="incomplete beta"):
        regularised_beta(1, 1, x)


@given(counts)
def test_a_proportion_knows_its_interval(counted):
    found = Proportion.of(*counted)
    count, total = counted
    assert found.share == count / total
    assert found.interval is not None
    assert found.share is not None
    assert found.interval.low <= found.share <= found.interval.high
    if count:
        assert found.interval == clopper_pearson(count, total)
    else:
        assert found.interval == Interval(0.0, min(1.0, 3 / total))


def test_nothing_counted_has_no_share():
    found = Proportion.of(0, 0)
    assert (found.share, found.interval) == (None, None)
    with pytest.raises(ValueError, match="no bound"):
        Proportion.of(3, 2)
