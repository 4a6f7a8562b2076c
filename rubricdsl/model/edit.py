"""Edits of a rubric as data: what to do to which criterion, and why.

An edit names a criterion, group or include by its name or path.  Marks are written as
they stand between brackets: ``3``, ``must``, ``cap 0.5``, ``essential``.  Edits are
applied, to a rubric and to its source, in `rubricdsl.language.edit`.
"""

from typing import ClassVar, TypeAlias

from attrs import frozen

from rubricdsl.model.rubric import Level


@frozen
class Quote:
    """A piece of a response that speaks for an edit; ``response`` says which one."""

    response: str
    text: str


@frozen(kw_only=True)
class Proposal:
    """What every edit has: the refinement type it is of, its reason and evidence.

    None of the three has an effect on the rubric.  There is one quote a response.
    """

    type: str | None = None
    reason: str | None = None
    evidence: tuple[Quote, ...] = ()


@frozen(kw_only=True)
class Account(Proposal):
    """What an edit can leave in the rubric: a round and a reason for its readers."""

    since: int | None = None
    why: str | None = None


@frozen(kw_only=True)
class Add(Account):
    """A new criterion, at the end of a group or after one of its items.

    Without a ``parent`` it stands in the group of ``after``, or else in the rubric
    itself.
    """

    op: ClassVar[str] = "add"

    name: str
    text: str
    mark: str
    parent: str | None = None
    after: str | None = None
    levels: tuple[Level, ...] = ()


@frozen(kw_only=True)
class Remove(Proposal):
    """An item taken out, with all that is in it and every reference to that."""

    op: ClassVar[str] = "remove"

    criterion: str


@frozen(kw_only=True)
class Reword(Account):
    """Another text for a criterion or a group."""

    op: ClassVar[str] = "reword"

    criterion: str
    text: str


@frozen(kw_only=True)
class Reweigh(Account):
    """Another mark for an item."""

    op: ClassVar[str] = "reweigh"

    criterion: str
    mark: str


@frozen(kw_only=True)
class Part:
    """One of the criteria that another is split into.

    Without a ``mark`` it has its share of the weight of the criterion that is split,
    or the gate that it was.
    """

    name: str
    text: str
    mark: str | None = None
    why: str | None = None


@frozen(kw_only=True)
class Split(Account):
    """A criterion replaced by two or more; ``why`` is for parts without their own."""

    op: ClassVar[str] = "split"

    criterion: str
    into: tuple[Part, ...]


@frozen(kw_only=True)
class Merge(Account):
    """A criterion that takes in others, under a name and text for all of them.

    Without a ``mark`` it has the sum of their weights, or the gate that all were.
    """

    op: ClassVar[str] = "merge"

    criterion: str
    others: tuple[str, ...]
    name: str
    text: str
    mark: str | None = None


@frozen(kw_only=True)
class Move(Proposal):
    """An item put elsewhere; ``parent`` and ``after`` as in `Add`."""

    op: ClassVar[str] = "move"

    criterion: str
    parent: str | None = None
    after: str | None = None


@frozen(kw_only=True)
class Rename(Proposal):
    """Another name for an item; its old one is kept in ``was:``."""

    op: ClassVar[str] = "rename"

    criterion: str
    to: str


Edit: TypeAlias = Add | Remove | Reword | Reweigh | Split | Merge | Move | Rename
