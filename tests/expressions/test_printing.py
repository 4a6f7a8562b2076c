"""Printed expressions are canonical and read back as they were."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.expressions.printing import (
    print_expression,
    print_number,
    print_text,
)
from rubricdsl.language.building import build
from rubricdsl.language.characters import Source
from rubricdsl.language.parsing import parse
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
)
from rubricdsl.model.hidden import hidden_in
from rubricdsl.model.rubric import Criterion

A, B, C = Name("a"), Name("b"), Name("c")


def read(source: str) -> Expression:
    """Read an expression with the parser of the language."""
    text = f"rubric r\n[1] x: Is so.\n    check: {source}\n"
    syntax = parse(Source.of(text, "test.rub"))
    assert not syntax.diagnostics
    built = build("test.rub", syntax.rubrics[0])
    assert not built.found
    (item,) = built.rubric.items
    assert isinstance(item, Criterion)
    assert item.check is not None
    return item.check


@pytest.mark.parametrize(
    ("expression", "source"),
    [
        (Logical("or", (Logical("and", (A, B)), C)), "a and b or c"),
        (Logical("and", (Logical("or", (A, B)), C)), "(a or b) and c"),
        (Logical("and", (Logical("and", (A, B)), C)), "(a and b) and c"),
        (Logical("and", (A, B, C)), "a and b and c"),
        (Not(Logical("and", (A, B))), "not (a and b)"),
        (Not(Not(Compare("<", A, B))), "not not a < b"),
        (Compare("==", Compare("<", A, B), C), "(a < b) == c"),
        (Compare("==", Not(A), B), "(not a) == b"),
        (Arithmetic("-", A, Arithmetic("-", B, C)), "a - (b - c)"),
        (Arithmetic("-", Arithmetic("-", A, B), C), "a - b - c"),
        (Arithmetic("*", Arithmetic("+", A, B), C), "(a + b) * c"),
        (Arithmetic("/", A, Arithmetic("*", B, C)), "a / (b * c)"),
        (Arithmetic("-", A, Constant(-2.0)), "a - -2"),
        (Call("f", (A, Logical("or", (A, B))), (("k", C),)), "f(a, a or b, k = c)"),
        (Constant(r"\d+", raw=True), r"'\d+'"),
        (Constant("it's", raw=True), '"it\'s"'),
        (Constant('a"b\n'), r'"a\"b\n"'),
        (Constant("\\d\t\u00a0", raw=True), "'\\d\t\u00a0'"),
        (Constant("a\nb", raw=True), r'"a\nb"'),
        (Constant("a\u200bb", raw=True), r'"a\u200bb"'),
        (Constant(1e-7), "0.0000001"),
        (Constant(300.0), "300"),
    ],
)
def test_canonical_form(expression: Expression, source: str) -> None:
    assert print_expression(expression) == source


numbers = st.floats(-1e9, 1e9).map(lambda x: Constant(x + 0.0))
texts = st.text(st.characters(exclude_categories=["Cs"])).map(Constant)
# Whatever may stand between single quotes: a tab, say, or a blank that does not break.
raws = (
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="'"))
    .map(lambda text: text.replace("x", "\t"))
    .filter(lambda text: not any(hidden_in(text)))
    .map(lambda text: Constant(text, raw=True))
)
leaves = st.sampled_from([A, B, C, Name("response")]) | numbers | texts | raws
names = st.sampled_from(["f", "words", "min"])


def wholes(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Everything that can be made of smaller expressions."""
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Not, parts),
        st.builds(Logical, st.sampled_from(["and", "or"]), several),
        st.builds(
            Compare, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), parts, parts
        ),
        st.builds(Arithmetic, st.sampled_from("+-*/"), parts, parts),
        st.builds(
            Call,
            names,
            st.lists(parts, max_size=2).map(tuple),
            st.lists(st.tuples(names, parts), max_size=1).map(tuple),
        ),
    )


expressions: st.SearchStrategy[Expression] = st.recursive(leaves, wholes, max_leaves=12)


@given(expressions)
def test_reading_what_was_printed_gives_it_back(expression: Expression) -> None:
    assert read(print_expression(expression)) == expression


@given(st.text())
def test_text_survives_its_literal(text: str) -> None:
    literal = print_text(text)
    assert json.loads(literal) == text
    assert literal.isprintable()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_survives_its_decimal(number: float) -> None:
    printed = print_number(number)
    assert float(printed) == number
    assert "e" not in printed.lower()
