"""Reading syntax trees: what the grammar promises, places, and values."""

import json
from collections.abc import Iterator

from lark import Token, Tree

from rubricdsl.language.fields import Scalar
from rubricdsl.model.source import Span


def as_tree(node: object) -> Tree[Token]:
    """Give a node that the grammar says is a tree."""
    if not isinstance(node, Tree):
        message = f"the grammar promised a tree, not {node!r}"
        raise TypeError(message)
    return node


def as_token(node: object) -> Token:
    """Give a node that the grammar says is a token."""
    if not isinstance(node, Token):
        message = f"the grammar promised a token, not {node!r}"
        raise TypeError(message)
    return node


def subtrees(node: object) -> Iterator[Tree[Token]]:
    """Give the children of a tree that are trees; none if it is absent."""
    if isinstance(node, Tree):
        yield from (child for child in node.children if isinstance(child, Tree))


def first_token(tree: Tree[Token]) -> Token | None:
    """Give the first token of a tree, if it has one."""
    return next(iter(tree.scan_values(lambda value: isinstance(value, Token))), None)


def span_of(file: str, token: Token) -> Span:
    """Give the span of a token."""
    line, column = token.line or 1, token.column or 1
    return Span(
        file, line, column, token.end_line or line, token.end_column or column + 1
    )


def unquote(token: Token) -> str:
    """Give the text of a string token, ``"…"`` or ``'…'``."""
    if token.type == "RAW":
        return str(token)[1:-1]
    text: str = json.loads(str(token))
    return text


def value_span(file: str, tree: Tree[Token]) -> Span:
    """Give the span of the first token of a value."""
    token = first_token(tree)
    return span_of(file, token) if token else Span(file, 1, 1, 1, 2)


def read_scalar(tree: Tree[Token]) -> Scalar:
    """Read one value; its columns are those of the file."""
    span = value_span("", tree)
    parts = [child for child in tree.children if isinstance(child, Token)]
    match tree.data:
        case "number":
            value: object = float(parts[0])
        case "range":
            value = (float(parts[0]), float(parts[1]))
        case "string" | "raw":
            value = unquote(parts[0])
        case "assign":
            inner = tree.children[1]
            inner = as_tree(inner)
            value = (str(parts[0]), read_scalar(inner))
        case "list":
            trees = [c for c in tree.children if isinstance(c, Tree)]
            value = tuple(read_scalar(c) for c in trees)
        case "path":
            value = ".".join(parts)
        case _:
            value = str(parts[0])
    return Scalar(str(tree.data), value, span.column, span.end_column)
