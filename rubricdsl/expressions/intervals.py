"""Between which numbers a formula lies, and which way each operand moves it.

Interval arithmetic, on values and on slopes: a safe enclosure, not always the
tightest.  See Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009).
"""

from collections.abc import Mapping, Sequence
from math import inf
from typing import TypeAlias

from attrs import frozen

from rubricdsl.expressions.walking import walk
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Constant,
    Expression,
    Name,
)

Interval: TypeAlias = tuple[float, float]

_FLAT: Interval = (0.0, 0.0)
_ANY_SLOPE: Interval = (-inf, inf)


@frozen
class Enclosure:
    """An interval of values, and for each operand an interval of slopes.

    ``defined`` is False where some division may be by zero; the interval then says
    nothing.
    """

    low: float
    high: float
    slopes: Mapping[str, Interval]
    defined: bool = True

    @property
    def value(self) -> Interval:
        """The interval of values."""
        return self.low, self.high


def enclose(expression: Expression, operands: Mapping[str, Interval]) -> Enclosure:
    """Enclose the values and slopes of a formula, each operand over its interval.

    The functions are abs, min and max.  Raises KeyError for a name that is no
    operand.
    """
    match expression:
        case Constant(value):
            return Enclosure(float(value), float(value), {})
        case Name(name):
            return Enclosure(*operands[name], {name: (1.0, 1.0)})
        case Arithmetic(operator, left, right):
            return _arithmetic(
                operator, enclose(left, operands), enclose(right, operands)
            )
        case Call(name, arguments):
            return _called(name, [enclose(a, operands) for a in arguments])
        case _:
            # A truth value: a step, so nothing is known of its slope.
            names = (part.name for part in walk(expression) if isinstance(part, Name))
            steps = dict.fromkeys(names, _ANY_SLOPE)
            return Enclosure(0.0, 1.0, steps)


def pinned(
    operands: Mapping[str, Interval], slopes: Mapping[str, Interval], *, rising: int
) -> Mapping[str, Interval]:
    """Put each operand with a slope of one sign at an end: there lie the extremes.

    ``rising`` is the end (0 low, 1 high) for operands that raise the formula.
    """
    placed = dict(operands)
    for name, (low, high) in slopes.items():
        if low >= 0 or high <= 0:
            end = operands[name][rising if low >= 0 else 1 - rising]
            placed[name] = (end, end)
    return placed


def _called(name: str, arguments: Sequence[Enclosure]) -> Enclosure:
    match name:
        case "abs":
            return _greatest([arguments[0], _negated(arguments[0])])
        case "min":
            return _negated(_greatest([_negated(each) for each in arguments]))
        case _:
            return _greatest(arguments)


def _arithmetic(operator: str, left: Enclosure, right: Enclosure) -> Enclosure:
    match operator:
        case "+":
            return _plus(left, right)
        case "-":
            return _plus(left, _negated(right))
        case "*":
            return _times(left, right)
        case _:
            return _times(left, _inverse(right))


def _plus(left: Enclosure, right: Enclosure) -> Enclosure:
    slopes = {
        name: _sum(left.slopes.get(name, _FLAT), right.slopes.get(name, _FLAT))
        for name in left.slopes.keys() | right.slopes.keys()
    }
    value = _sum(left.value, right.value)
    return Enclosure(*value, slopes, left.defined and right.defined)


def _times(left: Enclosure, right: Enclosure) -> Enclosure:
    slopes = {
        name: _sum(
            _product(left.slopes.get(name, _FLAT), right.value),
            _product(left.value, right.slopes.get(name, _FLAT)),
        )
        for name in left.slopes.keys() | right.slopes.keys()
    }
    value = _product(left.value, right.value)
    return Enclosure(*value, slopes, left.defined and right.defined)


def _inverse(operand: Enclosure) -> Enclosure:
    if operand.low <= 0 <= operand.high:
        return Enclosure(0.0, 0.0, {}, defined=False)
    value = (1 / operand.high, 1 / operand.low)
    steepness = _product(value, value)
    slopes = {
        name: _product((-steepness[1], -steepness[0]), slope)
        for name, slope in operand.slopes.items()
    }
    return Enclosure(*value, slopes, operand.defined)


def _negated(operand: Enclosure) -> Enclosure:
    slopes = {name: (-high, -low) for name, (low, high) in operand.slopes.items()}
    return Enclosure(-operand.high, -operand.low, slopes, operand.defined)


def _greatest(operands: Sequence[Enclosure]) -> Enclosure:
    floor = max(operand.low for operand in operands)
    # What never exceeds the greatest lower end never decides.
    deciding = [operand for operand in operands if operand.high >= floor]
    names = {name for operand in deciding for name in operand.slopes}
    slopes = {}
    for name in names:
        each = [operand.slopes.get(name, _FLAT) for operand in deciding]
        slopes[name] = (min(low for low, _ in each), max(high for _, high in each))
    return Enclosure(
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
