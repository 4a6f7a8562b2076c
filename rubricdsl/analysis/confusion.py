"""Agreement of two raters, from how often each pair of their answers came.

Everything here takes tables of the shape (any, k, k), the first rater's categories in
rows and the second's in columns, and gives one number for each table, NaN where there
is none; so one function does for a count and for all draws of a bootstrap.
"""

import numpy as np

from rubricdsl.analysis.alpha import Metric, disagreements
from rubricdsl.analysis.prompts import Rows
from rubricdsl.scoring.arrays.columns import Floats


def confusion_terms(first: Rows, second: Rows, size: int) -> Floats:
    """Give what each item adds to a table, flat, of the shape (items, size * size)."""
    terms = np.zeros((len(first), size * size))
    terms[np.arange(len(first)), first * size + second] = 1.0
    return terms


def tables(sums: Floats, size: int) -> Floats:
    """Give the tables of flat sums."""
    return sums.reshape(-1, size, size)


def agreement(counts: Floats) -> Floats:
    """Give the share of equal answers."""
    same: Floats = np.trace(counts, axis1=1, axis2=2) / counts.sum(axis=(1, 2))
    return same


def cohen_kappa(counts: Floats, distances: Floats | None = None) -> Floats:
    """Give Cohen's kappa, NaN where both always give the same one answer.

    With ``distances`` between categories it is weighted (Cohen, Psychol. Bull. 70,
    1968); without, any two that differ are as far apart as any other two.
    """
    apart = 1 - np.eye(counts.shape[1]) if distances is None else distances
    total = counts.sum(axis=(1, 2))
    by_chance = counts.sum(axis=2)[:, :, None] * counts.sum(axis=1)[:, None, :]
    observed = (counts * apart).sum(axis=(1, 2))
    expected = (by_chance * apart).sum(axis=(1, 2)) / total
    kappa: Floats = 1 - observed / np.where(expected > 0, expected, np.nan)
    return kappa


def quadratic_distances(values: Floats) -> Floats:
    """Give the squared distances between the values of categories."""
    apart: Floats = (values[:, None] - values[None, :]) ** 2
    return apart


def pair_alpha(counts: Floats, metric: Metric, values: Floats) -> Floats:
    """Give Krippendorff's alpha of the two raters."""
    coincident = counts + counts.swapaxes(1, 2)
    return alpha_of_tables(coincident, metric, values)


def alpha_of_tables(coincident: Floats, metric: Metric, values: Floats) -> Floats:
    """Give Krippendorff's alpha of tables of coincidences."""
    size = coincident.shape[1]
    cells = [[coincident[:, i, j] for j in range(size)] for i in range(size)]
    observed, expected = disagreements(cells, metric, [float(v) for v in values])
    alpha: Floats = 1 - observed / np.where(expected > 0, expected, np.nan)
    return alpha


def share_of(counts: Floats, category: int, *, second: bool = False) -> Floats:
    """Give how often the first rater, or the second, answers with a category."""
    given = counts.sum(axis=1 if second else 2)[:, category]
    share: Floats = given / counts.sum(axis=(1, 2))
    return share


def rate_given(counts: Floats, category: int, *, absent: bool = False) -> Floats:
    """Give how often the first rater answers with a category where the second does.

    With ``absent``, where the second answers with another one.
    """
    chosen = np.arange(counts.shape[1]) == category
    if absent:
        chosen = ~chosen
    given = counts[:, category, chosen].sum(axis=1)
    rate: Floats = given / counts[:, :, chosen].sum(axis=(1, 2))
    return rate
