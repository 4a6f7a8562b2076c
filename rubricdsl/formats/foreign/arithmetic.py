"""Formulas of graders: read as expressions of a group, and told apart from a mean."""

import math
import re
from collections.abc import Mapping
from math import fsum

from attrs import define, field

from rubricdsl.formats.fields import FieldError
from rubricdsl.model.expression import (
    Arithmetic,
    ArithmeticOperator,
    Call,
    Constant,
    Expression,
    Name,
)

MAX_DEPTH = 50
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([^\W\d][\w.-]*?)(?=[\s()+*/,-]|$)|(.))")
_FUNCTIONS = {"min": 2, "max": 2, "abs": 1}
_OPERATORS: dict[str, ArithmeticOperator] = {"+": "+", "-": "-", "*": "*", "/": "/"}
_HINT = "formulas are made of names, numbers, + - * /, abs, min and max"


def read_formula(text: str, names: Mapping[str, str]) -> Expression:
    """Read a formula; ``names`` are those of the parts and what they are called here.

    Raises FieldError for one that the language cannot say.
    """
    return _Reader(_tokens(text, names), names).whole()


def mean_weights(formula: Expression) -> dict[str, float] | None:
    """Give the weights if a formula is a weighted mean of its names, else None."""
    divisor = 1.0
    if isinstance(formula, Arithmetic) and formula.operator == "/":
        constant = _linear(formula.right)
        if constant is None or set(constant) != {""} or not constant[""]:
            return None
        formula, divisor = formula.left, constant[""]
    weights = _linear(formula)
    if weights is None or weights.pop("", 0.0) or not weights:
        return None
    is_mean = abs(fsum(weights.values()) - divisor) < 1e-9 * abs(divisor)
    return weights if is_mean and min(weights.values()) > 0 else None


def _linear(formula: Expression) -> dict[str, float] | None:
    """Give the factor of each name, and the constant under the empty name."""
    match formula:
        case Constant(bool() | str()):
            return None
        case Constant(value):
            return {"": float(value)}
        case Name(name):
            return {name: 1.0}
        case Arithmetic(operator, left, right):
            return _combined(operator, _linear(left), _linear(right))
        case _:
            return None


def _combined(
    operator: str, left: dict[str, float] | None, right: dict[str, float] | None
) -> dict[str, float] | None:
    if left is None or right is None:
        return None
    if operator in {"+", "-"}:
        sign = 1.0 if operator == "+" else -1.0
        keys = dict.fromkeys([*left, *right])
        return {k: left.get(k, 0.0) + sign * right.get(k, 0.0) for k in keys}
    if operator == "*" and set(left) == {""}:
        left, right = right, left
    if set(right) != {""} or (operator == "/" and not right[""]):
        return None
    factor = right[""]
    return {k: v * factor if operator == "*" else v / factor for k, v in left.items()}


def _tokens(text: str, names: Mapping[str, str]) -> list[str]:
    # Longer names first: one may begin with another.
    known = sorted(names, key=len, reverse=True)
    if known:
        text = re.sub(
            "|".join(rf"(?<![\w.]){re.escape(name)}(?!\w)" for name in known),
            lambda match: f" {names[match[0]]} ",
            text,
        )
    return [match[0].strip() for match in _TOKEN.finditer(text) if match[0].strip()]


@define
class _Reader:
    tokens: list[str]
    names: Mapping[str, str]
    at: int = 0
    depth: int = 0
    known: frozenset[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.known = frozenset(self.names.values())

    def whole(self) -> Expression:
        formula = self._sum()
        if self.at < len(self.tokens):
            raise FieldError(f"`{self.tokens[self.at]}` is not expected there", _HINT)
        return formula

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            raise FieldError(
                f"`{wanted or 'a value'}` is missing in the formula", _HINT
            )
        self.at += 1
        return token

    def _sum(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FieldError(f"the formula is over {MAX_DEPTH} deep", "make it flatter")
        value = self._product()
        while self._peek() in {"+", "-"}:
            operator = _OPERATORS[self._take()]
            value = Arithmetic(operator, value, self._product())
        self.depth -= 1
        return value

    def _product(self) -> Expression:
        value = self._atom()
        while self._peek() in {"*", "/"}:
            operator = _OPERATORS[self._take()]
            value = Arithmetic(operator, value, self._atom())
        return value

    def _atom(self) -> Expression:
        token = self._take()
        if token == "(":  # noqa: S105 - no password
            inner = self._sum()
            self._take(")")
            return inner
        if token[0].isdigit():
            value = float(token)
            if not math.isfinite(value):
                raise FieldError("a number of the formula is too large", _HINT)
            return Constant(value)
        if token in _FUNCTIONS and self._peek() == "(":
            return self._call(token)
        if token not in self.known:
            raise FieldError(f"`{token}` cannot be said in a formula", _HINT)
        return Name(token)

    def _call(self, function: str) -> Expression:
        self._take("(")
        arguments = [self._sum()]
        while self._peek() == ",":
            self._take(",")
            arguments.append(self._sum())
        self._take(")")
        if len(arguments) != _FUNCTIONS[function]:
            count = _FUNCTIONS[function]
            raise FieldError(f"`{function}` takes {count} values here", _HINT)
        return Call(function, tuple(arguments))
