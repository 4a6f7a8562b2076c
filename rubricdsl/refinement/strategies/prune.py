"""Pruning: criteria that say nothing, the same as another, or the wrong thing, go.

By gold or preferences it is known which criteria are misaligned: met rather by the
worse responses among the good.  Without either, what is dead or redundant still is.
"""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.model.refinement import (
    Needs,
    Occasion,
    Proposed,
    RefinementStrategyOffer,
)
from rubricdsl.refinement.strategies.evidence import Evidence
from rubricdsl.refinement.strategies.places import Layout, Removals
from rubricdsl.refinement.strategies.settings import options_of, require_arrays
from rubricdsl.refinement.strategies.survey import PHI, TAIL, Survey


@frozen(kw_only=True)
class Pruning:
    """Removes misaligned criteria, then redundant, then dead ones.

    Criteria are redundant from a correlation of ``phi`` on, within prompts.  Dead and
    misaligned is what is so among the best ``tail`` of the responses to each prompt.
    No rubric and no group is left with nothing to count.
    """

    needs = Needs()
    phi: float = PHI
    tail: float = TAIL

    async def propose(self, occasion: Occasion) -> Proposed:
        """Give the removals, the most harmful criteria first."""
        evidence = Evidence.of(occasion)
        shortage = evidence.shortage
        if shortage is not None:
            return Proposed(notices=(shortage,))
        layout = Layout.of(occasion.rubric, occasion.bound)
        survey = Survey.of(layout, evidence, tail=self.tail, seed=occasion.seed)
        removals = Removals()
        return Proposed(
            edits=(
                *survey.misaligned(removals),
                *survey.redundant(removals, self.phi),
                *survey.dead(removals),
            )
        )


def _create(options: Mapping[str, str]) -> Pruning:
    require_arrays(PRUNE)
    read = options_of(PRUNE, options)
    return Pruning(
        phi=read.number("phi", PHI, least=0.0, most=1.0),
        tail=read.number("tail", TAIL, least=0.01, most=1.0),
    )


PRUNE = RefinementStrategyOffer(
    name="prune",
    description="criteria that are dead, redundant or misaligned are removed",
    create=_create,
    options=("phi", "tail"),
)
