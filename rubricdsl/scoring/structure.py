"""The order in which the nodes of a rubric can be worked out.

A group comes after its children and a criterion after what it needs, so one pass
over the nodes suffices, however deep the tree and whatever needs what.
"""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from attrs import frozen

from rubricdsl.model.rubric import BoundRubric, Criterion, Group, Node


@frozen(eq=False)
class Place:
    """A node with its number, and the numbers of its children and its needs."""

    number: int
    node: Node
    children: tuple[int, ...]
    needs: tuple[int, ...]


@frozen(eq=False)
class Structure:
    """The nodes of one rubric.

    ``places`` are in the order of the source, the root first, so that
    ``places[n].number == n``; ``order`` holds the same in an order in which each
    comes after all it depends on.  ``numbers`` gives the number of a path.
    """

    rubric: BoundRubric
    places: tuple[Place, ...]
    order: tuple[Place, ...]
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, rubric: BoundRubric) -> "Structure":
        """Number the nodes of ``rubric``.

        Raises ValueError where a need names no node, or needs run in a circle;
        checking a rubric reports both with their places.
        """
        nodes: tuple[Node, ...] = (rubric.root, *rubric.walk())
        numbers = {node.path: number for number, node in enumerate(nodes)}
        places = tuple(
            Place(number, node, *_dependencies(node, numbers))
            for number, node in enumerate(nodes)
        )
        graph = {place.number: (*place.children, *place.needs) for place in places}
        try:
            order = tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = " -> ".join(
                nodes[number].path or "score" for number in error.args[1]
            )
            raise ValueError(
                f"rubric {rubric.name}: needs in a circle: {circle}"
            ) from None
        return cls(rubric, places, tuple(places[n] for n in order), numbers)

    def criteria(self) -> Iterator[tuple[Place, Criterion]]:
        """Give the criteria in the order of the source."""
        for place in self.places:
            if isinstance(place.node, Criterion):
                yield place, place.node


def _dependencies(
    node: Node, numbers: Mapping[str, int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(node, Group):
        return tuple(numbers[child.path] for child in node.nodes), ()
    for path in node.needs:
        if path not in numbers:
            raise ValueError(f"{node.path} needs {path}, and there is no such node")
    return (), tuple(numbers[path] for path in node.needs)
