"""One side of a comparison: a rubric as it stood at some time."""

from collections.abc import Mapping
from functools import cached_property

import attrs

from rubricdsl.language.binding import bind
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import BoundRubric, Group, Node, Param, Rubric
from rubricdsl.scoring.leaves import RulingWorths
from rubricdsl.scoring.meaning import Leaf, Meaning
from rubricdsl.scoring.shares import Shares


@attrs.frozen(slots=False, eq=False)
class Snapshot:
    """A bound rubric with its parameters; what follows from it is worked out once."""

    rubric: BoundRubric
    params: tuple[Param, ...] = ()

    @classmethod
    def of(cls, rubric: Rubric, functions: FunctionTable) -> "Snapshot":
        """Bind a rubric; a parameter without a value is still seen as ``{{name}}``."""
        still_open = {
            param.name: f"{{{{{param.name}}}}}"
            for param in rubric.params
            if param.default is None
        }
        return cls(bind(rubric, functions, still_open), rubric.params)

    @cached_property
    def meaning(self) -> Meaning:
        """What the rubric's scores mean."""
        return Meaning.of(self.rubric)

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """Every node below the root by path, parents before children."""
        return {node.path: node for node in self.rubric.walk()}

    @cached_property
    def shares(self) -> Mapping[str, float | None]:
        """The share of the score that each node decides, by path."""
        shares = Shares.of(self.meaning).shares
        places = self.meaning.structure.places
        return {place.node.path: shares[place.number] for place in places}

    @cached_property
    def worths(self) -> Mapping[str, RulingWorths]:
        """What the rulings on each criterion are worth, by path."""
        leaves = (node for node in self.meaning.nodes if isinstance(node, Leaf))
        return {leaf.path: leaf.worths for leaf in leaves}

    @cached_property
    def needed(self) -> frozenset[str]:
        """The paths of nodes that a criterion which can move the score needs."""
        nodes, places = self.meaning.nodes, self.meaning.structure.places
        found = (nodes[self.meaning.structure.numbers[path]] for path in self.bearing)
        return frozenset(
            places[need.number].node.path
            for step in found
            if isinstance(step, Leaf)
            for need in step.needs
        )

    @cached_property
    def bearing(self) -> frozenset[str]:
        """The paths of nodes that can move the score, directly or by being needed."""
        seen: set[int] = set()
        stack = [0]
        while stack:
            number = stack.pop()
            if number in seen:
                continue
            seen.add(number)
            step = self.meaning.nodes[number]
            if isinstance(step, Leaf):
                stack.extend(need.number for need in step.needs)
            else:
                stack.extend(step.counted)
        places = self.meaning.structure.places
        return frozenset(places[number].node.path for number in seen if number)

    def parent(self, node: Node) -> Group:
        """Give the group in which a node stands."""
        above = self.nodes.get(node.path.rpartition(".")[0])
        return above if isinstance(above, Group) else self.rubric.root
