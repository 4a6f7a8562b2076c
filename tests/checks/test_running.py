"""A check becomes yes, no, a number from 0 to 1, or an error that says why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.checks.functions import builtin_functions
from rubricdsl.checks.running import function_versions, response_names, run_check
from rubricdsl.checks.signatures import NUMBER, function, text, yes_no
from rubricdsl.diagnostics import CheckError, FactMissingError
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
)
from rubricdsl.model.protocols import CheckFunction
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Criterion, Weight
from rubricdsl.model.ruling import NO, YES, Ruling

BUILTIN = {f.signature.name: f for f in builtin_functions()}
RESPONSE = Name("response")


def plugin(name: str, value: object) -> CheckFunction:
    """A plugin's function that gives ``value``, or raises it."""

    def call(_: str) -> Value:
        if isinstance(value, Exception):
            raise value
        return value  # type: ignore[return-value] # plugins may break their promise

    return function(name, (text("t"),), NUMBER, call, "For tests.")


def decide(
    check: Expression, response: str = "Hello, world.", **more: object
) -> Ruling:
    row = Response(
        text=response,
        prompt_id="p",
        response_id="r",
        meta={"exit_codes": {"reproduce.sh": 1}},
    )
    functions = dict(BUILTIN)
    for name, value in more.items():
        functions[f"pkg:{name}"] = plugin(f"pkg:{name}", value)
    criterion = Criterion(name="c", mark=Weight(1.0), text="Is so.", check=check)
    return run_check(criterion, response_names(row), ResponseFacts(row), functions)


def call_of(name: str) -> Expression:
    return Call("call", (Constant(f"pkg:{name}"), RESPONSE))


def test_rulings() -> None:
    commas = Call("contains", (RESPONSE, Constant(",")))
    assert decide(commas) == YES
    assert decide(Not(commas)) == NO
    words = Call("words", (RESPONSE,))
    half = Arithmetic("/", words, Constant(4.0))
    assert decide(half) == Ruling.of_number(0.5)
    shout = Call("contains", (RESPONSE, Constant("HELLO")), (("case", Name("no")),))
    assert decide(shout) == YES


def test_numbers_outside_of_0_to_1_are_errors() -> None:
    with pytest.raises(CheckError, match="from 0 to 1"):
        decide(Call("words", (RESPONSE,)))
    with pytest.raises(CheckError, match="text"):
        decide(RESPONSE)


def test_an_exit_code_needs_no_text_of_the_artifact() -> None:
    code = Call("exit_code", (Call("artifact", (Constant("reproduce.sh"),)),))
    assert decide(Compare("==", code, Constant(1.0))) == YES
    with pytest.raises(FactMissingError, match="artifact"):
        decide(Compare("==", Call("artifact", (Constant("reproduce.sh"),)), RESPONSE))


def test_a_fact_that_is_not_there_is_no_verdict() -> None:
    with pytest.raises(FactMissingError, match="reference"):
        decide(Call("similarity", (RESPONSE, Name("reference"))))
    with pytest.raises(FactMissingError, match="antmaze"):
        decide(Compare(">", Call("metric", (Constant("antmaze"),)), Constant(1.0)))
    lazy = Logical("or", (Call("contains", (RESPONSE, Constant(","))), RESPONSE))
    assert decide(lazy) == YES


def test_functions_of_plugins() -> None:
    assert decide(call_of("half"), half=0.5) == Ruling.of_number(0.5)
    assert decide(call_of("one"), one=1) == Ruling.of_number(1.0)


@pytest.mark.parametrize(
    "value",
    [
        KeyError("lost"),
        ZeroDivisionError(),
        RecursionError(),
        CheckError("no model"),
        "0.5",
        True,
        None,
        float("nan"),
        float("inf"),
        10**400,
    ],
)
def test_broken_plugins_are_check_errors_that_name_the_function(value: object) -> None:
    with pytest.raises(CheckError, match="pkg:broken"):
        decide(call_of("broken"), broken=value)


@pytest.mark.parametrize(
    "check",
    [
        Call("no_such_function", (RESPONSE,)),
        Call("call"),
        Call("words"),
        Call("words", (RESPONSE, RESPONSE)),
        Call("words", (Constant(1.0),)),
        Call("words", (RESPONSE,), (("rule", Constant("mine")),)),
        Call("words", (RESPONSE,), (("other", Constant("mine")),)),
        Call("matches", (RESPONSE, Constant("("))),
    ],
)
def test_expressions_that_checking_would_refuse_are_check_errors(
    check: Expression,
) -> None:
    with pytest.raises(CheckError):
        decide(check)


def test_a_criterion_without_check_is_a_mistake_of_the_caller() -> None:
    criterion = Criterion(name="c", mark=Weight(1.0), text="Is so.")
    row = Response(text="", prompt_id="p", response_id="r")
    with pytest.raises(ValueError, match="no check"):
        run_check(criterion, {}, ResponseFacts(row), BUILTIN)


def test_versions_of_what_is_used() -> None:
    check = Logical(
        "and", (Compare(">", Call("words", (RESPONSE,)), Constant(1.0)), call_of("x"))
    )
    functions = {**BUILTIN, "pkg:x": plugin("pkg:x", 1.0)}
    assert function_versions(check, functions) == (("pkg:x", 1), ("words", 1))


def test_defaults_are_filled_in() -> None:
    got: list[Value] = []

    def call(t: str, flag: str) -> float:
        got.extend((t, flag))
        return 1.0

    spy = function(
        "spy", (text("t"), yes_no("flag", default="no")), NUMBER, call, "Spies."
    )
    criterion = Criterion(
        name="c", mark=Weight(1.0), text="Is so.", check=Call("spy", (RESPONSE,))
    )
    row = Response(text="a", prompt_id="p", response_id="r")
    ruling = run_check(criterion, response_names(row), ResponseFacts(row), {"spy": spy})
    assert ruling == Ruling.of_number(1.0)
    assert got == ["a", "no"]


@given(st.text())
def test_any_response_gets_a_ruling(response: str) -> None:
    checks = (
        Compare(">=", Call("words", (RESPONSE,)), Constant(3.0)),
        Call("matches", (RESPONSE, Constant(r"^\w+\b.*$"))),
        Call("is_json", (RESPONSE,)),
        Compare("<", Call("sentences", (RESPONSE,)), Constant(2.0)),
    )
    for check in checks:
        assert decide(check, response) in (YES, NO)
