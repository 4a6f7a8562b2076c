"""Whether the formula of a group makes a score of its children's values.

The children lie in [0, 1].  Unless the group says ``monotone: no``, the formula must
stay there too, rise with each child and fall with those of negative weight; and it
never divides by what can be 0, so that it always has a value.
"""

from collections.abc import Iterator, Mapping

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.expressions.inference import infer
from rubricdsl.expressions.intervals import enclose
from rubricdsl.language.scopes import item_name
from rubricdsl.model.expression import Expression, ValueType
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Group, Weight

FUNCTIONS = ("abs", "max", "min")
_SLACK = 1e-9
_SHARE: tuple[float, float] = (0.0, 1.0)


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
    whole = enclose(formula, {item_name(item): _SHARE for item in group.items})
    if not whole.defined:
        message = "a formula that divides by what can be 0 has no value then"
        hint = "divide by a number, or write the share as a product"
        yield Diagnostic("E410", message, formula.span, hint)
        return
    if not group.monotone:
        return
    if whole.low < -_SLACK or whole.high > 1 + _SLACK:
        message = f"the formula can go from {whole.low:g} to {whole.high:g}"
        hint = "scale it into 0 to 1, or write `monotone: no` to have it clipped"
        yield Diagnostic("E410", message, formula.span, hint)
        return
    for name, (least, most) in whole.slopes.items():
        if name in falling and most > _SLACK:
            message = f"the formula can rise with `{name}`, whose weight is negative"
        elif name not in falling and least < -_SLACK:
            message = f"the formula can fall while `{name}` rises"
        else:
            continue
        hint = "write it so that it cannot, or add `monotone: no` to the group"
        yield Diagnostic("E410", message, formula.span, hint)
        return
