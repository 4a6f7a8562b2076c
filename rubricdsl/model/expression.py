"""The tree of a ``check:`` or ``combine:`` expression: total, without loops."""

from enum import StrEnum
from typing import Literal, TypeAlias

from attrs import field, frozen

from rubricdsl.model.source import NOWHERE, Span


class ValueType(StrEnum):
    """Type of an expression's value."""

    BOOL = "bool"
    NUMBER = "number"
    TEXT = "text"


Value: TypeAlias = bool | float | str
CompareOperator: TypeAlias = Literal["<=", ">=", "==", "!=", "<", ">"]
ArithmeticOperator: TypeAlias = Literal["+", "-", "*", "/"]


@frozen
class Constant:
    """A number or a text written out; ``raw`` says that it stood in '…'."""

    value: float | str | bool
    raw: bool = field(default=False, kw_only=True)
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Name:
    """A variable, a parameter, or (in ``combine:``) a child of the group."""

    name: str
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Call:
    """A function applied to positional, then named, arguments."""

    function: str
    arguments: tuple["Expression", ...] = ()
    named: tuple[tuple[str, "Expression"], ...] = ()
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Not:
    """Logical negation."""

    operand: "Expression"
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Logical:
    """``and`` or ``or`` over two or more operands, decided from the left."""

    operator: Literal["and", "or"]
    operands: tuple["Expression", ...]
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Compare:
    """A comparison of two numbers, or the (in)equality of two like values."""

    operator: CompareOperator
    left: "Expression"
    right: "Expression"
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


@frozen
class Arithmetic:
    """One of the four operations on numbers."""

    operator: ArithmeticOperator
    left: "Expression"
    right: "Expression"
    span: Span = field(default=NOWHERE, kw_only=True, eq=False, repr=False)


Expression: TypeAlias = Constant | Name | Call | Not | Logical | Compare | Arithmetic
