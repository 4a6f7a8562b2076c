"""Syntax trees of expressions to expressions."""

from typing import Final, Literal

from lark import Token, Tree

from rubricdsl.language.trees import as_tree, first_token, span_of, unquote
from rubricdsl.model import expression as ex
from rubricdsl.model.source import Span

_WORDS: Final[dict[str, Literal["and", "or"]]] = {"and": "and", "or": "or"}


def read_expression(  # noqa: PLR0911 - one return for each form
    file: str, tree: Tree[Token]
) -> ex.Expression:
    """Read the expression of a ``check:`` or ``combine:`` line."""
    first, last = first_token(tree), _last_token(tree)
    span = Span(file, 1, 1, 1, 2)
    if first is not None and last is not None:
        span = span_of(file, first).to(span_of(file, last))
    trees = [child for child in tree.children if isinstance(child, Tree)]
    tokens = [child for child in tree.children if isinstance(child, Token)]
    match tree.data:
        case "number":
            return ex.Constant(float(tokens[0]), span=span)
        case "string":
            return ex.Constant(unquote(tokens[0]), span=span)
        case "raw":
            return ex.Constant(unquote(tokens[0]), raw=True, span=span)
        case "path":
            return ex.Name(".".join(tokens), span=span)
        case "negation":
            return ex.Not(read_expression(file, trees[0]), span=span)
        case "and" | "or":
            operands = tuple(read_expression(file, t) for t in trees)
            return ex.Logical(_WORDS[str(tree.data)], operands, span=span)
        case "comparison":
            left, right = (read_expression(file, t) for t in trees)
            return ex.Compare(_compare(tokens[0]), left, right, span=span)
        case "call":
            return _read_call(file, trees, span)
        case _:
            return _read_chain(file, trees, tokens)


def _read_chain(
    file: str, trees: list[Tree[Token]], operators: list[Token]
) -> ex.Expression:
    """Read ``a + b - c``, from the left."""
    value = read_expression(file, trees[0])
    for token, tree in zip(operators, trees[1:], strict=True):
        operand = read_expression(file, tree)
        span = value.span.to(operand.span)
        value = ex.Arithmetic(_operation(token), value, operand, span=span)
    return value


def _read_call(file: str, trees: list[Tree[Token]], span: Span) -> ex.Call:
    function = ".".join(str(part) for part in trees[0].children)
    positional: list[ex.Expression] = []
    named: list[tuple[str, ex.Expression]] = []
    for argument in trees[1:]:
        if argument.data == "named":
            name, value = argument.children
            value = as_tree(value)
            named.append((str(name), read_expression(file, value)))
        else:
            positional.append(read_expression(file, argument))
    return ex.Call(function, tuple(positional), tuple(named), span=span)


def _compare(token: Token) -> ex.CompareOperator:
    operators: dict[str, ex.CompareOperator] = {
        o: o for o in ("<=", ">=", "==", "!=", "<", ">")
    }
    return operators[str(token)]


def _operation(token: Token) -> ex.ArithmeticOperator:
    operators: dict[str, ex.ArithmeticOperator] = {o: o for o in ("+", "-", "*", "/")}
    return operators[str(token)]


def _last_token(tree: Tree[Token]) -> Token | None:
    for child in reversed(tree.children):
        token = child if isinstance(child, Token) else _last_token(child)
        if token is not None:
            return token
    return None
