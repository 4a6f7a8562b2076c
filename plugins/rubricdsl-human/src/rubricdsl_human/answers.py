"""What people have answered: read from the sheets and from what forms have saved.

A spreadsheet may have made what it likes of a sheet: a BOM, semicolons or tabs between
cells, CRLF, another order of columns and rows.  What is no legal answer, belongs to no
item, or contradicts another answer of the same person is an error with its place, and
all of them are told at once.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs
from attrs import field, frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.formats.sources import MAX_ROW_BYTES, place, unpacked_text
from rubricdsl.judging.recorded_rows import RecordedRow, RowForm, read_rows
from rubricdsl.model.digest import Plain
from rubricdsl.model.ruling import Ruling
from rubricdsl_human.cells import unguarded
from rubricdsl_human.keys import Known, read_keys

_COLUMNS = ("id", "annotator", "answer", "quote", "comment")
_DELIMITERS = (",", ";", "\t")
_FORM = RowForm("answer", "leave `id` and `annotator` of a sheet as they are")
_LEVEL = re.compile(r"[+-]?\d{1,9}([.]\d{1,9})?")


@frozen(kw_only=True)
class GivenAnswer:
    """What somebody answered to an item."""

    annotator: str
    item: str
    ruling: Ruling
    quote: str | None = None
    comment: str | None = None


@attrs.define(eq=False)
class Answers:
    """All that stands in a folder of sheets.

    ``given`` are by annotator and item; ``put`` are items by annotator that stand in
    one of their sheets, answered or not; ``known`` are the keys.
    """

    known: Mapping[str, Known]
    given: dict[tuple[str, str], GivenAnswer] = field(factory=dict)
    put: dict[str, set[str]] = field(factory=dict)

    @property
    def annotators(self) -> tuple[str, ...]:
        """Everybody who has a sheet, or has answered."""
        return tuple(sorted({*self.put, *(name for name, _ in self.given)}))


def read_answers(folder: Path) -> Answers:
    """Read a folder of sheets; one that is not there holds nothing.

    Raises:
        RubricError: D206, or D101 and D104 for files that cannot be read at all, with
            all that is wrong.
    """
    answers = Answers(read_keys(folder))
    seen: dict[tuple[str, str], RecordedRow] = {}
    faults: list[Diagnostic] = []
    for row in _rows(folder, faults):
        try:
            _take(row, answers, seen)
        except RubricError as error:
            faults += error.diagnostics
    if faults:
        raise RubricError(faults)
    return answers


def _take(
    row: RecordedRow,
    answers: Answers,
    seen: dict[tuple[str, str], RecordedRow],
) -> None:
    """Take an answer over from a row, if it has one."""
    item, annotator = row.text("id"), row.text("annotator")
    known = answers.known.get(item)
    if known is None:
        row.refuse(f"no item of this folder has the id {item!r}")
    answers.put.setdefault(annotator, set()).add(item)
    word = (row.optional_text("answer") or "").strip()
    if not word:
        return
    ruling = _ruling(word, known.answers)
    if ruling is None:
        legal = ", ".join(known.answers)
        row.refuse(f"{word[:60]!r} is no legal answer; legal are {legal}")
    given = GivenAnswer(
        annotator=annotator,
        item=item,
        ruling=ruling,
        quote=_said(row, "quote"),
        comment=_said(row, "comment"),
    )
    key = (annotator, item)
    earlier = answers.given.setdefault(key, given)
    if earlier.ruling != ruling:
        row.refuse(
            f"{annotator} answers {ruling} to {item}, and {earlier.ruling} in "
            f"{seen[key].span}"
        )
    seen.setdefault(key, row)
    answers.given[key] = attrs.evolve(
        earlier,
        quote=earlier.quote or given.quote,
        comment=earlier.comment or given.comment,
    )


def _said(row: RecordedRow, name: str) -> str | None:
    text = row.optional_text(name)
    return unguarded(text) if text and text.strip() else None


def _ruling(word: str, legal: Sequence[str]) -> Ruling | None:
    """Read an answer in any case; a bare number is a level where there are levels."""
    folded = word.casefold()
    if _LEVEL.fullmatch(folded):
        folded = f"level {float(folded):g}"
    return Ruling.from_record(folded) if folded in legal else None


# --------------------------------------------------------------------------- files


def _rows(folder: Path, faults: list[Diagnostic]) -> Iterator[RecordedRow]:
    """Give the rows of all files, going on after one that cannot be read."""
    for path in sorted(folder.glob("*")):
        reader = {".csv": _csv_rows, ".jsonl": _saved_rows}.get(path.suffix.lower())
        if reader is None or path.name.startswith("."):
            continue
        try:
            yield from reader(path)
        except RubricError as error:
            faults += error.diagnostics


def _saved_rows(path: Path) -> Iterator[RecordedRow]:
    """Give the rows of what a form has saved."""
    for row in read_rows(path, _FORM, missing="save the form again"):
        row.expect(_COLUMNS[:3], _COLUMNS[3:])
        yield row


def _csv_rows(path: Path) -> Iterator[RecordedRow]:
    """Give the rows of a sheet, whatever a spreadsheet made of it."""
    name = str(path)
    try:
        text = unpacked_text(path.read_bytes(), name)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        fail("D101", f"{name} cannot be read: {reason}", hint="check its permissions")
    skipped = text.lower().startswith("sep=")
    if skipped:
        text = text.partition("\n")[2]
    # The limit is the process's own; it is only ever raised, never lowered.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_BYTES))
    # Cells may hold line ends of their own, and those must reach the reader.
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True
    )
    header: Sequence[str] | None = None
    line = 1
    while True:
        span = place(name, line + skipped)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            fail("D206", f"the row is no CSV: {error}", hint=_CSV_HINT, span=span)
        if cells is None:
            return
        line = reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().casefold() for cell in cells]
            if missing := [n for n in _COLUMNS[:3] if header.count(n) != 1]:
                fail(
                    "D206",
                    f"the sheet has not just one column `{missing[0]}`",
                    hint=_CSV_HINT,
                    span=span,
                )
            continue
        filled = dict(zip(header, cells, strict=False))
        fields: dict[str, Plain] = {
            column: filled[column] for column in _COLUMNS if filled.get(column)
        }
        yield RecordedRow(fields, span, _FORM)


_CSV_HINT = "keep the first line of the sheet, and save it as CSV in UTF-8"


def _delimiter(text: str) -> str:
    """Tell what stands between cells, by the first line."""
    header = text.partition("\n")[0]
    return max(_DELIMITERS, key=header.count)
