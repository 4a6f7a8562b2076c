"""How hard each criterion is and how well it discriminates: the 2PL model.

A response of quality θ, which is standard normal, meets criterion k with probability
1 / (1 + exp(-a(θ - b))), where a and b are those of k (Birnbaum, in Lord and Novick,
Statistical Theories of Mental Test Scores, 1968).  Parameters are those of the greatest
posterior density with θ integrated out (Mislevy, Psychometrika 51, 1986), found by
expectation and maximisation over a grid (Bock and Aitkin, Psychometrika 46, 1981).
Nobody needs to say which responses are good.
"""

import numpy as np
import numpy.typing as npt
from attrs import frozen

from rubricdsl.scoring.arrays.columns import Floats, Truths

_GRID = np.linspace(-4.5, 4.5, 37)
_PRIOR = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()
# Discriminations are about 1, and intercepts about 0, as a matter of experience.
_MEAN = np.array([1.0, 0.0])
_PRECISION = np.array([1 / 1.0**2, 1 / 2.0**2])
_STEPS = 500
_CLOSE = 1e-4


@frozen(eq=False)
class ItemResponse:
    """The 2PL model of criteria; both arrays are by criterion.

    ``discrimination`` a is how steeply the chance to meet a criterion rises with
    quality, per standard deviation; it is negative where worse responses meet it.
    ``intercept`` is -a·b, the log-odds of an average response.
    """

    discrimination: Floats
    intercept: Floats

    @property
    def difficulty(self) -> Floats:
        """The quality b at which half of the responses meet a criterion."""
        with np.errstate(divide="ignore", invalid="ignore"):
            difficulty: Floats = -self.intercept / self.discrimination
        return difficulty

    def qualities(self, values: npt.ArrayLike) -> Floats:
        """Give the most probable quality of each response.

        ``values`` has the shape (criteria, responses), NaN for what is not known.
        """
        table, known = _parted(values)
        quality = np.zeros(table.shape[1])
        slope = self.discrimination[:, None]
        for _ in range(_STEPS):
            chance = _sigmoid(slope * quality + self.intercept[:, None])
            gradient = np.sum(known * slope * (table - chance), axis=0) - quality
            curve = 1 + np.sum(known * slope**2 * chance * (1 - chance), axis=0)
            # The posterior is concave; a step is cut short where it might overshoot.
            step = np.clip(gradient / curve, -1.0, 1.0)
            quality = quality + step
            if np.max(np.abs(step), initial=0.0) < _CLOSE:
                break
        return quality


def fit_item_response(values: npt.ArrayLike) -> ItemResponse:
    """Fit the model to verdicts of the shape (criteria, responses).

    A value between 0 and 1, such as that of a level, counts as so much of a yes; NaN
    is left out.  Raises ValueError for values outside [0, 1].
    """
    table, known = _parted(values)
    if np.any((table < 0) | (table > 1)):
        raise ValueError("a verdict is worth a number from 0 to 1, or NaN")
    parameters = np.tile(_MEAN, (len(table), 1))
    for _ in range(_STEPS):
        weights = _posterior(table, known, parameters)
        # On each point of the grid: how many were judged there, and how many met it.
        judged = known @ weights.T
        met = (table * known) @ weights.T
        moved = np.array(
            [
                _maximised(one, yes, all_)
                for one, yes, all_ in zip(parameters, met, judged, strict=True)
            ]
        )
        moved = moved.reshape(parameters.shape)
        change = np.max(np.abs(moved - parameters), initial=0.0)
        parameters = moved
        if change < _CLOSE:
            break
    return ItemResponse(parameters[:, 0], parameters[:, 1])


def _posterior(table: Floats, known: Truths, parameters: Floats) -> Floats:
    """Give the probability of each point of the grid for each response."""
    logits = parameters[:, :1] * _GRID + parameters[:, 1:]
    yes, no = -np.logaddexp(0, -logits), -np.logaddexp(0, logits)
    logs = yes.T @ (table * known) + no.T @ ((1 - table) * known)
    logs += np.log(_PRIOR)[:, None]
    logs -= logs.max(axis=0, initial=-np.inf)
    weights: Floats = np.exp(logs)
    weights /= weights.sum(axis=0)
    return weights


def _maximised(parameters: Floats, met: Floats, judged: Floats) -> Floats:
    """Take Newton steps to the best a and intercept of one criterion."""
    design = np.column_stack([_GRID, np.ones_like(_GRID)])
    for _ in range(_STEPS):
        chance = _sigmoid(design @ parameters)
        gradient = design.T @ (met - judged * chance)
        gradient -= _PRECISION * (parameters - _MEAN)
        curve = design.T * (judged * chance * (1 - chance)) @ design
        step = np.linalg.solve(curve + np.diag(_PRECISION), gradient)
        step *= min(1.0, 1.0 / max(np.max(np.abs(step)), _CLOSE))
        parameters = parameters + step
        if np.max(np.abs(step)) < _CLOSE:
            break
    return parameters


def _parted(values: npt.ArrayLike) -> tuple[Floats, Truths]:
    """Part values from where they are known; what is not known is 0."""
    table = np.asarray(values, np.float64)
    known = ~np.isnan(table)
    return np.where(known, table, 0.0), known


def _sigmoid(logits: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    return chance
