"""Pair selection: which two responses a proposer shall tell apart."""

from rubricdsl.model.refinement import PairSelectorOffer

OFFERS: tuple[PairSelectorOffer, ...] = ()
