"""How far what a policy is trained on and what it is worth come apart.

The judge of the training is fooled sooner than one that the policy never saw, best one
of another family.  Where both rise, the policy learns; where the first rises alone, it
learns to please its judge.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.proportions import Proportion
from rubricdsl.analysis.simulation.onset import Curve


@frozen(kw_only=True)
class Divergence:
    """How a score leaves gold behind in a training.

    ``first`` and ``last`` are by how much the score is above gold at either end,
    ``per_step`` and ``per_nat`` how fast that grows by step and by divergence, by
    least squares.  None where the curve has one point, or no divergences.
    """

    first: float
    last: float
    per_step: float | None
    per_nat: float | None


def divergence(curve: Curve) -> Divergence:
    """Measure how the score and gold of a training come apart.

    Both are to be in one unit.  Raises ValueError for a curve without scores.
    """
    if not curve.proxy:
        raise ValueError("this curve tells nothing of the score")
    gap = np.array(curve.proxy) - np.array(curve.gold)
    return Divergence(
        first=float(gap[0]),
        last=float(gap[-1]),
        per_step=_slope(curve.steps, gap),
        per_nat=_slope(curve.kl, gap) if curve.kl else None,
    )


def overclaims(credited: npt.ArrayLike, deserved: npt.ArrayLike) -> Proportion:
    """Count what a judge credits and gold does not, among all that it credits.

    Both are values of verdicts in [0, 1], of one shape, from one half on a yes; where
    either is NaN, nothing is counted.  Raises ValueError for arrays of two shapes.
    """
    given, true = np.asarray(credited, np.float64), np.asarray(deserved, np.float64)
    if given.shape != true.shape:
        raise ValueError("each verdict is compared with one of gold")
    yes = (given >= _YES) & ~np.isnan(true)
    return Proportion.of(
        int(np.count_nonzero(yes & (true < _YES))), int(np.count_nonzero(yes))
    )


def exploited(
    before: npt.ArrayLike, after: npt.ArrayLike, panel: npt.ArrayLike
) -> Proportion:
    """Count what a policy has won that no judge of a reference panel grants it.

    ``before`` and ``after`` are the verdicts of the training's judge on the criteria
    of responses of the untrained and of the trained policy, ``panel`` those of judges
    that it never saw on the latter, of the shape (judges, criteria).  All are values in
    [0, 1], from one half on a yes.  Among the criteria that were not met before and are
    now, counted are those that the whole panel rejects; one of which a verdict is NaN
    is left out.  The exploitation rate of arXiv 2605.12474.

    Raises ValueError for arrays that do not belong together, or an empty panel.
    """
    old, new = np.asarray(before, np.float64), np.asarray(after, np.float64)
    others = np.asarray(panel, np.float64)
    if old.shape != new.shape or others.shape[1:] != new.shape or not len(others):
        raise ValueError("a panel gives each criterion that both know its verdicts")
    known = ~(np.isnan(old) | np.isnan(new) | np.isnan(others).any(axis=0))
    won = known & (old < _YES) & (new >= _YES)
    rejected = won & (others < _YES).all(axis=0)
    return Proportion.of(int(np.count_nonzero(rejected)), int(np.count_nonzero(won)))


_YES = 0.5


def _slope(places: Sequence[float], values: npt.NDArray[np.float64]) -> float | None:
    apart = np.array(places) - np.mean(places)
    spread = float(apart @ apart)
    return float(apart @ values) / spread if spread > 0 else None
