"""A rubric's scores beside what people gave and preferred.

*Macro* figures are worked out within each prompt and averaged over prompts: whether
the better response to a prompt scores more, which is what a policy is driven by.
*Micro* figures take all responses as one, so they also hold what differs from prompt to
prompt.  Which of the two is greater is not settled, so both are named and none is mixed
with the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import fsum, isnan, nan
from typing import TypeAlias

import numpy as np
from attrs import frozen

from rubricdsl.analysis.agreement.cells import RatedResponse
from rubricdsl.analysis.agreement.raters import interval_alpha
from rubricdsl.analysis.correlations import (
    Correlation,
    kendall,
    kendall_of,
    kendall_pairs,
    pearson,
    pearson_of,
    pearson_terms,
    spearman,
    weighted_spearman,
)
from rubricdsl.analysis.figures import Figure, Resampling, mean_figure
from rubricdsl.analysis.pairs import PairAccuracy, PairCounts, pair_counts
from rubricdsl.analysis.pairs import preference_counts as count_preferences
from rubricdsl.analysis.prompts import ByPrompt
from rubricdsl.scoring.arrays.columns import Floats

MEAN = "mean"
"""The name of the mean of all annotators."""

MOST_PAIRED = 10_000
"""Of more responses, Kendall's tau over all prompts is not worked out."""

_LEAST = 3
_FLAT = "one of the two does not vary"
_FLAT_PROMPTS = (
    "in no prompt are there three responses among which both of the two vary"
)
_NO_PAIRS = "no pair of responses to one prompt can be compared"


@frozen(kw_only=True)
class Correlations:
    """How two rows of numbers hang together.

    ``pearson`` looks at the numbers, ``spearman`` at their ranks and ``kendall``
    (tau-b) at the order of pairs.
    """

    pearson: Figure
    spearman: Figure
    kendall: Figure


@frozen(kw_only=True)
class PairAgreement:
    """Whether the better response of a pair scores more, on the average over prompts.

    ``accuracy`` has the four figures and what they rest on; ``half``, in which a tie
    counts one half, comes with its interval.
    """

    accuracy: PairAccuracy
    half: Figure


@frozen(kw_only=True)
class ScoreComparison:
    """Scores beside one reference: an annotator, or the mean of all.

    Of the responses that it ``rated``, those ``compared`` have a score.  ``macro`` is
    within prompts, and its figures' items are prompts; ``micro`` is over all responses.
    """

    reference: str
    rated: int
    compared: int
    macro: Correlations
    micro: Correlations
    pairs: PairAgreement


@frozen(kw_only=True)
class PeopleScores:
    """How annotators agree among each other: the most to be asked of scores.

    ``alpha`` is Krippendorff's, for intervals.  ``with_others`` holds each annotator
    beside the mean of the others, as scores are held beside that of all; ``ceiling``
    is the mean Spearman correlation within prompts of these, ``pair_ceiling`` that of
    their pairs in the right order.
    """

    alpha: Figure
    ceiling: Figure
    pair_ceiling: Figure
    with_others: tuple[ScoreComparison, ...]


@frozen(kw_only=True)
class ScoreAgreement:
    """How scores agree with people.

    ``references`` are the mean and each annotator; ``preferences`` is None where
    nobody preferred one response to another.  ``resampled`` is what was drawn again
    for intervals.
    """

    annotators: tuple[str, ...]
    resampled: str
    references: tuple[ScoreComparison, ...]
    people: PeopleScores | None
    preferences: PairAgreement | None


Preferences: TypeAlias = Sequence[tuple[tuple[str, str], tuple[str, str]]]
"""The keys, prompt and response, of a better response and of a worse one."""


def score_agreement(
    responses: Sequence[RatedResponse], preferences: Preferences, *, seed: int = 0
) -> ScoreAgreement | None:
    """Hold scores beside what people say; None where they say nothing.

    ``preferences`` are between responses among ``responses``, to one prompt each;
    raises ValueError for two to different ones, and KeyError for others.
    """
    ordered = sorted(responses, key=lambda one: (one.prompt_id, one.response_id))
    annotators = tuple(sorted({name for one in ordered for name in one.ratings}))
    if not annotators and not preferences:
        return None
    pool = _Pool.of(ordered, seed)
    scores = np.array([nan if one.score is None else one.score for one in ordered])
    ratings = {name: pool.ratings(name) for name in annotators}
    references = ratings
    if len(annotators) > 1:
        references = {MEAN: _means(ratings.values()), **ratings}
    places = {
        (one.prompt_id, one.response_id): number for number, one in enumerate(ordered)
    }
    return ScoreAgreement(
        annotators=annotators,
        resampled=pool.drawn.unit,
        references=tuple(
            _comparison(name, scores, values, pool)
            for name, values in references.items()
        ),
        people=_people(ratings, pool) if len(annotators) > 1 else None,
        preferences=_pairs(
            count_preferences(
                pool.prompts,
                [(places[better], places[worse]) for better, worse in preferences],
                scores,
            ),
            pool,
        )
        if preferences
        else None,
    )


@frozen(eq=False)
class _Pool:
    """The responses, and what is drawn again of them.

    ``by_prompt`` has one item for each prompt, or is None where prompts are too few to
    be drawn themselves.
    """

    responses: Sequence[RatedResponse]
    prompts: Sequence[str]
    groups: ByPrompt
    drawn: Resampling
    by_prompt: Resampling | None

    @classmethod
    def of(cls, ordered: Sequence[RatedResponse], seed: int) -> "_Pool":
        prompts = [one.prompt_id for one in ordered]
        groups = ByPrompt.of(prompts)
        ids = [one.response_id for one in ordered]
        drawn = Resampling.of(prompts, ids, seed=seed)
        first = np.unique(groups.codes, return_index=True)[1]
        by_prompt = drawn.among(first) if drawn.unit == "prompts" else None
        return cls(ordered, prompts, groups, drawn, by_prompt)

    def ratings(self, name: str) -> Floats:
        return np.array([one.ratings.get(name, nan) for one in self.responses])

    def mean(self, values: Floats, lacking: str) -> Figure:
        """Average one value for each prompt, NaN for none."""
        known = ~np.isnan(values)
        count = int(np.count_nonzero(known))
        if not count:
            return Figure.missing(lacking)
        if self.by_prompt is None:
            mean = fsum(values[known]) / count
            reason = "no interval: too few prompts"
            return Figure(value=mean, items=count, reason=reason)
        drawn = self.by_prompt.among(known)
        terms = np.column_stack([values[known], np.ones(count)])
        return drawn.figure(drawn.sums(terms), _ratio, items=count, lacking=lacking)


def _means(rows: Iterable[Floats]) -> Floats:
    """Give the mean of each response's ratings, NaN for none."""
    table = np.array(list(rows))
    known = ~np.isnan(table)
    with np.errstate(invalid="ignore"):
        means: Floats = np.where(known, table, 0.0).sum(axis=0) / known.sum(axis=0)
    return means


def _comparison(
    reference: str, scores: Floats, values: Floats, pool: _Pool
) -> ScoreComparison:
    rated = ~np.isnan(values)
    both = rated & ~np.isnan(scores)
    return ScoreComparison(
        reference=reference,
        rated=int(np.count_nonzero(rated)),
        compared=int(np.count_nonzero(both)),
        macro=_within(scores, values, pool),
        micro=_together(scores[both], values[both], pool.drawn.among(both)),
        pairs=_pairs(pair_counts(pool.prompts, values, scores), pool),
    )


def _within(scores: Floats, values: Floats, pool: _Pool) -> Correlations:
    both = ~np.isnan(scores) & ~np.isnan(values)
    chosen = [rows[both[rows]] for rows in pool.groups.rows()]

    def mean(correlation: Correlation) -> Figure:
        found = [
            correlation(scores[rows], values[rows]) if len(rows) >= _LEAST else nan
            for rows in chosen
        ]
        return pool.mean(np.array(found), _FLAT_PROMPTS)

    return Correlations(
        pearson=mean(pearson), spearman=mean(spearman), kendall=mean(kendall)
    )


def _together(scores: Floats, values: Floats, drawn: Resampling) -> Correlations:
    items = len(scores)
    if items < _LEAST:
        none = Figure.missing("fewer than three responses", items=items)
        return Correlations(pearson=none, spearman=none, kendall=none)
    return Correlations(
        pearson=drawn.figure(
            drawn.sums(pearson_terms(scores, values)),
            pearson_of,
            items=items,
            lacking=_FLAT,
        ),
        spearman=drawn.weighed(weighted_spearman(scores, values), lacking=_FLAT),
        kendall=_kendall(scores, values, drawn),
    )


def _kendall(scores: Floats, values: Floats, drawn: Resampling) -> Figure:
    items = len(scores)
    if items > MOST_PAIRED:
        reason = f"not worked out for more than {MOST_PAIRED} responses"
        return Figure.missing(reason, items=items)
    pairs = kendall_pairs(scores, values, drawn.codes)
    clusters = len(pairs[0])
    return drawn.of_clusters(
        lambda weights: kendall_of(weights[:, :clusters], pairs), lacking=_FLAT
    )


def _pairs(counts: PairCounts, pool: _Pool) -> PairAgreement:
    return PairAgreement(
        accuracy=PairAccuracy.of(counts), half=pool.mean(counts.half, _NO_PAIRS)
    )


def _people(ratings: Mapping[str, Floats], pool: _Pool) -> PeopleScores:
    table = np.array(list(ratings.values()))
    units = [[float(x) for x in column if not isnan(x)] for column in table.T]
    with_others = tuple(
        _comparison(
            name,
            own,
            _means(row for other, row in ratings.items() if other != name),
            pool,
        )
        for name, own in ratings.items()
    )
    lacking = "no annotator can be held beside the others"
    return PeopleScores(
        alpha=interval_alpha(pool.drawn, units),
        ceiling=mean_figure(
            (one.macro.spearman for one in with_others), lacking=lacking
        ),
        pair_ceiling=mean_figure(
            (one.pairs.half for one in with_others), lacking=lacking
        ),
        with_others=with_others,
    )


def _ratio(sums: Floats) -> Floats:
    ratio: Floats = sums[:, 0] / sums[:, 1]
    return ratio
