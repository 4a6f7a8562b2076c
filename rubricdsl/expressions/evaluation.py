"""What an expression is worth: a value, or a `CheckError` that says why not."""

import math
import operator
from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import frozen

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


@frozen
class Word:
    """A bare word given as an argument that names no value: a choice like ``no``.

    Whoever applies the function knows whether the word is one of its choices.
    """

    text: str


Argument: TypeAlias = Value | Word
Apply: TypeAlias = Callable[[str, tuple[Argument, ...], Mapping[str, Argument]], Value]
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALCULATE: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def evaluate(expression: Expression, names: Mapping[str, Value], call: Apply) -> Value:
    """Work out ``expression``.

    ``and`` and ``or`` look no further than they must.  ``call`` applies a function
    by its name to positional and named arguments.

    Raises:
        FactMissingError: a name has no value.
        CheckError: a division by zero, a result that is not finite, an operand of
            the wrong type, or nesting beyond what Python can follow; besides,
            whatever ``call`` raises.
    """
    try:
        return _Evaluation(names, call).value(expression)
    except RecursionError:
        raise CheckError("the expression nests too deep; split it up") from None


@frozen
class _Evaluation:
    names: Mapping[str, Value]
    call: Apply

    def value(self, expression: Expression) -> Value:  # noqa: PLR0911 - one a form
        match expression:
            case Constant(value):
                return value
            case Name(name):
                if name not in self.names:
                    raise FactMissingError(f"`{name}` has no value here")
                return self.names[name]
            case Not(operand):
                return not self.truth(operand)
            case Logical("and", operands):
                return all(self.truth(part) for part in operands)
            case Logical(_, operands):
                return any(self.truth(part) for part in operands)
            case Compare():
                return self.compare(expression)
            case Arithmetic():
                return self.calculate(expression)
            case Call(function, arguments, named):
                return self.call(
                    function,
                    tuple(self.argument(part) for part in arguments),
                    {name: self.argument(part) for name, part in named},
                )

    def argument(self, expression: Expression) -> Argument:
        if isinstance(expression, Name) and expression.name not in self.names:
            return Word(expression.name)
        return self.value(expression)

    def truth(self, expression: Expression) -> bool:
        value = self.value(expression)
        if not isinstance(value, bool):
            raise CheckError(f"needs yes or no where it got {_kind(value)}")
        return value

    def number(self, expression: Expression) -> float:
        value = self.value(expression)
        if isinstance(value, bool | str):
            raise CheckError(f"needs a number where it got {_kind(value)}")
        return float(value)

    def compare(self, expression: Compare) -> bool:
        if expression.operator not in ("==", "!="):
            order = _ORDER[expression.operator]
            return order(self.number(expression.left), self.number(expression.right))
        left, right = self.value(expression.left), self.value(expression.right)
        if _kind(left) != _kind(right):
            raise CheckError(f"cannot compare {_kind(left)} with {_kind(right)}")
        return (left == right) is (expression.operator == "==")

    def calculate(self, expression: Arithmetic) -> float:
        left, right = self.number(expression.left), self.number(expression.right)
        try:
            result = _CALCULATE[expression.operator](left, right)
        except ZeroDivisionError:
            raise CheckError(f"divides {left:g} by zero") from None
        if not math.isfinite(result):
            raise CheckError(
                f"{left:g} {expression.operator} {right:g} is not a finite number"
            )
        return result


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "yes or no"
    return "a text" if isinstance(value, str) else "a number"
