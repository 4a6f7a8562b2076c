"""What win rate a score buys at which divergence, from responses of known worth.

The pool stands for the untrained policy.  Tilting it towards high scores, as training
does, weighs its responses anew, and the mean of gold under these weights is what the
policy would be worth.  Weights that rest on a few responses tell little, so the curve
ends where too few are left; a pool of n cannot go beyond log n - 1 nats at all.
"""

from collections.abc import Sequence
from math import inf, log

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.prompts import ByPrompt, as_values
from rubricdsl.analysis.ranks import Ranks
from rubricdsl.analysis.tilting import kl_of_tilt, tilt_at_kl
from rubricdsl.scoring.arrays.columns import Floats

LEAST_EFFECTIVE = 10.0
"""The least effective sample size, of a prompt, on which a win rate may rest."""
_HALVINGS = 60
_STEPS = 80


def effective_share(tilt: float) -> float:
    """Give the effective sample size of a tilted pool, as a share of its size.

    1/∫p² = (2/λ)·tanh(λ/2), for scores without ties.
    """
    return 1.0 if tilt == 0 else 2 / tilt * float(np.tanh(tilt / 2))


def pool_needed(divergence: float, least: float = LEAST_EFFECTIVE) -> int:
    """Give how many responses to a prompt it takes to go so far."""
    size = least / effective_share(tilt_at_kl(divergence))
    return int(np.ceil(max(size, np.exp(divergence + 1)) - _ROUNDING))


def farthest_kl(count: int, least: float = LEAST_EFFECTIVE) -> float:
    """Give the greatest divergence, in nats, that so many responses can speak for.

    0 for a pool that cannot speak for any.
    """
    if count <= least:
        return 0.0
    low, high = 0.0, max(0.0, log(count) - 1)
    if pool_needed(high, least) <= count:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if least / effective_share(tilt_at_kl(middle)) <= count:
            low = middle
        else:
            high = middle
    return low


_ROUNDING = 1e-6


@frozen(eq=False, kw_only=True)
class Frontier:
    """Win rates by divergence, for the prompts whose pools can speak for all of it.

    ``kl`` are the divergences in nats, from 0 on.  Tables have the shape (divergences,
    prompts): ``wins`` is the mean quantile of gold, which is the rate of wins against
    the untrained policy, ``perfect`` the same if gold itself were the score, ``rises``
    is dW/dλ, the covariance of gold and score under the policy, and ``effective`` the
    effective sample size.
    """

    prompts: tuple[str, ...]
    kl: Floats
    wins: Floats
    perfect: Floats
    rises: Floats
    effective: Floats

    @property
    def farthest(self) -> float:
        """The greatest divergence of the curve."""
        return float(self.kl[-1])

    @property
    def curve(self) -> Floats:
        """The win rate at each divergence, on the average over prompts."""
        curve: Floats = self.wins.mean(axis=1)
        return curve

    def gap(self, divergence: float | None = None) -> Floats:
        """How much less than a perfect score each prompt's wins, averaged over KL.

        Up to the point of the curve at ``divergence``, or to its end.  It is the area
        between the two curves by its width.
        """
        place = None if divergence is None else self.at(divergence)
        stop = len(self.kl) if place is None else place + 1
        short = (self.perfect - self.wins)[:stop]
        widths = np.diff(self.kl[:stop])
        area = (widths[:, None] * (short[1:] + short[:-1]) / 2).sum(axis=0)
        gap: Floats = area / self.kl[stop - 1]
        return gap

    def at(self, divergence: float) -> int | None:
        """Give the place of a divergence in the curve; None if it is beyond its end."""
        places = np.flatnonzero(np.abs(self.kl - divergence) < _ROUNDING)
        return int(places[0]) if len(places) else None

    @property
    def peak(self) -> int:
        """The place at which the curve is highest."""
        return int(np.argmax(self.curve))

    @property
    def turn(self) -> float | None:
        """The divergence at which gold and score cease to go together.

        Where the covariance falls below 0 and stays there to the end of the curve:
        from here on a higher score means less gold.  None where it does not.
        """
        rises = self.rises.mean(axis=1)
        if rises[-1] >= 0:
            return None
        above = np.flatnonzero(rises >= 0)
        if not len(above):
            return 0.0
        last = int(above[-1])
        low, high = self.kl[last : last + 2]
        part = rises[last] / (rises[last] - rises[last + 1])
        return float(low + part * (high - low))


def frontier(  # noqa: PLR0913 - the pool, and how far it is to be tilted
    prompts: Sequence[str],
    gold: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    divergence: float,
    also: Sequence[float] = (),
    least: float = LEAST_EFFECTIVE,
) -> Frontier | None:
    """Tilt pools up to a KL divergence; NaN in ``gold`` or ``scores`` is for unknown.

    Prompts whose pool is too small for it are left out; None where all are.  ``also``
    are divergences at which the curve shall have a point.  Equal scores share their
    weight, which is the mean over their orders.  Raises ValueError for a divergence
    that is not over 0, or not finite.
    """
    if not 0 < divergence < inf:
        raise ValueError(f"a divergence is finite and over 0, not {divergence}")
    groups = ByPrompt.of(prompts)
    good, scored = (as_values(one, len(prompts)) for one in (gold, scores))
    known = ~np.isnan(good) & ~np.isnan(scored)
    counts = np.bincount(groups.codes[known], minlength=len(groups.names))
    enough = counts >= pool_needed(divergence, least)
    chosen = np.flatnonzero(known & enough[groups.codes])
    if not len(chosen):
        return None
    pool = ByPrompt.of([prompts[row] for row in chosen.tolist()])
    by_gold = Ranks.of(pool, good[chosen])
    by_score = Ranks.of(pool, scored[chosen])
    worth = by_gold.middle
    last = tilt_at_kl(divergence)
    marks = {tilt_at_kl(kl) for kl in also if 0 < kl < divergence}
    tilts = sorted({*np.linspace(0, last, _STEPS + 1).tolist(), *marks})
    rows = [_at(pool, by_score, by_gold, worth, tilt) for tilt in tilts]
    wins, perfect, rises, effective = (
        np.array(table) for table in zip(*rows, strict=True)
    )
    return Frontier(
        prompts=pool.names,
        kl=np.array([kl_of_tilt(tilt) for tilt in tilts]),
        wins=wins,
        perfect=perfect,
        rises=rises,
        effective=effective,
    )


def _at(
    pool: ByPrompt, by_score: Ranks, by_gold: Ranks, worth: Floats, tilt: float
) -> tuple[Floats, Floats, Floats, Floats]:
    weights = _weights(by_score, tilt)
    ranks = by_score.middle
    sums = (
        weights * worth,
        _weights(by_gold, tilt) * worth,
        weights * ranks,
        weights * ranks * worth,
        weights**2,
    )
    wins, best, mean, both, squares = (pool.sums(one) for one in sums)
    return wins, best, both - mean * wins, 1 / squares


def _weights(ranks: Ranks, tilt: float) -> Floats:
    """Give the probability of each response under a tilted policy.

    Equals share that of all their ranks, from where they start to where they stop.
    """
    if tilt == 0:
        return 1 / ranks.count
    width = -np.expm1(-tilt * (ranks.stop - ranks.start)) / -np.expm1(-tilt)
    weights: Floats = np.exp(-tilt * (1 - ranks.stop)) * width / ranks.tied
    return weights
