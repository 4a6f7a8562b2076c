"""Which node of the new version is which node of the old one.

A name stays with its bearer: first equal paths, then names that occur once on either
side.  Only what is new by name may say with ``was:`` what it was before, so that a
``was:`` from an earlier round does no harm.  A ``was:`` that several claim is a split,
and a node that claims several is a merger.  What is left is paired by equal text, as
long as that is unambiguous; such a pair is a guess, and `Matching.stated` is without.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from attrs import define, evolve, field, frozen

from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.model.rubric import Criterion, Group, Node


class Tie(StrEnum):
    """Why two nodes are taken for the same."""

    NAME = "name"
    WAS = "was"
    TEXT = "text"


@frozen(eq=False)
class Pair:
    """A node before and after."""

    old: Node
    new: Node
    tie: Tie


@frozen(eq=False)
class Split:
    """What one node of the old version became."""

    old: Node
    parts: tuple[Node, ...]


@frozen(eq=False)
class Merger:
    """What several nodes of the old version became."""

    parts: tuple[Node, ...]
    new: Node


@frozen(eq=False)
class Matching:
    """The pairs in the order of the new version, and what has no partner.

    A split or a merger pairs nothing by itself: its members are in ``removed`` and
    ``added`` unless a name ties them.
    """

    pairs: tuple[Pair, ...]
    removed: tuple[Node, ...]
    added: tuple[Node, ...]
    splits: tuple[Split, ...] = ()
    mergers: tuple[Merger, ...] = ()
    by_old: Mapping[str, Pair] = field(init=False, repr=False)
    by_new: Mapping[str, Pair] = field(init=False, repr=False)

    @by_old.default
    def _pairs_by_old_path(self) -> Mapping[str, Pair]:
        return {pair.old.path: pair for pair in self.pairs}

    @by_new.default
    def _pairs_by_new_path(self) -> Mapping[str, Pair]:
        return {pair.new.path: pair for pair in self.pairs}

    @property
    def succeeded(self) -> frozenset[str]:
        """The old paths that some ``was:`` accounts for in a split or a merger."""
        split = {split.old.path for split in self.splits}
        return frozenset(
            split.union(part.path for m in self.mergers for part in m.parts)
        )

    def stated(self) -> "Matching":
        """Give the matching without the pairs that equal text suggests."""
        guesses = [pair for pair in self.pairs if pair.tie is Tie.TEXT]
        return evolve(
            self,
            pairs=tuple(pair for pair in self.pairs if pair.tie is not Tie.TEXT),
            removed=(*self.removed, *(pair.old for pair in guesses)),
            added=(*self.added, *(pair.new for pair in guesses)),
        )


def match(old: Snapshot, new: Snapshot) -> Matching:
    """Pair the nodes of two versions of a rubric."""
    matcher = _Matcher(old.nodes, new.nodes)
    matcher.tie_equal_paths()
    matcher.tie_unique_names()
    splits, mergers = matcher.follow_claims()
    matcher.tie_children()
    claimed = {split.old.path for split in splits}
    claimed.update(part.path for merger in mergers for part in merger.parts)
    claiming = {part.path for split in splits for part in split.parts}
    claiming.update(merger.new.path for merger in mergers)
    matcher.tie_equal_texts(claimed, claiming)
    matcher.tie_equal_groups()
    return Matching(
        tuple(
            Pair(old.nodes[matcher.olds[path]], node, matcher.ties[path])
            for path, node in new.nodes.items()
            if path in matcher.olds
        ),
        tuple(matcher.free_old()),
        tuple(matcher.free_new()),
        tuple(splits),
        tuple(mergers),
    )


@define
class _Matcher:
    """The state of matching: ``olds`` gives the old path of a new one."""

    old: Mapping[str, Node]
    new: Mapping[str, Node]
    olds: dict[str, str] = field(factory=dict)
    news: dict[str, str] = field(factory=dict)
    ties: dict[str, Tie] = field(factory=dict)

    def tie(self, old: str, new: str, how: Tie) -> None:
        self.olds[new], self.news[old], self.ties[new] = old, new, how

    def free_old(self) -> Iterator[Node]:
        return (node for path, node in self.old.items() if path not in self.news)

    def free_new(self) -> Iterator[Node]:
        return (node for path, node in self.new.items() if path not in self.olds)

    def tie_equal_paths(self) -> None:
        for path in self.new:
            if path in self.old:
                self.tie(path, path, Tie.NAME)

    def tie_unique_names(self) -> None:
        before, after = _unique_names(self.old), _unique_names(self.new)
        for node in list(self.free_new()):
            path = before.get(node.name)
            if path is not None and node.name in after and path not in self.news:
                self.tie(path, node.path, Tie.NAME)

    def follow_claims(self) -> tuple[list[Split], list[Merger]]:
        """Tie what one ``was:`` names; give what was split and what was merged."""
        names = _unique_names(self.old)
        claims: dict[str, list[str]] = {}
        sources: dict[str, list[str]] = {}
        for node in self.new.values():
            for name in dict.fromkeys(node.was):
                path = name if name in self.old else names.get(name)
                # Two names that both stand since the old version tell of its past.
                if path is None or (path in self.news and node.path in self.olds):
                    continue
                claims.setdefault(path, []).append(node.path)
                sources.setdefault(node.path, []).append(path)
        splits: list[Split] = []
        merged: dict[str, None] = {}
        for path, claimants in claims.items():
            only = claimants[0]
            kept = self.news.get(path)
            if kept is not None:
                claimants.insert(0, kept)
            if len(claimants) > 1:
                parts = tuple(self.new[claimant] for claimant in claimants)
                splits.append(Split(self.old[path], parts))
            elif len(sources[only]) > 1 or only in self.olds:
                merged[only] = None
            else:
                self.tie(path, only, Tie.WAS)
        return splits, [self._merger(path, sources[path]) for path in merged]

    def _merger(self, new: str, sources: Iterable[str]) -> Merger:
        own = [self.olds[new]] if new in self.olds else []
        parts = dict.fromkeys([*own, *sources])
        return Merger(tuple(self.old[path] for path in parts), self.new[new])

    def tie_children(self) -> None:
        """Tie what has the same name below tied groups, parents first."""
        for path in self.new:
            above, _, name = path.rpartition(".")
            if path in self.olds or above not in self.olds:
                continue
            old = f"{self.olds[above]}.{name}"
            if old in self.old and old not in self.news:
                self.tie(old, path, Tie.NAME)

    def tie_equal_texts(self, claimed: set[str], claiming: set[str]) -> None:
        """Tie criteria whose text occurs once among those left on either side."""
        before = _unique_texts(n for n in self.free_old() if n.path not in claimed)
        after = _unique_texts(n for n in self.free_new() if n.path not in claiming)
        for text, path in after.items():
            if text in before:
                self.tie(before[text], path, Tie.TEXT)

    def tie_equal_groups(self) -> None:
        """Tie groups that have just the same children, the innermost first."""
        before = {
            frozenset(child.path for child in node.nodes): node.path
            for node in self.free_old()
            if isinstance(node, Group)
        }
        for node in reversed(list(self.free_new())):
            if isinstance(node, Group):
                below = frozenset(self.olds.get(c.path, "") for c in node.nodes)
                if below in before:
                    self.tie(before.pop(below), node.path, Tie.TEXT)


def _unique_names(nodes: Mapping[str, Node]) -> dict[str, str]:
    """Give the paths of nodes whose name occurs once."""
    counts = Counter(node.name for node in nodes.values())
    return {n.name: path for path, n in nodes.items() if counts[n.name] == 1}


def _unique_texts(nodes: Iterable[Node]) -> dict[str, str]:
    """Give the paths of criteria whose text occurs once, blanks aside."""
    texts = [
        (" ".join(node.text.split()), node.path)
        for node in nodes
        if isinstance(node, Criterion)
    ]
    counts = Counter(text for text, _ in texts)
    return {text: path for text, path in texts if counts[text] == 1}
