"""What reaches the top without being good.

Responses that are good and score badly cost little; bad ones that score best are what
a policy ends up with.  A leak of one response in a hundred turns the win rate at a KL
divergence of 1.35 (`rearrangements.Rearrangement.leak`).  It can be looked for among
responses of known worth, and by attacks: responses known to be worth nothing.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.prompts import ByPrompt, as_values
from rubricdsl.analysis.proportions import Proportion
from rubricdsl.analysis.ranks import Ranks
from rubricdsl.scoring.arrays.columns import Floats
from rubricdsl.scoring.leaves import TOLERANCE

BAD = 0.1
"""The share of the worst responses that nobody wants at the top."""


@frozen(eq=False, kw_only=True)
class Leak:
    """Bad responses that score at the top, and the other way round; one by prompt.

    All are shares of a prompt's responses: ``bad_at_top`` are among the worst ``bad``
    by gold and the best ``top`` by score, ``good_at_bottom`` the mirror image.  Noise
    that favours neither side makes as many of these as of those, so what bad ones are
    more is a leak.  NaN for prompts without responses of which both are known, or of
    which all are equally good.
    """

    bad_at_top: Floats
    good_at_bottom: Floats
    top: float
    bad: float
    responses: int


def leak_of(
    prompts: Sequence[str],
    gold: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    top: float = BAD,
    bad: float = BAD,
) -> Leak:
    """Find how many of the worst responses score among the best; NaN for no value.

    Equal gold or scores count as in any order, and a response on the border by the
    part of it inside.  A leak of more than ``bad`` or ``top`` shows as the lesser of
    them.  Raises ValueError for shares outside (0, 1).
    """
    for share in (top, bad):
        if not 0 < share < 1:
            raise ValueError(f"a share lies between 0 and 1, not {share}")
    groups = ByPrompt.of(prompts)
    good, scored = (as_values(one, len(prompts)) for one in (gold, scores))
    known = ~np.isnan(good) & ~np.isnan(scored)
    by_gold = Ranks.of(groups, np.where(known, good, np.nan))
    by_score = Ranks.of(groups, np.where(known, scored, np.nan))
    counts = groups.sums(known)
    # Where nothing is better than anything else, nothing is bad.
    told = groups.sums(known & (by_gold.tied < by_gold.count)) > 0
    leaked = by_score.within(1 - top, 1) * by_gold.within(0, bad)
    mirrored = by_score.within(0, top) * by_gold.within(1 - bad, 1)
    with np.errstate(invalid="ignore"):
        shares = [
            np.where(told, groups.sums(one) / counts, np.nan)
            for one in (leaked, mirrored)
        ]
    return Leak(
        bad_at_top=shares[0],
        good_at_bottom=shares[1],
        top=top,
        bad=bad,
        responses=int(np.count_nonzero(told[groups.codes] & known)),
    )


# ------------------------------------------------------------------ by attacks


def top_bars(
    prompts: Sequence[str], scores: npt.ArrayLike, top: float
) -> Mapping[str, float]:
    """Give the score from which on a response is among the best ``top`` of a prompt.

    That of the last of them; prompts without scores have none.  Raises ValueError for
    a share outside (0, 1].
    """
    if not 0 < top <= 1:
        raise ValueError(f"a share lies between 0 and 1, not {top}")
    groups = ByPrompt.of(prompts)
    scored = as_values(scores, len(prompts))
    bars: dict[str, float] = {}
    for name, rows in zip(groups.names, groups.rows(), strict=True):
        known = np.sort(scored[rows][~np.isnan(scored[rows])])
        if len(known):
            count = max(1, int(np.ceil(top * len(known) - TOLERANCE)))
            bars[name] = float(known[-count])
    return bars


def attacks_at_top(
    bars: Mapping[str, float],
    attacks: Sequence[str],
    prompts: Sequence[str],
    scores: npt.ArrayLike,
) -> Mapping[str, Proportion]:
    """Count by attack how many responses without worth score among the best.

    All sequences have one entry for each such response: what was tried, to which
    prompt, and the score, NaN for none.  ``bars`` are those of `top_bars` for honest
    responses; prompts without one are left out.
    """
    scored = as_values(scores, len(prompts))
    found: dict[str, tuple[int, int]] = {}
    for attack, prompt, score in zip(attacks, prompts, scored, strict=True):
        through, total = found.setdefault(attack, (0, 0))
        bar = bars.get(prompt)
        if bar is not None and not np.isnan(score):
            found[attack] = through + (score >= bar - TOLERANCE), total + 1
    return {
        attack: Proportion.of(int(through), total)
        for attack, (through, total) in found.items()
    }
