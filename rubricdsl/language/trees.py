"""Narrowing what the grammar promises: this child is a tree, that one a token."""

from collections.abc import Iterator

from lark import Token, Tree


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
