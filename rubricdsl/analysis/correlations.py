"""How two rows of numbers hang together: Pearson, Spearman, Kendall, and the AUC.

Ties share the middle of their places.  A correlation is NaN where one of the rows does
not vary.  Items may be weighed, as a bootstrap does that draws some twice and others
not at all: an item of weight 2 counts as two.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from rubricdsl.analysis.prompts import Rows
from rubricdsl.scoring.arrays.columns import Floats, Truths

Correlation: TypeAlias = Callable[[Floats, Floats], float]
_BLOCK = 2**22
_ROUNDING = 1e-12


def pearson_terms(one: Floats, other: Floats) -> Floats:
    """Give what each item adds to `pearson_of`, of the shape (items, 6)."""
    ones = np.ones(len(one))
    # Moved to their middles, squares lose no digits.
    x, y = one - one.mean(), other - other.mean()
    return np.column_stack([ones, x, y, x * x, y * y, x * y])


def pearson_of(sums: Floats) -> Floats:
    """Give Pearson's correlation for each row of sums."""
    n, x, y, xx, yy, xy = sums.T
    return _ratio(xy - x * y / n, _spread(n, x, xx), _spread(n, y, yy))


def _spread(n: Floats, total: Floats, squares: Floats) -> Floats:
    """Give the sum of squares around the mean: 0 where it is nothing but rounding."""
    spread = squares - total * total / n
    varies: Floats = np.where(spread > _ROUNDING * squares, spread, 0.0)
    return varies


def pearson(one: Floats, other: Floats) -> float:
    """Give Pearson's correlation."""
    if not len(one):
        return float("nan")
    with np.errstate(all="ignore"):
        return float(pearson_of(pearson_terms(one, other).sum(axis=0)[None])[0])


def spearman(one: Floats, other: Floats) -> float:
    """Give Spearman's correlation of ranks."""
    return pearson(middle_ranks(one), middle_ranks(other))


def kendall(one: Floats, other: Floats) -> float:
    """Give Kendall's tau-b."""
    codes = np.zeros(len(one), np.intp)
    with np.errstate(all="ignore"):
        return float(kendall_of(np.ones((1, 1)), kendall_pairs(one, other, codes))[0])


def middle_ranks(values: Floats, weights: Floats | None = None) -> Floats:
    """Rank values from 0; equal ones share the middle of their places.

    ``weights`` of the shape (any, items) say how often each value is there; then there
    is a row of ranks for each row of them.
    """
    _, levels = np.unique(values, return_inverse=True)
    if weights is None:
        counts = np.bincount(levels)
        ranks: Floats = (np.cumsum(counts) - (counts + 1) / 2)[levels]
        return ranks
    within = _by_level(weights, levels)
    return (np.cumsum(within, axis=1) - within / 2)[:, levels]


def _by_level(weights: Floats, levels: Rows) -> Floats:
    """Sum weights, of the shape (any, items), by level, of which none is empty."""
    order = np.argsort(levels, kind="stable")
    starts = np.flatnonzero(np.diff(levels[order], prepend=-1))
    sums: Floats = np.add.reduceat(weights[:, order], starts, axis=1)
    return sums


def weighted_spearman(one: Floats, other: Floats) -> Callable[[Floats], Floats]:
    """Give the function from weights, of the shape (any, items), to the correlation."""

    def of_weights(weights: Floats) -> Floats:
        x, y = middle_ranks(one, weights), middle_ranks(other, weights)
        n = weights.sum(axis=1, keepdims=True)
        x = x - (weights * x).sum(axis=1, keepdims=True) / n
        y = y - (weights * y).sum(axis=1, keepdims=True) / n
        covariance = (weights * x * y).sum(axis=1)
        return _ratio(
            covariance, (weights * x * x).sum(axis=1), (weights * y * y).sum(axis=1)
        )

    return of_weights


KendallPairs: TypeAlias = tuple[Floats, Floats, Floats]
"""Pairs between clusters, each of the shape (clusters, clusters)."""


def kendall_pairs(one: Floats, other: Floats, codes: Rows) -> KendallPairs:
    """Count the pairs of items, by the clusters that ``codes`` number.

    What is counted, each pair both ways, is how many more pairs are ordered alike than
    not, how many differ in ``one`` and how many in ``other``.
    """
    size = int(codes.max(initial=-1)) + 1
    found = tuple(np.zeros((size, size)) for _ in range(3))
    step = max(1, _BLOCK // max(1, len(one)))
    for start in range(0, len(one), step):
        block = slice(start, start + step)
        x = np.sign(one[block, None] - one[None, :])
        y = np.sign(other[block, None] - other[None, :])
        for table, values in zip(found, (x * y, np.abs(x), np.abs(y)), strict=True):
            by_column = np.zeros((len(values), size))
            np.add.at(by_column.T, codes, values.T)
            np.add.at(table, codes[block], by_column)
    like, differ_in_one, differ_in_other = found
    return like, differ_in_one, differ_in_other


def kendall_of(weights: Floats, pairs: KendallPairs) -> Floats:
    """Give tau-b for each row of weights of clusters."""
    like, one, other = (((weights @ t) * weights).sum(axis=1) for t in pairs)
    return _ratio(like, one, other)


def auc_wins(scores: Floats, truths: Truths, codes: Rows) -> Floats:
    """Count how often what is true scores more than what is not, by clusters.

    Row and column of the table, which ``codes`` number, are the clusters of the true
    item and of the other; a tie counts one half.
    """
    _, levels = np.unique(scores, return_inverse=True)
    size, clusters = int(levels.max(initial=-1)) + 1, int(codes.max(initial=-1)) + 1
    wins = np.zeros((clusters, clusters))
    below = np.zeros(clusters)
    step = max(1, _BLOCK // max(1, clusters))
    for start in range(0, size, step):
        there = (levels >= start) & (levels < start + step)
        shape = (min(step, size - start), clusters)
        yes, no = np.zeros(shape), np.zeros(shape)
        for table, items in ((yes, there & truths), (no, there & ~truths)):
            np.add.at(table, (levels[items] - start, codes[items]), 1.0)
        wins += yes.T @ (below + np.cumsum(no, axis=0) - no / 2)
        below += no.sum(axis=0)
    return wins


def auc_of(weights: Floats, wins: Floats, yes: Floats, no: Floats) -> Floats:
    """Give the AUC for each row of weights of clusters.

    The area under the receiver operating curve is the probability that an item that is
    true scores more than one that is not; NaN where all items are of one kind.  ``yes``
    and ``no`` count the items of each kind by cluster.
    """
    won = ((weights @ wins) * weights).sum(axis=1)
    area: Floats = won / ((weights @ yes) * (weights @ no))
    return area


def auc(scores: Floats, truths: Truths) -> float:
    """Give the AUC of scores."""
    wins = auc_wins(scores, truths, np.zeros(len(scores), np.intp))
    if not wins.size:
        return float("nan")
    yes, no = np.array([truths.sum()]), np.array([(~truths).sum()])
    with np.errstate(all="ignore"):
        return float(auc_of(np.ones((1, 1)), wins, yes, no)[0])


def _ratio(covariance: Floats, one: Floats, other: Floats) -> Floats:
    varies = (one > 0) & (other > 0)
    root = np.sqrt(np.where(varies, one * other, np.nan))
    ratio: Floats = np.clip(covariance / root, -1.0, 1.0)
    return ratio
