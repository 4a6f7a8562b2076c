"""A tree of means and the values that two responses have in it.

What is no mean is a leaf here, with the value that it has: its weights are not looked
at, and its own weight is.  So is a group that something needs, since whether it is met
may hang on the weights in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import fsum
from typing import TypeAlias

from attrs import evolve, frozen

from rubricdsl.model.rubric import Bonus, Kind, Weight
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.scoring.leaves import TOLERANCE, Worth
from rubricdsl.scoring.meaning import Branch, Leaf, Meaning, clip

Both: TypeAlias = tuple[Worth, Worth]


@frozen(kw_only=True)
class MeanNode:
    """A child of a mean, or the root, of weight 1.

    ``values`` are those of both responses, for a leaf; ``caps`` the least of the caps
    of the gates that fired for each, for a group (1 where none did).  Only those
    children are in ``children`` that have a weight.
    """

    path: str
    weight: float
    is_bonus: bool = False
    values: Both = (None, None)
    caps: tuple[float, float] = (1.0, 1.0)
    children: tuple["MeanNode", ...] = ()

    @property
    def positive(self) -> bool:
        """Whether a child has a positive weight, by which points are divided."""
        return any(c.weight > 0 and not c.is_bonus for c in self.children)

    def value(self, response: int) -> Worth:
        """Give the value for the first response (0) or the second (1)."""
        if not self.children:
            return self.values[response]
        held = [(child, child.value(response)) for child in self.children]
        applicable = [(c, v) for c, v in held if v is not None]
        weighted = [c for c, _ in applicable if not c.is_bonus]
        points = fsum(c.weight * v for c, v in applicable)
        value = _divided(points, weighted, positive=self.positive) if weighted else None
        cap = self.caps[response]
        if value is None:
            return cap if cap < 1 else None
        return min(value, cap)

    def difference(self) -> float | None:
        """Give how far the first response is ahead; None without two values."""
        one, other = self.value(0), self.value(1)
        return None if one is None or other is None else one - other

    def walk(self) -> Iterator["MeanNode"]:
        """Give all nodes below, parents before children."""
        for child in self.children:
            yield child
            yield from child.walk()

    def reweighed(self, weights: Mapping[str, float]) -> "MeanNode":
        """Give the tree with other weights, by path."""
        return evolve(
            self,
            weight=weights.get(self.path, self.weight),
            children=tuple(child.reweighed(weights) for child in self.children),
        )


def _divided(points: float, weighted: Sequence[MeanNode], *, positive: bool) -> Worth:
    if not positive:
        return clip(1 + points / fsum(-c.weight for c in weighted))
    total = fsum(c.weight for c in weighted if c.weight > 0)
    if total > 0:
        return clip(points / total)
    if abs(points) <= TOLERANCE:
        return None
    return 1.0 if points > 0 else 0.0


def mean_tree(
    meaning: Meaning, one: Mapping[str, Ruling], other: Mapping[str, Ruling]
) -> MeanNode:
    """Give the means of a rubric, with what the rulings of two responses are worth."""
    both = meaning.values(one), meaning.values(other)
    needed = {
        need.number
        for step in meaning.nodes
        if isinstance(step, Leaf)
        for need in step.needs
    }
    places = meaning.structure.places

    def node(number: int, weight: float, *, is_bonus: bool) -> MeanNode:
        step = meaning.nodes[number]
        path = places[number].node.path
        values = both[0][number], both[1][number]
        if isinstance(step, Leaf) or not _is_open(step) or number in needed:
            return MeanNode(path=path, weight=weight, is_bonus=is_bonus, values=values)
        caps = [
            min([1.0, *(gate.cap for gate in step.gates if gate.fires(known))])
            for known in both
        ]
        children = [
            node(child, mark.value, is_bonus=isinstance(mark, Bonus))
            for child in places[number].children
            if isinstance(mark := places[child].node.mark, Weight | Bonus)
        ]
        return MeanNode(
            path=path,
            weight=weight,
            is_bonus=is_bonus,
            caps=(caps[0], caps[1]),
            children=tuple(children),
        )

    return node(0, 1.0, is_bonus=False)


def _is_open(branch: Branch) -> bool:
    return branch.group.kind is Kind.MEAN and bool(branch.weighted)


def flat_tree(one: Scorecard, other: Scorecard) -> MeanNode | None:
    """Give the root as a mean, by two rows alone.

    The root always is one, so this is exact where all criteria are right below it; None
    where there are groups, whose kinds no row tells.
    """
    if one.groups or other.groups:
        return None
    values = {result.path: result.value for result in other.criteria}
    children = tuple(
        MeanNode(
            path=result.path,
            weight=result.weight,
            is_bonus=result.mark == "bonus",
            values=(result.value, values.get(result.path)),
        )
        for result in one.criteria
        if result.weight is not None
    )
    caps = [min([1.0, *(gate.cap for gate in card.gates)]) for card in (one, other)]
    return MeanNode(path="", weight=1.0, caps=(caps[0], caps[1]), children=children)
