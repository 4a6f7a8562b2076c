"""Free text in syntax trees: its three forms, and the parameters in it."""

import re
from collections.abc import Iterator

from lark import Token, Tree

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import Entry, read_scalar, span_of
from rubricdsl.language.trees import as_token, as_tree, subtrees
from rubricdsl.model.rubric import Turn
from rubricdsl.model.source import Span

PARAMETER = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")


class TextReader:
    """Reads texts, and reports parameters that are not declared."""

    def __init__(
        self,
        file: str,
        params: frozenset[str],
        lost_words: set[str],
        found: list[Diagnostic],
    ) -> None:
        self.file = file
        self.params = params
        self.lost_words = lost_words
        self.found = found

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
            return Entry(str(key), span, text=self.text(rest[0]))
        values = tuple(
            read_scalar(self.file, child) for child in rest if isinstance(child, Tree)
        )
        return Entry(str(key), span, values)

    def conversation(self, tree: Tree[Token]) -> Iterator[Turn]:
        """Read the turns of a ``prompt`` block."""
        _, *turns = subtrees(tree)
        for turn in turns:
            speaker, text = turn.children
            speaker = as_tree(speaker)
            yield Turn(str(speaker.children[0]), self.text(text))

    def line_span(self, line: int, column: int, length: int) -> Span:
        """Give the span of a line's text; ``column`` counts from 0."""
        return Span(self.file, line, column + 1, line, column + max(length, 1) + 1)

    def _check_token(self, token: Token) -> None:
        if "{{" not in token:
            return
        line, column = token.line or 1, token.column or 1
        if token.type != "BLOCK":
            self.check_parameters(token, line, column)
            return
        for number, text in enumerate(token.split("\n"), line + 1):
            self.check_parameters(text, number, 1)

    def check_parameters(self, text: str, line: int, column: int) -> None:
        """Report the parameters in one line of text that are not declared."""
        if "{{" not in text:
            return
        for match in PARAMETER.finditer(text):
            if match[1] in self.params or match[1] in self.lost_words:
                continue
            start = column + match.start()
            self.found.append(
                Diagnostic(
                    "E303",
                    f"no parameter is called `{match[1]}`",
                    Span(self.file, line, start, line, start + len(match[0])),
                    f'declare it above: `param {match[1]}: text = "…"`',
                )
            )


def _content(token: Token) -> str:
    if token.type == "BAR":
        return str(token)[1:].removeprefix(" ")
    return str(token)
