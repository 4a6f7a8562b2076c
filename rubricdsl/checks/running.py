"""How a check becomes a ruling on one response."""

import math
from collections.abc import Mapping

import attrs
from attrs import frozen

from rubricdsl.diagnostics import CheckError, FactMissingError
from rubricdsl.expressions.evaluation import Argument, Word, evaluate
from rubricdsl.expressions.walking import walk
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
from rubricdsl.model.protocols import CheckFunction, Facts, Parameter
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Criterion
from rubricdsl.model.ruling import Ruling


def response_names(response: Response) -> dict[str, Value]:
    """Give the values of ``response``, ``prompt`` and ``reference``.

    What the response row does not have has no value.
    """
    known = {
        "response": response.text,
        "prompt": response.prompt,
        "reference": response.reference,
    }
    return {name: value for name, value in known.items() if value is not None}


def run_check(
    criterion: Criterion,
    names: Mapping[str, Value],
    facts: Facts,
    functions: Mapping[str, CheckFunction],
) -> Ruling:
    """Decide a criterion by its check: yes or no, or a number from 0 to 1.

    Raises:
        FactMissingError: the response lacks a fact that the check needs.
        CheckError: the check cannot be decided for this response.
        ValueError: the criterion has no check.
    """
    if criterion.check is None:
        msg = f"`{criterion.name}` has no check"
        raise ValueError(msg)
    try:
        expression = _artifacts_by_name(criterion.check, functions)
    except RecursionError:
        raise CheckError("the expression nests too deep; split it up") from None
    value = evaluate(expression, names, _Application(facts, functions))
    if isinstance(value, bool):
        return Ruling.of_bool(value)
    if isinstance(value, str):
        raise CheckError("the check gives a text; compare it with something")
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise CheckError(f"the check gives {value:g}, which is not from 0 to 1")
    return Ruling.of_number(value)


def function_versions(
    expression: Expression, functions: Mapping[str, CheckFunction]
) -> tuple[tuple[str, int], ...]:
    """Give the functions an expression uses, with their versions, sorted.

    They are part of every digest that covers a check.
    """
    used = {
        name
        for part in walk(expression)
        if isinstance(part, Call)
        and (name := _name_of(part.function, part.arguments)) in functions
    }
    return tuple((name, functions[name].signature.version) for name in sorted(used))


def _name_of(function: str, arguments: tuple[object, ...]) -> str:
    """Look through ``call("package:name", …)`` to the function it names."""
    if function == "call" and arguments:
        first = arguments[0]
        return str(getattr(first, "value", first))
    return function


@frozen
class _Application:
    """Applies functions by name to evaluated arguments."""

    facts: Facts
    functions: Mapping[str, CheckFunction]

    def __call__(
        self,
        name: str,
        arguments: tuple[Argument, ...],
        named: Mapping[str, Argument],
    ) -> Value:
        if name == "call" and name not in self.functions:
            name, arguments = _name_of(name, arguments), arguments[1:]
        function = self.functions.get(name)
        if function is None:
            raise CheckError(f"there is no function `{name}`")
        given = self._bind(function, arguments, named)
        try:
            value: object = function.call(self.facts, *given)
        except FactMissingError:
            raise
        except CheckError as error:
            raise CheckError(f"`{name}`: {error}") from error
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise CheckError(f"`{name}` failed with {reason}") from error
        return _checked(value, function)

    def _bind(
        self,
        function: CheckFunction,
        arguments: tuple[Argument, ...],
        named: Mapping[str, Argument],
    ) -> list[Value]:
        """Put arguments into the order of the signature, defaults filled in."""
        signature = function.signature
        waiting = list(reversed(arguments))
        left = dict(named)
        given: list[Value] = []
        for parameter in signature.parameters:
            if parameter.named and parameter.name in left:
                argument = left.pop(parameter.name)
            elif not parameter.named and waiting:
                argument = waiting.pop()
            elif parameter.default is not None:
                argument = parameter.default
            else:
                raise CheckError(f"`{signature.name}` lacks `{parameter.name}`")
            given.append(_fitting(argument, parameter, signature.name))
        if waiting or left:
            raise CheckError(f"`{signature.name}` got more than it takes")
        return given


def _fitting(argument: Argument, parameter: Parameter, function: str) -> Value:
    if isinstance(argument, Word):
        if argument.text not in parameter.choices:
            raise FactMissingError(f"`{argument.text}` has no value here")
        return argument.text
    if not _is_of(argument, parameter.type) or (
        parameter.choices and argument not in parameter.choices
    ):
        wanted = " or ".join(parameter.choices) or f"a {parameter.type}"
        raise CheckError(f"`{parameter.name}` of `{function}` must be {wanted}")
    return argument


def _is_of(value: object, wanted: ValueType) -> bool:
    match wanted:
        case ValueType.BOOL:
            return isinstance(value, bool)
        case ValueType.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ValueType.TEXT:
            return isinstance(value, str)


def _checked(value: object, function: CheckFunction) -> Value:
    """Hold a function to the result that its signature promises."""
    name, wanted = function.signature.name, function.signature.result
    if not _is_of(value, wanted):
        raise CheckError(f"`{name}` gave no {wanted} but {type(value).__name__}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = _float(value)
        if not math.isfinite(number):
            raise CheckError(f"`{name}` gave a number that is not finite")
        return number
    return value if isinstance(value, bool) else str(value)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _artifacts_by_name(
    expression: Expression, functions: Mapping[str, CheckFunction]
) -> Expression:
    """Replace ``artifact(name)`` by the name wherever a function wants just that.

    So `exit_code` works for an artifact whose text was not recorded.
    """

    def whole(part: Expression) -> Expression:
        return _artifacts_by_name(part, functions)

    match expression:
        case Call():
            arguments = tuple(map(whole, expression.arguments))
            named = tuple((name, whole(value)) for name, value in expression.named)
            function = functions.get(expression.function)
            if function is not None:
                parameters = [p for p in function.signature.parameters if not p.named]
                arguments = (
                    *(
                        _name_of_artifact(argument) if p.artifact else argument
                        for p, argument in zip(parameters, arguments, strict=False)
                    ),
                    *arguments[len(parameters) :],
                )
            return attrs.evolve(expression, arguments=arguments, named=named)
        case Not():
            return attrs.evolve(expression, operand=whole(expression.operand))
        case Logical():
            operands = tuple(map(whole, expression.operands))
            return attrs.evolve(expression, operands=operands)
        case Compare() | Arithmetic():
            left, right = whole(expression.left), whole(expression.right)
            return attrs.evolve(expression, left=left, right=right)
        case Constant() | Name():
            return expression


def _name_of_artifact(argument: Expression) -> Expression:
    match argument:
        case Call("artifact", (name,)):
            return name
        case _:
            return argument
