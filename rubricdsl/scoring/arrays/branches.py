"""What groups are worth in many responses at once; compare `scoring.meaning`."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import TypeAlias

import numpy as np

from rubricdsl.model.expression import Arithmetic, Call, Constant, Expression, Name
from rubricdsl.model.rubric import Kind
from rubricdsl.scoring.arrays.columns import (
    Column,
    Floats,
    Term,
    Truths,
    is_even_value,
    total,
)
from rubricdsl.scoring.leaves import TOLERANCE
from rubricdsl.scoring.meaning import Branch, GatePart, Part, formula_of

Columns: TypeAlias = Mapping[int, Column]
_Weighted: TypeAlias = Sequence[tuple[Part, Column]]


def branch_column(branch: Branch, columns: Columns, size: int) -> Column:
    """Give the values of a group in ``size`` responses.

    Those of all its children that can move it stand in ``columns``.
    """
    column = _combined(branch, columns, size)
    for gate in branch.gates:
        column = _gated(column, gate, columns[gate.number])
    return column


def is_met(column: Column, passing: float) -> Truths:
    """Say where a node is met; where it is not applicable, it is not."""
    return np.greater_equal(column.values, passing - TOLERANCE)


def _is_unmet(column: Column, passing: float) -> Truths:
    """Say where a node applies and is not met."""
    return np.less(column.values, passing - TOLERANCE)


def _gated(column: Column, gate: GatePart, by: Column) -> Column:
    fires = (is_met if gate.fires_when_met else _is_unmet)(by, gate.passing)
    # fmin leaves out NaN, so that a gate gives its cap to what is not applicable.
    capped = np.fmin(column.values, gate.cap) if gate.cap else 0.0
    even = column.even and is_even_value(gate.cap)
    return Column(np.where(fires, capped, column.values), even=even, na=column.na)


def _combined(branch: Branch, columns: Columns, size: int) -> Column:
    """Give the values before gates."""
    if not branch.weighted:
        return _without_weights(branch, columns, size)
    weighted = [(part, columns[part.number]) for part in branch.weighted]
    return _RULES[branch.group.kind](branch, weighted, columns)


def _without_weights(branch: Branch, columns: Columns, size: int) -> Column:
    applies = np.zeros(size, np.bool_)
    for gate in () if branch.bonuses else branch.gates:
        applies |= columns[gate.number].applies
    return Column(np.where(applies, 1.0, np.nan), even=True, na=not applies.all())


def _where_any_applies(values: Floats, weighted: _Weighted) -> Column:
    """Give values that are 0 or 1, n/a where no weighted child applies."""
    na = all(column.na for _, column in weighted)
    if na:
        values = np.where(_any_applies(weighted), values, np.nan)
    return Column(values, even=True, na=na)


def _any_applies(weighted: _Weighted) -> Truths:
    applies = weighted[0][1].applies
    for _, column in weighted[1:]:
        applies = applies | column.applies
    return applies


# --------------------------------------------------------------------- kinds


def _mean(branch: Branch, weighted: _Weighted, columns: Columns) -> Column:
    terms = [Term.of(part.weight, column) for part, column in weighted]
    terms += [Term.of(part.weight, columns[part.number]) for part in branch.bonuses]
    points, divisor = total(terms), _divisor(branch, weighted)
    if not branch.positive:
        values = _clipped(1 + points / divisor)
        return Column(values, even=False, na=all(column.na for _, column in weighted))
    values = _clipped(points / divisor)
    if not all(column.na for part, column in weighted if part.weight > 0):
        return Column(values, even=False, na=False)
    limits = np.where(np.abs(points) <= TOLERANCE, np.nan, np.greater(points, 0))
    values = np.where(np.greater(divisor, 0), values, limits)
    values = np.where(_any_applies(weighted), values, np.nan)
    return Column(values, even=False, na=True)


def _divisor(branch: Branch, weighted: _Weighted) -> Floats | float:
    if not any(column.na for _, column in weighted):
        return branch.divisor
    return total(
        [
            Term.of_weight(abs(part.weight), column)
            for part, column in weighted
            if part.weight > 0 or not branch.positive
        ]
    )


def _clipped(values: Floats | float) -> Floats:
    clipped: Floats = np.clip(values, 0.0, 1.0)
    return clipped


def _all(_: Branch, weighted: _Weighted, __: Columns) -> Column:
    unmet = [_is_unmet(column, part.passing) for part, column in weighted]
    return _where_any_applies(1.0 - np.logical_or.reduce(unmet), weighted)


def _any(_: Branch, weighted: _Weighted, __: Columns) -> Column:
    met = [is_met(column, part.passing) for part, column in weighted]
    return _where_any_applies(np.logical_or.reduce(met) * 1.0, weighted)


def _at_least(branch: Branch, weighted: _Weighted, _: Columns) -> Column:
    wanted = len(weighted) if branch.group.count is None else branch.group.count
    met = np.sum([is_met(column, part.passing) for part, column in weighted], axis=0)
    applicable = np.sum([column.applies for _, column in weighted], axis=0)
    enough = np.greater_equal(met, np.minimum(wanted, applicable))
    return _where_any_applies(enough * 1.0, weighted)


def _worst(_: Branch, weighted: _Weighted, __: Columns) -> Column:
    return _extreme(np.fmin, weighted)


def _best(_: Branch, weighted: _Weighted, __: Columns) -> Column:
    return _extreme(np.fmax, weighted)


def _extreme(pick: np.ufunc, weighted: _Weighted) -> Column:
    values = weighted[0][1].values
    for _, column in weighted[1:]:
        values = pick(values, column.values)  # what is NaN is left out
    return Column(
        values,
        even=all(column.even for _, column in weighted),
        na=all(column.na for _, column in weighted),
    )


def _geomean(branch: Branch, weighted: _Weighted, _: Columns) -> Column:
    whole = _divisor(branch, weighted)
    values: Floats | float = 1.0
    for part, column in weighted:
        factor = np.power(column.values, part.weight / whole)
        values = values * (
            np.where(column.applies, factor, 1.0) if column.na else factor
        )
    return _with_na(np.asarray(values), weighted)


# ------------------------------------------------------------------ formulas


def _formula(branch: Branch, weighted: _Weighted, columns: Columns) -> Column:
    operands = {name: columns[number].values for name, number in branch.operands}
    values = _clipped(_worked_out(formula_of(branch.group), operands))
    shape = weighted[0][1].values.shape
    return _with_na(np.broadcast_to(values, shape), weighted)


def _with_na(values: Floats, weighted: _Weighted) -> Column:
    """Give values that are n/a at least where no weighted child applies."""
    if all(column.na for _, column in weighted):
        values = np.where(_any_applies(weighted), values, np.nan)
    return Column(values, even=False, na=bool(np.isnan(values).any()))


def _worked_out(formula: Expression, operands: Mapping[str, Floats]) -> Floats | float:
    """Work out a formula; NaN where an operand is, and where the result is not finite.

    Raises ValueError for what is no formula, which checking a rubric refuses.
    """
    match formula:
        case Constant(bool() | str()):
            pass
        case Constant(value):
            return float(value)
        case Name(name):
            return operands[name]
        case Arithmetic(operator, left, right):
            result = _CALCULATE[operator](
                _worked_out(left, operands), _worked_out(right, operands)
            )
            return np.where(np.isfinite(result), result, np.nan)
        case Call(function, arguments, ()) if function in _FUNCTIONS and arguments:
            numbers = [_worked_out(argument, operands) for argument in arguments]
            return _FUNCTIONS[function](numbers)
        case _:
            pass
    raise ValueError(f"no part of a formula: {formula}")


def _least(numbers: Sequence[Floats | float]) -> Floats | float:
    return reduce(np.minimum, numbers)


def _greatest(numbers: Sequence[Floats | float]) -> Floats | float:
    return reduce(np.maximum, numbers)


_CALCULATE: Mapping[str, Callable[[Floats | float, Floats | float], Floats | float]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
_FUNCTIONS: Mapping[str, Callable[[Sequence[Floats | float]], Floats | float]] = {
    "abs": lambda numbers: np.abs(numbers[0]),
    "min": _least,
    "max": _greatest,
}
_Rule: TypeAlias = Callable[[Branch, _Weighted, Columns], Column]
_RULES: Mapping[Kind, _Rule] = {
    Kind.MEAN: _mean,
    Kind.ALL: _all,
    Kind.ANY: _any,
    Kind.AT_LEAST: _at_least,
    Kind.WORST: _worst,
    Kind.BEST: _best,
    Kind.GEOMEAN: _geomean,
    Kind.FORMULA: _formula,
}
