"""A bound rubric as a list of criteria with weights, which most formats hold.

A mean of means of positive weights is the mean of its leaves with their shares
multiplied, so such trees keep their score.  Whatever does not is reported.
"""

from collections.abc import Iterable, Iterator
from math import fsum

from attrs import frozen

from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.model.rubric import (
    Bonus,
    BoundRubric,
    Criterion,
    Group,
    Info,
    Kind,
    Weight,
)


@frozen
class Weighed:
    """A criterion and its weight in the whole; 0 for one that is not scored."""

    criterion: Criterion
    weight: float

    @property
    def path(self) -> str:
        """The path of the criterion."""
        return self.criterion.path


def weighed(rubric: BoundRubric, ledger: Ledger) -> list[Weighed]:
    """Give the criteria with the weights that they have in the whole.

    Gates cannot be said by a weight: they are left out, and reported.
    """
    return list(_below(rubric.root, 1.0, ledger))


def scored(criteria: Iterable[Weighed], ledger: Ledger) -> Iterator[Weighed]:
    """Give those that count; report the others, for formats without weight 0."""
    for one in criteria:
        if one.weight:
            yield one
        else:
            ledger.lose(one.path, "a criterion that is not scored")


def weight_of(node: Criterion | Group, ledger: Ledger) -> float | None:
    """Give the weight of a node in its group; None for a gate, which is reported."""
    match node.mark:
        case Weight(value):
            return value
        case Bonus(value):
            instead = "given as a weight, which raises the most to be had, too"
            ledger.lose(node.path, "a bonus", instead)
            return value
        case Info():
            return 0.0
        case _:
            name = type(node.mark).__name__.lower()
            instead = "left out: no weight can say it"
            ledger.lose(node.path, f"a gate ({name})", instead)
            return None


def _below(group: Group, factor: float, ledger: Ledger) -> Iterator[Weighed]:
    for node in group.nodes:
        weight = weight_of(node, ledger)
        if weight is None:
            continue
        if isinstance(node, Criterion):
            yield Weighed(node, factor * weight)
            continue
        instead = "its criteria stand alone, their shares multiplied"
        ledger.lose(node.path, "a group", instead)
        if not _is_plain_mean(node):
            instead = "weighed as a mean, so that scores differ"
            ledger.lose(node.path, f"`{node.kind} of`", instead)
        yield from _below(node, factor * weight / _whole(node), ledger)


def _is_plain_mean(group: Group) -> bool:
    marks = [node.mark for node in group.nodes]
    return group.kind is Kind.MEAN and all(
        isinstance(mark, Info) or (isinstance(mark, Weight) and mark.value > 0)
        for mark in marks
    )


def _whole(group: Group) -> float:
    weights = [n.mark.value for n in group.nodes if isinstance(n.mark, Weight)]
    positive = fsum(weight for weight in weights if weight > 0)
    return positive or fsum(map(abs, weights)) or 1.0
