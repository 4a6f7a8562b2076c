"""What expressions are worth, and that the well-typed ones always have a worth."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import CheckError, FactMissingError
from rubricdsl.expressions.evaluation import Argument, Word, evaluate
from rubricdsl.expressions.inference import infer
from rubricdsl.expressions.walking import depth, walk
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
    Value,
    ValueType,
)

YES, NO = Constant(value=True), Constant(value=False)
BROKEN = Compare("<", Arithmetic("/", Constant(1.0), Constant(0.0)), Constant(1.0))


def refuse(name: str, *_: object) -> Value:
    raise AssertionError(name)


def worth(expression: Expression, **names: Value) -> Value:
    return evaluate(expression, names, refuse)


def test_arithmetic_and_order() -> None:
    total = Arithmetic("*", Arithmetic("+", Name("x"), Constant(2.0)), Constant(3.0))
    assert worth(total, x=1.0) == 9
    assert worth(Compare(">=", total, Constant(9.0)), x=1.0) is True
    assert worth(Compare("!=", Constant("a"), Constant("b"))) is True


def test_and_and_or_look_no_further_than_they_must() -> None:
    assert worth(Logical("or", (YES, BROKEN))) is True
    assert worth(Logical("and", (NO, BROKEN))) is False
    with pytest.raises(CheckError):
        worth(Logical("and", (YES, BROKEN)))


@pytest.mark.parametrize(
    "expression",
    [
        BROKEN,
        Arithmetic("*", Constant(1e308), Constant(10.0)),
        Not(Constant("yes")),
        Compare("<", Constant("a"), Constant(1.0)),
        Compare("==", Constant("1"), Constant(1.0)),
        Compare("==", YES, Constant(1.0)),
        Arithmetic("+", YES, Constant(1.0)),
    ],
)
def test_what_has_no_worth_is_a_check_error(expression: Expression) -> None:
    with pytest.raises(CheckError):
        worth(expression)


def test_a_name_without_value_is_a_missing_fact() -> None:
    with pytest.raises(FactMissingError, match="reference"):
        worth(Name("reference"))


def test_bare_words_reach_the_function_as_words() -> None:
    got: list[tuple[Argument, ...]] = []

    def call(_: str, arguments: tuple[Argument, ...], named: object) -> Value:
        got.append(arguments)
        assert named == {"case": Word("no")}
        return True

    expression = Call("f", (Name("x"), Name("y")), (("case", Name("no")),))
    assert evaluate(expression, {"x": 1.0}, call) is True
    assert got == [(1.0, Word("y"))]


def test_endless_nesting_is_a_check_error() -> None:
    deep: Expression = YES
    for _ in range(100_000):
        deep = Not(deep)
    assert depth(deep) == 100_001
    assert sum(1 for _ in walk(deep)) == 100_001
    with pytest.raises(CheckError, match="deep"):
        worth(deep)


names = st.sampled_from([Name("x"), Name("y"), Name("t"), Name("u"), Name("b")])
constants = st.one_of(
    st.floats(-100, 100).map(Constant), st.text(max_size=3).map(Constant), st.just(YES)
)


def wholes(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Not, parts),
        st.builds(Logical, st.sampled_from(["and", "or"]), several),
        st.builds(
            Compare, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), parts, parts
        ),
        st.builds(Arithmetic, st.sampled_from("+-*/"), parts, parts),
    )


TYPES = {
    "x": ValueType.NUMBER,
    "y": ValueType.NUMBER,
    "t": ValueType.TEXT,
    "u": ValueType.TEXT,
    "b": ValueType.BOOL,
}
PYTHON_TYPES = {
    ValueType.BOOL: bool,
    ValueType.NUMBER: float,
    ValueType.TEXT: str,
}


@given(
    st.recursive(names | constants, wholes, max_leaves=8),
    st.floats(-10, 10),
    st.text(max_size=3),
)
def test_well_typed_expressions_have_a_worth_of_their_type(
    expression: Expression, number: float, text: str
) -> None:
    result, diagnostics = infer(expression, TYPES, {})
    values: dict[str, Value] = {
        "x": number,
        "y": 0.0,
        "t": text,
        "u": "",
        "b": True,
    }
    try:
        value = evaluate(expression, values, refuse)
    except CheckError as error:
        if not diagnostics:
            assert "zero" in str(error) or "finite" in str(error)  # noqa: PT017
        return
    if not diagnostics:
        assert result is not None
        assert isinstance(value, PYTHON_TYPES[result])
        assert not isinstance(value, float) or math.isfinite(value)
