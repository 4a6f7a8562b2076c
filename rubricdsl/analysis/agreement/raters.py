"""Two raters on the same cells: raw agreement, kappa and alpha."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from rubricdsl.analysis import confusion
from rubricdsl.analysis.agreement.bodies import Body, Matched
from rubricdsl.analysis.agreement.cells import Scale
from rubricdsl.analysis.agreement.records import RaterAgreement
from rubricdsl.analysis.alpha import interval_disagreements, interval_terms
from rubricdsl.analysis.bootstrap import Statistic
from rubricdsl.analysis.figures import Figure, Resampling
from rubricdsl.scoring.arrays.columns import Floats

NOTHING = "nothing could be compared"
"""Why there is no figure where two raters have no cell in common."""
TWO_ANSWERS = 2
"""With so many answers, weighted kappa is kappa itself."""

_ALL_ALIKE = "both say the same of everything"
_NO_CATEGORIES = "numbers have no categories"
_UNWEIGHTED = "there are just two answers: it is kappa itself"


def rater_agreement(body: Body, matched: Matched) -> RaterAgreement:
    """Compare two raters where both have a place on the scale."""
    items = len(matched.rows)
    if not items:
        nothing = Figure.missing(NOTHING)
        return RaterAgreement(
            agreement=nothing, kappa=nothing, weighted_kappa=nothing, alpha=nothing
        )
    drawn = body.resampling.among(matched.rows)
    if body.scale is Scale.NUMBERS:
        return _measured(body, matched, drawn)
    size, values = len(body.values), np.array(body.values)
    found = drawn.figures(
        drawn.sums(confusion.confusion_terms(matched.first, matched.second, size)),
        {
            "agreement": (on_tables(size, confusion.agreement), NOTHING),
            "kappa": (on_tables(size, confusion.cohen_kappa), _ALL_ALIKE),
            "weighted_kappa": (
                on_tables(
                    size,
                    partial(
                        confusion.cohen_kappa,
                        distances=confusion.quadratic_distances(values),
                    ),
                ),
                _ALL_ALIKE,
            ),
            "alpha": (
                on_tables(
                    size,
                    partial(confusion.pair_alpha, metric=body.metric, values=values),
                ),
                _ALL_ALIKE,
            ),
        },
        items=items,
    )
    if size <= TWO_ANSWERS:
        found["weighted_kappa"] = Figure.missing(_UNWEIGHTED, items=items)
    return RaterAgreement(**found)


def _measured(body: Body, matched: Matched, drawn: Resampling) -> RaterAgreement:
    """Compare numbers, of which nothing but alpha makes sense."""
    values = np.array(body.values)
    pairs = np.column_stack([values[matched.first], values[matched.second]])
    none = Figure.missing(_NO_CATEGORIES, items=len(pairs))
    alpha = interval_alpha(drawn, [list(map(float, pair)) for pair in pairs])
    return RaterAgreement(agreement=none, kappa=none, weighted_kappa=none, alpha=alpha)


def interval_alpha(drawn: Resampling, units: Sequence[Sequence[float]]) -> Figure:
    """Give alpha of numbers, one unit for each item of ``drawn``."""
    terms = np.array([interval_terms(unit) for unit in units]).reshape(-1, 4)
    return drawn.figure(
        drawn.sums(terms),
        _alpha_of_terms,
        items=int(np.count_nonzero(terms[:, 0])),
        lacking=_ALL_ALIKE,
    )


def _alpha_of_terms(sums: Floats) -> Floats:
    observed, expected = interval_disagreements(*sums.T)
    alpha: Floats = 1 - observed / np.where(expected > 0, expected, np.nan)
    return alpha


def on_tables(size: int, function: Callable[[Floats], Floats]) -> Statistic:
    """Give a function of tables as one of flat sums."""
    return lambda sums: function(confusion.tables(sums, size))
