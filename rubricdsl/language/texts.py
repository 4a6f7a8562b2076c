"""Free text and fields in plain lines, and the parameters in any text."""

import re

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import Entry
from rubricdsl.language.layout import Line
from rubricdsl.language.plain import FIELD, bars_below, value_entry
from rubricdsl.model.source import Span

PARAMETER = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")


class TextReader:
    """Reads texts of plain lines, and reports parameters that are not declared."""

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
        return "\n".join(bar_content(bar.text) for bar in bars)

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

    def line_span(self, line: int, column: int, length: int) -> Span:
        """Give the span of a line's text; ``column`` counts from 0."""
        return Span(self.file, line, column + 1, line, column + max(length, 1) + 1)

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


def bar_content(bar: str) -> str:
    """Give the text of a bar line."""
    return bar[1:].removeprefix(" ")
