"""Fitting: which curve does best on labels that it has not seen.

Each kind of curve is fitted on part of the labels and measured on the rest, in
turn; the kind with the least log loss is then fitted on all of them.  Labels of one
group (a prompt) are never on both sides.
"""

from collections import defaultdict
from collections.abc import Callable
from random import Random

from attrs import frozen

from rubricdsl.analysis.probabilities import Fitness
from rubricdsl.judging.calibration.curves import (
    FITS,
    Curve,
    Identity,
    Observation,
    Observations,
)

FEWEST_LABELS = 40
"""Labels below which no calibration is fitted."""

FEWEST_OF_A_KIND = 5
"""Labels of yes, and of no, below which none is fitted."""

FOLDS = 5

# A curve must be better by more than noise in the last digits.
_GAIN = 1e-9


class TooFewLabelsError(ValueError):
    """Labels that are too few, or too much alike, to fit a calibration on."""


@frozen
class Fit:
    """A curve, and how well its kind did on labels that it had not seen.

    ``before`` measures the judge's own probabilities, ``after`` the calibrated ones,
    each label's by a curve that was fitted without its group.
    """

    curve: Curve
    labels: int
    yes: int
    before: Fitness
    after: Fitness


def fit(observations: Observations, *, seed: int = 0) -> Fit:
    """Fit the curve that does best on unseen labels; ``seed`` parts the labels.

    The order of observations makes no difference.  Raises TooFewLabelsError for less
    than `FEWEST_LABELS` labels, or than `FEWEST_OF_A_KIND` of yes or of no.
    """
    yes = sum(o.truth for o in observations)
    fewest = min(yes, len(observations) - yes)
    if len(observations) < FEWEST_LABELS or fewest < FEWEST_OF_A_KIND:
        raise TooFewLabelsError(
            f"{len(observations)} labels, {yes} of them yes: it takes at least "
            f"{FEWEST_LABELS}, and {FEWEST_OF_A_KIND} each of yes and of no"
        )
    ordered = sorted(observations, key=lambda o: (o.group, o.probability, o.truth))
    folds = _folds(ordered, seed)
    truths = [o.truth for fold in folds for o in fold]
    fits = {
        method: Fitness.of(_unseen(folds, fit_curve), truths)
        for method, fit_curve in FITS.items()
    }
    before = fits[Identity.method]
    best, after = Identity.method, before
    for method, fitness in fits.items():
        if fitness.log_loss < after.log_loss - _GAIN:
            best, after = method, fitness
    return Fit(FITS[best](ordered), len(ordered), yes, before, after)


def _folds(ordered: Observations, seed: int) -> list[list[Observation]]:
    """Part observations by group, the parts as equal in size as groups allow."""
    groups: dict[object, list[Observation]] = defaultdict(list)
    for observation in ordered:
        groups[observation.group].append(observation)
    parts = list(groups.values())
    if len(parts) < FOLDS:
        parts = [[observation] for observation in ordered]
    Random(seed).shuffle(parts)  # noqa: S311 - no secret
    parts.sort(key=len, reverse=True)
    folds: list[list[Observation]] = [[] for _ in range(FOLDS)]
    for part in parts:
        min(folds, key=len).extend(part)
    return folds


def _unseen(
    folds: list[list[Observation]], fit_curve: Callable[[Observations], Curve]
) -> list[float]:
    """Give the probability of each observation by a curve that has not seen it."""
    found: list[float] = []
    for fold in folds:
        curve = fit_curve([o for other in folds if other is not fold for o in other])
        found += [curve(o.probability) for o in fold]
    return found
