"""What a code means at length: what is rejected, an example, what to write instead.

The pages of errors, breaking changes and what surrounds a rubric are text files in
the folder ``pages``; those of lints are the docstrings of their rules.  A page begins
with ``== CODE``; prose follows, then parts that begin with ``--- `` and a heading.  In
an example, ``<U+0009>`` stands for a character that cannot be seen and ``<0xE9>`` for
a byte that is no UTF-8.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from textwrap import fill, indent

from attrs import frozen

from rubricdsl.diagnostics.codes import CODES

FAILS = "fails"
INSTEAD = "instead"
_HEADINGS = {FAILS: "Fails", INSTEAD: "Write instead"}
_CHARACTER = re.compile(r"<U\+([0-9A-F]{4,6})>")
_BYTE = re.compile(rb"<0x([0-9A-F]{2})>")
_WIDTH = 80


@frozen
class Part:
    """An example of a page: under ``fails`` or ``instead``, and the file it is in.

    A page has several parts under one heading where it takes several files.
    """

    heading: str
    file: str
    text: str

    def source(self) -> bytes:
        """Give the bytes that the example stands for."""
        text = _CHARACTER.sub(lambda match: chr(int(match[1], 16)), self.text)
        data = text.encode("utf-8")
        return _BYTE.sub(lambda match: bytes([int(match[1], 16)]), data)


@frozen
class Page:
    """What `rub check --explain` tells of a code."""

    code: str
    summary: str
    prose: tuple[str, ...]
    parts: tuple[Part, ...]

    def examples(self, heading: str) -> tuple[Part, ...]:
        """Give the parts under one heading, the file that is checked first."""
        return tuple(part for part in self.parts if part.heading == heading)

    def render(self) -> str:
        """Give the page as text for a terminal, with a final newline."""
        return "\n\n".join(self._blocks()) + "\n"

    def _blocks(self) -> Iterator[str]:
        yield f"{self.code}: {self.summary}"
        yield from (fill(paragraph, _WIDTH) for paragraph in self.prose)
        for part in self.parts:
            where = f" ({part.file})" if part.file else ""
            heading = _HEADINGS.get(part.heading, part.heading.capitalize())
            yield f"{heading}{where}:"
            yield indent(part.text.rstrip("\n"), "    ")


@cache
def pages() -> Mapping[str, Page]:
    """Give the pages of all codes but those of lints, by code."""
    from importlib.resources import files

    folder = files("rubricdsl.diagnostics") / "pages"
    texts = (file.read_text("utf-8") for file in folder.iterdir())
    found = (page for text in texts for page in read_pages(text))
    return {page.code: page for page in found}


def read_pages(text: str) -> Iterator[Page]:
    """Read the pages that stand in a text one after the other."""
    for block in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        code, _, rest = block.partition("\n")
        prose, *parts = re.split(r"^--- ", rest, flags=re.MULTILINE)
        yield Page(
            code=code,
            summary=CODES[code],
            prose=paragraphs(prose),
            parts=tuple(_part(part) for part in parts),
        )


def paragraphs(text: str) -> tuple[str, ...]:
    """Give the paragraphs of a text, each on one line."""
    return tuple(
        " ".join(paragraph.split())
        for paragraph in re.split(r"\n[ ]*\n", text)
        if paragraph.strip()
    )


def _part(text: str) -> Part:
    head, _, body = text.partition("\n")
    heading, _, file = head.partition(" ")
    return Part(heading, file, body.rstrip("\n") + "\n")
