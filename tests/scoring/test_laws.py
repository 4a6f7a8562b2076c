"""The laws of scores that hold, as properties."""

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, TypeAlias

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricdsl.model.rubric import (
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Info,
    Kind,
    Mark,
    Must,
    NaPolicy,
    Never,
    Node,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, YES, Ruling
from rubricdsl.scoring.leaves import RulingWorths, Worth, met
from rubricdsl.scoring.meaning import Meaning, score
from rubricdsl.testing.strategies import (
    Features,
    bound_rubrics,
    rubric_of,
    rulings,
    rulings_for,
    weights,
)

CLOSE = 1e-9
ONE = Weight(1.0)
EVERYTHING = Features()
Rulings: TypeAlias = dict[str, Ruling]
Judged: TypeAlias = tuple[BoundRubric, Rulings]
PLAIN = Features(
    kinds=(Kind.MEAN,), marks=(Weight,), negative=False, na=False, needs=False
)


def criterion(name: str, weight: float = 1.0, **fields: Any) -> Criterion:
    return Criterion(name=name, mark=Weight(weight), text="Is so.", **fields)


def group(
    name: str, *items: Node, kind: Kind = Kind.MEAN, mark: Mark = ONE, **fields: Any
) -> Group:
    return Group(name=name, mark=mark, kind=kind, items=items, **fields)


def same(left: Worth, right: Worth) -> bool:
    if left is None or right is None:
        return left is right
    return left == pytest.approx(right, abs=CLOSE)


def known(worth: Worth) -> float:
    """Give a value that is a number; n/a is an error here."""
    assert worth is not None
    return worth


def weight_of(node: Node) -> float:
    assert isinstance(node.mark, Weight | Bonus)
    return node.mark.value


def times(mark: Mark, factor: float) -> Mark:
    """Scale a weight or a bonus; other marks have nothing to scale."""
    match mark:
        case Weight(value):
            return Weight(value * factor)
        case Bonus(value):
            return Bonus(value * factor)
        case _:
            return mark


@st.composite
def judged(draw: st.DrawFn, *, features: Features = EVERYTHING) -> Judged:
    rubric = draw(bound_rubrics(features=features))
    return rubric, draw(rulings_for(rubric))


def groups_of(rubric: BoundRubric) -> list[Group]:
    return [rubric.root, *(n for n in rubric.walk() if isinstance(n, Group))]


def rewritten(rubric: BoundRubric, change: Callable[[Node], Node]) -> BoundRubric:
    """Apply ``change`` to every node below the root, the innermost first."""

    def rewrite(node: Node) -> Node:
        if isinstance(node, Group):
            node = evolve(node, items=tuple(rewrite(item) for item in node.nodes))
        return change(node)

    return rubric_of([rewrite(item) for item in rubric.root.nodes])


def with_child(rubric: BoundRubric, path: str, child: Node) -> BoundRubric:
    """Add a child to the group at ``path``."""
    if path == "":
        return rubric_of([*rubric.root.items, child])

    def add(node: Node) -> Node:
        if not isinstance(node, Group) or node.path != path:
            return node
        return evolve(node, items=(*node.nodes, child))

    return rewritten(rubric, add)


def below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# ------------------------------------------------------------- laws that hold


@given(judged())
def test_every_value_is_bounded(case: Judged) -> None:
    rubric, said = case
    for value in Meaning.of(rubric).values(said):
        assert value is None or (math.isfinite(value) and 0 <= value <= 1)


@given(judged(features=Features(needs=False, odd_formulas=False)), st.data())
def test_raising_a_value_moves_the_score_as_the_signs_say(
    case: Judged, data: st.DataObject
) -> None:
    """Holds as long as nothing on the way changes between n/a and a number."""
    rubric, said = case
    target = data.draw(st.sampled_from(list(rubric.criteria())))
    worths = RulingWorths.of(target)
    pair = data.draw(st.lists(rulings(target), min_size=2, max_size=2))
    worth = [worths.worth(ruling) for ruling in pair]
    assume(None not in worth)
    low, high = (pair[n] for n in sorted((0, 1), key=lambda n: known(worth[n])))
    meaning = Meaning.of(rubric)
    before = meaning.evaluate(said | {target.path: low})
    after = meaning.evaluate(said | {target.path: high})
    way = path_to(rubric, target)
    assume(
        all(
            (before.values[n.path] is None) == (after.values[n.path] is None)
            for n in (rubric.root, *way)
        )
    )
    assume(before.score is not None)
    if any(isinstance(node.mark, Info) for node in way):
        assert after.score == before.score
    elif sum(flips(node) for node in way) % 2:
        assert known(after.score) <= known(before.score) + CLOSE
    else:
        assert known(after.score) >= known(before.score) - CLOSE


def path_to(rubric: BoundRubric, target: Criterion) -> list[Node]:
    nodes = {node.path: node for node in rubric.walk()}
    parts = target.path.split(".")
    return [nodes[".".join(parts[:n])] for n in range(1, len(parts) + 1)]


def flips(node: Node) -> bool:
    if isinstance(node.mark, Weight):
        return node.mark.value < 0
    return isinstance(node.mark, Never)


@given(judged(), st.randoms(use_true_random=False))
def test_the_order_of_siblings_makes_no_difference(
    case: Judged, random: Random
) -> None:
    rubric, said = case

    def shuffle(node: Node) -> Node:
        if isinstance(node, Criterion):
            return node
        return evolve(node, items=tuple(random.sample(node.items, len(node.items))))

    shuffled = rewritten(rubric, shuffle)
    items = random.sample(shuffled.root.items, len(shuffled.root.items))
    assert same(score(rubric_of(items), said), score(rubric, said))


@given(judged(), st.data(), st.sampled_from([0.125, 0.5, 3.0, 10.0]))
def test_scaling_the_weights_of_one_group_makes_no_difference(
    case: Judged, data: st.DataObject, factor: float
) -> None:
    rubric, said = case
    chosen = data.draw(st.sampled_from(groups_of(rubric)))
    children = {child.path for child in chosen.nodes}

    def scale(node: Node) -> Node:
        return (
            evolve(node, mark=times(node.mark, factor))
            if node.path in children
            else node
        )

    assert same(score(rewritten(rubric, scale), said), score(rubric, said))


@given(judged(), st.data(), weights())
def test_a_skipped_child_is_neutral_beside_an_applicable_weight(
    case: Judged, data: st.DataObject, weight: float
) -> None:
    rubric, said = case
    values = Meaning.of(rubric).evaluate(said).values
    chosen = data.draw(st.sampled_from(groups_of(rubric)))
    assume(
        any(
            isinstance(child.mark, Weight)
            and child.mark.value > 0
            and values[child.path] is not None
            for child in chosen.nodes
        )
    )
    marks: list[Mark] = [Weight(weight), Must(), Never(), Cap(0.5), Info()]
    if chosen.kind is Kind.MEAN:
        marks += [Weight(-weight), Bonus(weight)]
    new = evolve(
        criterion("new", na=NaPolicy.SKIP), mark=data.draw(st.sampled_from(marks))
    )
    larger = with_child(rubric, chosen.path, new)
    with_na = said | {below(chosen.path, "new"): NA}
    assert same(score(larger, with_na), score(rubric, said))


@given(judged(), st.data())
def test_info_is_neutral(case: Judged, data: st.DataObject) -> None:
    rubric, said = case
    chosen = data.draw(st.sampled_from(groups_of(rubric)))
    new = evolve(criterion("new", na=NaPolicy.SKIP), mark=Info())
    larger = with_child(rubric, chosen.path, new)
    ruling = data.draw(st.sampled_from([YES, NO, NA]))
    result = score(larger, said | {below(chosen.path, "new"): ruling})
    assert same(result, score(rubric, said))


@given(judged())
def test_an_unmet_must_gives_zero_and_a_met_one_is_neutral(case: Judged) -> None:
    rubric, said = case
    gated = with_child(rubric, "", evolve(criterion("gate"), mark=Must()))
    assert score(gated, said | {"gate": NO}) == 0.0
    plain = score(rubric, said)
    only_gates = not any(isinstance(n.mark, Weight) for n in rubric.root.nodes)
    assume(plain is not None or not only_gates)
    assert same(score(gated, said | {"gate": YES}), plain)


@given(judged(features=PLAIN))
def test_nested_means_are_the_mean_of_the_leaves_with_multiplied_shares(
    case: Judged,
) -> None:
    rubric, said = case

    def leaves(node: Node, share: float) -> Iterator[float]:
        if isinstance(node, Criterion):
            yield share * known(RulingWorths.of(node).worth(said[node.path]))
            return
        total = sum(weight_of(child) for child in node.nodes)
        for child in node.nodes:
            yield from leaves(child, share * weight_of(child) / total)

    assert score(rubric, said) == pytest.approx(math.fsum(leaves(rubric.root, 1.0)))


@given(
    judged(),
    st.data(),
    st.sampled_from([Kind.MEAN, Kind.WORST, Kind.BEST, Kind.GEOMEAN]),
    st.lists(weights(), min_size=1, max_size=3),
)
def test_parts_that_carry_one_verdict_can_stand_for_it(
    case: Judged, data: st.DataObject, kind: Kind, split: list[float]
) -> None:
    rubric, said = case
    target = data.draw(st.sampled_from(list(rubric.criteria())))
    worths = RulingWorths.of(target)
    # What hurts depends on the mark, so the parts say in numbers what n/a is worth.
    rule = target.na
    if rule in (NaPolicy.FAIL, NaPolicy.PASS):
        rule = worths.worth(NA)
    parts = tuple(
        evolve(target, name=f"part{n}", mark=Weight(weight), na=rule, passing=1.0)
        for n, weight in enumerate(split)
    )

    def decompose(node: Node) -> Node:
        if node.path != target.path:
            return node
        return group(node.name, *parts, kind=kind, mark=node.mark, passing=node.passing)

    finer = {p: r for p, r in said.items() if p != target.path}
    finer |= {f"{target.path}.{part.name}": said[target.path] for part in parts}
    assert same(score(rewritten(rubric, decompose), finer), score(rubric, said))


@given(
    st.lists(st.tuples(weights(), st.floats(0, 1)), min_size=1, max_size=6),
    st.lists(st.tuples(weights(), st.floats(0, 1)), min_size=1, max_size=4),
    st.sampled_from([Kind.MEAN, Kind.WORST, Kind.BEST, Kind.GEOMEAN, Kind.ALL]),
)
def test_a_split_moves_the_score_by_no_more_than_its_share(
    whole: list[tuple[float, float]], parts: list[tuple[float, float]], kind: Kind
) -> None:
    items = [criterion(f"c{n}", weight) for n, (weight, _) in enumerate(whole)]
    said = {f"c{n}": Ruling.of_number(value) for n, (_, value) in enumerate(whole)}
    split = [criterion(f"p{n}", weight) for n, (weight, _) in enumerate(parts)]
    new = group("c0", *split, kind=kind, mark=items[0].mark)
    finer = said | {
        f"c0.p{n}": Ruling.of_number(value) for n, (_, value) in enumerate(parts)
    }
    before = score(rubric_of(items), said)
    after = score(rubric_of([new, *items[1:]]), finer)
    share = whole[0][0] / sum(weight for weight, _ in whole)
    assert abs(known(after) - known(before)) <= share + CLOSE


@given(judged(), st.data())
def test_a_duplicate_counts_like_double_the_weight(
    case: Judged, data: st.DataObject
) -> None:
    rubric, said = case
    weighted = [
        child
        for owner in groups_of(rubric)
        if owner.kind in (Kind.MEAN, Kind.GEOMEAN)
        for child in owner.nodes
        if isinstance(child, Criterion) and isinstance(child.mark, Weight | Bonus)
    ]
    assume(weighted)
    target = data.draw(st.sampled_from(weighted))
    owner = target.path.rpartition(".")[0]
    twin = with_child(rubric, owner, evolve(target, name="twin"))

    def double(node: Node) -> Node:
        if node.path != target.path:
            return node
        return evolve(node, mark=times(node.mark, 2))

    twice = score(twin, said | {below(owner, "twin"): said[target.path]})
    assert same(twice, score(rewritten(rubric, double), said))


VALUES = st.integers(0, 4).map(lambda n: n / 4)


@given(
    st.lists(
        st.tuples(st.sampled_from([-2.0, -1.0, 1.0, 2.0, 3.0]), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    weights(),
    st.data(),
)
def test_turning_a_negative_criterion_round_never_reverses_an_order(
    others: list[tuple[float, bool]], weight: float, data: st.DataObject
) -> None:
    items = [criterion(f"c{n}", w, na=NaPolicy.SKIP) for n, (w, _) in enumerate(others)]
    turned = [*items, criterion("p", weight)]
    stated = [*items, criterion("p", -weight)]
    ends = []
    for _ in range(2):
        said = {
            f"c{n}": NA if skipped else Ruling.of_number(data.draw(VALUES))
            for n, (_, skipped) in enumerate(others)
        }
        value = data.draw(VALUES)
        ends.append(
            (
                score(rubric_of(stated), said | {"p": Ruling.of_number(value)}),
                score(rubric_of(turned), said | {"p": Ruling.of_number(1 - value)}),
            )
        )
    (one, one_turned), (two, two_turned) = ends
    assume(None not in (one, two, one_turned, two_turned))
    if known(one) < known(two) - CLOSE:
        assert known(one_turned) <= known(two_turned) + CLOSE


@given(judged(features=Features(kinds=tuple(k for k in Kind if k != Kind.FORMULA))))
def test_renaming_keeps_the_score(case: Judged) -> None:
    rubric, said = case

    def renamed(path: str) -> str:
        return ".".join(f"new_{name}" for name in path.split("."))

    def rename(node: Node) -> Node:
        node = evolve(node, name=renamed(node.name))
        if isinstance(node, Criterion):
            node = evolve(node, needs=tuple(renamed(path) for path in node.needs))
        return node

    after = score(rewritten(rubric, rename), {renamed(p): r for p, r in said.items()})
    assert after == score(rubric, said)


@given(judged())
def test_an_unmet_need_equals_no(case: Judged) -> None:
    rubric, said = case
    values = Meaning.of(rubric).evaluate(said).values
    passing = {node.path: node.passing for node in rubric.walk()}
    answered = dict(said)
    for item in rubric.criteria():
        for path in item.needs:
            if not met(values[path], passing[path]):
                answered[item.path] = NO

    def forget(node: Node) -> Node:
        return evolve(node, needs=()) if isinstance(node, Criterion) else node

    assert same(score(rewritten(rubric, forget), answered), score(rubric, said))


@given(
    st.lists(st.tuples(st.integers(-9, 9).filter(bool), VALUES), min_size=1),
    st.integers(1, 9),
    VALUES,
    VALUES,
)
def test_points_are_linear(
    terms: list[tuple[int, float]], weight: int, low: float, high: float
) -> None:
    items = [criterion(f"c{n}", float(w)) for n, (w, _) in enumerate(terms)]
    meaning = Meaning.of(rubric_of([*items, criterion("last", float(weight))]))
    said = {f"c{n}": Ruling.of_number(v) for n, (_, v) in enumerate(terms)}

    def points(value: float) -> float:
        return meaning.evaluate(said | {"last": Ruling.of_number(value)}).points

    assert points(0.0) == pytest.approx(math.fsum(w * v for w, v in terms))
    assert points(high) - points(low) == pytest.approx(weight * (high - low))
