"""What each edit means: from a rubric to another rubric, without regard to source.

What is not touched keeps its span, what is new has none (`NOWHERE`); by that
`rubricdsl.language.edit.rewriting` knows which lines of the source to keep.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import TypeVar

import attrs
from attrs import frozen

from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.language.edit.marks import add_up, read_mark, share_out
from rubricdsl.language.edit.references import References, mapped, renamed_in
from rubricdsl.language.scopes import Named, Scope, item_name
from rubricdsl.language.words import RESERVED, is_path, reserved_name
from rubricdsl.model.edit import (
    Account,
    Add,
    Edit,
    Merge,
    Move,
    Remove,
    Rename,
    Reweigh,
    Reword,
    Split,
)
from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    Group,
    Include,
    Item,
    LevelScale,
    Node,
    Rubric,
)
from rubricdsl.model.source import ARGUMENTS, NOWHERE

_NodeT = TypeVar("_NodeT", bound=Node)
_Change = Callable[[Item], Item | None]


def edited(rubric: Rubric, edit: Edit) -> Rubric:
    """Give the rubric after one edit; whether it is sound is not decided here.

    Raises RubricError if the edit cannot be applied: what it names is not there
    (E304), its name is taken or no name (E301, E107, E308), its text or mark is none
    (E208, E209), or it makes no sense (D112, E421).
    """
    return _apply(edit, rubric)


@singledispatch
def _apply(edit: object, rubric: Rubric) -> Rubric:
    message = f"{edit!r} is no edit of {rubric.name}"
    raise TypeError(message)


# ------------------------------------------------------------- one by one


@_apply.register
def _add(edit: Add, rubric: Rubric) -> Rubric:
    scope = Scope.of(rubric)
    _check_name(edit.name, scope)
    numbers = [level.number for level in edit.levels]
    new = Criterion(
        name=edit.name,
        mark=read_mark(edit.mark, rubric.weights),
        text=_text(edit.text),
        scale=LevelScale(min(numbers), max(numbers), edit.levels)
        if numbers
        else AnswerScale(),
    )
    return _Place.of(edit, scope).filled(rubric, _accounted(new, edit))


@_apply.register
def _remove(edit: Remove, rubric: Rubric) -> Rubric:
    scope = Scope.of(rubric)
    found = _find(edit.criterion, scope)
    items = _with(rubric.items, found, lambda _: None)
    gone: dict[str, tuple[str, ...]] = {found.path: ()}
    left = attrs.evolve(rubric, items=items)
    return References(scope=scope, heirs=gone, tested=gone).updated(left)


@_apply.register
def _reword(edit: Reword, rubric: Rubric) -> Rubric:
    found = _find(edit.criterion, Scope.of(rubric))
    node, text = _node(found, "reworded"), _text(edit.text)
    new = _accounted(attrs.evolve(node, text=text), edit)
    return attrs.evolve(rubric, items=_with(rubric.items, found, lambda _: new))


@_apply.register
def _reweigh(edit: Reweigh, rubric: Rubric) -> Rubric:
    found = _find(edit.criterion, Scope.of(rubric))
    mark = read_mark(edit.mark, rubric.weights)
    new: Item
    if edit.since is None and edit.why is None:
        new = attrs.evolve(found.item, mark=mark)
    else:
        node = _node(found, "given a round or a reason")
        new = _accounted(attrs.evolve(node, mark=mark), edit)
    return attrs.evolve(rubric, items=_with(rubric.items, found, lambda _: new))


@_apply.register
def _split(edit: Split, rubric: Rubric) -> Rubric:
    scope = Scope.of(rubric)
    found = _find(edit.criterion, scope)
    old = _criterion(found, "split")
    if len(edit.into) < 2:  # noqa: PLR2004 - one is no split
        hint = "give two or more, or reword it"
        fail("D112", f"`{old.name}` is split into {len(edit.into)} criteria", hint=hint)
    names = tuple(part.name for part in edit.into)
    for index, name in enumerate(names):
        _check_name(name, scope, but=old.name)
        if name in names[:index]:
            _taken(name)
    scheme = rubric.weights
    given = [None if p.mark is None else read_mark(p.mark, scheme) for p in edit.into]
    marks = share_out(old.mark, given)
    parts: list[Criterion] = []
    for part, mark in zip(edit.into, marks, strict=True):
        new = attrs.evolve(
            old,
            name=part.name,
            mark=mark,
            text=_text(part.text),
            scale=AnswerScale(),
            check=None,
            passing=1.0,
            examples=(),
            title=None,
            note=None,
            why=None,
            source=None,
            since=None,
            was=tuple(name for name in (*old.was, old.name) if name != part.name),
            span=NOWHERE,
        )
        new = _accounted(new, edit)
        if part.why is not None:
            new = attrs.evolve(new, why=_text(part.why))
        parts.append(new)
    items = _replaced(rubric.items, old.name, tuple(parts))
    heirs = {found.path: names}
    left = attrs.evolve(rubric, items=items)
    return References(scope=scope, heirs=heirs, tested=heirs).updated(left)


@_apply.register
def _merge(edit: Merge, rubric: Rubric) -> Rubric:
    scope = Scope.of(rubric)
    first = _find(edit.criterion, scope)
    others = [_find(name, scope) for name in edit.others]
    paths = [first.path, *(other.path for other in others)]
    if len(paths) < 2 or len(set(paths)) < len(paths):  # noqa: PLR2004 - nothing to do
        hint = "name one other criterion or more, each once"
        fail("D112", "a merge takes two or more different criteria", hint=hint)
    merged = [_criterion(found, "merged") for found in (first, *others)]
    main, *rest = merged
    if edit.name not in {criterion.name for criterion in rest}:
        _check_name(edit.name, scope, but=main.name)
    was = [name for old in merged for name in (*old.was, old.name) if name != edit.name]
    new = attrs.evolve(
        main,
        name=edit.name,
        text=_text(edit.text),
        mark=add_up([criterion.mark for criterion in merged])
        if edit.mark is None
        else read_mark(edit.mark, rubric.weights),
        was=tuple(dict.fromkeys(was)),
    )
    new = _accounted(new, edit)
    items = rubric.items
    for other in others:
        items = _with(items, other, lambda _: None)
    items = _with(items, first, lambda _: new)
    items = _in_formula(items, first, edit.name)
    references = References(
        scope=scope,
        moved=(first.path, _beside(first.path, edit.name)),
        heirs={other.path: (edit.name,) for other in others},
        tested={other.path: () for other in others},
    )
    return references.updated(attrs.evolve(rubric, items=items))


@_apply.register
def _move(edit: Move, rubric: Rubric) -> Rubric:
    scope = Scope.of(rubric)
    found = _find(edit.criterion, scope)
    place = _Place.of(edit, scope)
    name = item_name(found.item)
    inside = place.group is not None and f"{place.group}.".startswith(f"{found.path}.")
    if inside or place.after == name:
        hint = "name another group, or another item to stand after"
        fail("D112", f"`{name}` cannot be moved into or after itself", hint=hint)
    items = _with(rubric.items, found, lambda _: None)
    moved = place.filled(attrs.evolve(rubric, items=items), found.item)
    path = name if place.group is None else f"{place.group}.{name}"
    return References(scope=scope, moved=(found.path, path)).updated(moved)


@_apply.register
def _rename(edit: Rename, rubric: Rubric) -> Rubric:
    scope = Scope.of(rubric)
    found = _find(edit.criterion, scope)
    item, old = found.item, item_name(found.item)
    if edit.to == old:
        fail("D112", f"`{old}` has that name already", hint="leave the edit out")
    _check_name(edit.to, scope)
    new: Item
    if isinstance(item, Include):
        new = attrs.evolve(item, name=edit.to)
    else:
        was = tuple(name for name in (*item.was, old) if name != edit.to)
        new = attrs.evolve(item, name=edit.to, was=was)
    items = _with(rubric.items, found, lambda _: new)
    items = _in_formula(items, found, edit.to)
    moved = (found.path, _beside(found.path, edit.to))
    left = attrs.evolve(rubric, items=items)
    return References(scope=scope, moved=moved).updated(left)


# ----------------------------------------------------------------- places


@frozen
class _Place:
    """Where an item goes: the path of a group, None for the rubric itself.

    ``after`` is the name of the item to stand after; without it, the place is the
    end.
    """

    group: str | None
    after: str | None

    @classmethod
    def of(cls, edit: Add | Move, scope: Scope) -> "_Place":
        """Find the place that an edit names."""
        group: str | None = None
        if edit.parent is not None:
            parent = _find(edit.parent, scope)
            if not isinstance(parent.item, Group):
                hint = "name a group of this rubric, or none for the rubric itself"
                fail("D112", f"`{edit.parent}` is no group", hint=hint)
            group = parent.path
        if edit.after is None:
            return cls(group, None)
        sibling = _find(edit.after, scope)
        above = sibling.path.rpartition(".")[0] or None
        if edit.parent is not None and above != group:
            hint = "leave out one of `parent` and `after`"
            message = f"`{edit.after}` does not stand in `{edit.parent}`"
            fail("D112", message, hint=hint)
        return cls(above, item_name(sibling.item))

    def filled(self, rubric: Rubric, new: Item) -> Rubric:
        """Give the rubric with an item in this place."""
        if self.group is None:
            return attrs.evolve(rubric, items=self._among(rubric.items, new))
        name = self.group.rpartition(".")[2]

        def fill(item: Item) -> Item:
            if isinstance(item, Group) and item.name == name:
                return attrs.evolve(item, items=self._among(item.items, new))
            return item

        return attrs.evolve(rubric, items=mapped(rubric.items, fill))

    def _among(self, items: tuple[Item, ...], new: Item) -> tuple[Item, ...]:
        names = [item_name(item) for item in items]
        at = len(items) if self.after is None else names.index(self.after) + 1
        return (*items[:at], new, *items[at:])


def _beside(path: str, name: str) -> str:
    """Give the path of a sibling."""
    above, dot, _ = path.rpartition(".")
    return f"{above}{dot}{name}"


# ------------------------------------------------------------------ trees


def _with(items: tuple[Item, ...], found: Named, change: _Change) -> tuple[Item, ...]:
    """Change one item, known by its name, which is unique."""
    name = item_name(found.item)
    return mapped(items, lambda item: change(item) if item_name(item) == name else item)


def _replaced(
    items: tuple[Item, ...], name: str, parts: tuple[Criterion, ...]
) -> tuple[Item, ...]:
    """Put several criteria in the place of one."""
    result: list[Item] = []
    for item in items:
        if isinstance(item, Group):
            inner = _replaced(item.items, name, parts)
            same = list(map(id, inner)) == list(map(id, item.items))
            result.append(item if same else attrs.evolve(item, items=inner))
        elif item_name(item) == name:
            result += parts
        else:
            result.append(item)
    return tuple(result)


def _in_formula(items: tuple[Item, ...], found: Named, new: str) -> tuple[Item, ...]:
    """Rename an item in the formula of the group that holds it."""
    above, _, old = found.path.rpartition(".")
    parent = above.rpartition(".")[2]

    def rename(item: Item) -> Item:
        if isinstance(item, Group) and item.name == parent and item.combine:
            return attrs.evolve(item, combine=renamed_in(item.combine, old, new))
        return item

    return mapped(items, rename) if parent else items


# ------------------------------------------------------------ what is named


def _find(reference: str, scope: Scope) -> Named:
    """Find an item of the rubric itself."""
    named = scope.find(reference)
    if named is None:
        hint = scope.suggestion(reference)
        fail("E304", f"no criterion is called `{reference}`", hint=hint)
    if all(own.path != named.path for own in scope.own):
        hint = "edit the file that it stands in"
        fail("D112", f"`{reference}` belongs to an imported rubric", hint=hint)
    return named


def _node(found: Named, done: str) -> Node:
    if isinstance(found.item, Include):
        hint = "edit the file that it stands in"
        fail("D112", f"the include `{found.path}` cannot be {done}", hint=hint)
    return found.item


def _criterion(found: Named, done: str) -> Criterion:
    if not isinstance(found.item, Criterion):
        message = f"`{found.path}` is no criterion of this rubric and cannot be {done}"
        fail("D112", message, hint="name a criterion; edit the items of a group singly")
    return found.item


def _check_name(name: str, scope: Scope, *, but: str | None = None) -> None:
    """Check that a name is one, and free; ``but`` names what makes way for it."""
    if "." in name or not is_path(name):
        hint = "a name begins with a letter or `_`, then letters, digits and `_`"
        fail("E107", f"`{name}` is not a legal name", hint=hint)
    if name in RESERVED:
        raise RubricError([reserved_name(name, ARGUMENTS)])
    if name in scope.by_name and name != but:
        _taken(name)


def _taken(name: str) -> None:
    hint = "names are unique in a rubric, groups included; choose another"
    fail("E301", f"there is already a `{name}`", hint=hint)


def _text(text: str) -> str:
    if not text.strip():
        fail("E208", "the text is empty", hint="say what must be true of a response")
    return text.replace("\r\n", "\n")


def _accounted(node: _NodeT, edit: Account) -> _NodeT:
    """Give a node with the round and the reason that an edit leaves."""
    if edit.since is not None:
        if edit.since < 0:
            hint = "number the rounds 0, 1, 2, …"
            fail("E421", f"`since: {edit.since}` is no round", hint=hint)
        node = attrs.evolve(node, since=edit.since)
    if edit.why is not None:
        node = attrs.evolve(node, why=_text(edit.why))
    return node
