"""Formulas: what is said of their range and slopes is true at every point."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.diagnostics import CheckError
from rubricdsl.expressions.covering import cover, hull
from rubricdsl.expressions.evaluation import evaluate
from rubricdsl.language.loading import load_text
from rubricdsl.model.expression import Arithmetic, Call, Constant, Expression, Name
from rubricdsl.model.rubric import Group
from rubricdsl.scoring.formulas import call_function

FUNCTIONS = {f.signature.name: f.signature for f in builtin_functions()}
SHARE = (0.0, 1.0)
NAMES = ("a", "b", "c")
SLACK = 1e-6

leaves = st.one_of(
    st.sampled_from(NAMES).map(Name),
    st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0]).map(Constant),
)


def _grow(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Arithmetic, st.sampled_from(("+", "-", "*", "/")), inner, inner),
        st.builds(
            Call, st.sampled_from(("min", "max")), st.tuples(inner, inner), st.just(())
        ),
        st.builds(Call, st.just("abs"), st.tuples(inner), st.just(())),
    )


formulas = st.recursive(leaves, _grow, max_leaves=8)
shares = st.floats(0, 1)
points = st.fixed_dictionaries(dict.fromkeys(NAMES, shares))


def value(formula: Expression, point: dict[str, float]) -> float:
    result = evaluate(formula, point, call_function)
    assert not isinstance(result, str)
    return float(result)


@given(formulas, points)
def test_no_value_leaves_the_interval_found(formula, point):
    pieces = cover(formula, dict.fromkeys(NAMES, SHARE), lambda _: False, most=32)
    assume(all(piece.enclosure.defined for piece in pieces))
    low, high = hull(piece.enclosure.value for piece in pieces)
    result = value(formula, point)
    slack = SLACK * max(1.0, abs(low), abs(high))
    assert low - slack <= result <= high + slack


@given(formulas, points, st.sampled_from(NAMES), shares)
def test_no_difference_leaves_the_slopes_found(formula, point, name, other):
    pieces = cover(formula, dict.fromkeys(NAMES, SHARE), lambda _: False, most=32)
    assume(all(piece.enclosure.defined for piece in pieces))
    low, high = hull(p.enclosure.slopes.get(name, (0.0, 0.0)) for p in pieces)
    step = other - point[name]
    assume(step > 0)
    rise = value(formula, {**point, name: other}) - value(formula, point)
    slack = SLACK * max(1.0, abs(low), abs(high))
    assert low * step - slack <= rise <= high * step + slack


def load(combine: str, *, marks: str = "111", monotone: bool = True):
    lines = ["rubric r", "[1] formula of g", f"    combine: {combine}"]
    lines += [] if monotone else ["    monotone: no"]
    signs = {"1": "1", "-": "-1"}
    for name, mark in zip(NAMES, marks, strict=True):
        lines.append(f"    [{signs[mark]}] {name}: Is {name}.")
    return load_text("\n".join(lines), FUNCTIONS, folder=Path())


@pytest.mark.parametrize(
    "combine",
    [
        "a * (0.5 + 0.5 * b)",
        "1 - (1 - a) * (1 - b) * (1 - c)",
        "a * (2 - a)",
        "a * a * (3 - 2 * a)",
        "a / (a + 1) + b / 2",
        "min(a, min(b, c))",
        "max(a, b) * c",
        "a * 2 - a",
        "(a + b + c) / 3",
    ],
)
def test_a_formula_that_makes_a_score_is_taken(combine):
    assert load(combine).diagnostics == ()


@pytest.mark.parametrize(
    ("combine", "message"),
    [
        ("a + b", "the formula can go from 0 to 2"),
        ("a - 1", "the formula can go from -1 to 0"),
        ("a - b", "the formula can go from -1 to 1"),
        ("a * (1 - b)", "can fall while `b` rises: by -1 to 0 for each 1"),
        ("abs(a - 0.5)", "can fall while `a` rises"),
        ("a / b", "divides by what can be 0"),
        ("a / (b - 0.5)", "divides by what can be 0"),
        ("0 * (a / (1 - 1))", "divides by what can be 0"),
        (f"a * 1{'0' * 200} * 1{'0' * 200}", "can leave the range of numbers"),
        (
            f"a * 1{'0' * 300} * 1{'0' * 20} - b * 1{'0' * 300} * 1{'0' * 20}",
            "range of numbers",
        ),
    ],
)
def test_a_formula_that_makes_none_is_rejected(combine, message):
    (diagnostic,) = load(combine).diagnostics
    assert diagnostic.code == "E410"
    assert message in diagnostic.message


def test_what_cannot_be_shown_is_said_so():
    (diagnostic,) = load("a * b / (a * b + 1)").diagnostics
    assert "cannot be shown to rise with `a`" in diagnostic.message


def test_a_negative_weight_turns_the_direction():
    assert load("a * (1 - b)", marks="1-1").diagnostics == ()
    (diagnostic,) = load("a * b", marks="1-1").diagnostics
    assert "can rise with `b`, whose weight is negative" in diagnostic.message


def test_monotone_no_allows_all_but_dividing_by_0():
    for combine in ("a + b", "a - b", "abs(a - 0.5)"):
        assert load(combine, monotone=False).diagnostics == ()
    assert [d.code for d in load("a / b", monotone=False).diagnostics] == ["E410"]


@given(formulas, points, st.sampled_from(NAMES), shares)
def test_an_accepted_formula_is_a_monotone_share(formula, point, name, other):
    from rubricdsl.language.formula_rules import check_formula

    group = load("min(a, min(b, c))").rubrics[0].items[0]
    assert isinstance(group, Group)
    assume(not list(check_formula(group, formula, FUNCTIONS)))
    low, high = sorted((point[name], other))
    try:
        less = value(formula, {**point, name: low})
        more = value(formula, {**point, name: high})
    except CheckError as error:
        pytest.fail(f"an accepted formula has no value: {error}")
    assert -SLACK <= less <= 1 + SLACK
    assert less <= more + SLACK
