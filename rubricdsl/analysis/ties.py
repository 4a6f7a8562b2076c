"""What a rubric cannot tell apart at the top: ties, and how many levels there are."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.prompts import ByPrompt, as_values
from rubricdsl.scoring.leaves import TOLERANCE

_PAIR = 2


@frozen(kw_only=True)
class TopTies:
    """How often the best are tied, and how finely they are told apart.

    ``tied`` is the share of prompts of which the two best responses have one score.
    ``levels`` is how many different scores the best ``top`` of a prompt have, on the
    average.  Both are None where no prompt has two responses with a score; ``prompts``
    counts those that have.
    """

    tied: float | None
    levels: float | None
    top: int
    prompts: int


def top_ties(prompts: Sequence[str], scores: npt.ArrayLike, top: int = 4) -> TopTies:
    """Look at the best responses of each prompt; NaN stands for no score.

    Raises ValueError for fewer than two to look at.
    """
    if top < _PAIR:
        raise ValueError(f"two responses or more can be tied, not {top}")
    scored = as_values(scores, len(prompts))
    tied: list[bool] = []
    levels: list[int] = []
    for rows in ByPrompt.of(prompts).rows():
        known = scored[rows]
        best = np.sort(known[~np.isnan(known)])[::-1][:top]
        if len(best) < _PAIR:
            continue
        steps = -np.diff(best) > TOLERANCE
        tied.append(not steps[0])
        levels.append(1 + int(np.count_nonzero(steps)))
    return TopTies(
        tied=float(np.mean(tied)) if tied else None,
        levels=float(np.mean(levels)) if levels else None,
        top=top,
        prompts=len(tied),
    )
