"""Criteria against responses, both in an order in which like stands beside like.

Neighbours are found by average linkage (Sokal and Michener, Univ. Kansas Sci. Bull.
38, 1958): the two groups are joined, again and again, whose members differ least on the
average, and of two joined groups the one with the greater values comes first.  With
many responses a column stands for several of neighbouring scores.
"""

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from rubricdsl.analysis.discrimination import as_table
from rubricdsl.analysis.prompts import Rows, as_values
from rubricdsl.scoring.arrays.columns import Floats, Truths

MOST_COLUMNS = 60
"""With more responses than this, several share a column."""
_SHARED_COLUMNS = 40
_MOST_CLUSTERED = 400
_UNKNOWN = 0.5


@frozen(eq=False, kw_only=True)
class HeatMap:
    """The cells, in the order in which they are shown.

    ``criteria`` are numbers of criteria, ``columns`` those of the responses in each
    column.  Arrays have the shape (criteria, columns): ``means`` are the mean values
    of what is known in a cell, NaN where nothing is; ``measured`` counts verdicts,
    those that are n/a among them.
    """

    criteria: tuple[int, ...]
    columns: tuple[Rows, ...]
    means: Floats = field(repr=False)
    measured: Rows = field(repr=False)

    @property
    def is_grouped(self) -> bool:
        """Whether a column stands for several responses."""
        return any(len(column) > 1 for column in self.columns)


def heat_map(
    values: npt.ArrayLike,
    measured: Truths,
    scores: npt.ArrayLike,
    *,
    most: int = MOST_COLUMNS,
) -> HeatMap:
    """Order criteria and responses, and share columns if there are more than ``most``.

    ``values`` has the shape (criteria, responses), NaN where a value is not known;
    ``measured`` tells where there is a verdict.  Responses that share columns are in
    the order of their ``scores``, those without any last.

    Raises ValueError for arrays of other shapes.
    """
    scored = as_values(scores, measured.shape[1])
    table = as_table(values, len(scored))
    columns = _columns(table, scored, most)
    known = ~np.isnan(table)
    filled = np.where(known, table, 0.0)
    shape = (len(table), len(columns))
    sums, counts, verdicts = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.intp)
    for number, rows in enumerate(columns):
        sums[:, number] = filled[:, rows].sum(axis=1)
        counts[:, number] = known[:, rows].sum(axis=1)
        verdicts[:, number] = measured[:, rows].sum(axis=1)
    with np.errstate(invalid="ignore"):
        means = sums / counts
    order = cluster_order(means)
    chosen = np.array(order, np.intp)
    return HeatMap(
        criteria=order,
        columns=columns,
        means=means[chosen],
        measured=verdicts[chosen],
    )


def _columns(table: Floats, scores: Floats, most: int) -> tuple[Rows, ...]:
    size = len(scores)
    if size <= most:
        return tuple(np.array([row], np.intp) for row in cluster_order(table.T))
    ordered = np.argsort(np.where(np.isnan(scores), np.inf, -scores), kind="stable")
    return tuple(np.array_split(ordered, min(most, _SHARED_COLUMNS)))


def cluster_order(rows: npt.ArrayLike) -> tuple[int, ...]:
    """Order rows so that like ones are neighbours, and greater ones rather first.

    Rows differ by the mean difference of what is known in both, and by a half where
    nothing is.  More than 400 rows are ordered by their means alone.
    """
    table = np.asarray(rows, np.float64)
    known = ~np.isnan(table)
    filled = np.where(known, table, 0.0)
    means = _ratio(filled.sum(axis=1), known.sum(axis=1).astype(np.float64))
    size = len(table)
    if size > _MOST_CLUSTERED:
        return tuple(int(row) for row in np.argsort(-means, kind="stable"))
    distances = _distances(filled, known)
    np.fill_diagonal(distances, np.inf)
    groups: dict[int, list[int]] = {row: [row] for row in range(size)}
    while len(groups) > 1:
        first, second = sorted(
            int(one) for one in np.unravel_index(np.argmin(distances), distances.shape)
        )
        ours, theirs = groups[first], groups.pop(second)
        shares = np.array([len(ours), len(theirs)]) / (len(ours) + len(theirs))
        # Absent groups are infinitely far from everything, and stay so.
        merged = shares @ distances[[first, second]]
        distances[first], distances[:, first] = merged, merged
        distances[second], distances[:, second] = np.inf, np.inf
        distances[first, first] = np.inf
        groups[first] = _greater_first(ours, theirs, means)
    return tuple(groups[0]) if groups else ()


def _greater_first(ours: list[int], theirs: list[int], means: Floats) -> list[int]:
    ahead = means[theirs].mean() > means[ours].mean()
    return theirs + ours if ahead else ours + theirs


def _distances(filled: Floats, known: Truths) -> Floats:
    size = len(filled)
    distances = np.empty((size, size))
    for row in range(size):
        both = known & known[row]
        apart = np.where(both, np.abs(filled - filled[row]), 0.0).sum(axis=1)
        distances[row] = _ratio(apart, both.sum(axis=1).astype(np.float64))
    return distances


def _ratio(sums: Floats, counts: Floats) -> Floats:
    known = counts > 0
    ratio: Floats = np.where(known, sums / np.where(known, counts, 1.0), _UNKNOWN)
    return ratio
