"""Reweighing by item response theory: who discriminates better, counts for more.

A 2PL model of the verdicts tells how steeply the chance to meet each criterion rises
with the quality of a response, without anybody having said which is better (compare
RRT, arXiv 2609.35646).  What does not discriminate goes.
"""

from collections.abc import Mapping

from attrs import frozen

from rubricdsl.model.edit import Edit, Remove
from rubricdsl.model.refinement import (
    Needs,
    Occasion,
    Proposed,
    RefinementStrategyOffer,
)
from rubricdsl.refinement.strategies.evidence import Evidence
from rubricdsl.refinement.strategies.places import Layout, Removals
from rubricdsl.refinement.strategies.refinement_types import REPEATED
from rubricdsl.refinement.strategies.settings import options_of, require_arrays
from rubricdsl.refinement.strategies.weighing import new_weights

_LEAST = 0.2


@frozen(kw_only=True)
class ItemResponseWeights:
    """Removes what discriminates less than ``least``, and weighs the rest by how well.

    What is looked at are the summands of the score; gates and bonuses keep their marks
    and penalties are never removed.  What never varies is taken to discriminate as
    criteria usually do.
    """

    needs = Needs()
    least: float = _LEAST

    async def propose(self, occasion: Occasion) -> Proposed:
        """Give the removals, and then the new weights."""
        from rubricdsl.analysis.item_response import fit_item_response

        evidence = Evidence.of(occasion)
        shortage = evidence.shortage
        if shortage is not None:
            return Proposed(notices=(shortage,))
        layout = Layout.of(occasion.rubric, occasion.bound)
        terms = list(layout.terms())
        model = fit_item_response(evidence.credit(terms))
        slopes = map(float, model.discrimination)
        ideal = {t.node.path: a for t, a in zip(terms, slopes, strict=True)}
        removals = Removals()
        edits: list[Edit] = []
        for term in sorted(terms, key=lambda one: ideal[one.node.path]):
            slope = ideal[term.node.path]
            if slope < self.least and term.helps and removals.take(term):
                reason = (
                    f"it does not discriminate: a = {slope:.2f} over "
                    f"{len(evidence.candidates)} responses"
                )
                name = term.node.name
                edits.append(Remove(criterion=name, type=REPEATED, reason=reason))
        positive = {path: max(0.0, slope) for path, slope in ideal.items()}
        for one in new_weights(occasion.rubric, layout, positive):
            if one.node.path not in removals.gone:
                reason = (
                    f"it discriminates with a = {one.ideal:.2f}, over "
                    f"{len(evidence.candidates)} responses"
                )
                edits.append(one.edit(reason))
        return Proposed(edits=tuple(edits))


def _create(options: Mapping[str, str]) -> ItemResponseWeights:
    require_arrays(IRT)
    read = options_of(IRT, options)
    return ItemResponseWeights(
        least=read.number("least", _LEAST, least=-10.0, most=10.0)
    )


IRT = RefinementStrategyOffer(
    name="irt",
    description="criteria are weighed by how well they discriminate (2PL model)",
    create=_create,
    options=("least",),
)
