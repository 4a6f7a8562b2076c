"""How to go through an expression without recursion."""

from collections.abc import Iterator

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


def parts(expression: Expression) -> tuple[Expression, ...]:
    """Give the expressions that stand directly inside ``expression``, in order."""
    match expression:
        case Constant() | Name():
            return ()
        case Not(operand):
            return (operand,)
        case Logical(_, operands):
            return operands
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return (left, right)
        case Call(_, arguments, named):
            return (*arguments, *(value for _, value in named))


def walk(expression: Expression) -> Iterator[Expression]:
    """Give ``expression`` and everything inside it, parents before children."""
    stack = [expression]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(parts(current)))


def depth(expression: Expression) -> int:
    """Give the number of levels; a constant or a name has one."""
    levels = 0
    row: list[Expression] = [expression]
    while row:
        levels += 1
        row = [part for whole in row for part in parts(whole)]
    return levels
