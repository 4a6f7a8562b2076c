"""One rubric of several drafts: what they agree on counts before what only one has.

Criteria of the same name, or of nearly the same text, become one with the median of
their weights; all others are kept, up to `MOST_CRITERIA`.
"""

import re
from collections.abc import Iterator, Sequence
from math import floor
from statistics import median

import attrs
from attrs import define, field

from rubricdsl.checks.similarity import similarity
from rubricdsl.language.words import skeleton_of
from rubricdsl.model.rubric import Criterion, Group, Item, Mark, Rubric, Weight

MOST_CRITERIA = 25
"""The most criteria of a first rubric."""

_NEARLY = 0.8
# Where two sentences differ in one of these, they do not say the same.
_DECISIVE = re.compile(r"\b(?:not?|never|without|neither|nor|n't|[0-9][0-9.,]*)\b")


def merge(drafts: Sequence[Rubric]) -> Rubric:
    """Give one rubric; everything but the criteria is that of the first.

    Of several drafts, groups are opened, and what refers to other criteria or to
    judges is left out; a single one that has such is kept as it is.  The criteria
    that most drafts have are kept first, then those of most weight; they stand in the
    order in which they first came.
    """
    first = drafts[0]
    if len(drafts) == 1 and not _is_list(first):
        return first
    clusters: list[_Cluster] = []
    for number, draft in enumerate(drafts):
        for criterion in _leaves(draft.items):
            cluster = next((c for c in clusters if c.takes(criterion)), None)
            if cluster is None:
                cluster = _Cluster(criterion)
                clusters.append(cluster)
            cluster.members.append(criterion)
            cluster.drafts.add(number)
    best = sorted(clusters, key=lambda c: (-len(c.drafts), -c.weight))
    kept = {id(cluster) for cluster in best[:MOST_CRITERIA]}
    items = tuple(cluster.criterion for cluster in clusters if id(cluster) in kept)
    return Rubric(
        name=first.name,
        title=first.title,
        note=first.note,
        prompt=first.prompt,
        items=items,
    )


@define(eq=False)
class _Cluster:
    """Criteria that ask the same, the first of them speaking for all."""

    first: Criterion
    members: list[Criterion] = field(factory=list)
    drafts: set[int] = field(factory=set)

    def takes(self, criterion: Criterion) -> bool:
        """Tell whether a criterion asks the same."""
        if skeleton_of(criterion.name) == skeleton_of(self.first.name):
            return True
        return asks_the_same(criterion.text, self.first.text)

    @property
    def weights(self) -> list[float]:
        """The weights of the members that have one."""
        return [m.mark.value for m in self.members if isinstance(m.mark, Weight)]

    @property
    def weight(self) -> float:
        """Their median, halves up where all are whole; 0 where there are none."""
        weights = self.weights
        if not weights:
            return 0.0
        middle = median(weights)
        if all(weight.is_integer() for weight in weights):
            middle = float(floor(middle + 0.5))
        # A weight and its opposite have no middle.
        return middle or weights[0]

    @property
    def criterion(self) -> Criterion:
        """The one criterion: a gate where most of the members are one."""
        marks: list[Mark] = [m.mark for m in self.members]
        others = [mark for mark in marks if not isinstance(mark, Weight)]
        mark = others[0] if 2 * len(others) > len(marks) else Weight(self.weight)
        return attrs.evolve(self.first, mark=mark, needs=(), judge=None)


def asks_the_same(text: str, other: str) -> bool:
    """Tell whether two texts are nearly the same, in all that decides."""
    one, two = text.casefold(), other.casefold()
    if sorted(_DECISIVE.findall(one)) != sorted(_DECISIVE.findall(two)):
        return False
    return similarity(one, two, "rouge_l") >= _NEARLY


def _is_list(rubric: Rubric) -> bool:
    """Tell whether a rubric is a plain list of criteria that refer to nothing."""
    return not (rubric.judges or rubric.tests or rubric.params) and all(
        isinstance(item, Criterion) and not item.needs and item.judge is None
        for item in rubric.items
    )


def _leaves(items: Sequence[Item]) -> Iterator[Criterion]:
    for item in items:
        if isinstance(item, Group):
            yield from _leaves(item.items)
        elif isinstance(item, Criterion):
            yield item
