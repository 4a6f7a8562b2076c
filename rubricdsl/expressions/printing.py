"""How an expression is written: one canonical form that parses back to itself."""

import json
from decimal import Decimal

from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
)
from rubricdsl.model.hidden import hidden_in

# How tightly each form binds, as in the grammar: or < and < not < comparison
# < sum < product < atom.
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _ATOM = range(7)


def print_expression(expression: Expression) -> str:
    """Give the canonical source of ``expression``, with no needless parentheses."""
    return _print(expression, _OR)


def print_text(text: str) -> str:
    r"""Give ``text`` as a string literal ``"…"`` with JSON escapes.

    All that a reader could not see is escaped, so that it survives the layout
    rules: control, format and private characters, and blanks other than U+0020.
    """
    return "".join(
        char if char.isprintable() else json.dumps(char)[1:-1]
        for char in json.dumps(text, ensure_ascii=False)
    )


def print_number(number: float) -> str:
    """Give the shortest decimal that reads back as ``number``, never with an e."""
    if number == int(number):
        return str(int(number))
    return format(Decimal(repr(float(number))), "f")


def _print(expression: Expression, needed: int) -> str:
    binding, text = _form(expression)
    return text if binding >= needed else f"({text})"


def _form(expression: Expression) -> tuple[int, str]:  # noqa: PLR0911 - one a form
    match expression:
        case Constant():
            return _ATOM, _constant(expression)
        case Name(name):
            return _ATOM, name
        case Call(function, arguments, named):
            given = [_print(argument, _OR) for argument in arguments]
            given += [f"{name} = {_print(value, _OR)}" for name, value in named]
            return _ATOM, f"{function}({', '.join(given)})"
        case Not(operand):
            return _NOT, f"not {_print(operand, _NOT)}"
        case Logical(operator, operands):
            level = _OR if operator == "or" else _AND
            joint = f" {operator} "
            return level, joint.join(_print(part, level + 1) for part in operands)
        case Compare(operator, left, right):
            sides = _print(left, _SUM), _print(right, _SUM)
            return _COMPARE, f"{sides[0]} {operator} {sides[1]}"
        case Arithmetic(operator, left, right):
            level = _SUM if operator in "+-" else _PRODUCT
            sides = _print(left, level), _print(right, level + 1)
            return level, f"{sides[0]} {operator} {sides[1]}"


def _constant(constant: Constant) -> str:
    value = constant.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return print_number(value)
    if constant.raw and _can_be_raw(value):
        return f"'{value}'"
    return print_text(value)


def _can_be_raw(text: str) -> bool:
    """Say whether a text can stand between single quotes, where nothing is escaped."""
    return not ("'" in text or "\n" in text or any(hidden_in(text)))
