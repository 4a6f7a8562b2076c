"""What the tests of the language server share: a project, and a cursor in texts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.lsp.documents import Library, Reading
from rubricdsl.model.protocols import FunctionTable

CURSOR = "‸"
"""Where the cursor stands in a text of a test."""


@pytest.fixture(scope="session")
def functions() -> FunctionTable:
    """Give the signatures of the functions of the language reference."""
    return {f.signature.name: f.signature for f in builtin_functions()}


@pytest.fixture
def library(functions: FunctionTable) -> Library:
    """Give a library in which nothing is open."""
    return Library(functions)


@pytest.fixture
def open_text(library: Library, tmp_path: Path) -> Callable[..., Reading]:
    """Give a function that opens a text as a file of a project."""

    def open_as_file(text: str, name: str = "a.rub") -> Reading:
        uri = (tmp_path / name).as_uri()
        library.put(uri, text)
        reading = library.read(uri)
        assert reading is not None
        return reading

    return open_as_file


@pytest.fixture
def at_cursor(
    open_text: Callable[..., Reading],
) -> Callable[..., tuple[Reading, types.Position]]:
    """Give a function that opens a text, and gives where the cursor stands in it."""

    def open_at(marked: str, name: str = "a.rub") -> tuple[Reading, types.Position]:
        before, _, after = marked.partition(CURSOR)
        lines = before.split("\n")
        units = len(lines[-1].encode("utf-16-le")) // 2
        reading = open_text(before + after, name)
        return reading, types.Position(len(lines) - 1, units)

    return open_at


@pytest.fixture(scope="session")
def applied() -> Callable[[str, list[types.TextEdit]], str]:
    """Give a function that makes edits in a text as an editor does."""
    return _applied


def _applied(text: str, edits: list[types.TextEdit]) -> str:
    """Make edits as an editor does, counting in UTF-16 units."""
    lines = text.splitlines(keepends=True)

    def offset(position: types.Position) -> int:
        if position.line >= len(lines):
            return len(text)
        before = sum(map(len, lines[: position.line]))
        data = lines[position.line].encode("utf-16-le")[: position.character * 2]
        return before + len(data.decode("utf-16-le"))

    places = [(offset(e.range.start), offset(e.range.end), e.new_text) for e in edits]
    for start, end, new in sorted(places, reverse=True):
        text = text[:start] + new + text[end:]
    return text
