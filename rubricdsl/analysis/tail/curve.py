"""The frontier of a pool, as far as it can speak, and where it turns."""

import numpy as np

from rubricdsl.analysis.bootstrap import bootstrap_mean
from rubricdsl.analysis.frontier import (
    Frontier,
    farthest_kl,
    frontier,
    pool_needed,
)
from rubricdsl.analysis.prompts import ByPrompt
from rubricdsl.analysis.rearrangements import FARTHEST
from rubricdsl.analysis.tail.figures import Count, Figure
from rubricdsl.analysis.tail.pool import Pool
from rubricdsl.analysis.tail.records import (
    FrontierFigures,
    FrontierPoint,
    PredictedOnset,
    Target,
)

_MARKS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
# Nearer to the untrained policy there is nothing to see.
_LEAST_KL = 0.05
_DEFAULT_KL = 2.0


def pool_curve(pool: Pool, target: Target) -> Frontier | None:
    """Tilt the pool as far as at least half of its prompts can speak for."""
    sizes = _sizes(pool)
    if not len(sizes):
        return None
    farthest = min(FARTHEST, farthest_kl(_spoken_for(sizes)))
    if farthest < _LEAST_KL:
        return None
    aims = [*_MARKS, _aim(target)]
    return frontier(
        pool.groups, pool.base_gold, pool.base_scores, divergence=farthest, also=aims
    )


def frontier_figures(
    pool: Pool, target: Target, curve: Frontier | None, count: Count, seed: int
) -> FrontierFigures:
    """Tell the curve at some divergences, and how much it falls short."""
    if curve is None:
        why, cure = _too_small(pool, target)
        missing = Figure.missing(count, why, cure)
        return FrontierFigures(
            points=(),
            gap=missing,
            gap_kl=None,
            peak=missing,
            peak_kl=None,
            prompts=0,
            notice=None,
        )
    aim = min(_aim(target), curve.farthest)
    shown = {*_MARKS, aim, curve.farthest}
    places = [place for kl in sorted(shown) if (place := curve.at(kl)) is not None]
    return FrontierFigures(
        points=tuple(
            FrontierPoint(
                kl=float(curve.kl[place]),
                win_rate=Figure.over_prompts(curve.wins[place], count, seed=seed),
                perfect=float(curve.perfect[place].mean()),
                effective=float(curve.effective[place].mean()),
            )
            for place in places
        ),
        gap=Figure.over_prompts(curve.gap(aim), count, seed=seed),
        gap_kl=aim,
        peak=Figure.over_prompts(curve.wins[curve.peak], count, seed=seed),
        peak_kl=float(curve.kl[curve.peak]),
        prompts=len(curve.prompts),
        notice=_notice(pool, target, curve),
    )


def predicted_onset(
    pool: Pool, target: Target, curve: Frontier | None, count: Count, seed: int
) -> PredictedOnset:
    """Find the turn of the curve, and say how sure it is."""
    if curve is None:
        why, cure = _too_small(pool, target)
        missing = Figure.missing(count, why, cure)
        return PredictedOnset(
            kl=None, is_sure=False, searched=None, end_rise=missing, why=why
        )
    rises = curve.rises[-1]
    interval = bootstrap_mean(rises, seed=seed)
    turn = curve.turn
    return PredictedOnset(
        kl=turn,
        is_sure=interval is not None and interval.is_below_zero,
        searched=curve.farthest,
        end_rise=Figure.over_prompts(rises, count, seed=seed),
        why=None if turn is not None else f"no turn up to {curve.farthest:.2g} nats",
    )


def _aim(target: Target) -> float:
    return _DEFAULT_KL if target.kl is None else target.kl


def _sizes(pool: Pool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give how many responses of each prompt have gold and a score."""
    groups = ByPrompt.of(pool.groups)
    known = ~np.isnan(pool.base_gold) & ~np.isnan(pool.base_scores)
    sizes = groups.sums(known)
    return sizes[sizes > 0]


def _spoken_for(sizes: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
    """Give the size that half of the pools have at least."""
    return int(np.sort(sizes)[len(sizes) // 2])


def _too_small(pool: Pool, target: Target) -> tuple[str, str]:
    sizes = _sizes(pool)
    cure = (
        f"{pool_needed(_aim(target)):,} responses of the untrained policy to each "
        f"prompt reach {_aim(target):.2g} nats"
    )
    if not len(sizes):
        return "no response of the untrained policy has both gold and a score", cure
    size = _spoken_for(sizes)
    return f"half of the prompts have no more than {size:,} responses", cure


def _notice(pool: Pool, target: Target, curve: Frontier) -> str | None:
    aim = _aim(target)
    if curve.farthest >= aim:
        return None
    size = _spoken_for(_sizes(pool))
    return (
        f"pools of {size:,} speak for {curve.farthest:.2g} nats; {aim:.2g} take "
        f"{pool_needed(aim):,} responses to each prompt"
    )
