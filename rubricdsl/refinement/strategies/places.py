"""Where each node of a rubric stands, and what may be done about it.

Some may not be touched: what comes from another file, what others need, what a formula
names.  And no removal may leave a rubric or a group with nothing to count.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from attrs import define, evolve, field, frozen

from rubricdsl.language.scopes import Scope
from rubricdsl.model.rubric import (
    Bonus,
    BoundRubric,
    Criterion,
    Group,
    Include,
    Info,
    Kind,
    Mark,
    Node,
    Rubric,
    Weight,
)
from rubricdsl.scoring.leaves import turns


@frozen(kw_only=True)
class Place:
    """A node that counts, in the group that holds it.

    ``helps`` says whether the score rises, if anything, as its value does.  It
    ``adds`` where it is part of the score's sum: every group around it is a mean.
    It is the rubric's ``own`` if the source of that has it, and ``needed`` if another
    criterion asks whether it, or something in it, is met.
    """

    node: Node
    group: Group
    helps: bool
    adds: bool
    own: bool
    needed: bool

    @property
    def is_sum(self) -> bool:
        """Tell whether it is a mean of summands of the score."""
        node = self.node
        is_mean = isinstance(node, Group) and node.kind is Kind.MEAN
        return self.adds and is_mean and isinstance(node.mark, Weight)

    @property
    def is_term(self) -> bool:
        """Tell whether it is a summand of the score, and no sum itself."""
        return self.adds and not self.is_gate and not self.is_sum

    @property
    def is_gate(self) -> bool:
        """Tell whether it is a gate."""
        return not isinstance(self.node.mark, Weight | Bonus)


@frozen
class Layout:
    """All places of a rubric, by path, in the order of the source."""

    root: Group
    places: Mapping[str, Place]

    @classmethod
    def of(cls, rubric: Rubric, bound: BoundRubric) -> "Layout":
        """Look at a rubric; info is left out, and so is what is inside a formula."""
        own = {
            named.path
            for named in Scope.of(rubric).own
            if not isinstance(named.item, Include)
        }
        needed = {
            path
            for criterion in bound.criteria()
            for need in criterion.needs
            for path in _upwards(need)
        }
        walk = _Walk(own, needed).below(bound.root, helps=True, adds=True)
        return cls(bound.root, {place.node.path: place for place in walk})

    def criteria(self) -> Iterator[Place]:
        """Give the places of criteria."""
        return (p for p in self.places.values() if isinstance(p.node, Criterion))

    def terms(self) -> Iterator[Place]:
        """Give the summands of the score."""
        return (place for place in self.places.values() if place.is_term)

    def sums(self) -> Iterator[Group]:
        """Give the groups whose weights make the score: the root, and means in it."""
        yield self.root
        for place in self.places.values():
            if place.is_sum and isinstance(place.node, Group):
                yield place.node


@frozen
class _Walk:
    own: AbstractSet[str]
    needed: AbstractSet[str]

    def below(self, group: Group, *, helps: bool, adds: bool) -> Iterator[Place]:
        """Give the places in a group, parents first."""
        if group.kind is Kind.FORMULA:
            return
        adds = adds and group.kind is Kind.MEAN
        for node in group.nodes:
            if isinstance(node.mark, Info):
                continue
            place = Place(
                node=node,
                group=group,
                helps=helps is not turns(node.mark),
                adds=adds,
                own=node.path in self.own,
                needed=node.path in self.needed,
            )
            yield place
            if isinstance(node, Group):
                yield from self.below(node, helps=place.helps, adds=place.is_sum)


def _upwards(path: str) -> Iterator[str]:
    """Give a path and those of all groups around it."""
    while path:
        yield path
        path = path.rpartition(".")[0]


@define
class Removals:
    """Removals from one rubric that leave no group without what it counts."""

    gone: set[str] = field(factory=set)

    def allows(self, place: Place) -> bool:
        """Tell whether a node may go, besides those that have gone already."""
        if not place.own or place.needed or place.node.path in self.gone:
            return False
        left = [
            node
            for node in place.group.nodes
            if node.path not in self.gone and node.path != place.node.path
        ]
        weights = [node.mark.value for node in left if isinstance(node.mark, Weight)]
        before = [
            node.mark.value
            for node in place.group.nodes
            if isinstance(node.mark, Weight)
        ]
        if not before:
            return any(not isinstance(node.mark, Info) for node in left)
        if place.group.kind is Kind.AT_LEAST and len(weights) < (
            place.group.count or 1
        ):
            return False
        # With the last positive weight, the sum would be divided by another one.
        lost_sign = any(w > 0 for w in before) and not any(w > 0 for w in weights)
        return bool(weights) and not lost_sign

    def take(self, place: Place) -> bool:
        """Take a node out if that may be; tell whether it was."""
        if not self.allows(place):
            return False
        self.gone.add(place.node.path)
        return True


def with_marks(bound: BoundRubric, marks: Mapping[str, Mark]) -> BoundRubric:
    """Give the rubric with other marks, by path."""

    def marked(node: Node) -> Node:
        changed = evolve(node, mark=marks.get(node.path, node.mark))
        if isinstance(changed, Group):
            return evolve(changed, items=tuple(map(marked, changed.nodes)))
        return changed

    return evolve(
        bound, root=evolve(bound.root, items=tuple(map(marked, bound.root.nodes)))
    )
