"""A figure as it is reported: with its interval, or with the reason why there is none.

What cannot be known is None, and never 0.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import fsum

import numpy as np
import numpy.typing as npt
from attrs import evolve, field, frozen

from rubricdsl.analysis.bootstrap import LEVEL, Statistic, cluster_weights
from rubricdsl.analysis.discrimination import LEAST_PROMPTS
from rubricdsl.analysis.prompts import Rows
from rubricdsl.scoring.arrays.columns import Floats
from rubricdsl.scoring.leaves import TOLERANCE

# More clusters are put together at random, into so many groups, which spread alike.
_MOST_CLUSTERS = 1_000
# A bound is worth telling from so many draws on that have the figure.
_LEAST_DRAWN = 200
_BLOCK = 2**22


@frozen(kw_only=True)
class Figure:
    """A figure over ``items``, and the interval in which it lies at 95 %.

    ``value`` is None where there is none, ``low`` and ``high`` where there is no
    interval; ``reason`` says why.  ``drawn`` is what it is in each draw, NaN where it
    is not.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    items: int
    reason: str | None = None
    drawn: Floats | None = field(default=None, repr=False, eq=False)

    @classmethod
    def missing(cls, reason: str, *, items: int = 0) -> "Figure":
        """Give a figure that is not known."""
        return cls(value=None, items=items, reason=reason)

    @classmethod
    def of_draws(cls, value: float, drawn: Floats, *, items: int) -> "Figure":
        """Give a figure with the middle of what it is in draws as its interval."""
        known = drawn[np.isfinite(drawn)]
        if len(known) < _LEAST_DRAWN:
            reason = "no interval: too few draws have it"
            return cls(value=value, items=items, reason=reason)
        outside = (1 - LEVEL) / 2
        low, high = map(float, np.quantile(known, [outside, 1 - outside]))
        if high - low <= TOLERANCE:
            # All of few that agree say nothing of how far more of them would.
            reason = "no interval: nearly all draws have the same"
            return cls(value=value, items=items, reason=reason, drawn=drawn)
        return cls(value=value, low=low, high=high, items=items, drawn=drawn)

    def __str__(self) -> str:
        if self.value is None:
            return "n/a"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def mean_figure(figures: Iterable[Figure], *, lacking: str) -> Figure:
    """Give the mean of the figures that there are; how many are its items.

    They rest on the same draws, so how their mean moves from draw to draw tells how
    sure it is.  ``lacking`` says why there may be none.
    """
    found = [figure for figure in figures if figure.value is not None]
    if not found:
        return Figure.missing(lacking)
    value = fsum(figure.value or 0.0 for figure in found) / len(found)
    drawn = [figure.drawn for figure in found if figure.drawn is not None]
    if len(drawn) < len(found):
        reason = "no interval: one of the figures has none"
        return Figure(value=value, items=len(found), reason=reason)
    return Figure.of_draws(value, np.mean(drawn, axis=0), items=len(found))


@frozen(eq=False, kw_only=True)
class Resampling:
    """What is drawn again for intervals, of all items that figures may be over.

    ``codes`` are the numbers of the clusters, one for each item: their prompts, or, of
    fewer than `LEAST_PROMPTS` prompts, their responses.  ``weights``, of the shape
    (draws, clusters), say how often each is drawn; all figures rest on the same draws.
    """

    codes: Rows = field(repr=False)
    unit: str
    weights: Floats = field(repr=False)

    @classmethod
    def of(
        cls, prompts: Sequence[str], responses: Sequence[str], *, seed: int = 0
    ) -> "Resampling":
        """Draw clusters, by the ids of each item's prompt and response."""
        keys: list[tuple[str, ...]] = [(prompt,) for prompt in prompts]
        unit = "prompts"
        if len(set(keys)) < LEAST_PROMPTS:
            keys = list(zip(prompts, responses, strict=True))
            unit = "responses"
        numbers: dict[tuple[str, ...], int] = {}
        codes = np.array(
            [numbers.setdefault(key, len(numbers)) for key in keys], np.intp
        )
        count = len(numbers)
        if count > _MOST_CLUSTERS:
            order = np.random.default_rng(seed).permutation(count)
            codes, count = order[codes] % _MOST_CLUSTERS, _MOST_CLUSTERS
        weights = cluster_weights(count, seed=seed) if count else np.zeros((0, 0))
        return cls(codes=codes, unit=unit, weights=weights)

    def among(self, rows: npt.ArrayLike) -> "Resampling":
        """Leave some of the items, by their numbers or by a mask."""
        return evolve(self, codes=self.codes[np.asarray(rows)])

    def sums(self, terms: npt.ArrayLike) -> Floats:
        """Sum what each item adds, of the shape (items, terms), by cluster."""
        added = np.asarray(terms, np.float64)
        sums = np.zeros((self.weights.shape[1], added.shape[1]))
        np.add.at(sums, self.codes, added)
        return sums

    def figures(
        self,
        sums: Floats,
        statistics: Mapping[str, tuple[Statistic, str]],
        *,
        items: int,
    ) -> dict[str, Figure]:
        """Give statistics of sums over clusters, each with why it may be NaN."""
        with np.errstate(all="ignore"):
            drawn = self.weights @ sums
            total = sums.sum(axis=0, keepdims=True)
            return {
                name: self._figure(
                    float(statistic(total)[0]), statistic(drawn), items, lacking
                )
                for name, (statistic, lacking) in statistics.items()
            }

    def figure(
        self, sums: Floats, statistic: Statistic, *, items: int, lacking: str
    ) -> Figure:
        """Give one statistic of sums over clusters."""
        return self.figures(sums, {"": (statistic, lacking)}, items=items)[""]

    def of_clusters(
        self, statistic: Callable[[Floats], Floats], *, lacking: str
    ) -> Figure:
        """Give a statistic of how often each cluster is drawn.

        ``statistic`` takes weights of the shape (any, clusters), as `codes` number
        them, and gives a number for each row.
        """
        items = len(self.codes)
        there = np.zeros(self.weights.shape[1])
        there[self.codes] = 1.0
        with np.errstate(all="ignore"):
            value = float(statistic(there[None])[0])
            drawn = statistic(self.weights * there)
        return self._figure(value, drawn, items, lacking)

    def weighed(self, statistic: Callable[[Floats], Floats], *, lacking: str) -> Figure:
        """Give a statistic of items, each weighed by how often it is drawn.

        ``statistic`` takes weights of the shape (any, items) and gives a number for
        each row.
        """
        items = len(self.codes)
        if not items:
            return Figure.missing(lacking)
        step = max(1, _BLOCK // items)
        with np.errstate(all="ignore"):
            value = float(statistic(np.ones((1, items)))[0])
            drawn = np.concatenate(
                [
                    statistic(self.weights[start : start + step][:, self.codes])
                    for start in range(0, len(self.weights), step)
                ]
            )
        return self._figure(value, drawn, items, lacking)

    def _figure(self, value: float, drawn: Floats, items: int, lacking: str) -> Figure:
        if not np.isfinite(value):
            return Figure.missing(lacking, items=items)
        if len(np.unique(self.codes)) < 2:  # noqa: PLR2004 - one has no spread
            reason = f"no interval: fewer than two {self.unit} have it"
            return Figure(value=value, items=items, reason=reason)
        return Figure.of_draws(value, drawn, items=items)
