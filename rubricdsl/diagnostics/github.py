"""Diagnostics as workflow commands of GitHub Actions, shown beside the lines.

See "Workflow commands for GitHub Actions" in GitHub's documentation: what a value may
not hold as it is, is percent-encoded, and properties may hold less than messages.
"""

from collections.abc import Iterable, Iterator

from rubricdsl.diagnostics import Diagnostic, Severity
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.diagnostics.secrets import without_keys
from rubricdsl.model.source import ARGUMENTS

_COMMANDS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


def render_github(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Give each diagnostic as one line; lines that begin so are no other output."""
    for diagnostic in diagnostics:
        properties = ",".join(
            f"{name}={_property(str(value))}"
            for name, value in _properties(diagnostic).items()
        )
        said = without_keys(f"{diagnostic.message} (help: {diagnostic.hint})")
        text = _message(said)
        yield f"::{_COMMANDS[diagnostic.severity]} {properties}::{text}"


def _properties(diagnostic: Diagnostic) -> dict[str, str | int]:
    span = diagnostic.span
    title: dict[str, str | int] = {"title": diagnostic.code}
    if span == ARGUMENTS:
        return title
    where: dict[str, str | int] = {"file": span.file, "line": span.line}
    if span.end_line == span.line:  # columns are allowed on one line only
        # GitHub's last column is a part of what is marked; ours is behind it.
        last = max(span.column, span.end_column - 1)
        where |= {"endLine": span.line, "col": span.column, "endColumn": last}
    else:
        where |= {"endLine": span.end_line}
    return where | title


def _message(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return safe_text(escaped)


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
