"""How sure a figure is: intervals by drawing prompts, not responses, again.

Responses to one prompt are alike, so a figure over many prompts is as sure as there
are prompts.  The cluster bootstrap draws whole clusters with replacement and looks
how far the figure moves (Cameron, Gelbach and Miller, Rev. Econ. Stat. 90, 2008).
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from math import ceil
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.scoring.arrays.columns import Floats

Times: TypeAlias = npt.NDArray[np.uint16]
Statistic = Callable[[Floats], Floats]

LEVEL = 0.95
_LEAST_DRAWS = 2_000
_MOST_DRAWS = 40_000
# Of the draws, so many should lie outside of an interval.
_OUTSIDE = 40
_BLOCK = 2**20
# More clusters are drawn in groups put together at random, which spread as they do.
_MOST_CLUSTERS = 500
# Draws of so many numbers are kept, since many figures rest on equally many clusters.
_KEPT = 2**23


@frozen
class Interval:
    """An estimate, and the interval in which it lies with probability ``level``.

    ``clusters`` is on how many it rests.
    """

    estimate: float
    low: float
    high: float
    level: float
    clusters: int

    @property
    def is_below_zero(self) -> bool:
        """Tell whether all of it is negative."""
        return self.high < 0

    @property
    def is_above_zero(self) -> bool:
        """Tell whether all of it is positive."""
        return self.low > 0

    def __str__(self) -> str:
        return f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"


def cluster_bootstrap(
    sums: npt.ArrayLike,
    statistic: Statistic,
    *,
    seed: int = 0,
    draws: int | None = None,
    level: float = LEVEL,
) -> Interval | None:
    """Give the percentile interval of a statistic of sums over clusters.

    ``sums`` has the shape (clusters, terms): what each cluster adds to each sum.
    ``statistic`` takes sums of the shape (any, terms) and gives one number for each
    row, NaN where there is none.  Draws without a number are left out; there are 2,000,
    or more for a level that so few could not tell.  None where
    fewer than two clusters add anything, or there is no estimate: one cluster says
    nothing of others.

    Raises ValueError for sums that are not finite.
    """
    terms = np.asarray(sums, np.float64)
    terms = terms[np.any(terms != 0, axis=1)]
    if not np.isfinite(terms).all():
        raise ValueError("sums over clusters must be finite")
    count = len(terms)
    if count < 2:  # noqa: PLR2004 - one cluster has no spread
        return None
    number = draws if draws is not None else _draws_for(level)
    total = terms.sum(axis=0, keepdims=True)
    if count > _MOST_CLUSTERS:
        terms = _grouped(terms, seed)
    with np.errstate(all="ignore"):
        estimate = float(statistic(total)[0])
        drawn = np.concatenate(
            [statistic(block @ terms) for block in _drawn(len(terms), number, seed)]
        )
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(estimate) or not len(drawn):
        return None
    outside = (1 - level) / 2
    low, high = np.quantile(drawn, [outside, 1 - outside])
    return Interval(estimate, float(low), float(high), level, count)


def bootstrap_mean(
    values: npt.ArrayLike,
    *,
    seed: int = 0,
    draws: int | None = None,
    level: float = LEVEL,
) -> Interval | None:
    """Give the interval of the mean of one value for each cluster.

    NaN stands for a cluster without a value, which is left out.  None for fewer than
    two values.
    """
    given = np.asarray(values, np.float64)
    known = given[~np.isnan(given)]
    sums = np.column_stack([known, np.ones(len(known))])
    return cluster_bootstrap(sums, _mean, seed=seed, draws=draws, level=level)


def _mean(sums: Floats) -> Floats:
    mean: Floats = sums[:, 0] / sums[:, 1]
    return mean


def cluster_weights(count: int, *, seed: int = 0, draws: int = _LEAST_DRAWS) -> Floats:
    """Give how often each of ``count`` clusters is drawn, of the shape (draws, count).

    For many figures over the same clusters, which are then drawn together.
    """
    return np.concatenate(list(_drawn(count, draws, seed)))


def _draws_for(level: float) -> int:
    wanted = ceil(_OUTSIDE / max(1 - level, _OUTSIDE / _MOST_DRAWS))
    return max(_LEAST_DRAWS, wanted)


def _grouped(terms: Floats, seed: int) -> Floats:
    """Put clusters together at random, into groups that are nearly equally many."""
    order = np.random.default_rng(seed).permutation(len(terms))
    starts = np.linspace(0, len(terms), _MOST_CLUSTERS, endpoint=False).astype(np.intp)
    grouped: Floats = np.add.reduceat(terms[order], starts, axis=0)
    return grouped


def _drawn(count: int, draws: int, seed: int) -> Iterator[Floats]:
    """Give how often each cluster is drawn, for some draws after others."""
    if count * draws <= _KEPT:
        kept = _kept_draws(count, draws, seed)
        size = max(1, _BLOCK // count)
        for start in range(0, draws, size):
            yield kept[start : start + size].astype(np.float64)
        return
    for block in _draw(count, draws, seed):
        yield block.astype(np.float64)


@lru_cache(maxsize=2)
def _kept_draws(count: int, draws: int, seed: int) -> Times:
    return np.concatenate(
        [block.astype(np.uint16) for block in _draw(count, draws, seed)]
    )


def _draw(count: int, draws: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    size = max(1, _BLOCK // count)
    chances = np.full(count, 1 / count)
    for start in range(0, draws, size):
        rows = min(size, draws - start)
        yield generator.multinomial(count, chances, size=rows)
