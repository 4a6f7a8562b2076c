"""From how much each summand should count to small weights that say so.

A rubric's score is a sum of means in means, so a summand's part in it is a product of
weights.  The weight of a group is to that of its sibling as what is in the one is to
what is in the other.
"""

from collections.abc import Mapping, Sequence
from math import ceil, floor, fsum

from attrs import frozen

from rubricdsl.expressions.printing import print_number
from rubricdsl.model.edit import Reweigh
from rubricdsl.model.rubric import Bonus, Group, Node, Rubric, Weight
from rubricdsl.refinement.strategies.places import Layout
from rubricdsl.refinement.strategies.refinement_types import WEIGHTS

_USUAL = (1.0, 2.0, 3.0)
# A scheme of 1 to 100 does not ask for weights such as 87.
_MOST_CHOICES = 10


@frozen
class NewWeight:
    """Another weight for a node: what it is, and what it should ideally be."""

    node: Node
    weight: Weight
    ideal: float

    def edit(self, reason: str) -> Reweigh:
        """Give the edit that makes the change."""
        return Reweigh(
            criterion=self.node.name,
            mark=self.weight.name or print_number(self.weight.value),
            type=WEIGHTS,
            reason=reason,
        )

    @property
    def change(self) -> float:
        """By how much it differs from the old one, as a factor of at least 1."""
        old = self.node.mark.value if isinstance(self.node.mark, Weight) else 1.0
        ratio = abs(self.weight.value / old)
        return max(ratio, 1 / ratio)


def new_weights(
    rubric: Rubric, layout: Layout, ideal: Mapping[str, float]
) -> tuple[NewWeight, ...]:
    """Give small weights by which summands count as they ideally should.

    ``ideal`` says by path how much each summand should count, in any unit; none is
    negative, since the sign of a weight stays.  Weights are whole numbers, or classes,
    that the rubric's ``weights:`` allows, 1 to 3 where it says nothing.  Only weights
    that change are given, the greatest change first.

    A group is left as it is where its weights stand to something that is not to be
    weighed: a bonus, or an include.
    """
    from rubricdsl.analysis.preference_fit import small_weights

    found: list[NewWeight] = []
    for group in layout.sums():
        nodes = [node for node in group.nodes if isinstance(node.mark, Weight | Bonus)]
        marks = [node.mark for node in nodes if isinstance(node.mark, Weight)]
        movable = all(layout.places[node.path].own for node in nodes)
        if len(marks) < max(2, len(nodes)) or not movable:
            continue
        choices = [_choices(rubric, mark) for mark in marks]
        if not all(choices):
            continue
        wanted = [_total(node, ideal) for node in nodes]
        current = [abs(mark.value) for mark in marks]
        sizes = small_weights(wanted, choices, current)
        found += [
            NewWeight(node, _weight(rubric, mark, size), want)
            for node, mark, size, want in zip(nodes, marks, sizes, wanted, strict=True)
            if size != abs(mark.value)
        ]
    return tuple(sorted(found, key=lambda one: -one.change))


def _total(node: Node, ideal: Mapping[str, float]) -> float:
    """Give what a node should count: its own, or that of all summands in it."""
    if node.path in ideal:
        return ideal[node.path]
    if isinstance(node, Group):
        return fsum(_total(child, ideal) for child in node.nodes)
    return 0.0


def _choices(rubric: Rubric, mark: Weight) -> Sequence[float]:
    """Give the sizes that a weight of this sign may have."""
    scheme = rubric.weights
    sign = -1.0 if mark.value < 0 else 1.0
    if scheme.classes:
        return [abs(value) for _, value in scheme.classes if value * sign > 0]
    if scheme.low is None or scheme.high is None:
        return _USUAL
    ends = sorted((scheme.low * sign, scheme.high * sign))
    low, high = max(1, ceil(ends[0])), floor(ends[1])
    return [float(size) for size in range(low, min(high, low + _MOST_CHOICES - 1) + 1)]


def _weight(rubric: Rubric, old: Weight, size: float) -> Weight:
    value = -size if old.value < 0 else size
    names = [name for name, number in rubric.weights.classes if number == value]
    return Weight(value, names[0] if names else None)
