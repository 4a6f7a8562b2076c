"""All metrics of a pool, each with what it rests on, or why it cannot be had."""

from collections.abc import Iterator

import numpy as np
from attrs import frozen

from rubricdsl.analysis.best_of_k import best_of_k
from rubricdsl.analysis.discrimination import discriminations
from rubricdsl.analysis.leaks import leak_of
from rubricdsl.analysis.pairs import PairCounts, pair_counts, tail_of
from rubricdsl.analysis.prompts import ByPrompt
from rubricdsl.analysis.redundancy import redundancy
from rubricdsl.analysis.saturation import kl_ceiling, saturation, win_ceiling
from rubricdsl.analysis.slopes import partial_correlation, start_slope
from rubricdsl.analysis.tail.curve import frontier_figures, pool_curve, predicted_onset
from rubricdsl.analysis.tail.figures import Count, Figure
from rubricdsl.analysis.tail.pool import Pool
from rubricdsl.analysis.tail.records import (
    Accuracy,
    Best,
    Ceiling,
    CriterionAnalysis,
    HumanCeiling,
    LeakFigures,
    Population,
    PreferenceFigures,
    RubricAnalysis,
    TailAnalysis,
    Target,
    Ties,
    Twin,
)
from rubricdsl.analysis.ties import top_ties

REDUNDANT = 0.95
"""From this correlation on, two criteria say the same."""
DRAWS = (2, 4, 8, 16, 32, 64)
"""The numbers of responses of which the best is kept."""
_TOP_LEVELS = 4
_SURE = 0.05
_RATE_MORE = "rate more responses to each prompt"
_JUDGE_MORE = "judge more responses to each prompt"


def analyse_tail(pool: Pool, target: Target, *, seed: int = 0) -> TailAnalysis:
    """Work out every metric of a pool."""
    counts = _Counts.of(pool)
    curve = pool_curve(pool, target)
    return TailAnalysis(
        population=_population(pool),
        target=target,
        accuracy=_accuracy(pool, None, seed),
        tail=_accuracy(pool, target.share, seed),
        human=_human_ceiling(
            pool.ratings.against_others(pool.groups, pool.scores, target.share), seed
        ),
        preferences=_preferences(pool, seed),
        best=tuple(_best(pool, counts.base, seed)),
        ceiling=_ceiling(pool, counts.base_scored, seed),
        ties=_ties(pool, counts.base_scored),
        leak=_leak(pool, counts.base, seed),
        rubrics=tuple(_rubrics(pool, target.share, seed)),
        frontier=frontier_figures(pool, target, curve, counts.base, seed),
        slope=_slope(pool, counts.base, seed),
        onset=predicted_onset(pool, target, curve, counts.base, seed),
        length=_length(pool, seed),
        seed=seed,
    )


@frozen
class _Counts:
    """What figures of the untrained policy rest on: all gold, or scores alone."""

    base: Count
    base_scored: Count

    @classmethod
    def of(cls, pool: Pool) -> "_Counts":
        total = int(np.count_nonzero(pool.in_base))
        scored = ~np.isnan(pool.base_scores)
        both = scored & ~np.isnan(pool.base_gold)
        return cls(
            Count(int(np.count_nonzero(both)), total),
            Count(int(np.count_nonzero(scored)), total),
        )


def _population(pool: Pool) -> Population:
    scored, rated = ~np.isnan(pool.scores), ~np.isnan(pool.gold)
    return Population(
        responses=len(pool.evaluation),
        scored=int(np.count_nonzero(scored)),
        rated=int(np.count_nonzero(rated)),
        both=int(np.count_nonzero(scored & rated)),
        base=pool.base,
        base_responses=int(np.count_nonzero(pool.in_base)),
        prompts=len(set(pool.evaluation.prompts)),
        annotators=len({*pool.ratings.names, *pool.preferences.names} - {None}),
        preferences=len(pool.preferences),
        strangers=pool.ratings.strangers + pool.preferences.strangers,
    )


# ----------------------------------------------------------------------- pairs


def _accuracy(pool: Pool, share: float | None, seed: int) -> Accuracy:
    among = notice = None
    if share is not None:
        tail = tail_of(pool.groups, pool.gold, share)
        among, notice = tail.members, tail.notice
    counts = pair_counts(pool.groups, pool.gold, pool.scores, among=among)
    return _of_counts(counts, notice, seed)


def _of_counts(counts: PairCounts, notice: str | None, seed: int) -> Accuracy:
    known = int(counts.known.sum())
    count = Count(known, known + int(counts.unscored.sum()), "pairs")
    names = ("strict", "half", "tie_rate", "decisive")
    figures = {
        name: Figure.over_prompts(
            getattr(counts, name),
            count,
            seed=seed,
            why="there is no pair of responses of which one is known to be better",
            cure=_RATE_MORE,
        )
        for name in names
    }
    return Accuracy(notice=notice, **figures)


def _preferences(pool: Pool, seed: int) -> PreferenceFigures | None:
    found = pool.preferences
    if not len(found):
        return None
    counts = found.counts(pool.groups, pool.scores)
    return PreferenceFigures(
        accuracy=_of_counts(counts, None, seed),
        human=_human_ceiling(found.against_others(pool.groups, pool.scores), seed),
    )


def _human_ceiling(
    found: tuple[PairCounts, PairCounts] | None, seed: int
) -> HumanCeiling:
    if found is None:
        missing = Figure.missing(
            Count(0, 0, "pairs"),
            "no two named annotators judged the same",
            "give gold with an `annotator`, at least two for a response",
        )
        return HumanCeiling(people=missing, rubric=missing, gap=missing)
    people, rubric = found
    known = int(people.known.sum())
    count = Count(known, known + int(people.unscored.sum()), "pairs")
    cells = {
        "people": people.half,
        "rubric": rubric.half,
        "gap": people.half - rubric.half,
    }
    why = "annotators find no two responses unequal"
    return HumanCeiling(
        **{
            name: Figure.over_prompts(
                values, count, seed=seed, why=why, cure=_RATE_MORE
            )
            for name, values in cells.items()
        }
    )


def _best(pool: Pool, count: Count, seed: int) -> Iterator[Best]:
    """Keep the best of k, for each k of which at least half of the prompts have two.

    More would draw nearly the same responses each time.
    """
    known = ~np.isnan(pool.base_gold) & ~np.isnan(pool.base_scores)
    sizes = ByPrompt.of(pool.groups).sums(known)
    for k in DRAWS:
        if 2 * np.count_nonzero(sizes >= 2 * k) < len(sizes):
            return
        found = best_of_k(pool.groups, pool.base_gold, pool.base_scores, k)
        columns = {
            name: Figure.over_prompts(getattr(found, name), count, seed=seed)
            for name in ("hit", "random", "quantile", "regret")
        }
        yield Best(k=k, kl=found.kl, **columns)


# -------------------------------------------------------------- the top alone


def _ceiling(pool: Pool, count: Count, seed: int) -> Ceiling:
    found = saturation(pool.groups, pool.base_scores)
    why = "no response of the untrained policy has a score"
    full, best, capped = (
        Figure.over_prompts(values, count, seed=seed, why=why, cure=_JUDGE_MORE)
        for values in (found.full, found.best, win_ceiling(found.at_ceiling))
    )
    share = full if found.reaches_full else best
    return Ceiling(
        full=full,
        best=best,
        win_rate=capped,
        kl=None if share.value is None else kl_ceiling(share.value),
    )


def _ties(pool: Pool, count: Count) -> Ties:
    found = top_ties(pool.groups, pool.base_scores, _TOP_LEVELS)
    figures = [
        Figure.missing(count, "no prompt has two responses with a score", _JUDGE_MORE)
        if value is None
        else Figure.exact(value, count)
        for value in (found.tied, found.levels)
    ]
    return Ties(tied=figures[0], levels=figures[1], top=found.top)


def _leak(pool: Pool, count: Count, seed: int) -> LeakFigures:
    found = leak_of(pool.groups, pool.base_gold, pool.base_scores)
    why = "no prompt has both better and worse responses with a score"
    figures = [
        Figure.over_prompts(values, count, seed=seed, why=why, cure=_RATE_MORE)
        for values in (
            found.bad_at_top,
            found.good_at_bottom,
            found.bad_at_top - found.good_at_bottom,
        )
    ]
    return LeakFigures(
        bad_at_top=figures[0],
        good_at_bottom=figures[1],
        excess=figures[2],
        top=found.top,
        bad=found.bad,
    )


# ------------------------------------------------------------------- criteria


def _rubrics(pool: Pool, share: float, seed: int) -> Iterator[RubricAnalysis]:
    for sheet in pool.evaluation.sheets:
        prompts = [pool.groups[row] for row in sheet.rows.tolist()]
        credit = sheet.credit
        # So that of all criteria none is taken for misaligned by chance.
        level = 1 - _SURE / max(1, len(sheet.criteria))
        found = discriminations(
            prompts, credit, pool.gold[sheet.rows], share=share, seed=seed, level=level
        )
        repeated = redundancy(prompts, credit)
        twins: dict[int, list[Twin]] = {}
        for pair in repeated.pairs(REDUNDANT):
            for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
                path = sheet.criteria[other].path
                twins.setdefault(one, []).append(Twin(path=path, phi=pair.phi))
        yield RubricAnalysis(
            rubric=sheet.rubric,
            digest=sheet.digest,
            criteria=tuple(
                CriterionAnalysis(
                    path=criterion.path,
                    mark=criterion.mark,
                    share=criterion.share,
                    discrimination=found[number],
                    twins=tuple(twins.get(number, ())),
                    measured=int(np.count_nonzero(sheet.measured[number])),
                    responses=len(sheet.rows),
                )
                for number, criterion in enumerate(sheet.criteria)
            ),
            effective=repeated.effective,
        )


# --------------------------------------------------------------------- slopes


def _slope(pool: Pool, count: Count, seed: int) -> Figure:
    found = start_slope(pool.groups, pool.base_gold, pool.base_scores, seed=seed)
    return Figure.of_interval(
        found,
        count,
        why="fewer than two prompts have scores that vary",
        cure="judge responses to more prompts",
    )


def _length(pool: Pool, seed: int) -> Figure:
    total = len(pool.evaluation)
    if pool.lengths is None:
        return Figure.missing(
            Count(0, total), "lengths are not known", "give the responses"
        )
    known = ~np.isnan(pool.lengths) & ~np.isnan(pool.gold) & ~np.isnan(pool.scores)
    return Figure.of_interval(
        partial_correlation(
            pool.groups, pool.scores, pool.gold, pool.lengths, seed=seed
        ),
        Count(int(np.count_nonzero(known)), total),
        why="gold, scores or lengths vary within fewer than two prompts",
        cure="judge responses to more prompts",
    )
