"""Strategies of refinement: which edits would make a rubric better.

`rtd`, `decompose_filter` and `attack_patch` ask a proposer; `prune`, `reweigh`, `irt`
and `evolving_buffer` need nothing but the verdicts on the pool.  What these look at is
laid out by `places` and `evidence`; nothing here calculates a score.
"""

from rubricdsl.model.refinement import RefinementStrategyOffer
from rubricdsl.refinement.strategies.attack_patch import ATTACK_PATCH
from rubricdsl.refinement.strategies.decompose_filter import DECOMPOSE_FILTER
from rubricdsl.refinement.strategies.evolving_buffer import EVOLVING_BUFFER
from rubricdsl.refinement.strategies.irt import IRT
from rubricdsl.refinement.strategies.prune import PRUNE
from rubricdsl.refinement.strategies.reweigh import REWEIGH
from rubricdsl.refinement.strategies.rtd import RTD, RTD_ITERATIVE

OFFERS: tuple[RefinementStrategyOffer, ...] = (
    RTD,
    RTD_ITERATIVE,
    DECOMPOSE_FILTER,
    ATTACK_PATCH,
    EVOLVING_BUFFER,
    PRUNE,
    REWEIGH,
    IRT,
)
