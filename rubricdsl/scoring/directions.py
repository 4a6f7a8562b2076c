"""Which way a score goes as the value of a criterion rises."""

from collections.abc import Iterator, Mapping

from rubricdsl.model.rubric import BoundRubric, Criterion, Group, Info, Kind
from rubricdsl.scoring.leaves import turns


def directions(rubric: BoundRubric) -> Mapping[str, bool]:
    """Tell by path of each criterion whether the score rises as its value does.

    Info has none.  Nor has what stands inside a formula, which may do anything.
    """
    return dict(_below(rubric.root, rises=True))


def _below(group: Group, *, rises: bool) -> Iterator[tuple[str, bool]]:
    if group.kind is Kind.FORMULA:
        return
    for node in group.nodes:
        if isinstance(node.mark, Info):
            continue
        inside = rises is not turns(node.mark)
        if isinstance(node, Criterion):
            yield node.path, inside
        else:
            yield from _below(node, rises=inside)
