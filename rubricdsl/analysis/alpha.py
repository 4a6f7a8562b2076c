"""Krippendorff's alpha: how far several raters agree, beyond what chance brings about.

1 is perfect agreement, 0 what raters reach who say the same as often as answers to
different questions do; less is worse than that.  Ratings may be missing, and each unit
may have its own raters; a unit with a single rating says nothing.  (Krippendorff,
Content Analysis, chapter 12; "Computing Krippendorff's alpha-reliability", 2011.)

All that a unit adds to the two disagreements is a sum, so the same arithmetic does for
plain numbers and for numpy columns that hold one number for each draw of a bootstrap.
It needs no numpy of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from rubricdsl.scoring.arrays.columns import Floats

Number = TypeVar("Number", float, "Floats")

_LEAST = 2


class Metric(StrEnum):
    """How far apart two ratings are.

    ``nominal``: 1 where they differ.  ``ordinal``: by how many ratings lie between.
    ``interval``: by the square of their difference.
    """

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


Table: TypeAlias = Sequence[Sequence[Number]]
"""Coincidences: how often each category goes with each in one unit, symmetric."""


def coincidences(unit: Counter[int], size: int) -> list[list[float]]:
    """Count the pairs of a unit's ratings, by the numbers of their categories.

    ``unit`` says how often each category was given, of ``size`` there are.  A pair
    weighs 1 / (ratings - 1), so that a unit adds up to the number of its ratings.  All
    are 0 for fewer than two ratings.
    """
    table = [[0.0] * size for _ in range(size)]
    ratings = unit.total()
    if ratings < _LEAST:
        return table
    for one, times in unit.items():
        for other, often in unit.items():
            pairs = times * (often - (one == other))
            table[one][other] = pairs / (ratings - 1)
    return table


def disagreements(
    table: "Table[Number]", metric: Metric, values: Sequence[float]
) -> tuple[Number, Number]:
    """Give the observed and the expected disagreement of coincidences.

    ``values`` are those of the categories, in rising order unless the metric is
    nominal.  Alpha is 1 less the first over the second, and there is none where the
    second is 0: then all ratings are the same.
    """
    totals: list[Number] = [_sum(row) for row in table]
    everything: Number = _sum(totals)
    distance = _distances(metric, values, totals)
    observed: Number = everything * 0
    expected: Number = everything * 0
    for high in range(len(table)):
        for low in range(high):
            apart: Number = distance(high, low)
            observed = observed + table[high][low] * apart
            expected = expected + totals[high] * totals[low] * apart
    return observed * 2, expected * 2 / (everything - 1)


def interval_terms(ratings: Sequence[float]) -> tuple[float, float, float, float]:
    """Give what a unit adds to `interval_disagreements`; zeros for a single rating."""
    count = len(ratings)
    if count < _LEAST:
        return 0.0, 0.0, 0.0, 0.0
    total = sum(ratings)
    squares = sum(rating * rating for rating in ratings)
    within = 2 * (count * squares - total * total) / (count - 1)
    return float(count), total, squares, within


def interval_disagreements(
    count: Number, total: Number, squares: Number, within: Number
) -> tuple[Number, Number]:
    """Give both disagreements of ratings that are any numbers, from sums of terms."""
    return within, (count * squares - total * total) * 2 / (count - 1)


def krippendorff_alpha(
    units: Iterable[Sequence[float]], metric: Metric = Metric.NOMINAL
) -> float | None:
    """Give alpha of units, each the ratings that it was given.

    None where no unit was rated twice, or all ratings are the same.
    """
    rated = [unit for unit in units if len(unit) >= _LEAST]
    if not rated:
        return None
    if metric is Metric.INTERVAL:
        terms = [interval_terms(unit) for unit in rated]
        return alpha_of(*interval_disagreements(*map(sum, zip(*terms, strict=True))))
    values = sorted({rating for unit in rated for rating in unit})
    numbers = {value: number for number, value in enumerate(values)}
    table = [[0.0] * len(values) for _ in values]
    for unit in rated:
        counts = Counter(numbers[rating] for rating in unit)
        for row, added in zip(table, coincidences(counts, len(values)), strict=True):
            row[:] = map(add, row, added)
    return alpha_of(*disagreements(table, metric, values))


def alpha_of(observed: float, expected: float) -> float | None:
    """Give alpha of two disagreements; None where none was to be expected."""
    return None if expected <= 0 else 1 - observed / expected


def _distances(
    metric: Metric, values: Sequence[float], totals: Sequence[Number]
) -> Callable[[int, int], Number]:
    """Give the squared distance between two categories, the greater number first."""
    one = totals[0] * 0 + 1

    def nominal(_: int, __: int) -> Number:
        return one

    def interval(high: int, low: int) -> Number:
        return one * (values[high] - values[low]) ** 2

    def ordinal(high: int, low: int) -> Number:
        between = _sum(totals[low : high + 1])
        root = between - (totals[low] + totals[high]) / 2
        return root * root

    return {
        Metric.NOMINAL: nominal,
        Metric.INTERVAL: interval,
        Metric.ORDINAL: ordinal,
    }[metric]


def _sum(numbers: Sequence[Number]) -> Number:
    return reduce(add, numbers)
