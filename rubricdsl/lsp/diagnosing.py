"""What `rub check` says of a document, as an editor shows it.

What is wrong in an imported file is shown at the ``use`` line that leads to it, with
the place there beside.
"""

from collections.abc import Iterable

from lsprotocol import types

from rubricdsl.diagnostics import Diagnostic, Severity
from rubricdsl.lsp.documents import Library, Reading, imported_rubrics, resolved
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.source import Span

SOURCE = "rub"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_UNUSED = frozenset({"W660", "W662"})


def diagnostics(library: Library, reading: Reading) -> list[types.Diagnostic]:
    """Give everything that is wrong with a document, or likely not meant."""
    name = reading.document.name
    return [
        shown(reading, found)
        if found.span.file == name
        else _elsewhere(library, reading, found)
        for found in reading.findings
    ]


def shown(reading: Reading, found: Diagnostic) -> types.Diagnostic:
    """Give a diagnostic of the document itself; its hint is part of the message."""
    tags = [types.DiagnosticTag.Unnecessary] if found.code in _UNUSED else None
    return types.Diagnostic(
        range=reading.places.range(found.span),
        message=f"{found.message}\nhelp: {found.hint}",
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source=SOURCE,
        tags=tags,
    )


def _elsewhere(
    library: Library, reading: Reading, found: Diagnostic
) -> types.Diagnostic:
    here = _use_of(reading.loaded.rubrics, found.span.file)
    file = found.span.file.replace("\\", "/").rpartition("/")[2]
    there = library.places_in(found.span.file)
    related = None
    if there is not None:
        place = types.Location(there[0], there[1].range(found.span))
        related = [types.DiagnosticRelatedInformation(place, found.message)]
    return types.Diagnostic(
        range=reading.places.range(here or Span(reading.document.name, 1, 1, 1, 2)),
        message=f"{file}, line {found.span.line}: {found.message}\nhelp: {found.hint}",
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source=SOURCE,
        related_information=related,
    )


def _use_of(rubrics: Iterable[Rubric], file: str) -> Span | None:
    """Give the first import that leads to a file."""
    path = resolved(file)
    for rubric in rubrics:
        imported = dict(rubric.imported)
        for use in rubric.uses:
            direct = imported.get(use.alias)
            reached = [direct, *imported_rubrics(direct)] if direct else []
            files = {each.span.file for each in reached}
            if file in files or any(resolved(each) == path for each in files):
                return use.span
    return next((use.span for rubric in rubrics for use in rubric.uses), None)
