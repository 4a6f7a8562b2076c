"""The enclosure of a formula holds, and is exact for monotone ones."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import CheckError
from rubricdsl.expressions.evaluation import evaluate
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Name,
)
from rubricdsl.model.rubric import Criterion, Weight
from rubricdsl.scoring.formulas import call_function, formula_range, names_in
from rubricdsl.testing.strategies import formulas

CHILDREN = [
    Criterion(name=name, mark=Weight(weight), text="Is so.")
    for name, weight in [("a", 1.0), ("b", 2.0), ("c", -1.0)]
]
UNIT = st.integers(0, 8).map(lambda n: n / 8)
INTERVALS = st.fixed_dictionaries(
    {
        c.name: st.tuples(UNIT, UNIT).map(lambda ends: (min(ends), max(ends)))
        for c in CHILDREN
    }
)
Box = dict[str, tuple[float, float]]


def worth(expression: Expression, point: dict[str, float]) -> float | None:
    try:
        return float(evaluate(expression, point, call_function))
    except CheckError:
        return None


@given(
    st.booleans().flatmap(lambda m: formulas(CHILDREN, monotone=m)),
    INTERVALS,
    st.data(),
)
def test_every_value_lies_in_the_enclosure(
    expression: Expression, box: Box, data: st.DataObject
) -> None:
    point = {
        name: low + data.draw(UNIT) * (high - low) for name, (low, high) in box.items()
    }
    result = worth(expression, point)
    reach = formula_range(expression, box)
    if result is None:
        assert not reach.defined
    elif reach.defined:
        assert reach.low - 1e-9 <= result <= reach.high + 1e-9


@given(formulas(CHILDREN, monotone=True), INTERVALS)
def test_the_ends_are_attained_where_the_formula_is_monotone(
    expression: Expression, box: Box
) -> None:
    names = sorted(names_in(expression))
    corners = [
        worth(expression, dict(zip(names, ends, strict=True)))
        for ends in product(*(box[name] for name in names))
    ]
    values = [value for value in corners if value is not None]
    reach = formula_range(expression, box)
    assert (reach.low, reach.high) == pytest.approx((min(values), max(values)))


def test_a_slope_of_one_sign_makes_a_repeated_operand_exact() -> None:
    """Plain interval arithmetic would give a - a * b as [-1, 1]."""
    both = Arithmetic("*", Name("a"), Name("b"))
    expression = Arithmetic("-", Name("a"), both)
    reach = formula_range(expression, {"a": (0.0, 1.0), "b": (0.0, 1.0)})
    assert (reach.low, reach.high) == (0.0, 1.0)


def test_a_possible_division_by_zero_says_nothing() -> None:
    expression = Arithmetic("/", Name("a"), Name("b"))
    assert not formula_range(expression, {"a": (0.0, 1.0), "b": (0.0, 1.0)}).defined
    reach = formula_range(expression, {"a": (0.0, 1.0), "b": (0.5, 1.0)})
    assert (reach.low, reach.high, reach.defined) == (0.0, 2.0, True)


def test_a_comparison_is_a_step_of_unknown_slope() -> None:
    expression = Compare(">=", Name("a"), Constant(0.5))
    reach = formula_range(expression, {"a": (0.0, 1.0)})
    assert (reach.low, reach.high) == (0.0, 1.0)


def test_nesting_beyond_the_stack_says_nothing() -> None:
    expression: Expression = Name("a")
    for _ in range(100_000):
        expression = Call("abs", (expression,))
    assert not formula_range(expression, {"a": (0.0, 1.0)}).defined


def test_other_functions_are_refused() -> None:
    with pytest.raises(CheckError, match="use abs, min or max"):
        call_function("words", ("some text",), {})
