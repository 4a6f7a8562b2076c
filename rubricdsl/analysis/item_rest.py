"""How far a criterion goes with all others: the item-rest correlation of test theory.

It needs no gold.  A criterion that is met rather where the others are not speaks
against what they say, which may be right; one that goes with none says something else
(Lord and Novick, Statistical Theories of Mental Test Scores, 1968).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rubricdsl.analysis.discrimination import LEAST_RESPONSES, as_table
from rubricdsl.analysis.prompts import ByPrompt
from rubricdsl.scoring.leaves import TOLERANCE


def item_rest(
    prompts: Sequence[str], values: npt.ArrayLike
) -> tuple[float | None, ...]:
    """Correlate each criterion with the mean of the others, within prompts.

    ``values`` has the shape (criteria, responses), the better the greater, NaN where a
    value is not known.  None for a criterion with fewer than `LEAST_RESPONSES`
    responses of which others are known too, or where either never varies.

    Raises ValueError for another shape.
    """
    table = as_table(values, len(prompts))
    known = ~np.isnan(table)
    groups = ByPrompt.of(prompts)
    filled = np.where(known, table, 0.0)
    total, count = filled.sum(axis=0), known.sum(axis=0)
    found: list[float | None] = []
    for row, there in zip(filled, known, strict=True):
        others = count - there
        both = there & (others > 0)
        if np.count_nonzero(both) < LEAST_RESPONSES:
            found.append(None)
            continue
        rest = (total - row) / np.maximum(1, others)
        item, remainder = (
            np.where(both, one - groups.means(one, both), 0.0) for one in (row, rest)
        )
        spread = float(np.sqrt((item @ item) * (remainder @ remainder)))
        found.append(float(item @ remainder) / spread if spread > TOLERANCE else None)
    return tuple(found)
