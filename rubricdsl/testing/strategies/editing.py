"""Strategies for edits of a given rubric."""

from collections.abc import Sequence

from attrs import frozen
from hypothesis import strategies as st

from rubricdsl.language.scopes import Scope, item_name
from rubricdsl.model.edit import (
    Add,
    Edit,
    Merge,
    Move,
    Part,
    Remove,
    Rename,
    Reweigh,
    Reword,
    Split,
)
from rubricdsl.model.rubric import Criterion, Group, Rubric

_TEXTS = st.sampled_from(
    ["Names Ottawa.", "Gives a source.", "Has no repetition.", "Is polite: very."]
)
_REASONS = st.sampled_from([None, "Two good answers could not be told apart."])
_SOME = 5


def edits(rubric: Rubric) -> st.SearchStrategy[Edit]:
    """Generate edits that name what the rubric has, and new names that it has not.

    Most can be applied; one may still be refused, such as that which removes the
    last criterion.  Shrinks towards a new criterion of weight 1.
    """
    room = _Room.of(rubric)
    choices = [room.additions(), room.rewordings(), room.reweighings()]
    choices += [room.renamings(), room.moves(), room.removals()]
    if room.criteria:
        choices.append(room.splits())
    if len(room.criteria) > 1:
        choices.append(room.mergers())
    return st.one_of(choices)


@frozen(kw_only=True)
class _Room:
    """What there is in a rubric that an edit can name, and names it can give."""

    items: Sequence[str]
    groups: Sequence[str]
    criteria: Sequence[str]
    marks: st.SearchStrategy[str]
    new: st.SearchStrategy[str]

    @classmethod
    def of(cls, rubric: Rubric) -> "_Room":
        own = [named.item for named in Scope.of(rubric).own]
        names = [item_name(item) for item in own]
        scheme = rubric.weights
        weights = ["1", "2.5", "-1"]
        if scheme.low is not None and scheme.high is not None:
            weights = [f"{scheme.low:g}", f"{scheme.high:g}"]
        classes = [name for name, _ in scheme.classes]
        gates = ["must", "never", "cap 0.5", "info", "bonus 1"]
        # More new names than the rubric has items: some are always left.
        fresh = (f"new_{number}" for number in range(1, len(names) + _SOME))
        return cls(
            items=names,
            groups=[item.name for item in own if isinstance(item, Group)],
            criteria=[item.name for item in own if isinstance(item, Criterion)],
            marks=st.sampled_from([*weights, *classes, *gates]),
            new=st.sampled_from([name for name in fresh if name not in names]),
        )

    def additions(self) -> st.SearchStrategy[Edit]:
        fields = {"name": self.new, "text": _TEXTS, "mark": self.marks}
        places = [
            st.builds(Add, **fields, why=_REASONS),
            st.builds(Add, **fields, after=st.sampled_from(self.items)),
        ]
        if self.groups:
            places.append(st.builds(Add, **fields, parent=st.sampled_from(self.groups)))
        return st.one_of(places)

    def rewordings(self) -> st.SearchStrategy[Edit]:
        named = st.sampled_from([*self.criteria, *self.groups] or self.items)
        return st.builds(Reword, criterion=named, text=_TEXTS, why=_REASONS)

    def reweighings(self) -> st.SearchStrategy[Edit]:
        named = st.sampled_from(self.items)
        return st.builds(Reweigh, criterion=named, mark=self.marks, why=_REASONS)

    def renamings(self) -> st.SearchStrategy[Edit]:
        return st.builds(Rename, criterion=st.sampled_from(self.items), to=self.new)

    def moves(self) -> st.SearchStrategy[Edit]:
        named = st.sampled_from(self.items)
        after = st.builds(Move, criterion=named, after=named)
        if not self.groups:
            return after
        into = st.builds(Move, criterion=named, parent=st.sampled_from(self.groups))
        return st.one_of(after, into)

    def removals(self) -> st.SearchStrategy[Edit]:
        return st.builds(Remove, criterion=st.sampled_from(self.items), reason=_REASONS)

    def splits(self) -> st.SearchStrategy[Edit]:
        parts = st.builds(Part, name=self.new, text=_TEXTS)
        into = st.lists(parts, min_size=2, max_size=3, unique_by=lambda p: p.name)
        named = st.sampled_from(self.criteria)
        return st.builds(Split, criterion=named, into=into.map(tuple), why=_REASONS)

    def mergers(self) -> st.SearchStrategy[Edit]:
        both = st.permutations(self.criteria).map(lambda order: order[:2])
        return both.flatmap(
            lambda pair: st.builds(
                Merge,
                criterion=st.just(pair[0]),
                others=st.just((pair[1],)),
                name=st.one_of(st.just(pair[0]), self.new),
                text=_TEXTS,
            )
        )
