"""Refinement through differentiation (Chasing the Tail, arXiv 2509.21500).

A proposer is shown the rubric and two responses that are both great, and says by which
edits the rubric would tell them apart.  The iterative form does so again with other
pairs, chosen by the rubric as it is by then.
"""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.model.refinement import (
    Needs,
    Occasion,
    ProposalRequest,
    Proposed,
    RefinementStrategyOffer,
)


@frozen
class Differentiation:
    """Asks the proposer about the pair of the round; shows it what may be shown."""

    needs = Needs(scores=False, pair=True, proposer=True)

    async def propose(self, occasion: Occasion) -> Proposed:
        """Give what the proposer proposes."""
        if occasion.pair is None or occasion.proposer is None:
            return Proposed()
        return await occasion.proposer.propose(
            ProposalRequest(
                rubric=occasion.rubric,
                bound=occasion.bound,
                pair=occasion.pair,
                round=occasion.round,
                seed=occasion.seed,
                shows_weights=occasion.shows_weights,
                shows_verdicts=occasion.shows_verdicts,
            )
        )


def _create(options: Mapping[str, str]) -> Differentiation:
    del options
    return Differentiation()


RTD = RefinementStrategyOffer(
    name="rtd",
    description="a proposer tells one pair of responses apart",
    create=_create,
)
RTD_ITERATIVE = RefinementStrategyOffer(
    name="rtd_iterative",
    description="a proposer tells the best responses apart, round by round",
    create=_create,
    rounds=4,
)
