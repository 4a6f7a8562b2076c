"""The difference between two versions of a rubric, as values."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Self

from attrs import field, frozen

from rubricdsl.changes.matching import Matching, Tie
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.model.rubric import Criterion, Node
from rubricdsl.model.source import NOWHERE, Span


class Aspect(StrEnum):
    """What of a rubric, criterion or group differs."""

    NAME = "name"
    PLACE = "place"
    MARK = "mark"
    WEIGHT = "weight"
    KIND = "kind"
    COMBINE = "combine"
    TEXT = "text"
    SCALE = "scale"
    LEVEL = "level"
    NA = "n/a"
    NEEDS = "needs"
    PASSING = "passing"
    CHECK = "check"
    JUDGE = "judge"
    SEES = "sees"
    EVIDENCE = "evidence"
    NOTE = "note"
    EXAMPLES = "examples"
    TITLE = "title"
    TAGS = "tags"
    WHY = "why"
    SOURCE = "source"
    VERSION = "version"
    PROMPT = "prompt"
    REFERENCE = "reference"
    FOR = "for"
    LANGUAGE = "language"
    PARAM = "param"


@frozen
class Change:
    """One aspect before and after, as a person would write it; None where absent.

    ``detail`` names the one meant, of levels, parameters and judge blocks.
    """

    aspect: Aspect
    before: str | None
    after: str | None
    detail: str = ""
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen(eq=False)
class NodeChange:
    """A criterion or group before and after; one of the two may be missing.

    Shares are parts of the whole score; None for gates, info and what is absent.
    """

    old: Node | None
    new: Node | None
    tie: Tie | None
    old_share: float | None
    new_share: float | None
    changes: tuple[Change, ...] = ()

    @property
    def node(self) -> Node:
        """The node as it is now, or as it was."""
        node = self.new or self.old
        if node is None:
            raise ValueError("a change of nothing")
        return node

    @property
    def aspects(self) -> frozenset[Aspect]:
        """What differs."""
        return frozenset(change.aspect for change in self.changes)

    @property
    def share_changed(self) -> bool:
        """Whether the node decides another part of the score."""
        old, new = self.old_share, self.new_share
        if old is None or new is None:
            return old is not new
        return abs(old - new) > 1e-9  # noqa: PLR2004 - as scores are compared


@frozen(eq=False)
class Difference:
    """All that differs between two versions of a rubric.

    ``nodes`` has every criterion and group of the new version in its order, then
    those removed; `changed` leaves out what is the same.  ``reordered`` are criteria
    that were moved among those asked together with them.
    """

    old: Snapshot
    new: Snapshot
    matching: Matching
    changes: tuple[Change, ...]
    nodes: tuple[NodeChange, ...]
    reordered: tuple[Criterion, ...]

    @property
    def added(self) -> tuple[Node, ...]:
        """Criteria and groups that are new."""
        return self.matching.added

    @property
    def removed(self) -> tuple[Node, ...]:
        """Criteria and groups that are gone."""
        return self.matching.removed

    @property
    def renamed(self) -> tuple[NodeChange, ...]:
        """What has another name, by ``was:`` or as equal text suggests."""
        return self.with_aspect(Aspect.NAME)

    @property
    def reworded(self) -> tuple[NodeChange, ...]:
        """What has another text."""
        return self.with_aspect(Aspect.TEXT)

    @property
    def reweighted(self) -> tuple[NodeChange, ...]:
        """What has another weight."""
        return self.with_aspect(Aspect.WEIGHT)

    @property
    def moved(self) -> tuple[NodeChange, ...]:
        """What stands in another group."""
        return self.with_aspect(Aspect.PLACE)

    @property
    def changed(self) -> tuple[NodeChange, ...]:
        """Nodes that are new, gone, or differ in anything, be it their share."""
        return tuple(
            node
            for node in self.nodes
            if node.changes
            or node.share_changed
            or node.old is None
            or node.new is None
        )

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.changes or self.changed or self.reordered)

    def with_aspect(self: Self, aspect: Aspect) -> tuple[NodeChange, ...]:
        """Give the nodes that differ in an aspect."""
        return tuple(node for node in self.nodes if aspect in node.aspects)

    def each_change(self) -> Iterator[tuple[NodeChange, Change]]:
        """Give every change of every node."""
        return ((node, change) for node in self.nodes for change in node.changes)
