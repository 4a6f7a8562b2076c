"""What ``rub`` writes where: results to stdout, everything else to stderr."""

import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TextIO

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.diagnostics.render import render_json, render_text, safe_text

_MOST_LINES_READ = 1_000_000


class SourceLines:
    """Lines of files, to be shown beside diagnostics."""

    def __init__(self) -> None:
        self._files: dict[str, Sequence[str]] = {}

    def __call__(self, file: str, line: int) -> str | None:
        """Give a line of a file; None if it cannot be shown."""
        if file not in self._files:
            self._files[file] = _read_lines(file)
        lines = self._files[file]
        return lines[line - 1] if 0 < line <= len(lines) else None


@cache
def standard_input() -> bytes:
    """Give all of standard input, which can be read only once."""
    return sys.stdin.buffer.read()


def _read_lines(file: str) -> Sequence[str]:
    if file == "-":
        return standard_input().decode("utf-8", "replace").split("\n")
    path = Path(file)
    if not file.endswith((".rub", ".toml", ".lock", ".jsonl", ".json", ".csv")):
        return ()
    try:
        text = path.read_text("utf-8", errors="replace")
    except (OSError, ValueError):
        return ()
    return text.removeprefix("\ufeff").split("\n")[:_MOST_LINES_READ]


def report(
    diagnostics: Iterable[Diagnostic],
    *,
    lines: SourceLines | None = None,
    file: TextIO | None = None,
) -> None:
    """Write diagnostics for people, to stderr unless told otherwise."""
    out = file or sys.stderr
    for text in render_text(diagnostics, lines or SourceLines()):
        out.write(text + "\n")


def report_json(diagnostics: Iterable[Diagnostic]) -> None:
    """Write diagnostics for scripts, to stdout."""
    sys.stdout.write(render_json(diagnostics) + "\n")


def print_json(value: object) -> None:
    """Write one JSON document to stdout, with escapes where stdout lacks a sign."""
    import json

    def text(*, ascii_only: bool) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, indent=2, allow_nan=False)

    document = text(ascii_only=False)
    try:
        document.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        document = text(ascii_only=True)
    sys.stdout.write(document + "\n")


def say(text: str) -> None:
    """Tell the user something beside the results, on stderr."""
    sys.stderr.write(safe_text(text) + "\n")


def shown(path: Path) -> str:
    """Name a file as seen from the current folder."""
    try:
        return os.path.relpath(path)
    except ValueError:  # on another drive
        return str(path)


def plural(number: int, one: str, many: str | None = None) -> str:
    """Give ``3 errors`` or ``1 error``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
