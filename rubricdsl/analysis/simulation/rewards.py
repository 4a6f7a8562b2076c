"""What a policy is trained on: verdicts added up, in ways that trainers have tried."""

import numpy as np

from rubricdsl.analysis.simulation.checklists import weighted_mean
from rubricdsl.analysis.simulation.parameters import Parameters, Weighting
from rubricdsl.analysis.simulation.world import Floats, Truths


def rewards(
    weights: Floats, met: Truths, parameters: Parameters, draw: np.random.Generator
) -> Floats:
    """Add up the verdicts on groups of rollouts; the result is (groups, rollouts).

    ``weights`` have the shape (groups, criteria), ``met`` that of (groups, rollouts,
    criteria).  A reward is in [0, 1], and 0 where no criterion is left.
    """
    match parameters.weighting:
        case Weighting.EQUAL:
            weights = (weights > 0).astype(np.float64)
        case Weighting.VARIANCE:
            weights = weights * met.var(axis=1)
        case Weighting.GIVEN:
            pass
    if parameters.dropout:
        weights = weights * (draw.random(weights.shape) >= parameters.dropout)
    return weighted_mean(weights[:, np.newaxis], met)
