"""Where scores end: how many responses have the highest, and what that caps.

Among responses of one score a policy cannot choose.  If the untrained policy answers
with the highest score with probability s, no tilt wins more often than 1 - s/2, and
there is nothing to gain beyond a KL divergence of log(1/s).
"""

from collections.abc import Sequence
from math import log
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.prompts import ByPrompt, as_values
from rubricdsl.analysis.ranks import Ranks
from rubricdsl.scoring.arrays.columns import Floats
from rubricdsl.scoring.leaves import TOLERANCE

Part = TypeVar("Part", float, Floats)


def win_ceiling(saturated: Part) -> Part:
    """Give the most that a policy can win if so many responses have the top score."""
    return 1 - saturated / 2


def kl_ceiling(saturated: float) -> float | None:
    """Give the KL divergence, in nats, at which it is reached; None for no ceiling."""
    return -log(saturated) if saturated > 0 else None


@frozen(eq=False, kw_only=True)
class Saturation:
    """The share of responses with the highest score, one number for each prompt.

    ``full`` have the highest attainable score.  ``best`` share the highest of their
    prompt, whatever it is; one that has it alone is not told from none, and counts 0.
    NaN for prompts without a score.
    """

    full: Floats
    best: Floats

    @property
    def reaches_full(self) -> bool:
        """Whether the highest attainable score is reached at all."""
        return bool(np.nanmax(self.full, initial=0.0) > 0)

    @property
    def at_ceiling(self) -> Floats:
        """The shares that cap a policy: of full scores, or of the best if none is."""
        return self.full if self.reaches_full else self.best


def saturation(
    prompts: Sequence[str], scores: npt.ArrayLike, *, attainable: float = 1.0
) -> Saturation:
    """Count the highest scores among responses of the untrained policy; NaN is none."""
    groups = ByPrompt.of(prompts)
    scored = as_values(scores, len(prompts))
    ranks = Ranks.of(groups, scored)
    is_full = ranks.known & (np.nan_to_num(scored) >= attainable - TOLERANCE)
    is_best = ranks.known & (ranks.below + ranks.tied == ranks.count)
    is_best &= ranks.tied > 1
    counts = groups.sums(ranks.known)
    with np.errstate(invalid="ignore"):
        full, best = groups.sums(is_full) / counts, groups.sums(is_best) / counts
    return Saturation(full=full, best=best)
