"""What each criterion says about who is good among the good.

A criterion is *dead* where it says the same of all responses that matter, and
*misaligned* where it is met rather by the worse ones.  Values are in [0, 1], the
better the greater: whoever calls turns those of penalties round.

Rubrics for one prompt each have too few responses to tell.  Their criteria of one type
can be looked at as one: put the values end to end, each with its own prompt.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.analysis.bootstrap import Interval, cluster_bootstrap
from rubricdsl.analysis.pairs import tail_of
from rubricdsl.analysis.prompts import ByPrompt, Rows, as_values
from rubricdsl.scoring.arrays.columns import Floats, Truths
from rubricdsl.scoring.leaves import TOLERANCE

LEAST_RESPONSES = 10
"""From fewer responses nothing is concluded."""
LEAST_PROMPTS = 8
"""From so many prompts on, they are drawn again for an interval; else responses are."""


@frozen(kw_only=True)
class Discrimination:
    """How one criterion tells good responses apart.

    ``pass_rate`` and ``tail_pass_rate`` are the mean values among all responses and
    among those that matter, which are ``responses``.  ``difference`` is the mean value
    in the better half of these less that in the worse half, and ``correlation`` the
    one with gold (point-biserial for yes and no), both within prompts.  All are None
    where there is nothing to work them out from, and the latter two from too few.
    ``varies`` says whether it takes two values in one prompt's tail.
    """

    responses: int
    pass_rate: float | None
    tail_pass_rate: float | None
    difference: Interval | None
    correlation: Interval | None
    varies: bool

    @property
    def is_dead(self) -> bool:
        """Tell whether it never distinguishes, among enough responses to say so."""
        return self.responses >= LEAST_RESPONSES and not self.varies

    @property
    def is_misaligned(self) -> bool:
        """Tell whether worse responses meet it rather than better ones, for sure."""
        found = (self.difference, self.correlation)
        return any(one is not None and one.is_below_zero for one in found)


def discriminations(  # noqa: PLR0913 - the data, and how it is looked at
    prompts: Sequence[str],
    values: npt.ArrayLike,
    gold: npt.ArrayLike,
    *,
    share: float = 0.5,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Discrimination, ...]:
    """Look at each criterion in the best ``share`` of each prompt's responses, by gold.

    ``values`` has the shape (criteria, responses), NaN where a value is not known or
    not applicable; so has ``gold``, one number for each response.  The share is
    widened for prompts with fewer than four responses in it, and for all where fewer
    than `LEAST_RESPONSES` are in it altogether.

    Raises ValueError for arrays of other shapes.
    """
    groups = ByPrompt.of(prompts)
    good = as_values(gold, len(prompts))
    table = as_table(values, len(prompts))
    tail = tail_of(prompts, good, share, least=_LEAST_TAIL).members
    if np.count_nonzero(tail) < LEAST_RESPONSES:
        each = -(-LEAST_RESPONSES // max(1, len(groups.names)))
        tail = tail_of(prompts, good, share, least=each).members
    top, bottom = _halves(groups, good, tail)
    found: list[Discrimination] = []
    for row in table:
        inside = tail & ~np.isnan(row)
        enough = np.count_nonzero(inside) >= LEAST_RESPONSES
        clusters = _clusters(groups, inside)
        sums = {
            "difference": _difference_terms(groups, row, top & inside, bottom & inside),
            "correlation": _correlation_terms(groups, row, good, inside),
        }
        intervals = {
            name: cluster_bootstrap(
                _by_cluster(terms, clusters),
                _STATISTICS[name],
                seed=seed,
                level=level,
            )
            if enough
            else None
            for name, terms in sums.items()
        }
        found.append(
            Discrimination(
                responses=int(np.count_nonzero(inside)),
                pass_rate=_mean(row[~np.isnan(row)]),
                tail_pass_rate=_mean(row[inside]),
                varies=_varies(groups, row, inside),
                **intervals,
            )
        )
    return tuple(found)


def preference_discriminations(
    prompts: Sequence[str],
    values: npt.ArrayLike,
    preferences: Iterable[tuple[int, int]],
    *,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Discrimination, ...]:
    """Look at each criterion in pairs of which one response was preferred.

    A preference is the number of the better response and that of the worse one.  The
    difference is the mean of the values of the better ones less those of the worse;
    there is no correlation.  All else is as for `discriminations`, and what matters
    are the responses of which there is a preference.
    """
    groups = ByPrompt.of(prompts)
    table = as_table(values, len(prompts))
    pairs = np.array(list(preferences), np.intp).reshape(-1, 2)
    better, worse = pairs[:, 0], pairs[:, 1]
    found: list[Discrimination] = []
    for row in table:
        apart = row[better] - row[worse]
        known = ~np.isnan(apart)
        inside = np.zeros(len(prompts), np.bool_)
        inside[pairs[known].ravel()] = True
        # A pair adds to the cluster of its better response.
        terms = np.zeros((len(prompts), 2))
        np.add.at(terms, better[known], np.column_stack([apart, known])[known])
        enough = np.count_nonzero(inside) >= LEAST_RESPONSES
        sums = _by_cluster(terms, _clusters(groups, inside))
        found.append(
            Discrimination(
                responses=int(np.count_nonzero(inside)),
                pass_rate=_mean(row[~np.isnan(row)]),
                tail_pass_rate=_mean(row[inside]),
                difference=cluster_bootstrap(sums, _ratio, seed=seed, level=level)
                if enough
                else None,
                correlation=None,
                varies=bool(np.any(np.abs(apart[known]) > TOLERANCE)),
            )
        )
    return tuple(found)


def as_table(values: npt.ArrayLike, size: int) -> Floats:
    """Take values of the shape (criteria, responses).

    Raises ValueError for any other.
    """
    table = np.asarray(values, np.float64)
    if table.ndim != 2 or table.shape[1] != size:  # noqa: PLR2004 - a table
        raise ValueError(
            f"needs a row for each criterion and a column for each of {size} responses"
        )
    return table


# Two for each half.
_LEAST_TAIL = 4


def _halves(groups: ByPrompt, gold: Floats, tail: Truths) -> tuple[Truths, Truths]:
    """Part each prompt's tail at its median; what lies on that is in neither half."""
    top, bottom = np.zeros_like(tail), np.zeros_like(tail)
    for rows in groups.rows():
        chosen = rows[tail[rows]]
        if len(chosen):
            middle = np.median(gold[chosen])
            top[chosen] = gold[chosen] > middle + TOLERANCE
            bottom[chosen] = gold[chosen] < middle - TOLERANCE
    return top, bottom


def _difference_terms(
    groups: ByPrompt, row: Floats, top: Truths, bottom: Truths
) -> Floats:
    """Give what each response adds to: the top's values and weight, the bottom's.

    Each half of each prompt weighs 1; a prompt without both halves weighs nothing.
    """
    size = len(groups.names)
    counts = [np.bincount(groups.codes[half], minlength=size) for half in (top, bottom)]
    both = np.minimum(*counts)[groups.codes] > 0
    columns: list[Floats] = []
    for half, count in zip((top, bottom), counts, strict=True):
        chosen = half & both
        weight = np.where(chosen, 1 / np.maximum(1, count[groups.codes]), 0.0)
        columns += [np.where(chosen, row, 0.0) * weight, weight]
    return np.column_stack(columns)


def _correlation_terms(
    groups: ByPrompt, row: Floats, gold: Floats, inside: Truths
) -> Floats:
    """Give what each response adds to the covariance and both variances."""
    centred = [
        np.where(inside, one - groups.means(one, inside), 0.0) for one in (row, gold)
    ]
    value, good = centred
    return np.column_stack([value * good, value * value, good * good])


def _varies(groups: ByPrompt, row: Floats, inside: Truths) -> bool:
    deviation = np.where(inside, row - groups.means(row, inside), 0.0)
    return bool(np.any(np.abs(deviation) > TOLERANCE))


def _clusters(groups: ByPrompt, inside: Truths) -> Rows:
    """Give the cluster of each response: its prompt, or itself if prompts are few."""
    if len(np.unique(groups.codes[inside])) >= LEAST_PROMPTS:
        return groups.codes
    return np.arange(len(groups.codes))


def _by_cluster(terms: Floats, clusters: Rows) -> Floats:
    sums = np.zeros((int(clusters.max(initial=-1)) + 1, terms.shape[1]))
    np.add.at(sums, clusters, terms)
    return sums


def _ratio(sums: Floats) -> Floats:
    ratio: Floats = sums[:, 0] / sums[:, 1]
    return ratio


def _difference(sums: Floats) -> Floats:
    difference: Floats = sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3]
    return difference


def _correlation(sums: Floats) -> Floats:
    correlation: Floats = sums[:, 0] / np.sqrt(sums[:, 1] * sums[:, 2])
    return correlation


_STATISTICS = {"difference": _difference, "correlation": _correlation}


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None
