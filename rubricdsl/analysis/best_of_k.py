"""What it brings to draw k responses and keep the one that scores best.

The mean over all ways to draw k of a prompt's responses is exact, and so is that over
the orders of equal scores: nothing is drawn at random.
"""

from collections.abc import Sequence
from math import log

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.prompts import ByPrompt, Rows, as_values
from rubricdsl.analysis.ranks import Ranks, less_in_both, levels_of
from rubricdsl.scoring.arrays.columns import Floats, Truths


@frozen(eq=False, kw_only=True)
class BestOfK:
    """The response that scores best of k, on the average; one number for each prompt.

    ``hit`` is the probability that none of the k is better, ``regret`` how much better
    the best of them is, in units of gold, ``gold`` how good the kept one is and
    ``quantile`` its place by gold among all responses to the prompt.  ``random`` is
    the hit of a response kept blindly.  NaN for prompts with fewer than k responses
    that have both gold and a score.  ``kl`` is the divergence, in nats, of a policy
    that answers so from one that answers once.
    """

    k: int
    hit: Floats
    regret: Floats
    gold: Floats
    quantile: Floats
    random: Floats

    @property
    def kl(self) -> float:
        """How far the best of k are from a single answer: log k - (k-1)/k."""
        return log(self.k) - (self.k - 1) / self.k


def best_of_k(
    prompts: Sequence[str], gold: npt.ArrayLike, scores: npt.ArrayLike, k: int
) -> BestOfK:
    """Work out what keeping the best by score of k brings; NaN is for what is missing.

    Responses are drawn without replacement.  Raises ValueError for a k under 1.
    """
    if k < 1:
        raise ValueError(f"at least one response is drawn, not {k}")
    groups = ByPrompt.of(prompts)
    good, scored = (as_values(one, len(prompts)) for one in (gold, scores))
    known = ~np.isnan(good) & ~np.isnan(scored)
    good, scored = np.where(known, good, np.nan), np.where(known, scored, np.nan)
    by_score, by_gold = Ranks.of(groups, scored), Ranks.of(groups, good)
    counts = groups.sums(known)
    enough = known & (counts[groups.codes] >= k)
    kept = _kept(by_score, enough, k)
    best = _kept(by_gold, enough, k)
    not_better, alike = _behind(groups, good, scored, enough)
    total = by_gold.count[enough]
    # All k but this one are no better and score less, or tie and lose the draw.
    hits = _chance(not_better + alike + 1, total, k) - _chance(not_better, total, k)
    means = {
        "hit": hits / (alike + 1),
        "gold": kept * good[enough],
        "regret": best * good[enough] - kept * good[enough],
        "quantile": kept * by_gold.middle[enough],
        "random": _hits_at_random(by_gold, enough, k),
    }
    figures: dict[str, Floats] = {}
    for name, values in means.items():
        spread = np.zeros(len(prompts))
        spread[enough] = values
        figures[name] = np.where(counts >= k, groups.sums(spread), np.nan)
    return BestOfK(k=k, **figures)


def _kept(ranks: Ranks, enough: Truths, k: int) -> Floats:
    """Give the probability of each response to be the greatest of k."""
    below, tied, count = (one[enough] for one in (ranks.below, ranks.tied, ranks.count))
    kept: Floats = (_chance(below + tied, count, k) - _chance(below, count, k)) / tied
    return kept


def _hits_at_random(by_gold: Ranks, enough: Truths, k: int) -> Floats:
    """Give the probability that each is drawn first and none of the others is better.

    That is to be the first of k that are all no better.
    """
    no_better = by_gold.below[enough] + by_gold.tied[enough]
    count = by_gold.count[enough]
    hits: Floats = _chance(no_better - 1, count - 1, k - 1) / count
    return hits


def _behind(
    groups: ByPrompt, good: Floats, scored: Floats, enough: Truths
) -> tuple[Rows, Rows]:
    """Count for each the others no better: those that score less, and those as well."""
    golds, levels = levels_of(groups, good)[enough], levels_of(groups, scored)[enough]
    lesser = Ranks.of(groups, scored).below[enough]
    # With gold counted from high to low, responses to earlier prompts are not less in
    # both numberings; those to the same are, if they score less and are better.
    better = less_in_both(levels, int(golds.max(initial=0)) - golds)
    order = np.lexsort((golds, levels))
    begins = np.ones(len(order), np.bool_)
    begins[1:] = np.diff(levels[order]) != 0
    pair_begins = begins.copy()
    pair_begins[1:] |= np.diff(golds[order]) != 0
    starts = np.flatnonzero(begins)[np.cumsum(begins) - 1]
    ends = np.append(np.flatnonzero(pair_begins)[1:], len(order))
    alike = np.zeros(len(order), np.intp)
    alike[order] = ends[np.cumsum(pair_begins) - 1] - starts - 1
    return lesser - better, alike


def _chance(among: Rows, total: Rows, k: int) -> Floats:
    """Give the probability that k drawn of ``total`` are all of some ``among`` them."""
    chance = np.ones(len(among))
    for drawn in range(k):
        left = np.maximum(0, among - drawn)
        chance *= left / np.maximum(1, total - drawn)
    return chance
