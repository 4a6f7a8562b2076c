"""How well scores order pairs of responses, and above all good ones.

A policy that is trained on a rubric is driven to the responses that score best, so it
matters little how a rubric orders the others (Chasing the Tail, arXiv 2509.21500).
Pairs are of responses to one prompt; figures are worked out prompt by prompt, and
then averaged over prompts.
"""

from collections.abc import Iterable, Sequence
from math import ceil

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.prompts import ByPrompt, as_values
from rubricdsl.scoring.arrays.columns import Floats, Truths
from rubricdsl.scoring.leaves import TOLERANCE

# Two responses are the least that can be a pair.
_LEAST = 2
# How many comparisons are in memory at a time.
_BLOCK = 2**22


@frozen(eq=False)
class PairCounts:
    """How the pairs of each prompt came out, one number for each prompt.

    Of the pairs of which it is known which response is better, ``right`` are ordered
    so by the scores, ``tied`` not at all, and ``wrong`` the other way.  ``equal``
    were equally good and ``unscored`` lacked a score; neither is among the others.
    """

    prompts: tuple[str, ...]
    right: Floats
    tied: Floats
    wrong: Floats
    equal: Floats
    unscored: Floats

    @property
    def known(self) -> Floats:
        """How many pairs of each prompt the figures rest on."""
        known: Floats = self.right + self.tied + self.wrong
        return known

    @property
    def strict(self) -> Floats:
        """The share of pairs in the right order, a tie being wrong; NaN for none."""
        return _share(self.right, self.known)

    @property
    def half(self) -> Floats:
        """The share of pairs in the right order, a tie being half right."""
        return _share(self.right + self.tied / 2, self.known)

    @property
    def tie_rate(self) -> Floats:
        """The share of pairs that are tied."""
        return _share(self.tied, self.known)

    @property
    def decisive(self) -> Floats:
        """The share in the right order of pairs that are not tied."""
        return _share(self.right, self.right + self.wrong)


@frozen(kw_only=True)
class PairAccuracy:
    """How well pairs are ordered, on the average over prompts.

    ``strict`` counts a tie as wrong, ``half`` as half right, and ``decisive`` leaves
    it out; ``tie_rate`` is the share of ties.  A figure is None, and never 0, where
    there is no pair that it could rest on.  ``pairs`` and ``prompts`` are those that
    it rests on; ``equal`` and ``unscored`` are pairs that were left out, since neither
    response is better, or one has no score.
    """

    strict: float | None
    half: float | None
    tie_rate: float | None
    decisive: float | None
    pairs: int
    prompts: int
    equal: int
    unscored: int

    @classmethod
    def of(cls, counts: PairCounts) -> "PairAccuracy":
        """Average over prompts."""
        return cls(
            strict=_mean(counts.strict),
            half=_mean(counts.half),
            tie_rate=_mean(counts.tie_rate),
            decisive=_mean(counts.decisive),
            pairs=int(counts.known.sum()),
            prompts=int(np.count_nonzero(counts.known)),
            equal=int(counts.equal.sum()),
            unscored=int(counts.unscored.sum()),
        )


def pair_counts(
    prompts: Sequence[str],
    gold: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    among: npt.ArrayLike | None = None,
) -> PairCounts:
    """Count how scores order all pairs of responses to a prompt.

    All arguments have one entry for each response; NaN in ``gold`` or ``scores``
    stands for what is not known.  ``among`` says which responses to look at, such as
    those of a strong policy.  Raises ValueError for arrays of other lengths.
    """
    size = len(prompts)
    groups = ByPrompt.of(prompts)
    good, scored = as_values(gold, size), as_values(scores, size)
    wanted = ~np.isnan(good)
    if among is not None:
        wanted &= np.asarray(among, np.bool_)
    table = np.zeros((5, len(groups.names)))
    for number, rows in enumerate(groups.rows()):
        chosen = rows[wanted[rows]]
        step = max(1, _BLOCK // max(1, len(chosen)))
        for start in range(0, len(chosen), step):
            block = chosen[start : start + step]
            # Each pair once: the one that stands later in the input against the other.
            later = chosen[:, None] > block[None, :]
            better = good[chosen][:, None] - good[block][None, :]
            apart = scored[chosen][:, None] - scored[block][None, :]
            table[:, number] += _outcomes(better[later], apart[later])
    return PairCounts(groups.names, *table)


def preference_counts(
    prompts: Sequence[str],
    preferences: Iterable[tuple[int, int]],
    scores: npt.ArrayLike,
) -> PairCounts:
    """Count how scores order pairs of which one response was preferred.

    A preference is the number of the better response and that of the worse one.
    Raises ValueError for two responses to different prompts.
    """
    groups = ByPrompt.of(prompts)
    scored = as_values(scores, len(prompts))
    table = np.zeros((5, len(groups.names)))
    for better, worse in preferences:
        if groups.codes[better] != groups.codes[worse]:
            raise ValueError("a preference is between two responses to one prompt")
        apart = np.array([scored[better] - scored[worse]])
        table[:, groups.codes[better]] += _outcomes(np.ones(1), apart)
    return PairCounts(groups.names, *table)


# -------------------------------------------------------------------- the tail


@frozen(eq=False, kw_only=True)
class Tail:
    """The best responses to each prompt: as a mask over all responses.

    ``share`` is the part of each prompt's responses that was wanted.  Where that made
    fewer than the least, more were taken: from ``widened`` prompts, up to the part
    ``widest`` of one; it is ``share`` where nothing was widened.
    """

    members: Truths
    share: float
    widest: float
    widened: int

    @property
    def notice(self) -> str | None:
        """Say that the tail is wider than was wanted; None where it is not."""
        if not self.widened:
            return None
        prompts = "1 prompt" if self.widened == 1 else f"{self.widened} prompts"
        return (
            f"{prompts} had too few responses for the best {self.share:.0%}: up to the "
            f"best {self.widest:.0%} were taken there"
        )


def tail_of(
    prompts: Sequence[str],
    gold: npt.ArrayLike,
    share: float,
    *,
    least: int = _LEAST,
) -> Tail:
    """Find the best ``share`` of the responses to each prompt, and at least ``least``.

    Those as good as the last of them are among them.  Responses without gold (NaN)
    neither are nor count.

    Raises ValueError for a share outside (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share lies between 0 and 1, not {share}")
    good = as_values(gold, len(prompts))
    members = np.zeros(len(prompts), np.bool_)
    widened, widest = 0, share
    for rows in ByPrompt.of(prompts).rows():
        known = rows[~np.isnan(good[rows])]
        if not len(known):
            continue
        count = ceil(share * len(known) - TOLERANCE)
        if count < least:
            count = min(least, len(known))
            widened += 1
            widest = max(widest, count / len(known))
        bar = np.sort(good[known])[-count]
        members[known[good[known] >= bar - TOLERANCE]] = True
    return Tail(members=members, share=share, widest=widest, widened=widened)


@frozen(kw_only=True)
class TailAccuracy:
    """How well pairs of the best responses are ordered, and what was looked at."""

    accuracy: PairAccuracy
    tail: Tail


def tail_accuracy(
    prompts: Sequence[str], gold: npt.ArrayLike, scores: npt.ArrayLike, share: float
) -> TailAccuracy:
    """Measure how scores order pairs of which both are in the prompt's best ``share``.

    A pool of fewer than 2 / share responses is looked at more widely, so that there
    is a pair, and the result says so.  Raises ValueError as `tail_of`.
    """
    tail = tail_of(prompts, gold, share)
    counts = pair_counts(prompts, gold, scores, among=tail.members)
    return TailAccuracy(accuracy=PairAccuracy.of(counts), tail=tail)


def _outcomes(better: Floats, apart: Floats) -> Floats:
    """Count pairs by their outcome; the order is that of `PairCounts`."""
    equal = np.abs(better) <= TOLERANCE
    unscored = np.isnan(apart) & ~equal
    known = ~equal & ~unscored
    tied = known & (np.abs(apart) <= TOLERANCE)
    right = known & ~tied & ((apart > 0) == (better > 0))
    wrong = known & ~tied & ~right
    outcomes = (right, tied, wrong, equal, unscored)
    return np.array([np.count_nonzero(one) for one in outcomes], np.float64)


def _share(part: Floats, whole: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        share: Floats = np.where(whole > 0, part / whole, np.nan)
    return share


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
