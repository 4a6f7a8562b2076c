"""Free text in syntax trees: its three forms, and the parameters in it."""

import re
from collections.abc import Iterator

from lark import Token, Tree

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import Entry, read_scalar, span_of
from rubricdsl.language.layout import Line
from rubricdsl.language.plain import FIELD, bars_below, value_entry
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

    # ------------------------------------------------------------ plain lines

    def plain_text(self, line: Line, match: re.Match[str]) -> str:
        """Give the text of a plain line: beside it, or in bars below."""
        text: str | None = match["text"]
        if text is None:
            return self.bars(line)
        if "{{" in text:
            column = line.column + match.start("text") + 1
            self.check_parameters(text, line.number, column)
        return text

    def bars(self, line: Line) -> str:
        """Give the text of the bars below a plain line."""
        bars = bars_below(line)
        for bar in bars:
            self.check_parameters(bar.text, bar.number, bar.column + 1)
        return "\n".join(_bar_content(bar.text) for bar in bars)

    def plain_entry(self, line: Line) -> Entry | None:
        """Read a plain field; None if the line is none."""
        match = FIELD.fullmatch(line.text)
        if match is None:
            return None
        key: str | None = match["text_key"]
        if key is None:
            return value_entry(self.file, line, match)
        number, column = line.number, line.column + 1
        span = Span(self.file, number, column, number, column + len(key))
        return Entry(key, span, text=self.plain_text(line, match))

    # ------------------------------------------------------------------ trees

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
    return _bar_content(str(token)) if token.type == "BAR" else str(token)


def _bar_content(bar: str) -> str:
    return bar[1:].removeprefix(" ")
