"""What a formula over a group's children can be worth while some are not known.

Interval arithmetic gives an enclosure of the formula and of its slope in each
operand.  Where a slope has one sign, the extremes lie at an end of that operand,
which makes the enclosure exact for formulas that are monotone.
See Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), ch. 6.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite
from typing import TypeAlias

from attrs import frozen

from rubricdsl.diagnostics import CheckError
from rubricdsl.expressions.evaluation import Argument
from rubricdsl.expressions.walking import walk
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Constant,
    Expression,
    Name,
)

Interval: TypeAlias = tuple[float, float]

_FUNCTIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "abs": lambda numbers: abs(numbers[0]),
    "min": min,
    "max": max,
}
_FLAT: Interval = (0.0, 0.0)
_ANY_SLOPE: Interval = (-inf, inf)


def names_in(formula: Expression) -> frozenset[str]:
    """Give the names that stand in a formula: its operands."""
    return frozenset(part.name for part in walk(formula) if isinstance(part, Name))


def call_function(
    name: str, positional: tuple[Argument, ...], _: Mapping[str, Argument]
) -> float:
    """Call one of the functions that a formula may use: abs, min and max.

    Raises CheckError for any other, and for an argument that is no number.
    """
    numbers = [
        float(number) for number in positional if isinstance(number, bool | int | float)
    ]
    if name not in _FUNCTIONS or not numbers or len(numbers) < len(positional):
        raise CheckError(
            f"{name} with {len(positional)} arguments stands in a formula: "
            "use abs, min or max of numbers"
        )
    return _FUNCTIONS[name](numbers)


@frozen
class FormulaRange:
    """What a formula can come to: a number in [low, high], or no number at all."""

    low: float
    high: float
    defined: bool


def formula_range(
    expression: Expression, operands: Mapping[str, Interval]
) -> FormulaRange:
    """Enclose the values of a formula, each operand ranging over its interval.

    ``defined`` is False where some division may be by zero, and where the formula
    nests beyond what Python can follow; the range then says nothing.
    """
    try:
        whole = _enclose(expression, operands)
        least = _enclose(expression, _pinned(operands, whole.slopes, rising=0))
        greatest = _enclose(expression, _pinned(operands, whole.slopes, rising=1))
    except RecursionError:
        return FormulaRange(-inf, inf, defined=False)
    defined = whole.defined and isfinite(least.low) and isfinite(greatest.high)
    return FormulaRange(least.low, greatest.high, defined)


def _pinned(
    operands: Mapping[str, Interval], slopes: Mapping[str, Interval], *, rising: int
) -> Mapping[str, Interval]:
    """Put each operand with a slope of one sign at an end.

    ``rising`` is the end (0 low, 1 high) for operands that raise the formula.
    """
    pinned = dict(operands)
    for name, (low, high) in slopes.items():
        if low >= 0 or high <= 0:
            end = operands[name][rising if low >= 0 else 1 - rising]
            pinned[name] = (end, end)
    return pinned


# ------------------------------------------------------- interval arithmetic


@frozen
class _Enclosure:
    """An interval of values, and for each operand an interval of slopes."""

    low: float
    high: float
    slopes: Mapping[str, Interval]
    defined: bool = True

    @property
    def value(self) -> Interval:
        return self.low, self.high


def _enclose(expression: Expression, operands: Mapping[str, Interval]) -> _Enclosure:
    match expression:
        case Constant(value):
            return _Enclosure(float(value), float(value), {})
        case Name(name):
            return _Enclosure(*operands[name], {name: (1.0, 1.0)})
        case Arithmetic(operator, left, right):
            return _arithmetic(
                operator, _enclose(left, operands), _enclose(right, operands)
            )
        case Call(name, arguments):
            return _called(name, [_enclose(a, operands) for a in arguments])
        case _:
            # A truth value: a step, so nothing is known of its slope.
            steps = dict.fromkeys(names_in(expression), _ANY_SLOPE)
            return _Enclosure(0.0, 1.0, steps)


def _called(name: str, arguments: Sequence[_Enclosure]) -> _Enclosure:
    match name:
        case "abs":
            return _greatest([arguments[0], _negated(arguments[0])])
        case "min":
            return _negated(_greatest([_negated(each) for each in arguments]))
        case _:
            return _greatest(arguments)


def _arithmetic(operator: str, left: _Enclosure, right: _Enclosure) -> _Enclosure:
    match operator:
        case "+":
            return _plus(left, right)
        case "-":
            return _plus(left, _negated(right))
        case "*":
            return _times(left, right)
        case _:
            return _times(left, _inverse(right))


def _plus(left: _Enclosure, right: _Enclosure) -> _Enclosure:
    slopes = {
        name: _sum(left.slopes.get(name, _FLAT), right.slopes.get(name, _FLAT))
        for name in left.slopes.keys() | right.slopes.keys()
    }
    value = _sum(left.value, right.value)
    return _Enclosure(*value, slopes, left.defined and right.defined)


def _times(left: _Enclosure, right: _Enclosure) -> _Enclosure:
    slopes = {
        name: _sum(
            _product(left.slopes.get(name, _FLAT), right.value),
            _product(left.value, right.slopes.get(name, _FLAT)),
        )
        for name in left.slopes.keys() | right.slopes.keys()
    }
    value = _product(left.value, right.value)
    return _Enclosure(*value, slopes, left.defined and right.defined)


def _inverse(operand: _Enclosure) -> _Enclosure:
    if operand.low <= 0 <= operand.high:
        return _Enclosure(0.0, 0.0, {}, defined=False)
    value = (1 / operand.high, 1 / operand.low)
    steepness = _product(value, value)
    slopes = {
        name: _product((-steepness[1], -steepness[0]), slope)
        for name, slope in operand.slopes.items()
    }
    return _Enclosure(*value, slopes, operand.defined)


def _negated(operand: _Enclosure) -> _Enclosure:
    slopes = {name: (-high, -low) for name, (low, high) in operand.slopes.items()}
    return _Enclosure(-operand.high, -operand.low, slopes, operand.defined)


def _greatest(operands: Sequence[_Enclosure]) -> _Enclosure:
    floor = max(operand.low for operand in operands)
    # What never exceeds the greatest lower end never decides.
    deciding = [operand for operand in operands if operand.high >= floor]
    names = {name for operand in deciding for name in operand.slopes}
    slopes = {}
    for name in names:
        each = [operand.slopes.get(name, _FLAT) for operand in deciding]
        slopes[name] = (min(low for low, _ in each), max(high for _, high in each))
    return _Enclosure(
        floor,
        max(operand.high for operand in operands),
        slopes,
        all(operand.defined for operand in operands),
    )


def _sum(left: Interval, right: Interval) -> Interval:
    return left[0] + right[0], left[1] + right[1]


def _product(left: Interval, right: Interval) -> Interval:
    # A slope may be infinite, and nothing times zero is nothing.
    ends = [x * y if x and y else 0.0 for x in left for y in right]
    return min(ends), max(ends)
