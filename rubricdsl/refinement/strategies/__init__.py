"""Strategies of refinement: which edits would make a rubric better."""

from rubricdsl.model.refinement import RefinementStrategyOffer

OFFERS: tuple[RefinementStrategyOffer, ...] = ()
