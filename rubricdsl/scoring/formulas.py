"""What a formula over a group's children can be worth while some are not known.

`rubricdsl.expressions.intervals` encloses the formula and its slope in each operand.
Where a slope has one sign, the extremes lie at an end of that operand, which makes
the enclosure exact for formulas that are monotone (Moore, Kearfott and Cloud,
Introduction to Interval Analysis, 2009, ch. 6).
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite

from attrs import frozen

from rubricdsl.diagnostics import CheckError
from rubricdsl.expressions.evaluation import Argument
from rubricdsl.expressions.intervals import Interval, enclose, pinned
from rubricdsl.expressions.walking import walk
from rubricdsl.model.expression import Expression, Name

_FUNCTIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "abs": lambda numbers: abs(numbers[0]),
    "min": min,
    "max": max,
}


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
        whole = enclose(expression, operands)
        least = enclose(expression, pinned(operands, whole.slopes, rising=0))
        greatest = enclose(expression, pinned(operands, whole.slopes, rising=1))
    except RecursionError:
        return FormulaRange(-inf, inf, defined=False)
    defined = whole.defined and isfinite(least.low) and isfinite(greatest.high)
    return FormulaRange(least.low, greatest.high, defined)
