"""Scorecards of rulings, and rubrics with other weights."""

from collections.abc import Mapping

from attrs import evolve

from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Bonus, BoundRubric, Group, Node, Weight
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.scoring.scorecards import make_scorecard


def card_of(
    rubric: BoundRubric, rulings: Mapping[str, Ruling], name: str = "r"
) -> Scorecard:
    """Score a response by its rulings."""
    provenance = Provenance(judge="j", response="r")
    verdicts = {
        path: Verdict(ruling=ruling, provenance=provenance)
        for path, ruling in rulings.items()
    }
    response = Response(text="x", prompt_id="p", response_id=name)
    return make_scorecard(rubric, response, verdicts)


def reweighed(rubric: BoundRubric, path: str, weight: float) -> BoundRubric:
    """Give the rubric with one weight changed."""

    def changed(node: Node) -> Node:
        if node.path == path and isinstance(node.mark, Weight | Bonus):
            node = evolve(node, mark=evolve(node.mark, value=weight))
        return within(node) if isinstance(node, Group) else node

    def within(group: Group) -> Group:
        return evolve(group, items=tuple(changed(node) for node in group.nodes))

    return evolve(rubric, root=within(rubric.root))
