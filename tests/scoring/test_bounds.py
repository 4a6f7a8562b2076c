"""Bounds hold whatever the missing verdicts turn out to be, and are as tight."""

from collections.abc import Iterator
from itertools import product
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.rubric import (
    AnswerScale,
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Info,
    Kind,
    LevelScale,
    Mark,
    Must,
    NaPolicy,
    Never,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, YES, Ruling
from rubricdsl.scoring.bounds import Bounds, Range, bounds
from rubricdsl.scoring.leaves import Worth
from rubricdsl.scoring.meaning import Meaning, score
from rubricdsl.testing.strategies import (
    Features,
    bound_rubrics,
    rubric_of,
    rulings_for,
)

SLACK = 1e-9
EVERYTHING = Features()
Rulings: TypeAlias = dict[str, Ruling]
PartlyJudged: TypeAlias = tuple[BoundRubric, Rulings, Rulings]


def criterion(name: str, mark: Mark, **fields: Any) -> Criterion:
    return Criterion(name=name, mark=mark, text="Is so.", **fields)


@st.composite
def partly_judged(draw: st.DrawFn, *, features: Features = EVERYTHING) -> PartlyJudged:
    """A rubric, complete rulings, and those of them that are known."""
    rubric = draw(bound_rubrics(features=features))
    rulings = draw(rulings_for(rubric))
    known = draw(st.sets(st.sampled_from(sorted(rulings))))
    return rubric, rulings, {path: rulings[path] for path in known}


def assert_inside(worth: Worth, reach: Range) -> None:
    if worth is None:
        assert reach.na
    else:
        assert reach.interval is not None
        low, high = reach.interval
        assert low - SLACK <= worth <= high + SLACK


@given(partly_judged())
def test_every_completion_lies_inside(case: PartlyJudged) -> None:
    rubric, rulings, known = case
    meaning = Meaning.of(rubric)
    ranges = Bounds(meaning).ranges(known)
    for worth, reach in zip(meaning.values(rulings), ranges, strict=True):
        assert_inside(worth, reach)


@given(partly_judged())
def test_complete_verdicts_leave_one_value(case: PartlyJudged) -> None:
    rubric, rulings, _ = case
    meaning = Meaning.of(rubric)
    for worth, reach in zip(
        meaning.values(rulings), Bounds(meaning).ranges(rulings), strict=True
    ):
        assert reach == Range.of(worth)


@given(partly_judged(), st.data())
def test_a_verdict_never_widens_the_bounds(
    case: PartlyJudged, data: st.DataObject
) -> None:
    rubric, rulings, known = case
    more = known | {
        path: rulings[path]
        for path in data.draw(st.sets(st.sampled_from(sorted(rulings))))
    }
    wide, narrow = bounds(rubric, known), bounds(rubric, more)
    assert wide.na or not narrow.na
    if narrow.interval is not None:
        assert wide.interval is not None
        assert wide.interval[0] <= narrow.interval[0] + SLACK
        assert narrow.interval[1] <= wide.interval[1] + SLACK


def extreme(rubric: BoundRubric, known: Rulings, end: int) -> Rulings:
    """Complete ``known`` so that each criterion takes the score to one end."""
    completed = dict(known)
    for item, raises in directions(rubric.root, raises=True):
        if item.path not in known:
            choices = legal(item)
            completed[item.path] = choices[-1 if raises is (end == 1) else 0]
    return completed


def directions(group: Group, *, raises: bool) -> Iterator[tuple[Criterion, bool]]:
    for child in group.nodes:
        flips = isinstance(child.mark, Never) or (
            isinstance(child.mark, Weight) and child.mark.value < 0
        )
        if isinstance(child, Group):
            yield from directions(child, raises=raises is not flips)
        else:
            yield child, raises is not flips


def legal(item: Criterion) -> list[Ruling]:
    """The legal rulings from the least to the greatest, n/a left out."""
    if isinstance(item.scale, LevelScale):
        return [Ruling.level(number) for number in item.scale.numbers]
    return [Ruling.from_record(w) for w in reversed(item.scale.answers)]


def assert_attained(rubric: BoundRubric, known: Rulings) -> None:
    reach = bounds(rubric, known)
    assert reach.interval is not None
    assert not reach.na
    for end in (0, 1):
        attained = score(rubric, extreme(rubric, known, end))
        assert attained == pytest.approx(reach.interval[end], abs=SLACK)


@given(partly_judged(features=Features(na=False, needs=False, odd_formulas=False)))
def test_bounds_are_attained_where_nothing_is_na_or_needed(case: PartlyJudged) -> None:
    rubric, _, known = case
    assert_attained(rubric, known)


UPWARD = Features(
    na=False, negative=False, odd_formulas=False, marks=(Weight, Bonus, Must, Cap, Info)
)


@given(partly_judged(features=UPWARD))
def test_bounds_are_attained_with_needs_where_all_signs_agree(
    case: PartlyJudged,
) -> None:
    rubric, _, known = case
    assert_attained(rubric, known)


SMALL = Features(
    needs=False,
    odd_formulas=False,
    marks=(Weight, Bonus, Info),
    max_depth=1,
    max_children=3,
)


@given(partly_judged(features=SMALL))
def test_bounds_with_na_are_those_of_all_completions(case: PartlyJudged) -> None:
    """Tried out: every way to rule on yes, no and n/a."""
    rubric, _, known = case
    items = [c for c in rubric.criteria() if c.path not in known][:5]
    fixed = {**{c.path: legal(c)[0] for c in rubric.criteria()}, **known}
    choices = [legal(c) + ([NA] if c.na is not None else []) for c in items]
    known = {p: r for p, r in fixed.items() if p not in {c.path for c in items}}
    worths = [
        score(rubric, fixed | {c.path: r for c, r in zip(items, combo, strict=True)})
        for combo in product(*choices)
    ]
    numbers = [worth for worth in worths if worth is not None]
    reach = bounds(rubric, known)
    for worth in worths:
        assert_inside(worth, reach)
    if numbers:
        assert reach.interval == pytest.approx((min(numbers), max(numbers)), abs=SLACK)


# ------------------------------------------------------------------ examples


def yes_no(*items: Mark) -> BoundRubric:
    return rubric_of([criterion(f"c{n}", mark) for n, mark in enumerate(items, 1)])


def test_no_verdicts_say_nothing() -> None:
    assert bounds(yes_no(Weight(3.0), Weight(-1.0)), {}) == Range((0.0, 1.0))


def test_a_fired_gate_leaves_nothing_open() -> None:
    rubric = yes_no(Must(), Weight(2.0), Weight(1.0))
    assert bounds(rubric, {"c1": NO}) == Range((0.0, 0.0))


def test_a_cap_that_may_fire_lowers_only_the_low_end() -> None:
    rubric = yes_no(Cap(0.5), Weight(1.0))
    assert bounds(rubric, {"c2": YES}) == Range((0.5, 1.0))
    assert bounds(rubric, {"c1": NO}) == Range((0.0, 0.5))


def test_info_leaves_the_bounds_alone() -> None:
    rubric = yes_no(Info(), Weight(1.0), Weight(3.0))
    assert bounds(rubric, {"c2": YES, "c3": NO}) == Range((0.25, 0.25))


def test_an_unmet_need_decides_what_needs_it() -> None:
    rubric = rubric_of(
        [criterion("a", Weight(1.0)), criterion("b", Weight(1.0), needs=("a",))]
    )
    assert bounds(rubric, {"a": NO}) == Range((0.0, 0.0))
    assert bounds(rubric, {"a": YES}) == Range((0.5, 1.0))


def test_leaving_out_what_is_skippable_may_raise_a_mean() -> None:
    rubric = rubric_of(
        [criterion("a", Weight(1.0)), criterion("b", Weight(3.0), na=NaPolicy.SKIP)]
    )
    assert bounds(rubric, {"a": YES}) == Range((0.25, 1.0))
    assert bounds(rubric, {"a": NO}) == Range((0.0, 0.75))
    assert bounds(rubric, {"b": NA}) == Range((0.0, 1.0))
    assert bounds(rubric, {"a": YES, "b": NA}) == Range((1.0, 1.0))


def test_a_mean_takes_in_only_what_is_better_than_the_mean_so_far() -> None:
    half = AnswerScale(("yes", "partly"))
    rubric = rubric_of(
        [
            criterion("a", Weight(1.0)),
            criterion("b", Weight(1.0), scale=half, na=NaPolicy.SKIP),
            criterion("c", Weight(2.0), na=NaPolicy.SKIP),
            criterion("d", Weight(-1.0), na=NaPolicy.SKIP),
        ]
    )
    # Lowest: a counts, c is no, d is yes, and b (at least one half) is left out.
    assert bounds(rubric, {"a": YES}).interval == (0.0, 1.0)
    assert bounds(rubric, {"a": YES, "d": NA}).interval == pytest.approx((1 / 3, 1.0))
    assert bounds(rubric, {"a": NO, "d": NA}).interval == pytest.approx((0.0, 0.75))


def test_no_score_is_possible_where_all_that_counts_may_be_skipped() -> None:
    rubric = rubric_of([criterion("a", Weight(1.0), na=NaPolicy.SKIP)])
    assert bounds(rubric, {}) == Range((0.0, 1.0), na=True)
    assert bounds(rubric, {"a": NA}) == Range(None, na=True)


def test_a_group_is_decided_as_early_as_its_kind_allows() -> None:
    items = [criterion(f"c{n}", Weight(1.0)) for n in range(4)]
    for kind, known, value in [
        (Kind.ANY, {"g.c0": YES}, 1.0),
        (Kind.ALL, {"g.c0": NO}, 0.0),
        (Kind.WORST, {"g.c0": NO}, 0.0),
        (Kind.BEST, {"g.c0": YES}, 1.0),
        (Kind.GEOMEAN, {"g.c0": NO}, 0.0),
    ]:
        group = Group(name="g", mark=Weight(1.0), kind=kind, items=tuple(items))
        assert bounds(rubric_of([group]), known) == Range((value, value))


def test_thousands_of_skippable_criteria_take_no_quadratic_time() -> None:
    """Ten thousand children, all missing and skippable: seconds, not hours."""
    items = [
        criterion(f"c{n}", Weight(1.0 + n % 7), na=NaPolicy.SKIP) for n in range(10_000)
    ]
    assert bounds(rubric_of(items), {}) == Range((0.0, 1.0), na=True)
