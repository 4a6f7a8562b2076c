"""What a name means inside one rubric: the flat namespace, and paths."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Self

from attrs import field, frozen

from rubricdsl.model.rubric import Criterion, Group, Include, Item, NaRule, Rubric

_MOST_LISTED = 8
# Comparing a misspelt name with every other costs too much in a huge rubric.
_MOST_COMPARED = 1_000


@frozen
class Named:
    """An item with its path, and the n/a rule that is in force for it.

    ``node`` is what an include stands for, or None if that cannot be had.
    """

    path: str
    item: Item
    node: Criterion | Group | None
    na: NaRule | None = None


@frozen
class Scope:
    """The items of a rubric by path, and the paths by name.

    ``own`` are the items of the rubric itself, in source order; those of a whole
    rubric that is included are known by their path alone.  ``lost`` are words of
    lines that could not be read: names that may be there, for all that is known.
    """

    own: tuple[Named, ...] = ()
    by_path: dict[str, Named] = field(factory=dict)
    by_name: dict[str, str] = field(factory=dict)
    lost: AbstractSet[str] = frozenset()

    @classmethod
    def of(cls, rubric: Rubric, lost: AbstractSet[str] = frozenset()) -> Self:
        """Collect the names of a rubric whose imports are resolved."""
        own: list[Named] = []
        by_path: dict[str, Named] = {}
        by_name: dict[str, str] = {}
        for named, is_own in named_items(rubric):
            by_path.setdefault(named.path, named)
            if is_own:
                own.append(named)
                by_name.setdefault(item_name(named.item), named.path)
        return cls(tuple(own), by_path, by_name, lost)

    def find(self, name: str) -> Named | None:
        """Find an item by its name or its path."""
        return self.by_path.get(self.by_name.get(name, name))

    def lacks(self, name: str) -> bool:
        """Say whether an item is surely not there.

        What is below a failed import, or had its line lost, may be there.
        """
        if self.find(name) is not None or not self.lost.isdisjoint(name.split(".")):
            return False
        parts = name.split(".")
        above = (self.find(".".join(parts[:end])) for end in range(1, len(parts)))
        return all(named is None or named.node is not None for named in above)

    def suggestion(self, name: str) -> str:
        """Say which names come close, or which there are."""
        names = list(self.by_name)
        if len(self.by_path) <= _MOST_COMPARED:
            from difflib import get_close_matches

            close = get_close_matches(name, [*names, *self.by_path], n=1)
            if close:
                return f"did you mean `{close[0]}`?"
        more = ", …" if len(names) > _MOST_LISTED else ""
        return f"the rubric has: {', '.join(names[:_MOST_LISTED])}{more}"


def item_name(item: Item) -> str:
    """Give the name an item goes by among its siblings."""
    if isinstance(item, Include):
        return item.name or item.target.rpartition(".")[2]
    return item.name


def named_items(
    rubric: Rubric, prefix: str = "", *, own: bool = True, depth: int = 0
) -> Iterator[tuple[Named, bool]]:
    """Give each item below a rubric, parents first; and whether it is its own.

    What stands inside an included rubric is not its own.
    """
    yield from _below(rubric, rubric.items, prefix, rubric.na, own=own, depth=depth)


def included(rubric: Rubric, include: Include) -> tuple[Rubric, str] | None:
    """Give the imported rubric of an include and the path of its target there."""
    alias, _, path = include.target.partition(".")
    for name, imported in rubric.imported:
        if name == alias:
            return imported, path
    return None


def _below(  # noqa: PLR0913 - a walk carries its state
    rubric: Rubric,
    items: tuple[Item, ...],
    prefix: str,
    na: NaRule | None,
    *,
    own: bool,
    depth: int,
) -> Iterator[tuple[Named, bool]]:
    for item in items:
        path = f"{prefix}{item_name(item)}"
        if isinstance(item, Include):
            yield from _through(rubric, item, path, own=own, depth=depth)
            continue
        rule = item.na if item.na is not None else na
        yield Named(path, item, item, rule), own
        if isinstance(item, Group):
            yield from _below(
                rubric, item.items, f"{path}.", rule, own=own, depth=depth
            )


def _through(
    rubric: Rubric, include: Include, path: str, *, own: bool, depth: int
) -> Iterator[tuple[Named, bool]]:
    """Give what an include stands for, and what is below that."""
    found = included(rubric, include)
    if found is None or depth > 32:  # noqa: PLR2004 - E306 and E304 tell
        yield Named(path, include, None), own
        return
    imported, target = found
    inner = list(named_items(imported, own=False, depth=depth + 1))
    if not target:
        group = Group(
            name=item_name(include),
            mark=include.mark,
            items=imported.items,
            span=include.span,
        )
        yield Named(path, include, group, imported.na), own
        for named, _ in inner:
            yield Named(f"{path}.{named.path}", named.item, named.node, named.na), False
        return
    names = {item_name(n.item): n.path for n, _ in reversed(inner)}
    wanted = names.get(target, target)
    match = next((n for n, _ in inner if n.path == wanted), None)
    node, na = (match.node, match.na) if match else (None, None)
    yield Named(path, include, node, na), own
    for named, _ in inner if match else ():
        if named.path.startswith(f"{wanted}."):
            rest = named.path.removeprefix(wanted)
            yield Named(f"{path}{rest}", named.item, named.node, named.na), False
