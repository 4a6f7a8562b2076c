"""Diagnostics as SARIF 2.1.0, which code hosts and editors read.

See OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" (2020).
Sections of that document are named where it is not obvious why something is written.
Code hosts read only so much of a log: the worst results come first then.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import PurePath, PurePosixPath
from urllib.parse import quote

from rubricdsl.diagnostics import Applicability, Diagnostic, Edit, Fix, Severity
from rubricdsl.diagnostics.codes import CODES
from rubricdsl.diagnostics.secrets import without_keys
from rubricdsl.model.digest import Plain
from rubricdsl.model.source import ARGUMENTS, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 5_000
"""How many results a log holds: as many as GitHub shows of a run."""

_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}


def render_sarif(diagnostics: Iterable[Diagnostic], *, version: str) -> str:
    """Give a SARIF log of one run; ``version`` is that of this program.

    Of more than `MOST_RESULTS` the least severe are left out, and a notification says
    how many.
    """
    everything = list(diagnostics)
    found = _worst(everything)
    codes = sorted({diagnostic.code for diagnostic in found})
    driver: dict[str, Plain] = {
        "name": "rubricdsl",
        "version": version,
        "rules": [_rule(code, found) for code in codes],
    }
    run: dict[str, Plain] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, codes.index(each.code)) for each in found],
    }
    if left_out := len(everything) - len(found):
        run["invocations"] = [_invocation(left_out)]
    log: dict[str, Plain] = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    # Escapes keep control and bidirectional characters out of the viewer's terminal.
    return json.dumps(log, indent=2)


def _worst(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Give as many as a log holds, the worst of them, in the order they came in."""
    ranks = list(_LEVELS)
    order = sorted(range(len(found)), key=lambda i: ranks.index(found[i].severity))
    return [found[i] for i in sorted(order[:MOST_RESULTS])]


def _invocation(left_out: int) -> dict[str, Plain]:
    message = f"{left_out:,} results are left out: a log holds {MOST_RESULTS:,}."
    # Section 3.20.21: what the tool has to say of its own run.
    return {
        "executionSuccessful": True,
        "toolExecutionNotifications": [
            {"level": "warning", "message": {"text": message}}
        ],
    }


def _rule(code: str, found: Sequence[Diagnostic]) -> dict[str, Plain]:
    severity = next(each.severity for each in found if each.code == code)
    return {
        "id": code,
        "shortDescription": {"text": CODES.get(code, code)},
        "help": {"text": f"rub check --explain {code}"},
        "defaultConfiguration": {"level": _LEVELS[severity]},
    }


def _result(diagnostic: Diagnostic, index: int) -> dict[str, Plain]:
    said = f"{diagnostic.message}. Help: {diagnostic.hint}."
    result: dict[str, Plain] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": without_keys(said)},
    }
    if diagnostic.span != ARGUMENTS:
        physical: dict[str, Plain] = {
            "artifactLocation": _artifact(diagnostic.span.file),
            "region": _region(diagnostic.span),
        }
        result["locations"] = [{"physicalLocation": physical}]
    # Viewers apply a fix at a click (section 3.55), so only safe ones are offered.
    fix = diagnostic.fix
    if fix is not None and fix.applicability is Applicability.SAFE:
        result["fixes"] = [_fix(fix)]
    return result


def _fix(fix: Fix) -> dict[str, Plain]:
    by_file = sorted(fix.edits, key=lambda edit: edit.span.file)
    changes: list[Plain] = [
        {
            "artifactLocation": _artifact(file),
            "replacements": [_replacement(edit) for edit in edits],
        }
        for file, edits in groupby(by_file, key=lambda edit: edit.span.file)
    ]
    return {"description": {"text": fix.message}, "artifactChanges": changes}


def _replacement(edit: Edit) -> dict[str, Plain]:
    return {
        "deletedRegion": _region(edit.span),
        "insertedContent": {"text": edit.text},
    }


def _region(span: Span) -> dict[str, Plain]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _artifact(file: str) -> dict[str, Plain]:
    return {"uri": uri(file)}


def uri(file: str) -> str:
    """Give the URI of a path as the user gave it (RFC 3986, RFC 8089).

    Standard input is ``stdin:``, and a text without a file ``text:``.
    """
    if file in {"-", "<text>"}:
        return "stdin:" if file == "-" else "text:"
    path = PurePath(file)
    if path.is_absolute():
        return path.as_uri()
    # A colon in the first part would make it a scheme (RFC 3986, 4.2).
    posix = PurePosixPath(*path.parts).as_posix()
    return quote(posix.encode("utf-8", "surrogateescape"), safe="/")
