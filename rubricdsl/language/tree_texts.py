"""Free text and fields in syntax trees: a text has three forms there."""

from collections.abc import Iterator

from lark import Token, Tree

from rubricdsl.language.fields import Entry, Values
from rubricdsl.language.texts import TextReader, bar_content
from rubricdsl.language.trees import (
    as_token,
    as_tree,
    read_scalar,
    span_of,
    subtrees,
)
from rubricdsl.model.rubric import Turn


class TreeTextReader(TextReader):
    """Reads texts of trees, too."""

    def text(self, node: object) -> str:
        """Give the text of a ``TEXT`` or ``BLOCK`` token, or of bar lines."""
        tokens: list[Token] = []
        if isinstance(node, Token):
            tokens = [node]
        elif isinstance(node, Tree):
            tokens = [child for child in node.children if isinstance(child, Token)]
        for token in tokens:
            self._check_token(token)
        return "\n".join(_content(token) for token in tokens)

    def entry(self, tree: Tree[Token]) -> Entry:
        """Read a ``field`` or ``text_field``."""
        key_tree, *rest = tree.children
        key_tree = as_tree(key_tree)
        key = key_tree.children[0]
        key = as_token(key)
        span = span_of(self.file, key)
        if tree.data == "text_field":
            return Entry.at(span, str(key), text=self.text(rest[0]))
        values = tuple(read_scalar(child) for child in rest if isinstance(child, Tree))
        return Entry.at(span, str(key), Values(values))

    def conversation(self, tree: Tree[Token]) -> Iterator[Turn]:
        """Read the turns of a ``prompt`` block."""
        _, *turns = subtrees(tree)
        for turn in turns:
            speaker, text = turn.children
            speaker = as_tree(speaker)
            yield Turn(str(speaker.children[0]), self.text(text))

    def _check_token(self, token: Token) -> None:
        if "{{" not in token:
            return
        line, column = token.line or 1, token.column or 1
        if token.type != "BLOCK":
            self.check_parameters(token, line, column)
            return
        for number, text in enumerate(token.split("\n"), line + 1):
            self.check_parameters(text, number, 1)


def _content(token: Token) -> str:
    return bar_content(str(token)) if token.type == "BAR" else str(token)
