"""Edits of whole documents: canonical layout, and fixes of what was found."""

from collections.abc import Iterable, Sequence

from lsprotocol import types

from rubricdsl.diagnostics import Applicability, Diagnostic, Fix, RubricError
from rubricdsl.language.formatting import format_text
from rubricdsl.language.lint.fixing import apply_fixes, fix_text, fixes_of
from rubricdsl.language.lint.running import DEFAULT
from rubricdsl.language.loading import Loaded
from rubricdsl.lsp.diagnosing import shown
from rubricdsl.lsp.documents import Document, Library, Reading
from rubricdsl.lsp.places import edits_between

FIX_ALL = "source.fixAll.rub"
_SAFE = frozenset({Applicability.SAFE})


def formatting(reading: Reading) -> Sequence[types.TextEdit]:
    """Give the edits that bring a document into the layout of `rub fmt`.

    There are none where it has errors, as `rub fmt` leaves such a file alone.
    """
    if not reading.loaded.sound:
        return ()
    old = reading.document.text
    try:
        new = format_text(old, name=reading.document.name)
    except RubricError:
        return ()
    return edits_between(old, new, reading.places)


def code_actions(
    library: Library, reading: Reading, params: types.CodeActionParams
) -> list[types.CodeAction]:
    """Give the safe fixes in a range, and the one that makes all of them."""
    wanted = params.context.only
    actions: list[types.CodeAction] = []
    if _asked(types.CodeActionKind.QuickFix, wanted):
        actions += _quick_fixes(reading, params.range)
    if _asked(FIX_ALL, wanted):
        actions += _fix_all(library, reading)
    return actions


def _asked(kind: str, wanted: Sequence[str] | None) -> bool:
    return wanted is None or any(
        kind == each or kind.startswith(f"{each}.") for each in wanted
    )


def _quick_fixes(reading: Reading, chosen: types.Range) -> Iterable[types.CodeAction]:
    for found in reading.findings:
        fixes = list(fixes_of([found], reading.document.name, _SAFE))
        if not fixes or not _meet(reading, found, chosen):
            continue
        (fix,) = fixes
        yield types.CodeAction(
            title=fix.message[:1].upper() + fix.message[1:],
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[shown(reading, found)],
            is_preferred=True,
            edit=_edit(reading, _fixed(reading.document.text, fix)),
        )


def _fix_all(library: Library, reading: Reading) -> Iterable[types.CodeAction]:
    document = reading.document

    def load(text: str) -> Loaded:
        changed = Document(document.uri, document.path, text)
        return library.reading(changed).loaded

    fixed = fix_text(document.text, load, document.name, DEFAULT, _SAFE)
    if fixed.count and fixed.loaded.sound:
        yield types.CodeAction(
            title="Make all safe fixes",
            kind=FIX_ALL,
            edit=_edit(reading, fixed.text),
        )


def _fixed(text: str, fix: Fix) -> str:
    return apply_fixes(text, [fix])[0]


def _meet(reading: Reading, found: Diagnostic, chosen: types.Range) -> bool:
    """Say whether a diagnostic touches the range that an action is asked for."""
    there = reading.places.range(found.span)
    return there.start <= chosen.end and chosen.start <= there.end


def _edit(reading: Reading, text: str) -> types.WorkspaceEdit:
    edits = edits_between(reading.document.text, text, reading.places)
    return types.WorkspaceEdit(changes={reading.document.uri: edits})
