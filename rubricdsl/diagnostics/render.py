"""Diagnostics for people and for scripts."""

import re
from collections.abc import Callable, Iterable, Iterator

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.diagnostics.secrets import looks_secret, without_keys
from rubricdsl.model.digest import Plain
from rubricdsl.model.source import ARGUMENTS

LineOf = Callable[[str, int], str | None]

# Whatever could move a terminal's cursor or turn its text around.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_WIDEST = 100
# What is wrong with these is that the line holds a key; it is not shown again.  Neither
# is any other line that looks as if it held one.
_UNSHOWN = frozenset({"D204"})


def safe_text(text: str) -> str:
    """Give ``text`` with every control character spelt out."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def render_text(diagnostics: Iterable[Diagnostic], line_of: LineOf) -> Iterator[str]:
    """Give each diagnostic as a few lines, with the source line and a marker.

    ``line_of`` gives a line of a file, or None where there is none to show.
    """
    for diagnostic in diagnostics:
        yield "\n".join(_lines(diagnostic, line_of))


def _lines(diagnostic: Diagnostic, line_of: LineOf) -> Iterator[str]:
    span = diagnostic.span
    severity = "" if diagnostic.severity == "error" else f"{diagnostic.severity}: "
    place = "rub" if span == ARGUMENTS else str(span)
    message = without_keys(diagnostic.message)
    yield safe_text(f"{place}: {severity}{diagnostic.code} {message}")
    unshown = diagnostic.code in _UNSHOWN
    source = None if unshown else line_of(span.file, span.line)
    if source is not None and source.strip() and not looks_secret(source):
        start = span.column - 1
        same_line = span.end_line == span.line
        length = span.end_column - span.column if same_line else len(source) - start
        skipped = max(0, start - _WIDEST // 2)
        shown = source[skipped : skipped + _WIDEST].replace("\t", " ")
        before = safe_text(shown[: start - skipped])
        marked = safe_text(shown[start - skipped : start - skipped + max(1, length)])
        yield f"    {safe_text(shown)}"
        yield f"    {' ' * len(before)}{'^' * max(1, len(marked))}"
    yield safe_text(f"    help: {without_keys(diagnostic.hint)}")


def diagnostic_record(diagnostic: Diagnostic) -> dict[str, Plain]:
    """Give a diagnostic as ``{file, line, column, …}``."""
    return {
        "file": diagnostic.span.file,
        "line": diagnostic.span.line,
        "column": diagnostic.span.column,
        "end_line": diagnostic.span.end_line,
        "end_column": diagnostic.span.end_column,
        "code": diagnostic.code,
        "severity": str(diagnostic.severity),
        "message": without_keys(diagnostic.message),
        "hint": without_keys(diagnostic.hint),
    }


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Give a JSON list of diagnostics."""
    import json

    return json.dumps(
        [diagnostic_record(diagnostic) for diagnostic in diagnostics],
        ensure_ascii=False,
        indent=2,
    )
