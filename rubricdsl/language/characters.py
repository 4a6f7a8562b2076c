"""From bytes to text that is safe to read: encoding, size, hidden characters."""

import re
import unicodedata
from collections.abc import Iterator

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.model.source import Span

MAX_BYTES = 10_000_000
MAX_LINE = 100_000

# Control characters, zero-width characters, bidirectional overrides, and the byte
# order mark anywhere but at the start.  Zero-width joiners inside a word are part
# of how many scripts are written (and of emoji), so those two are judged by place.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff]|(?<![^\\s\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\\s\x00-\x7f])"
)


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


def decode(data: bytes, name: str) -> tuple[Source, tuple[Diagnostic, ...]]:
    """Decode a file, saying what is not UTF-8; wrong bytes become U+FFFD."""
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes; the most is {MAX_BYTES:,}"
        hint = "split the rubrics over several files and import them with `use`"
        span = Span(name, 1, 1, 1, 2)
        return Source.of("", name), (Diagnostic("E108", message, span, hint),)
    try:
        return Source.of(data.decode("utf-8"), name), ()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        message = f"byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8"
        hint = "save the file as UTF-8"
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            hint += " (it looks like UTF-16)"
        span = Span(name, line, column, line, column + 1)
        text = data.decode("utf-8", "replace")
        return Source.of(text, name), (Diagnostic("E108", message, span, hint),)


def hidden_characters(source: Source) -> Iterator[Diagnostic]:
    """Report overlong lines, and characters that a reader cannot see."""
    if _HIDDEN.search(source.text) is None and len(source.text) <= MAX_LINE:
        return
    for number, line in enumerate(source.lines, 1):
        if len(line) > MAX_LINE:
            yield Diagnostic(
                "E108",
                f"the line has {len(line):,} characters; the most is {MAX_LINE:,}",
                source.span(number, 0, 1),
                "break the text into several bar lines (`| …`)",
            )
        for match in _HIDDEN.finditer(line):
            character = match[0]
            name = unicodedata.name(character, "control character")
            yield Diagnostic(
                "E105",
                f"U+{ord(character):04X} ({name.lower()}) cannot be seen",
                source.span(number, match.start(), match.end()),
                "delete it; what a reader cannot see must not change a rubric",
            )
