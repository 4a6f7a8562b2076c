"""Weights that order responses as people do: a logistic regression on pairs.

Of each pair it is known which response is better, and by how much more it is worth on
each criterion.  Weights are not negative: a criterion can count for nothing, but not
against what it says (its sign is its author's).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rubricdsl.scoring.arrays.columns import Floats

RIDGE = 1.0
"""How strongly weights are drawn to 0: as by one prompt's worth of evidence."""
_STEPS = 100
_SMALL = 1e-9


def preference_weights(
    differences: npt.ArrayLike, importance: npt.ArrayLike, *, ridge: float = RIDGE
) -> Floats:
    """Give the weights, none negative, under which the better responses score more.

    ``differences`` has the shape (pairs, criteria): the value of the better response
    less that of the worse one.  ``importance`` says how much each pair counts; give
    the pairs of a prompt 1 together.  Minimised is Σ importance · log(1 + exp(-d·w)) +
    ridge · |w|²/2, by Newton's method on the weights that are not held at 0.

    Raises ValueError for a ridge that is not positive.
    """
    if ridge <= 0:
        raise ValueError(f"the ridge must be positive, not {ridge}")
    rows = np.asarray(differences, np.float64)
    counts = np.asarray(importance, np.float64)
    weights = np.zeros(rows.shape[1])

    def loss(at: Floats) -> float:
        return float(counts @ np.logaddexp(0, -rows @ at) + ridge * (at @ at) / 2)

    for _ in range(_STEPS):
        doubt = 1 / (1 + np.exp(np.clip(rows @ weights, -500, 500)))
        gradient = ridge * weights - rows.T @ (counts * doubt)
        free = (weights > 0) | (gradient < 0)
        if np.max(np.abs(gradient[free]), initial=0.0) < _SMALL:
            break
        curve = rows[:, free].T * (counts * doubt * (1 - doubt)) @ rows[:, free]
        curve += ridge * np.eye(len(curve))
        step = np.zeros(len(weights))
        step[free] = np.linalg.solve(curve, gradient[free])
        before, length = loss(weights), 1.0
        # Projecting a Newton step can lead uphill; a shorter one does not.
        while loss(np.maximum(weights - length * step, 0)) > before and length > _SMALL:
            length /= 2
        moved = np.maximum(weights - length * step, 0)
        if np.max(np.abs(moved - weights)) < _SMALL:
            break
        weights = moved
    return weights


def small_weights(
    ideal: Sequence[float],
    choices: Sequence[Sequence[float]],
    current: Sequence[float],
) -> tuple[float, ...]:
    """Give weights, each among its choices, that stand to each other as ideal ones do.

    Only their proportions matter, so many a choice is as good as another: of those
    nearly as close as the closest (by the angle between them) it is the one that
    leaves most of the ``current`` weights as they are.  Where all ideal weights are 0
    nothing is known, and the current ones are given.

    Raises ValueError for a weight without choices, or with one that is not positive.
    """
    wanted = np.asarray(ideal, np.float64)
    steps = [np.array(sorted(set(each)), np.float64) for each in choices]
    if any(not len(each) or each[0] <= 0 for each in steps):
        raise ValueError("weights to choose from must be positive")
    if not np.any(wanted > 0):
        return tuple(current)
    # A weight passes from one choice to the next where it is halfway between them.
    halfway = [(each[1:] + each[:-1]) / 2 for each in steps]
    turns = np.unique(
        np.concatenate(
            [at / one for at, one in zip(halfway, wanted, strict=True) if one > 0]
        )
    )
    ends = [turns[0] / 2, turns[-1] * 2] if len(turns) else [1.0]
    found: dict[tuple[float, ...], float] = {}
    for scale in (*ends, *(turns[1:] + turns[:-1]) / 2):
        nearest = tuple(
            float(each[np.searchsorted(at, scale * one)])
            for each, at, one in zip(steps, halfway, wanted, strict=True)
        )
        found[nearest] = _cosine(wanted, nearest)
    if all(one in each for one, each in zip(current, choices, strict=True)):
        found[tuple(current)] = _cosine(wanted, current)
    closest = max(found.values())

    def preference(weights: tuple[float, ...]) -> tuple[int, float, tuple[float, ...]]:
        changes = sum(a != b for a, b in zip(weights, current, strict=True))
        return changes, -found[weights], weights

    return min((w for w in found if found[w] >= closest - _AS_CLOSE), key=preference)


# A cosine so little smaller is no worse: rounding to 1, 2 and 3 costs more.
_AS_CLOSE = 0.005


def _cosine(a: Floats, b: npt.ArrayLike) -> float:
    other = np.asarray(b, np.float64)
    return float(a @ other / (np.linalg.norm(a) * np.linalg.norm(other)))
