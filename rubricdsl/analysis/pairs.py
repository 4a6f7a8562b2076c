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

from rubricdsl.analysis.prompts import ByPrompt, Rows, as_values
from rubricdsl.analysis.ranks import NOWHERE, less_in_both, levels_of
from rubricdsl.scoring.arrays.columns import Floats, Truths
from rubricdsl.scoring.leaves import TOLERANCE

# Two responses are the least that can be a pair.
_LEAST = 2


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

    def plus(self, other: "PairCounts") -> "PairCounts":
        """Add other pairs, prompt by prompt."""
        prompts = tuple(dict.fromkeys(self.prompts + other.prompts))
        numbers = {prompt: number for number, prompt in enumerate(prompts)}
        table = np.zeros((5, len(prompts)))
        for one in (self, other):
            places = [numbers[prompt] for prompt in one.prompts]
            columns = (one.right, one.tied, one.wrong, one.equal, one.unscored)
            for row, column in zip(table, columns, strict=True):
                row[places] += column
        return PairCounts(prompts, *table)


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
    groups = ByPrompt.of(prompts)
    good, scored = (as_values(one, len(prompts)) for one in (gold, scores))
    wanted = ~np.isnan(good)
    if among is not None:
        wanted &= np.asarray(among, np.bool_)
    size = len(groups.names)
    good = np.where(wanted, good, np.nan)
    golds, ranks = levels_of(groups, good), levels_of(groups, scored)
    scores_known = wanted & (ranks != NOWHERE)
    inside = groups.codes[scores_known]
    golds_inside, ranks_inside = golds[scores_known], ranks[scores_known]
    every = _pairs(groups.codes[wanted], size)
    equal = _pairs_alike(groups.codes[wanted], golds[wanted], size=size)
    known = _pairs(inside, size) - _pairs_alike(inside, golds_inside, size=size)
    tied = _pairs_alike(inside, ranks_inside, size=size) - _pairs_alike(
        inside, ranks_inside, golds_inside, size=size
    )
    behind = _behind(inside, golds_inside, ranks_inside)
    right = np.bincount(inside, behind, size).astype(np.float64)
    return PairCounts(
        groups.names,
        right=right,
        tied=tied,
        wrong=known - tied - right,
        equal=equal,
        unscored=every - equal - known,
    )


def preference_counts(
    prompts: Sequence[str],
    preferences: Iterable[tuple[int, int]],
    scores: npt.ArrayLike,
) -> PairCounts:
    """Count how scores order pairs of which one response was preferred.

    A preference is the number of the better response and that of the worse one.
    Raises ValueError for two responses to different prompts.
    """
    scored = as_values(scores, len(prompts))
    pairs = np.array(list(preferences), np.intp).reshape(-1, 2)
    ahead = np.ones(len(pairs))
    return compared_counts(
        prompts, pairs, ahead, scored[pairs[:, 0]] - scored[pairs[:, 1]]
    )


def compared_counts(
    prompts: Sequence[str],
    pairs: Rows,
    ahead: npt.ArrayLike,
    apart: npt.ArrayLike,
) -> PairCounts:
    """Count how pairs that were compared are ordered.

    ``pairs`` are numbers of responses, of the shape (pairs, 2).  ``ahead`` is by how
    much the first of each is better, by gold, and ``apart`` by how much it has the
    higher score, NaN where one has none.  Raises ValueError for two responses to
    different prompts.
    """
    groups = ByPrompt.of(prompts)
    codes = groups.codes[pairs[:, 0]]
    if (codes != groups.codes[pairs[:, 1]]).any():
        raise ValueError("a preference is between two responses to one prompt")
    size = len(groups.names)
    columns = [
        np.bincount(codes[outcome], minlength=size).astype(np.float64)
        for outcome in _outcomes(np.asarray(ahead), np.asarray(apart))
    ]
    return PairCounts(groups.names, *columns)


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


def _pairs(codes: Rows, size: int) -> Floats:
    """Count the pairs of each prompt, from the prompts of some responses."""
    counts = np.bincount(codes, minlength=size).astype(np.float64)
    pairs: Floats = counts * (counts - 1) / 2
    return pairs


def _pairs_alike(codes: Rows, *levels: Rows, size: int) -> Floats:
    """Count the pairs of each prompt that are on one level, in all of some rankings."""
    order = np.lexsort(levels)
    begins = np.ones(len(order), np.bool_)
    begins[1:] = np.any([np.diff(one[order]) != 0 for one in levels], axis=0)
    first = np.flatnonzero(begins)
    lengths = np.diff(np.append(first, len(order)))
    pairs = np.bincount(codes[order[first]], lengths * (lengths - 1) / 2, size)
    return pairs.astype(np.float64)


def _behind(codes: Rows, golds: Rows, ranks: Rows) -> Rows:
    """Count for each response those to its prompt that are worse and score less."""
    behind = less_in_both(golds, ranks)
    # All of the prompts before are less in both numberings.
    in_prompt = np.bincount(codes, minlength=int(codes.max(initial=0)) + 1)
    return behind - (np.cumsum(in_prompt) - in_prompt)[codes]


def _outcomes(better: Floats, apart: Floats) -> tuple[Truths, ...]:
    """Sort pairs by their outcome; the order is that of `PairCounts`."""
    equal = np.abs(better) <= TOLERANCE
    unscored = np.isnan(apart) & ~equal
    known = ~equal & ~unscored
    tied = known & (np.abs(apart) <= TOLERANCE)
    right = known & ~tied & ((apart > 0) == (better > 0))
    wrong = known & ~tied & ~right
    return right, tied, wrong, equal, unscored


def _share(part: Floats, whole: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        share: Floats = np.where(whole > 0, part / whole, np.nan)
    return share


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
