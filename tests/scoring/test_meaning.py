"""The scoring rule, sentence by sentence."""

from typing import Any

import pytest

from rubricdsl.model.expression import Arithmetic, Call, Constant, Expression, Name
from rubricdsl.model.rubric import (
    AnswerScale,
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Info,
    Kind,
    Level,
    LevelScale,
    Mark,
    Must,
    NaPolicy,
    NaRule,
    Never,
    Node,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling
from rubricdsl.scoring.leaves import IllegalRulingError, RulingWorths
from rubricdsl.scoring.meaning import Meaning, MissingVerdictError, score
from rubricdsl.testing.strategies import rubric_of

ONE = Weight(1.0)
THREE_WAYS = AnswerScale(("yes", "partly", "no"))
STEPS = LevelScale(1.0, 3.0, (Level(1.0, None, "Poor."), Level(3.0, None, "Good.")))
STATED = LevelScale(0.0, 4.0, STEPS.levels, stated=True)


def criterion(name: str, mark: Mark = ONE, **fields: Any) -> Criterion:
    return Criterion(name=name, mark=mark, text="Is so.", **fields)


def group(kind: Kind, *items: Node, mark: Mark = ONE, **fields: Any) -> Group:
    return Group(name="g", mark=mark, kind=kind, items=items, **fields)


def value(item: Criterion, ruling: Ruling) -> float | None:
    return RulingWorths.of(item).worth(ruling)


# -------------------------------------------------------------------- leaves


@pytest.mark.parametrize(
    ("item", "ruling", "worth"),
    [
        (criterion("c"), YES, 1.0),
        (criterion("c"), NO, 0.0),
        (criterion("c", scale=THREE_WAYS), PARTLY, 0.5),
        (criterion("c", scale=STEPS), Ruling.level(1), 0.0),
        (criterion("c", scale=STEPS), Ruling.level(2.5), 0.75),
        (criterion("c", scale=STATED), Ruling.level(3), 0.75),
        (criterion("c", scale=STATED), NO, 0.0),
        (criterion("c", check=Name("response")), Ruling.of_number(0.3), 0.3),
    ],
)
def test_a_ruling_has_its_place_on_the_scale(
    item: Criterion, ruling: Ruling, worth: float
) -> None:
    assert value(item, ruling) == worth


@pytest.mark.parametrize(
    ("mark", "rule", "worth"),
    [
        (ONE, NaPolicy.SKIP, None),
        (ONE, NaPolicy.FAIL, 0.0),
        (ONE, NaPolicy.PASS, 1.0),
        (ONE, 0.25, 0.25),
        (ONE, 0.0, 0.0),
        (Weight(-1.0), NaPolicy.FAIL, 1.0),
        (Weight(-1.0), NaPolicy.PASS, 0.0),
        (Never(), NaPolicy.FAIL, 1.0),
        (Never(), NaPolicy.PASS, 0.0),
        (Must(), NaPolicy.FAIL, 0.0),
        (Cap(0.5), NaPolicy.PASS, 1.0),
        (Bonus(1.0), NaPolicy.FAIL, 0.0),
    ],
)
def test_na_is_worth_what_the_rule_says_of_the_mark(
    mark: Mark, rule: NaRule, worth: float | None
) -> None:
    assert value(criterion("c", mark, na=rule), NA) == worth


@pytest.mark.parametrize(
    ("item", "ruling"),
    [
        (criterion("c"), NA),
        (criterion("c"), PARTLY),
        (criterion("c"), Ruling.level(1)),
        (criterion("c"), Ruling.of_number(1.5)),
        (criterion("c", scale=AnswerScale(("partly", "no"))), YES),
        (criterion("c", scale=STEPS), YES),
        (criterion("c", scale=STEPS), Ruling.level(3.5)),
    ],
)
def test_what_the_criterion_does_not_allow_has_no_value(
    item: Criterion, ruling: Ruling
) -> None:
    with pytest.raises(IllegalRulingError, match="no legal verdict"):
        value(item, ruling)


def test_a_missing_ruling_is_named() -> None:
    rubric = rubric_of([criterion("a"), group(Kind.ALL, criterion("b"))])
    with pytest.raises(MissingVerdictError, match=r"g\.b has no ruling") as caught:
        score(rubric, {"a": YES})
    assert caught.value.path == "g.b"
    assert isinstance(caught.value, KeyError)


@pytest.mark.parametrize(
    ("needed", "ruling", "met"),
    [
        (criterion("y"), YES, True),
        (criterion("y"), NO, False),
        (criterion("y", na=NaPolicy.SKIP), NA, False),
        (criterion("y", scale=THREE_WAYS), PARTLY, False),
        (criterion("y", scale=THREE_WAYS, passing=0.5), PARTLY, True),
        (criterion("y", passing=0.0), NO, True),
        (criterion("y", Info()), YES, True),
    ],
)
def test_an_unmet_need_makes_the_ruling_no(
    needed: Criterion, ruling: Ruling, *, met: bool
) -> None:
    meaning = Meaning.of(rubric_of([needed, criterion("x", needs=("y",))]))
    values = meaning.evaluate({"y": ruling, "x": YES}).values
    assert values["x"] == (1.0 if met else 0.0)


def test_what_is_not_asked_needs_no_ruling() -> None:
    rubric = rubric_of([criterion("x", needs=("y",)), criterion("y")])
    assert score(rubric, {"y": NO}) == 0.0


def test_a_need_may_be_a_group() -> None:
    needed = group(Kind.ANY, criterion("a"), criterion("b"))
    rubric = rubric_of([needed, criterion("x", needs=("g",))])
    assert score(rubric, {"g.a": NO, "g.b": YES, "x": YES}) == 1.0
    assert score(rubric, {"g.a": NO, "g.b": NO, "x": YES}) == 0.0


def test_needs_in_a_circle_are_refused() -> None:
    circle = [criterion("a", needs=("b",)), criterion("b", needs=("a",))]
    with pytest.raises(ValueError, match="circle"):
        Meaning.of(rubric_of(circle))
    with pytest.raises(ValueError, match="no such node"):
        Meaning.of(rubric_of([criterion("a", needs=("b",))]))


# --------------------------------------------------------------------- means


def flat(*marks: Mark, rulings: str) -> float | None:
    """Score criteria with these marks; ``rulings`` has y, n or - (n/a) for each."""
    words = {"y": YES, "n": NO, "-": NA}
    names = [f"c{number}" for number in range(len(marks))]
    items = [
        criterion(name, mark, na=NaPolicy.SKIP)
        for name, mark in zip(names, marks, strict=True)
    ]
    said = dict(zip(names, (words[letter] for letter in rulings), strict=True))
    return score(rubric_of(items), said)


@pytest.mark.parametrize(
    ("weights", "rulings", "result"),
    [
        ((3, 1), "yn", 0.75),
        ((3, 1), "-n", 0.0),
        ((3, 1), "--", None),
        ((3, 1, -2), "yyy", 0.5),
        ((1, -2), "ny", 0.0),
        ((-2,), "n", 1.0),
        ((-2, -2), "yn", 0.5),
        ((-2, -2), "y-", 0.0),
        ((-2,), "-", None),
        ((1, -2), "-y", 0.0),
        ((1, -2), "-n", None),
    ],
)
def test_means(weights: tuple[int, ...], rulings: str, result: float | None) -> None:
    assert flat(*(Weight(float(w)) for w in weights), rulings=rulings) == result


@pytest.mark.parametrize(
    ("marks", "rulings", "result"),
    [
        ((Weight(4.0), Weight(4.0), Bonus(1.0)), "yny", 0.625),
        ((Weight(1.0), Bonus(1.0)), "yy", 1.0),
        ((Weight(1.0), Bonus(1.0)), "ny", 1.0),
        ((Weight(1.0), Bonus(1.0)), "y-", 1.0),
        ((Weight(-2.0), Bonus(1.0)), "yy", 0.5),
        ((Weight(1.0), Weight(-1.0), Bonus(2.0)), "-yy", 1.0),
        ((Weight(1.0), Weight(-1.0), Bonus(1.0)), "-yy", None),
        ((Weight(1.0), Bonus(1.0)), "-y", None),
    ],
)
def test_a_bonus_adds_to_the_points_alone(
    marks: tuple[Mark, ...], rulings: str, result: float | None
) -> None:
    assert flat(*marks, rulings=rulings) == result


@pytest.mark.parametrize(
    ("marks", "rulings", "result"),
    [
        ((ONE, Must()), "yn", 0.0),
        ((ONE, Must()), "yy", 1.0),
        ((ONE, Must()), "y-", 1.0),
        ((ONE, Never()), "yy", 0.0),
        ((ONE, Never()), "yn", 1.0),
        ((ONE, Cap(0.4)), "yn", 0.4),
        ((ONE, Cap(0.0)), "yn", 0.0),
        ((ONE, Cap(0.4), Cap(0.6)), "ynn", 0.4),
        ((ONE, Cap(0.4)), "nn", 0.0),
        ((ONE, Cap(0.4)), "-n", 0.4),
        ((ONE, Cap(0.4)), "-y", None),
        ((Must(),), "y", 1.0),
        ((Must(), Never()), "y-", 1.0),
        ((Must(), Cap(0.5)), "-n", 0.5),
        ((Must(), Info()), "--", None),
        ((ONE, Info()), "yn", 1.0),
    ],
)
def test_gates_and_info(
    marks: tuple[Mark, ...], rulings: str, result: float | None
) -> None:
    assert flat(*marks, rulings=rulings) == result


# --------------------------------------------------------------- other kinds


@pytest.mark.parametrize(
    ("kind", "fields", "results"),
    [
        (Kind.ALL, {}, (0.0, 1.0, 0.0, None)),
        (Kind.ANY, {}, (1.0, 1.0, 0.0, None)),
        (Kind.AT_LEAST, {"count": 2}, (1.0, 1.0, 0.0, None)),
        (Kind.AT_LEAST, {"count": 3}, (0.0, 1.0, 0.0, None)),
        (Kind.WORST, {}, (0.0, 1.0, 0.0, None)),
        (Kind.BEST, {}, (1.0, 1.0, 0.0, None)),
        (Kind.GEOMEAN, {}, (0.0, 1.0, 0.0, None)),
    ],
)
def test_kinds_over_yes_no_and_na(
    kind: Kind, fields: dict[str, Any], results: tuple[float | None, ...]
) -> None:
    items = [criterion(name, na=NaPolicy.SKIP) for name in "abc"]
    rubric = rubric_of([group(kind, *items, **fields)])
    cases = [(YES, YES, NO), (YES, YES, NA), (NO, NO, NA), (NA, NA, NA)]
    scores = [
        score(rubric, dict(zip(("g.a", "g.b", "g.c"), case, strict=True)))
        for case in cases
    ]
    assert tuple(scores) == results


def test_geomean_is_weighted() -> None:
    items = [criterion("a", Weight(2.0)), criterion("b")]
    rubric = rubric_of([group(Kind.GEOMEAN, *items)])
    said = {"g.a": Ruling.of_number(0.5), "g.b": Ruling.of_number(0.125)}
    assert score(rubric, said) == pytest.approx(0.5 ** (2 / 3) * 0.125 ** (1 / 3))


def test_a_group_is_met_as_its_own_pass_mark_says() -> None:
    lenient = group(Kind.MEAN, criterion("a"), criterion("b"), mark=Must(), passing=0.5)
    rubric = rubric_of([lenient, criterion("c")])
    assert score(rubric, {"g.a": YES, "g.b": NO, "c": YES}) == 1.0
    assert score(rubric, {"g.a": NO, "g.b": NO, "c": YES}) == 0.0


def formula(expression: Expression, **fields: Any) -> Group:
    items = [criterion("a", na=NaPolicy.SKIP), criterion("b", na=NaPolicy.SKIP)]
    return group(Kind.FORMULA, *items, combine=expression, **fields)


def test_a_formula_is_clipped_and_skipped_with_its_operands() -> None:
    double = Arithmetic("*", Constant(2.0), Name("a"))
    rubric = rubric_of([formula(double)])
    half = Ruling.of_number(0.25)
    assert score(rubric, {"g.a": half, "g.b": NO}) == 0.5
    assert score(rubric, {"g.a": YES, "g.b": NO}) == 1.0
    assert score(rubric, {"g.a": half, "g.b": NA}) == 0.5
    assert score(rubric, {"g.a": NA, "g.b": YES}) is None


def test_a_formula_without_a_value_is_not_applicable() -> None:
    ratio = Arithmetic("/", Name("a"), Name("b"))
    rubric = rubric_of([formula(ratio, monotone=False)])
    assert score(rubric, {"g.a": YES, "g.b": NO}) is None
    assert score(rubric, {"g.a": NO, "g.b": YES}) == 0.0


def test_formulas_know_abs_min_and_max() -> None:
    difference = Call("abs", (Arithmetic("-", Name("a"), Name("b")),))
    said = {"g.a": Ruling.of_number(0.25), "g.b": YES}
    for expression, result in [
        (difference, 0.75),
        (Call("min", (Name("a"), Name("b"))), 0.25),
        (Call("max", (Name("a"), Name("b"))), 1.0),
    ]:
        assert score(rubric_of([formula(expression)]), said) == result


def test_a_formula_must_be_there_and_name_children() -> None:
    with pytest.raises(ValueError, match="no child"):
        Meaning.of(rubric_of([formula(Name("z"))]))
    with pytest.raises(ValueError, match="without combine"):
        Meaning.of(rubric_of([group(Kind.FORMULA, criterion("a"))]))


# --------------------------------------------------------------------- scale


def test_deep_nesting_needs_no_stack() -> None:
    item: Node = criterion("leaf", path="leaf")
    for depth in range(2_000):
        path = f"g{depth}"
        item = Group(name=path, mark=ONE, items=(item,), path=path)
    root = Group(name="deep", mark=ONE, items=(item,))
    rubric = BoundRubric(name="deep", root=root, digest="")
    assert score(rubric, {"leaf": YES}) == 1.0


def test_weights_that_floats_cannot_hold_still_cancel() -> None:
    """0.1 + 0.2 - 0.3 is not 0 in floats, but the points are."""
    marks = (ONE, Weight(-0.3), Bonus(0.1), Bonus(0.2))
    assert flat(*marks, rulings="-yyy") is None
