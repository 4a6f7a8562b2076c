"""How gold and score go together within prompts: the slope, and what hides behind it.

Deviations from the mean of a prompt are what a policy learns from, since responses
are compared with others to the same prompt.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rubricdsl.analysis.bootstrap import Interval, cluster_bootstrap
from rubricdsl.analysis.prompts import ByPrompt, as_values
from rubricdsl.scoring.arrays.columns import Floats

# A spread of less is that of rounding.
_FLAT = 1e-18


def start_slope(
    prompts: Sequence[str],
    gold: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    seed: int = 0,
    level: float = 0.95,
) -> Interval | None:
    """Give by how much gold rises with the score, among untrained responses.

    By least squares within prompts, in units of gold by the whole range of the score:
    what training gains first.  NaN stands for what is not known.  None for fewer than
    two prompts in which the score varies.
    """
    sums = _products(prompts, scores, gold)
    return cluster_bootstrap(
        sums[:, [1, 0]],
        lambda sums: _ratio(sums[:, 0], sums[:, 1]),
        seed=seed,
        level=level,
    )


def partial_correlation(  # noqa: PLR0913 - three columns, and how it is looked at
    prompts: Sequence[str],
    scores: npt.ArrayLike,
    gold: npt.ArrayLike,
    confounder: npt.ArrayLike,
    *,
    seed: int = 0,
    level: float = 0.95,
) -> Interval | None:
    """Give how far the score follows something else among equally good responses.

    The correlation, within prompts, of the score and, say, the length, of which the
    part that goes with gold is taken away.  NaN stands for what is not known.  None
    for fewer than two prompts, or if any of the three never varies.
    """
    sums = _products(prompts, scores, confounder, gold)
    return cluster_bootstrap(sums, _partial, seed=seed, level=level)


def _products(prompts: Sequence[str], *columns: npt.ArrayLike) -> Floats:
    """Give, by prompt, the sums of products of deviations of each two columns.

    In the order of the upper triangle: those of the first with itself, with the
    second, and so on.
    """
    groups = ByPrompt.of(prompts)
    table = np.array([as_values(one, len(prompts)) for one in columns])
    known = np.broadcast_to(~np.isnan(table).any(axis=0), table.shape)
    deviations = np.where(known, table - groups.means(table, known), 0.0)
    rows, others = np.triu_indices(len(table))
    return np.column_stack(
        [
            np.bincount(
                groups.codes, deviations[row] * deviations[other], len(groups.names)
            )
            for row, other in zip(rows, others, strict=True)
        ]
    )


def _partial(sums: Floats) -> Floats:
    """Correlate the first and the second of three columns, given the third."""
    first, both, first_third, second, second_third, third = sums.T
    left = both - _ratio(first_third * second_third, third)
    spread = (first - _ratio(first_third**2, third)) * (
        second - _ratio(second_third**2, third)
    )
    return _ratio(left, np.sqrt(np.maximum(spread, 0.0)))


def _ratio(part: Floats, whole: Floats) -> Floats:
    ratio: Floats = np.where(whole > _FLAT, part / whole, np.nan)
    return ratio
