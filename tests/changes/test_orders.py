"""The exact decision for flat means agrees with trying every pair of vectors."""

from itertools import product

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.changes.flat_means import decide_flat_order
from rubricdsl.changes.matching import match
from rubricdsl.changes.orders import Ranking, decide_order
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.changes.vectors import legal_rulings
from rubricdsl.model.expression import Call, Name
from rubricdsl.model.rubric import (
    AnswerScale,
    Cap,
    Criterion,
    Group,
    Level,
    LevelScale,
    Mark,
    NaPolicy,
    Scale,
    Weight,
)
from rubricdsl.model.ruling import NO, YES, Ruling
from rubricdsl.scoring.leaves import Worth
from rubricdsl.testing.strategies import rubric_of

SLACK = 1e-9
LEVELS = LevelScale(
    0.0, 3.0, (Level(0.0, None, "A."), Level(1.0, None, "B.")), stated=True
)
SCALES: tuple[Scale, ...] = (
    AnswerScale(),
    AnswerScale(("yes", "partly", "no")),
    AnswerScale(("yes", "partly")),
    LEVELS,
)


def flat(weights, scales=None) -> Snapshot:
    scales = scales or [AnswerScale()] * len(weights)
    items = [
        Criterion(name=f"c{n}", mark=Weight(float(w)), text=f"Is {n}.", scale=s)
        for n, (w, s) in enumerate(zip(weights, scales, strict=True))
    ]
    return Snapshot(rubric_of(items))


def sign(difference: float) -> int:
    return 0 if abs(difference) < SLACK else (1 if difference > 0 else -1)


def score(snapshot: Snapshot, rulings) -> float:
    worth = snapshot.meaning.score(rulings)
    assert worth is not None
    return worth


def order_is_equal(old: Snapshot, new: Snapshot) -> bool:
    """Try all pairs of verdict vectors."""
    criteria = list(old.rubric.criteria())
    vectors = [
        dict(zip([c.path for c in criteria], rulings, strict=True))
        for rulings in product(*map(legal_rulings, criteria))
    ]
    before = [score(old, vector) for vector in vectors]
    now = [score(new, vector) for vector in vectors]
    pairs = list(zip(before, now, strict=True))
    return all(sign(a - c) == sign(b - d) for a, b in pairs for c, d in pairs)


def assert_shown(old: Snapshot, new: Snapshot, reordering) -> None:
    """A reordering has to be one: two vectors that change their order."""
    one, other = (
        (score(old, v), score(new, v)) for v in (reordering.one, reordering.other)
    )
    assert sign(one[0] - other[0]) != sign(one[1] - other[1])


WEIGHTS = st.one_of(
    st.integers(1, 5), st.integers(-4, -1), st.integers(1, 40).map(lambda n: n / 10)
)
ROUNDINGS = st.sampled_from([0.0, 0.0, 0.0, 1e-15, -1e-15, 1e-12])


@st.composite
def reweighted(draw: st.DrawFn, size: int = 4) -> tuple[Snapshot, Snapshot]:
    """Two weightings, often of the same signs and nearly proportional."""
    number = draw(st.integers(1, size))
    positive = draw(st.booleans())
    before = [draw(st.integers(1, 5) if positive else WEIGHTS) for _ in range(number)]
    factor = draw(st.integers(1, 3))
    after = [
        # Weights are decimals, as in a file: 0.1 * 3 is 0.3 there.
        (round(weight * factor + draw(st.sampled_from([0, 0, 0.5, 1])), 1) or 1.0)
        + draw(ROUNDINGS)
        for weight in before
    ]
    scales = [draw(st.sampled_from(SCALES)) for _ in range(number)]
    return flat(before, scales), flat(after, scales)


@settings(max_examples=3 * settings().max_examples)
@given(reweighted())
def test_the_decision_is_that_of_all_pairs(case) -> None:
    old, new = case
    decision = decide_order(old, new, match(old, new))
    equal = order_is_equal(old, new)
    assert decision.ranking is (Ranking.SAME if equal else Ranking.CHANGED)
    if decision.reordering is not None:
        assert_shown(old, new, decision.reordering)


@settings(max_examples=3 * settings().max_examples)
@given(reweighted())
def test_the_exact_decision_is_never_wrong(case) -> None:
    old, new = case
    decision = decide_flat_order(old, new, match(old, new))
    if decision is not None:
        assert (decision.reordering is None) is order_is_equal(old, new)
        if decision.reordering is not None:
            assert_shown(old, new, decision.reordering)


@pytest.mark.parametrize(
    ("before", "after", "equal"),
    [
        ([1, 2], [2, 4], True),
        ([1, 2], [1, 5], True),  # two criteria: only which is heavier matters
        ([2, 3, 4], [5, 6, 7], True),
        ([1, 2, 3], [1, 2, 4], False),  # 1 + 2 tied with 3
        ([1, 1], [1, 2], False),
        ([3, -1], [4, -1], True),
        ([3, -2, -2], [5, -2, -2], False),  # two minuses no longer undo the plus
        ([-1, -2], [-1, -3], True),  # no positive weight: counted down from 1
        ([1, -1], [1, 1], False),
    ],
)
def test_orders_known_by_hand(before, after, equal) -> None:
    old, new = flat(before), flat(after)
    assert order_is_equal(old, new) is equal
    decision = decide_order(old, new, match(old, new))
    assert (decision.ranking is Ranking.SAME) is equal


@st.composite
def gated(draw: st.DrawFn) -> tuple[Snapshot, Snapshot]:
    """Two versions with a gate, and criteria that can be not applicable."""
    number = draw(st.integers(1, 4))
    rules = [draw(st.sampled_from([None, NaPolicy.SKIP, 0.5])) for _ in range(number)]

    def one() -> Snapshot:
        cap = draw(st.sampled_from([0.0, 0.25, 0.5, 0.75]))
        weights = [draw(st.integers(1, 3)) for _ in range(number)]
        items = [
            Criterion(name=f"c{n}", mark=Weight(float(w)), text=f"Is {n}.", na=rule)
            for n, (w, rule) in enumerate(zip(weights, rules, strict=True))
        ]
        gate = Criterion(name="gate", mark=Cap(cap), text="Is a gate.")
        return Snapshot(rubric_of([*items, gate]))

    return one(), one()


def relation(a: Worth, b: Worth) -> int | None:
    return None if a is None or b is None else sign(a - b)


@settings(max_examples=2 * settings().max_examples)
@given(gated())
def test_few_vectors_are_all_tried(case) -> None:
    old, new = case
    criteria = list(old.rubric.criteria())
    scores = [
        (old.meaning.score(vector), new.meaning.score(vector))
        for rulings in product(*map(legal_rulings, criteria))
        for vector in [dict(zip([c.path for c in criteria], rulings, strict=True))]
    ]
    equal = all(relation(a, c) == relation(b, d) for a, b in scores for c, d in scores)
    decision = decide_order(old, new, match(old, new))
    assert decision.ranking is (Ranking.SAME if equal else Ranking.CHANGED)


@pytest.mark.parametrize(
    ("before", "after", "equal"),
    [
        # As programs write weights: 0.1 + 0.2 is no 0.3, but nearly.
        ([0.3, 0.1, 0.2], [0.30000000000000004, 0.1, 0.2], True),
        ([0.3, 0.1, 0.2], [0.3001, 0.1, 0.2], False),
        ([3, -1, -2], [3.0000000000000004, -1, -2], True),
        ([3, -1, -2], [3.001, -1, -2], False),
    ],
)
def test_scores_that_are_equal_but_for_rounding_are_no_order(
    before, after, equal
) -> None:
    old, new = flat(before), flat(after)
    assert order_is_equal(old, new) is equal
    for one, other in ((old, new), (new, old)):
        exact = decide_flat_order(one, other, match(one, other))
        assert exact is not None
        assert (exact.reordering is None) is equal
        decision = decide_order(one, other, match(one, other))
        assert (decision.ranking is Ranking.SAME) is equal


def test_many_criteria_are_decided_exactly() -> None:
    before = [1 + n % 7 for n in range(150)]
    old, new = flat(before), flat([*before[:-1], before[-1] + 1])
    decision = decide_flat_order(old, new, match(old, new))
    assert decision is not None
    assert decision.reordering is not None
    assert_shown(old, new, decision.reordering)


def test_flattened_means_are_flat() -> None:
    old = flat([2, 1, 1])
    c0, c1, c2 = old.rubric.root.nodes
    group = Group(name="g", mark=Weight(2.0), items=(c1, c2))
    new = Snapshot(rubric_of([c0, group]))
    assert decide_order(old, new, match(old, new)).ranking is Ranking.SAME


def many(mark: Mark, *, na: NaPolicy | None) -> Snapshot:
    items = [
        Criterion(name=f"c{n}", mark=Weight(1.0 + n), text=f"Is {n}.", na=na)
        for n in range(14)
    ]
    gate = Criterion(name="gate", mark=mark, text="Is a gate.")
    return Snapshot(rubric_of([*items, gate]))


def test_a_search_that_finds_nothing_says_so() -> None:
    check = Call("similarity", (Name("response"), Name("prompt")))

    def one(cap: float) -> Snapshot:
        measured = Criterion(name="c", mark=Weight(1.0), text="Is so.", check=check)
        gate = Criterion(name="gate", mark=Cap(cap), text="Is a gate.", check=check)
        return Snapshot(rubric_of([measured, gate]))

    # Measured in hundredths, nothing lies between the caps: only a finer measure shows.
    old, new = one(0.501), one(0.502)
    decision = decide_order(old, new, match(old, new))
    assert decision.ranking is Ranking.NOT_FOUND_CHANGED
    assert decision.tried > 0


def test_a_search_is_repeatable_and_finds_what_a_cap_does() -> None:
    old, new = many(Cap(0.5), na=NaPolicy.SKIP), many(Cap(0.9), na=NaPolicy.SKIP)
    matching = match(old, new)
    one, again = (decide_order(old, new, matching, seed=3) for _ in range(2))
    assert one.ranking is Ranking.CHANGED
    assert one.reordering is not None
    assert again.reordering is not None
    assert one.reordering.one == again.reordering.one
    assert_shown(old, new, one.reordering)


def test_a_scale_without_a_common_answer_changes_the_order() -> None:
    old = flat([1, 2])
    first = next(old.rubric.criteria())
    changed = evolve(first, scale=LEVELS)
    new = Snapshot(rubric_of([changed, *old.rubric.root.nodes[1:]]))
    assert decide_order(old, new, match(old, new)).ranking is Ranking.CHANGED


def test_the_worths_behind_the_exact_decision() -> None:
    assert legal_rulings(next(flat([1]).rubric.criteria())) == (NO, YES)
    levels = legal_rulings(next(flat([1], [LEVELS]).rubric.criteria()))
    assert levels == tuple(Ruling.level(n) for n in range(4))
