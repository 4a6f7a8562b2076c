"""From bytes to text that is safe to read: encoding, size, hidden characters."""

import unicodedata
from collections.abc import Iterator

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.model.hidden import hidden_in
from rubricdsl.model.source import Span

MAX_BYTES = 10_000_000
MAX_LINE = 100_000

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@frozen
class Source:
    """A file's text: newlines are line feeds, a byte order mark is gone."""

    name: str
    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, text: str, name: str = "<text>") -> "Source":
        """Prepare text that is already decoded."""
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        return cls(name, text, tuple(lines))

    def span(self, line: int, start: int, end: int) -> Span:
        """Give the span of a piece of one line; ``start`` and ``end`` count from 0."""
        return Span(self.name, line, start + 1, line, max(end, start + 1) + 1)


def decode(data: bytes, name: str) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """Decode a file, saying what is not UTF-8; wrong bytes become U+FFFD.

    Gives no source where nothing could be made of it: for a file that is too large
    or in another encoding altogether.
    """
    if len(data) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES:,} bytes"
        hint = "split the rubrics over several files and import them with `use`"
        return None, (Diagnostic("E108", message, Span(name, 1, 1, 1, 2), hint),)
    if data.startswith(_UTF_16):
        hint = "save the file as UTF-8 (it looks like UTF-16)"
        message = "the file is not UTF-8"
        return None, (Diagnostic("E108", message, Span(name, 1, 1, 1, 2), hint),)
    try:
        return Source.of(data.decode("utf-8"), name), ()
    except UnicodeDecodeError:
        source = Source.of(data.decode("utf-8", "replace"), name)
        return source, tuple(_wrong_bytes(data, name))


def _wrong_bytes(data: bytes, name: str) -> Iterator[Diagnostic]:
    """Report the first wrong byte of each line."""
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            column = len(line[: error.start].decode("utf-8")) + 1
            span = Span(name, number, column, number, column + 1)
            message = f"the byte 0x{line[error.start]:02x} here is not UTF-8"
            yield Diagnostic("E108", message, span, "save the file as UTF-8")


def hidden_characters(source: Source) -> Iterator[Diagnostic]:
    """Report overlong lines, and characters that a reader cannot see."""
    hidden = next(hidden_in(source.text), None) is not None
    overlong = len(source.text) > MAX_LINE and max(map(len, source.lines)) > MAX_LINE
    if not (hidden or overlong):
        return
    for number, line in enumerate(source.lines, 1):
        if len(line) > MAX_LINE:
            message = f"the line has {len(line):,} characters; the most is {MAX_LINE:,}"
            hint = "break the text into several bar lines (`| …`)"
            yield Diagnostic("E108", message, source.span(number, 0, 1), hint)
        for match in hidden_in(line):
            character = match[0]
            name = unicodedata.name(character, "control character")
            yield Diagnostic(
                "E105",
                f"U+{ord(character):04X} ({name.lower()}) cannot be seen",
                source.span(number, match.start(), match.end()),
                "delete it; what a reader cannot see must not change a rubric",
            )
