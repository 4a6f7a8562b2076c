"""How much of a rubric's weight each criterion holds, as far as its text tells.

A share here is |weight| over the sum of the |weights| beside it, times the share of
the group: what a verdict can move among all that can be moved, in either direction.
Results speak of shares of the positive weight instead, which is what is divided by.
"""

from collections.abc import Iterable, Iterator

from attrs import frozen

from rubricdsl.language.lint.subjects import Subject
from rubricdsl.language.scopes import item_name
from rubricdsl.model.rubric import Criterion, Group, Item, Mark, Never, Weight
from rubricdsl.model.source import Span

FEWEST = 3
"""How many scored criteria a rubric has before its balance means something."""


@frozen
class Leaf:
    """A criterion with its share; or a whole rubric that is included as one item."""

    name: str
    path: str
    share: float
    span: Span
    whole_rubric: bool = False


def takes_away(mark: Mark) -> bool:
    """Say whether true costs points under a mark."""
    return isinstance(mark, Never) or (isinstance(mark, Weight) and mark.value < 0)


def leaves(subject: Subject) -> Iterator[Leaf]:
    """Give what counts in a rubric, with its shares; gates and bonuses have none."""
    yield from _below(subject, subject.rubric.items, "", 1.0)


def _below(
    subject: Subject, items: Iterable[Item], prefix: str, share: float
) -> Iterator[Leaf]:
    weighted = [(i, abs(i.mark.value)) for i in items if isinstance(i.mark, Weight)]
    total = sum(weight for _, weight in weighted)
    for item, weight in weighted:
        name = item_name(item)
        path, part = f"{prefix}{name}", share * weight / total
        if isinstance(item, Group):
            yield from _below(subject, item.items, f"{path}.", part)
            continue
        named = subject.scope.find(path)
        whole = named is not None and not isinstance(named.node, Criterion)
        yield Leaf(name, path, part, item.span, whole)
