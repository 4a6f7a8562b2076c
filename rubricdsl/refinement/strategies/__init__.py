"""Strategies of refinement: which edits would make a rubric better."""

from rubricdsl.model.refinement import RefinementStrategyOffer
from rubricdsl.refinement.strategies.rtd import RTD, RTD_ITERATIVE

OFFERS: tuple[RefinementStrategyOffer, ...] = (RTD, RTD_ITERATIVE)
