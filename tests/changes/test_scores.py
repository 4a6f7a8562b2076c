"""What is reported as unchanged is unchanged, for any verdicts; and the converse."""

from collections.abc import Mapping
from typing import TypeAlias

from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricdsl.changes.comparing import difference
from rubricdsl.changes.detecting import find
from rubricdsl.changes.findings import Level
from rubricdsl.changes.forms import same_scores
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.changes.vectors import Vectors, choices
from rubricdsl.model.expression import Arithmetic, Call, Expression, Name
from rubricdsl.model.rubric import (
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Info,
    Item,
    Kind,
    Mark,
    Must,
    NaPolicy,
    Weight,
)
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.formulas import names_in
from rubricdsl.testing.strategies import bound_rubrics, rubric_of, rulings_for

SLACK = 1e-9
COUNTING = (Kind.ALL, Kind.ANY, Kind.AT_LEAST)
Edited: TypeAlias = tuple[Snapshot, Snapshot]


def items_of(rubric: BoundRubric) -> tuple[Item, ...]:
    return rubric.root.items


def renewed(rubric: BoundRubric, items: tuple[Item, ...]) -> BoundRubric:
    """The rubric with other items, paths and needs made anew."""
    old_names = {node.path: node.name for node in rubric.walk()}
    made = rubric_of(items, passing=rubric.passing)
    paths = {node.name: node.path for node in made.walk()}
    renames = {w: n.path for n in made.walk() for w in n.was}

    def settle(item: Item) -> Item:
        if isinstance(item, Criterion):
            needs = (
                renames.get(old_names[need], paths.get(old_names[need], need))
                for need in item.needs
            )
            return evolve(item, needs=tuple(n for n in needs if n in paths.values()))
        assert isinstance(item, Group)
        return evolve(item, items=tuple(settle(child) for child in item.items))

    return rubric_of(tuple(settle(item) for item in items), passing=rubric.passing)


@st.composite
def edited_items(draw: st.DrawFn, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Items of which some have another mark, kind, rule, or order; or are gone."""
    found = [draw(edited_item(item)) for item in items]
    weighted = [item for item in found if isinstance(item.mark, Weight)]
    spare = [item for item in found if item not in weighted[:1]]
    if draw(st.integers(0, 9)) == 0 and spare and weighted:
        found.remove(draw(st.sampled_from(spare)))
    if draw(st.booleans()):
        found = draw(st.permutations(found))
    if draw(st.integers(0, 5)) == 0:
        factor = draw(st.sampled_from([2.0, 0.5, 3.0]))
        found = [scaled(item, factor) for item in found]
    return tuple(found)


def scaled(item: Item, factor: float) -> Item:
    if isinstance(item.mark, Weight):
        return evolve(item, mark=Weight(item.mark.value * factor))
    if isinstance(item.mark, Bonus):
        return evolve(item, mark=Bonus(item.mark.value * factor))
    return item


@st.composite
def edited_item(draw: st.DrawFn, item: Item) -> Item:
    if isinstance(item, Group):
        item = draw(edited_group(item))
    elif isinstance(item, Criterion):
        item = draw(st.sampled_from(edited_criteria(item)))
    mark = draw(st.sampled_from(mark_edits(item)))
    assert isinstance(item, Group | Criterion)
    passing = draw(st.sampled_from([item.passing] * 8 + [0.5, 1.0]))
    return evolve(item, mark=mark, passing=passing)


@st.composite
def edited_group(draw: st.DrawFn, group: Group) -> Group:
    group = evolve(group, items=draw(edited_items(group.items)))
    if group.combine is not None:
        assume(names_in(group.combine) <= {child.name for child in group.nodes})
    if group.kind in COUNTING and draw(st.integers(0, 9)) == 0:
        return evolve(group, kind=Kind.ALL, count=None)
    if group.count is None:
        return group
    weighted = sum(isinstance(child.mark, Weight) for child in group.nodes)
    return evolve(group, count=max(1, min(group.count, weighted)))


def edited_criteria(criterion: Criterion) -> list[Criterion]:
    """A criterion and what it may become; itself, as often as not."""
    rules = (None, NaPolicy.SKIP, NaPolicy.FAIL, 0.5)
    renamed = evolve(criterion, name=f"{criterion.name}_new", was=(criterion.name,))
    return [
        *([criterion] * 8),
        *(evolve(criterion, na=rule) for rule in rules),
        renamed,
        renamed,
        evolve(criterion, text=f"{criterion.text} Really."),
        evolve(criterion, needs=()),
    ]


def mark_edits(item: Item) -> list[Mark]:
    """Marks that an item may have instead of its own; mostly its own."""
    if isinstance(item.mark, Weight):
        return [*([item.mark] * 8), Weight(item.mark.value + 1 or 1.0)]
    return [*([item.mark] * 6), Info(), Must(), Cap(0.3)]


@st.composite
def edited(draw: st.DrawFn) -> Edited:
    rubric = draw(bound_rubrics())
    renames = any(
        isinstance(n, Group) and n.kind is Kind.FORMULA for n in rubric.walk()
    )
    items = draw(edited_items(items_of(rubric)))
    made = renewed(rubric, items)
    assume(not renames or not any(node.was for node in made.walk()))
    return Snapshot(rubric), Snapshot(made)


def carried(
    old: Snapshot, new: Snapshot, rulings: dict[str, Ruling]
) -> dict[str, Ruling]:
    pairs = difference(old, new).matching.stated().by_old
    return {pairs[path].new.path: r for path, r in rulings.items() if path in pairs}


def assert_equal_scores(old: Snapshot, new: Snapshot, data: st.DataObject) -> None:
    matching = difference(old, new).matching.stated()
    vectors = Vectors(*choices(old, new, matching))
    assume(vectors.possible)
    for vector in vectors.drawn(20, data.draw(st.integers(0, 99))):
        before, now = old.meaning.score(vector.old), new.meaning.score(vector.new)
        if before is None or now is None:
            assert before is now
        else:
            assert abs(before - now) < SLACK


@given(edited(), st.data())
def test_what_is_reported_unchanged_scores_equal(case: Edited, data) -> None:
    old, new = case
    found = find(difference(old, new))
    if not any(f.level is Level.SCORES for f in found):
        assert_equal_scores(old, new, data)


@given(edited())
def test_findings_of_scores_are_there_just_where_scores_differ(case: Edited) -> None:
    old, new = case
    matching = difference(old, new).matching.stated()
    found = find(difference(old, new))
    changed = any(f.level is Level.SCORES for f in found)
    assert changed is not same_scores(old, new, matching)


def with_names(formula: Expression, names: Mapping[str, str]) -> Expression:
    """A formula whose operands have other names."""
    match formula:
        case Name(name):
            return Name(names.get(name, name))
        case Arithmetic(operator, left, right):
            return Arithmetic(
                operator, with_names(left, names), with_names(right, names)
            )
        case Call(function, arguments):
            return Call(function, tuple(with_names(a, names) for a in arguments))
        case _:
            return formula


@given(bound_rubrics(), st.data())
def test_a_rename_with_was_keeps_every_score_and_breaks_nothing(rubric, data) -> None:
    nodes = list(rubric.walk())
    chosen = data.draw(st.sets(st.sampled_from([n.name for n in nodes]), min_size=1))
    names = {name: f"{name}_now" for name in chosen}

    def rename(item: Item) -> Item:
        assert not hasattr(item, "target")
        if isinstance(item, Group):
            item = evolve(item, items=tuple(rename(child) for child in item.items))
            if item.combine is not None:
                item = evolve(item, combine=with_names(item.combine, names))
        if item.name in chosen:
            item = evolve(item, name=names[item.name], was=(item.name,))
        return item

    new = Snapshot(renewed(rubric, tuple(rename(item) for item in items_of(rubric))))
    old = Snapshot(rubric)
    assert find(difference(old, new)) == ()
    rulings = data.draw(rulings_for(rubric))
    before = old.meaning.score(rulings)
    now = new.meaning.score(carried(old, new, rulings))
    assert before == now
