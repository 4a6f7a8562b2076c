"""The values of one node in many responses, and sums of them rounded as fsum rounds.

A mean that is off in its last digit can turn a division by zero into one by almost
zero, so sums must come out as those of the reference.  Terms that are whole multiples
of one small unit add up without any rounding; only what is left needs care, and there
every addition keeps what it rounds away (Knuth, The Art of Computer Programming 2,
4.2.2, theorem B; Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26, 2005).
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

Floats: TypeAlias = npt.NDArray[np.float64]
Truths: TypeAlias = npt.NDArray[np.bool_]

# With weights and values of such units, sums of so many terms stay below 2**53.
_UNIT_OF_WEIGHTS = 2**10
_UNIT_OF_VALUES = 2**8
_LARGEST_WEIGHT = 2.0**20
_MOST_TERMS = 2**14


@frozen(eq=False)
class Column:
    """The values of a node, NaN where it is not applicable.

    ``even`` says that all are multiples of the unit, ``na`` that some may be NaN.
    """

    values: Floats
    even: bool = field(kw_only=True)
    na: bool = field(kw_only=True)

    @property
    def applies(self) -> Truths:
        """Where the node is applicable."""
        return np.equal(self.values, self.values)


@frozen(eq=False)
class Term:
    """A term of a sum; ``even`` if it is an even weight times an even value."""

    values: Floats | float
    even: bool

    @classmethod
    def of(cls, weight: float, column: Column) -> "Term":
        """Give weight times value, 0 where the node is not applicable."""
        values = column.values if weight == 1 else column.values * weight
        if column.na:
            values = np.where(column.applies, values, 0.0)
        return cls(values, column.even and is_even_weight(weight))

    @classmethod
    def of_weight(cls, weight: float, column: Column) -> "Term":
        """Give the weight, 0 where the node is not applicable."""
        values = np.where(column.applies, weight, 0.0) if column.na else weight
        return cls(values, is_even_weight(weight))


def is_even_weight(weight: float) -> bool:
    """Say whether a weight is a multiple of the unit, and not too large."""
    return abs(weight) <= _LARGEST_WEIGHT and (weight * _UNIT_OF_WEIGHTS).is_integer()


def is_even_value(value: float) -> bool:
    """Say whether a value in [0, 1] is a multiple of the unit."""
    return (value * _UNIT_OF_VALUES).is_integer()


def has_even_values(values: Floats) -> bool:
    """Say whether all values, but NaN, are multiples of the unit."""
    scaled = values * _UNIT_OF_VALUES
    return bool(np.all((scaled == np.rint(scaled)) | np.isnan(values)))


def total(terms: Sequence[Term]) -> Floats | float:
    """Add terms up; the result may be the array of one of them."""
    even = [term.values for term in terms if term.even]
    odd = [term.values for term in terms if not term.even]
    if len(even) > _MOST_TERMS:
        even, odd = [], [term.values for term in terms]
    if len(even) > 1:
        even[:2] = [even[0] + even[1]]  # from here on, an array of our own
    result = even[0] if even else odd.pop() if odd else 0.0
    for values in even[1:]:
        result += values
    lost: Floats | float | None = None
    for values in odd[:-1]:
        result, rounded_away = _two_sum(result, values)
        lost = rounded_away if lost is None else lost + rounded_away
    for values in odd[-1:]:
        if lost is None:
            return result + values
        result, rounded_away = _two_sum(result, values)
        lost = lost + rounded_away
    return result if lost is None else result + lost


def _two_sum(
    a: Floats | float, b: Floats | float
) -> tuple[Floats | float, Floats | float]:
    """Give a rounded sum and what was rounded away, which is exact."""
    rounded = a + b
    part = rounded - a
    return rounded, (a - (rounded - part)) + (b - part)
