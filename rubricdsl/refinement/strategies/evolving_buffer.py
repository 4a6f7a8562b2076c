"""The evolving buffer: the criteria that spread scores most stay, constant ones go.

A criterion by which all responses get the same ranks none of them.  After DR Tulu's
reinforcement learning with evolving rubrics (arXiv 2511.19399): the top K by standard
deviation over the pool are kept, and none without any.
"""

from collections.abc import Mapping, Sequence
from math import fsum, isnan, sqrt

from attrs import frozen

from rubricdsl.model.edit import Remove
from rubricdsl.model.refinement import (
    Needs,
    Occasion,
    Proposed,
    RefinementStrategyOffer,
)
from rubricdsl.model.rubric import Group, Info, Weight
from rubricdsl.refinement.pools import draw
from rubricdsl.refinement.strategies.evidence import Evidence
from rubricdsl.refinement.strategies.places import Layout, Place
from rubricdsl.refinement.strategies.refinement_types import REPEATED
from rubricdsl.refinement.strategies.settings import options_of
from rubricdsl.scoring.leaves import TOLERANCE

_KEPT = 10
_MOST_KEPT = 100_000


@frozen(kw_only=True)
class EvolvingBuffer:
    """Keeps the ``k`` summands of the score that vary most within prompts.

    A summand is a weighted criterion or bonus, or a group that is no mean, as a whole.
    A group in which no summand is left goes with them, unless it holds a gate.  Gates
    are kept, varying or not: they are for what never gets among the best.  So are what
    other criteria need and what other files hold, which are not this rubric's to
    remove; and where nothing varies at all nothing is removed, since there must be
    something left.
    """

    needs = Needs()
    k: int = _KEPT

    async def propose(self, occasion: Occasion) -> Proposed:
        """Give the removals, of the least spread first."""
        evidence = Evidence.of(occasion)
        shortage = evidence.shortage
        if shortage is not None:
            return Proposed(notices=(shortage,))
        layout = Layout.of(occasion.rubric, occasion.bound)
        terms = list(layout.terms())
        spreads = {
            term.node.path: _spread(evidence.prompts, values)
            for term, values in zip(terms, evidence.credit(terms), strict=True)
        }

        def order(term: Place) -> tuple[float, bytes]:
            return -spreads[term.node.path], draw(occasion.seed, "k", term.node.path)

        varying = [t for t in terms if spreads[t.node.path] > TOLERANCE]
        kept = {term.node.path for term in sorted(varying, key=order)[: self.k]}
        kept |= {t.node.path for t in terms if t.needed or not t.own}
        if not any(_is_positive(layout.places[path]) for path in kept):
            notice = "no weighted criterion varies: nothing would be left to count"
            return Proposed(notices=(notice,))
        gone = [term for term in terms if term.node.path not in kept]
        return Proposed(
            edits=tuple(
                _removal(place, spreads, len(evidence.candidates))
                for place in _wholes(layout, sorted(gone, key=order, reverse=True))
            )
        )


def _spread(prompts: Sequence[str], values: Sequence[float]) -> float:
    """Give the standard deviation within a prompt, on the average over prompts."""
    groups: dict[str, list[float]] = {}
    for prompt, value in zip(prompts, values, strict=True):
        if not isnan(value):
            groups.setdefault(prompt, []).append(value)
    deviations = [_deviation(group) for group in groups.values()]
    return fsum(deviations) / len(deviations) if deviations else 0.0


def _deviation(values: Sequence[float]) -> float:
    middle = fsum(values) / len(values)
    return sqrt(fsum((value - middle) ** 2 for value in values) / len(values))


def _is_positive(place: Place) -> bool:
    mark = place.node.mark
    return isinstance(mark, Weight) and mark.value > 0


def _wholes(layout: Layout, gone: Sequence[Place]) -> Sequence[Place]:
    """Put in the place of all that is in a group the group itself, where that may be.

    So a group is never left with nothing to count.
    """
    chosen = {place.node.path: place for place in gone}
    for place in reversed(list(layout.places.values())):
        if isinstance(place.node, Group) and place.adds and place.own:
            nodes = place.node.nodes
            inside = [n.path for n in nodes if not isinstance(n.mark, Info)]
            if not place.needed and set(inside) <= chosen.keys():
                for path in inside:
                    del chosen[path]
                chosen[place.node.path] = place
    return list(chosen.values())


def _removal(place: Place, spreads: Mapping[str, float], count: int) -> Remove:
    spread = spreads.get(place.node.path)
    reason = (
        "nothing in it varies enough"
        if spread is None
        else f"its standard deviation over {count} responses is {spread:.3f}"
    )
    return Remove(criterion=place.node.name, type=REPEATED, reason=reason)


def _create(options: Mapping[str, str]) -> EvolvingBuffer:
    read = options_of(EVOLVING_BUFFER, options)
    return EvolvingBuffer(k=read.whole("k", _KEPT, least=1, most=_MOST_KEPT))


EVOLVING_BUFFER = RefinementStrategyOffer(
    name="evolving_buffer",
    description="the k criteria that vary most are kept, constant ones removed",
    create=_create,
    options=("k",),
)
