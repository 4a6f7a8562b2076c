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
        return cls(rubric, places, _order(rubric, places), numbers)

    def criteria(self) -> Iterator[tuple[Place, Criterion]]:
        """Give the criteria in the order of the source."""
        for place in self.places:
            if isinstance(place.node, Criterion):
                yield place, place.node


def _order(rubric: BoundRubric, places: tuple[Place, ...]) -> tuple[Place, ...]:
    if not any(place.needs for place in places):
        # Every group stands before what is in it, so from the last one up will do.
        leaves = [place for place in places if isinstance(place.node, Criterion)]
        groups = [place for place in places if isinstance(place.node, Group)]
        return (*leaves, *reversed(groups))
    graph = {place.number: (*place.children, *place.needs) for place in places}
    try:
        order = tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        paths = [places[number].node.path or "score" for number in error.args[1]]
        circle = " -> ".join(paths)
        message = f"rubric {rubric.name}: needs in a circle: {circle}"
        raise ValueError(message) from None
    return tuple(places[number] for number in order)


def _dependencies(
    node: Node, numbers: Mapping[str, int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(node, Group):
        return tuple(numbers[child.path] for child in node.nodes), ()
    for path in node.needs:
        if path not in numbers:
            raise ValueError(f"{node.path} needs {path}, and there is no such node")
    return (), tuple(numbers[path] for path in node.needs)
