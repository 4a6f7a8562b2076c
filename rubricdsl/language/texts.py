"""Free text and fields in plain lines, and the parameters in any text."""

import re

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import Entry, Values
from rubricdsl.language.layout import Line
from rubricdsl.language.plain import bars_below, field_in
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

    def plain_text(self, line: Line, text: str | None, column: int) -> str:
        """Give the text of a plain line: beside it, in a column, or in bars below."""
        if not text:
            return self.bars(line)
        if "{{" in text:
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
        read = field_in(line.text)
        if read is None:
            return None
        key, content = read
        column = line.column + 1
        end = column + len(key)
        begins = end + len(": ")
        if isinstance(content, Values):
            file, number = self.file, line.number
            return Entry(key, file, number, column, end, content, None, begins)
        text = self.plain_text(line, content, begins)
        return Entry(key, self.file, line.number, column, end, text=text)

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
