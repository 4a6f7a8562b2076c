"""Whether the formula of a group makes a score of its children's values.

The children lie in [0, 1].  Unless the group says ``monotone: no``, the formula must
stay there too, rise with each child and fall with those of negative weight; and it
never divides by what can be 0, so that it always has a value.  What cannot be shown
is rejected like what is false, and the message says which of the two it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import isfinite

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.expressions.covering import Piece, cover, hull, points
from rubricdsl.expressions.inference import infer
from rubricdsl.expressions.intervals import Enclosure, Interval, enclose
from rubricdsl.language.scopes import item_name
from rubricdsl.model.expression import Expression, ValueType
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Group, Weight

FUNCTIONS = ("abs", "max", "min")
_SLACK = 1e-9
_SHARE: Interval = (0.0, 1.0)
_FLAT: Interval = (0.0, 0.0)


def check_formula(
    group: Group, formula: Expression, functions: FunctionTable
) -> Iterator[Diagnostic]:
    """Give what is wrong with the ``combine:`` of a group."""
    operands: Mapping[str, ValueType] = {
        item_name(item): ValueType.NUMBER for item in group.items
    }
    arithmetic = {n: s for n, s in functions.items() if n in FUNCTIONS}
    result, found = infer(formula, operands, arithmetic)
    for diagnostic in found:
        if diagnostic.code == "E303":
            children = ", ".join(operands)
            hint = f"a formula is made of the group's children: {children}"
            yield Diagnostic("E304", diagnostic.message, diagnostic.span, hint)
        else:
            yield diagnostic
    if result in {ValueType.TEXT, ValueType.BOOL}:
        message = "a formula gives a number"
        hint = "combine the children with + - * /, abs, min and max"
        yield Diagnostic("E409", message, formula.span, hint)
    elif not found:
        yield from _check_range(group, formula)


def _check_range(group: Group, formula: Expression) -> Iterator[Diagnostic]:
    falling = {
        item_name(item)
        for item in group.items
        if isinstance(item.mark, Weight) and item.mark.value < 0
    }
    operands = {item_name(item): _SHARE for item in group.items}

    def is_fine(enclosure: Enclosure) -> bool:
        return _is_fine(enclosure, falling, strict=group.monotone)

    pieces = cover(formula, operands, is_fine, most=1)
    if all(is_fine(piece.enclosure) for piece in pieces):
        return
    fault = _fault(formula, pieces, falling, strict=group.monotone)
    # What fails at a point fails; only what does not is worth a closer look.
    if fault is not None and not fault.certain:
        pieces = cover(formula, operands, is_fine)
        fault = _fault(formula, pieces, falling, strict=group.monotone)
    if fault is not None:
        yield Diagnostic("E410", fault.message, formula.span, fault.hint)


@frozen
class _Fault:
    """What to say; ``certain`` where a point shows it."""

    message: str
    hint: str
    certain: bool


def _fault(
    formula: Expression,
    pieces: Sequence[Piece],
    falling: AbstractSet[str],
    *,
    strict: bool,
) -> _Fault | None:
    found = _at_points(formula, pieces)
    fault = _no_value(pieces, found)
    if fault is None and strict:
        fault = _out_of_range(pieces, found) or _not_monotone(pieces, found, falling)
    return fault


def _at_points(formula: Expression, pieces: Sequence[Piece]) -> list[Enclosure]:
    return [enclose(formula, point) for piece in pieces for point in points(piece)]


def _is_fine(enclosure: Enclosure, falling: AbstractSet[str], *, strict: bool) -> bool:
    if not strict or not _has_value(enclosure):
        return _has_value(enclosure)
    return _is_share(*enclosure.value) and all(
        _is_right_way(slope, falls=name in falling)
        for name, slope in enclosure.slopes.items()
    )


def _has_value(enclosure: Enclosure) -> bool:
    finite = isfinite(enclosure.low) and isfinite(enclosure.high)
    return enclosure.defined and finite


def _is_right_way(slope: Interval, *, falls: bool) -> bool:
    # An enclosure that overflowed holds NaN, which must not pass.
    return slope[1] <= _SLACK if falls else slope[0] >= -_SLACK


def _no_value(pieces: Sequence[Piece], found: Sequence[Enclosure]) -> _Fault | None:
    if all(_has_value(piece.enclosure) for piece in pieces):
        return None
    certain = not all(_has_value(point) for point in found)
    if all(piece.enclosure.defined for piece in pieces):
        message = "the formula can leave the range of numbers"
        return _Fault(message, "write smaller numbers", certain)
    message = "a formula that divides by what can be 0 has no value then"
    hint = "divide by a number, or write the share as a product"
    return _Fault(message, hint, certain)


def _out_of_range(pieces: Sequence[Piece], found: Sequence[Enclosure]) -> _Fault | None:
    low, high = hull(piece.enclosure.value for piece in pieces)
    if _is_share(low, high):
        return None
    certain = not all(_is_share(*point.value) for point in found)
    between = f"from {_shown(low)} to {_shown(high)}"
    message = f"the formula cannot be shown to stay in 0 to 1, only {between}"
    if certain:
        message = f"the formula can go {between}"
    hint = "scale it into 0 to 1, or write `monotone: no` to have it clipped"
    return _Fault(message, hint, certain)


def _is_share(low: float, high: float) -> bool:
    return low >= -_SLACK and high <= 1 + _SLACK


def _not_monotone(
    pieces: Sequence[Piece], found: Sequence[Enclosure], falling: AbstractSet[str]
) -> _Fault | None:
    """Say which child moves the formula the wrong way, if one does."""
    for name in sorted({name for p in pieces for name in p.enclosure.slopes}):
        falls = name in falling
        slope = hull(p.enclosure.slopes.get(name, _FLAT) for p in pieces)
        if _is_right_way(slope, falls=falls):
            continue
        slopes = (point.slopes.get(name, _FLAT) for point in found)
        certain = not all(_is_right_way(each, falls=falls) for each in slopes)
        what = f"the formula can fall while `{name}` rises"
        if falls:
            what = f"the formula can rise with `{name}`, whose weight is negative"
        if not certain:
            way = "fall" if falls else "rise"
            what = f"the formula cannot be shown to {way} with `{name}`"
        message = f"{what}: by {_shown(slope[0])} to {_shown(slope[1])} for each 1"
        hint = "write it so that it cannot, or add `monotone: no` to the group"
        return _Fault(message, hint, certain)
    return None


def _shown(number: float) -> str:
    return f"{number:.3g}" if isfinite(number) else "any number"
