"""Calibration bins, the parts of the Brier score, and the calibration error."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.probabilities import BrierParts, Fitness, calibration_bins

OBSERVATIONS = st.lists(
    st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()),
    min_size=1,
    max_size=60,
)


def split(pairs: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [p for p, _ in pairs], [truth for _, truth in pairs]


def test_one_probability_is_one_bin_whatever_was_true() -> None:
    chances, truths = [0.5] * 40, [True, False] * 20
    (only,) = calibration_bins(chances, truths)
    assert (only.count, only.probability, only.frequency) == (40, 0.5, 0.5)
    assert Fitness.of(chances, truths).ece == 0.0


def test_bins_are_of_equal_size_where_probabilities_differ() -> None:
    chances = [n / 200 for n in range(200)]
    bins = calibration_bins(chances, [n % 2 == 0 for n in range(200)])
    assert [b.count for b in bins] == [20] * 10
    assert bins[0].high < bins[1].low


@given(OBSERVATIONS, st.integers(1, 12))
def test_bins_hold_all_and_never_part_a_probability(
    pairs: list[tuple[float, bool]], most: int
) -> None:
    chances, truths = split(pairs)
    bins = calibration_bins(chances, truths, most=most)
    assert 1 <= len(bins) <= most
    assert sum(b.count for b in bins) == len(pairs)
    assert sum(b.count * b.frequency for b in bins) == pytest.approx(sum(truths))
    for before, after in pairwise(bins):
        assert before.high < after.low
    assert bins == calibration_bins(*split(pairs[::-1]), most=most)


@given(OBSERVATIONS)
def test_the_parts_are_the_whole(pairs: list[tuple[float, bool]]) -> None:
    chances, truths = split(pairs)
    parts = BrierParts.of(chances, truths)
    assert parts.brier == pytest.approx(Fitness.of(chances, truths).brier)
    whole = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    assert whole == pytest.approx(parts.brier)
    assert min(parts.reliability, parts.resolution, parts.uncertainty) >= 0
    # With a bin for each probability nothing is lost inside of bins.
    assert BrierParts.of(chances, truths, most=10_000).within == pytest.approx(0)


def test_a_judge_that_is_sure_and_right_has_all_in_resolution() -> None:
    parts = BrierParts.of([1.0, 0.0, 1.0, 0.0], [True, False, True, False])
    assert parts.brier == 0
    assert parts.reliability == 0
    assert parts.resolution == parts.uncertainty == 0.25
