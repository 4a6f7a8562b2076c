"""Pair selection: which two responses a proposer shall tell apart.

There is a module for each rule.  `choosing` decides what a rule may choose from, and
to which prompt it is put; `ordering` what stands above what.
"""

from rubricdsl.model.refinement import PairSelectorOffer
from rubricdsl.refinement.selection.contrast_gold import OFFER as CONTRAST_GOLD
from rubricdsl.refinement.selection.random_top_k import OFFER as RANDOM_TOP_K
from rubricdsl.refinement.selection.reachable_tail import OFFER as REACHABLE_TAIL
from rubricdsl.refinement.selection.tie_first import OFFER as TIE_FIRST
from rubricdsl.refinement.selection.top2 import OFFER as TOP2
from rubricdsl.refinement.selection.top2_far import OFFER as TOP2_FAR

OFFERS: tuple[PairSelectorOffer, ...] = (
    TOP2,
    TIE_FIRST,
    TOP2_FAR,
    RANDOM_TOP_K,
    REACHABLE_TAIL,
    CONTRAST_GOLD,
)
