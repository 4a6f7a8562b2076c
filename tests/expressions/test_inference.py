"""What is wrong with an expression is found before it meets a response."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.expressions.inference import (
    MAX_DEPTH,
    RESPONSE_NAMES,
    infer,
    infer_check,
    usage,
)
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
    ValueType,
)
from rubricdsl.model.protocols import Parameter, Signature
from rubricdsl.model.source import Span

TABLE = {f.signature.name: f.signature for f in builtin_functions()}
PLUGIN = Signature(
    name="pkg:toxic",
    parameters=(Parameter(name="t", type=ValueType.TEXT),),
    result=ValueType.NUMBER,
    meaning="How toxic t is.",
)
FUNCTIONS = {**TABLE, PLUGIN.name: PLUGIN}
NAMES = {**RESPONSE_NAMES, "n": ValueType.NUMBER}
RESPONSE = Name("response")


def codes(expression: Expression) -> list[str]:
    return [d.code for d in infer(expression, NAMES, FUNCTIONS)[1]]


def test_types_of_the_built_in_functions() -> None:
    words = Call("words", (RESPONSE,))
    check = Compare(">=", words, Name("n"))
    assert infer(words, NAMES, FUNCTIONS) == (ValueType.NUMBER, ())
    assert infer(check, NAMES, FUNCTIONS) == (ValueType.BOOL, ())
    assert infer(Call("lower", (RESPONSE,)), NAMES, FUNCTIONS) == (ValueType.TEXT, ())


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        (Name("m"), "E303"),
        (Call("word", (RESPONSE,)), "E309"),
        (Call("words"), "E409"),
        (Call("words", (RESPONSE, RESPONSE)), "E409"),
        (Call("words", (Constant(1.0),)), "E409"),
        (Call("words", (RESPONSE,), (("rule", Constant("mine")),)), "E409"),
        (Call("words", (RESPONSE,), (("rules", Constant("ifeval")),)), "E409"),
        (Call("contains", (RESPONSE, RESPONSE), (("case", Name("maybe")),)), "E409"),
        (Call("contains", (RESPONSE, RESPONSE), (("case", RESPONSE),)), "E409"),
        (
            Call(
                "contains",
                (RESPONSE, RESPONSE),
                (("case", Name("no")), ("case", Name("no"))),
            ),
            "E409",
        ),
        (Call("matches", (RESPONSE, RESPONSE)), "E409"),
        (Call("matches", (RESPONSE, Constant("("))), "E415"),
        (Call("count", (RESPONSE, Constant(r"(\d+)+"))), "E416"),
        (Call("exit_code", (Constant("reproduce.sh"),)), "E409"),
        (Call("exit_code", (Call("lower", (RESPONSE,)),)), "E409"),
        (Call("call", (RESPONSE,)), "E409"),
        (Call("call", (Constant("pkg:toxi"), RESPONSE)), "E309"),
        (Call("call", (Constant("pkg:toxic"), Constant(1.0))), "E409"),
        (Not(RESPONSE), "E409"),
        (Logical("and", (Constant(1.0), Compare("<", Name("n"), Name("n")))), "E409"),
        (Compare("<", RESPONSE, Name("n")), "E409"),
        (Compare("==", RESPONSE, Name("n")), "E409"),
        (Arithmetic("+", RESPONSE, Name("n")), "E409"),
    ],
)
def test_one_fault_is_one_diagnostic(expression: Expression, code: str) -> None:
    assert codes(expression) == [code]


@pytest.mark.parametrize(
    "expression",
    [
        Call("contains", (RESPONSE, Constant("a")), (("case", Name("no")),)),
        Call("contains", (RESPONSE, Constant("a")), (("case", Constant("no")),)),
        Call("words", (RESPONSE,), (("rule", Constant("ifeval")),)),
        Call("exit_code", (Call("artifact", (Constant("reproduce.sh"),)),)),
        Call("call", (Constant("pkg:toxic"), RESPONSE)),
        Compare("==", RESPONSE, Name("prompt")),
        Compare("!=", Not(Compare("<", Name("n"), Name("n"))), Constant(value=True)),
    ],
)
def test_sound_expressions_pass(expression: Expression) -> None:
    assert codes(expression) == []


def test_all_faults_come_at_once_each_at_its_place() -> None:
    first, second = Span("f", 1, 1, 1, 2), Span("f", 1, 9, 1, 12)
    expression = Logical(
        "and",
        (Not(Name("a", span=first)), Compare("<", Name("b", span=second), RESPONSE)),
    )
    found = infer(expression, NAMES, FUNCTIONS)[1]
    assert [(d.code, d.span) for d in found[:2]] == [("E303", first), ("E303", second)]
    assert [d.code for d in found] == ["E303", "E303", "E409"]


def test_hints_name_the_likely_word() -> None:
    function = infer(Call("word", (RESPONSE,)), NAMES, FUNCTIONS)[1][0]
    variable = infer(Name("respons"), NAMES, FUNCTIONS)[1][0]
    assert function.hint == "did you mean `words`?"
    assert variable.hint == "did you mean `response`?"


def test_a_check_may_not_give_a_text() -> None:
    assert [d.code for d in infer_check(RESPONSE, NAMES, FUNCTIONS)] == ["E409"]
    assert infer_check(Call("words", (RESPONSE,)), NAMES, FUNCTIONS) == ()


def test_nesting_is_bounded() -> None:
    deep: Expression = Compare("<", Name("n"), Name("n"))
    for _ in range(MAX_DEPTH - 2):
        deep = Not(deep)
    assert codes(deep) == []
    assert codes(Not(deep)) == ["E214"]
    for _ in range(100_000):
        deep = Not(deep)
    assert codes(deep) == ["E214"]


@given(st.sampled_from(sorted(FUNCTIONS)))
def test_usage_shows_every_parameter(name: str) -> None:
    shown = usage(FUNCTIONS[name])
    assert all(p.name in shown for p in FUNCTIONS[name].parameters)
