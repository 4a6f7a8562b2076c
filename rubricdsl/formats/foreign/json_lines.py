"""Our own JSON Lines: the model itself, a row for each rubric, with its digest.

For sets of rubrics too large to be source files.  Reading gives the same model and
the same digest as the source that was written.
"""

from collections.abc import Iterator, Sequence

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.formats.fields import FieldError, Fields, optional_text
from rubricdsl.formats.foreign.documents import Entry, Notation, read_entries
from rubricdsl.formats.foreign.model_records import (
    RecordError,
    from_record,
    to_record,
)
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import Bind, row_file
from rubricdsl.language.building import build
from rubricdsl.language.characters import Source
from rubricdsl.language.parsing import parse
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ExportedFile, ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import Rubric

EDITION = 1
"""The edition of the rows, which each of them names under ``rub``."""
_HINT = "give rows as `rub export --to jsonl` writes them"


def read_json_lines(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read rows; raises RubricError (D109) with every row that is no rubric."""
    made: list[ImportedRubric] = []
    faults: list[Diagnostic] = []
    for entry in read_entries(data, name, Notation.JSON):
        try:
            made.append(_imported(entry))
        except (FieldError, RecordError) as error:
            where = entry.where or name
            message = f"{where} cannot be imported: {error}"
            faults.append(Diagnostic("D109", message, entry.span, _HINT))
    if faults:
        raise RubricError(faults)
    yield from made


def write_json_lines(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write a row for each rubric; only imported files are not in it."""
    rows: list[Plain] = []
    ledgers = [Ledger(rubric) for rubric in rubrics]
    for ledger in ledgers:
        rubric = ledger.rubric
        for use in rubric.uses:
            instead = "named as before: keep it beside what is imported"
            ledger.lose("", f"the file {use.path}, which it uses", instead)
        # Without all its arguments a rubric has no digest.
        is_open = any(param.default is None for param in rubric.params)
        row: dict[str, Plain] = {"rub": EDITION, "rubric": to_record(rubric)}
        rows.append(row if is_open else {**row, "digest": bind(rubric).digest})
    return row_file(rows, (), ledgers)


JSON_LINES = RubricFormatOffer(
    name="jsonl",
    description="Our own JSON Lines: the same model, row by row, with its digest",
    read=read_json_lines,
    write=write_json_lines,
)


def _imported(entry: Entry) -> ImportedRubric:
    row: Fields = entry.value if isinstance(entry.value, dict) else {}
    if row.get("rub") != EDITION:
        raise FieldError(f"it is no row of edition {EDITION}", _HINT)
    rubric = from_record(Rubric, row.get("rubric"))
    text = print_rubric(rubric)
    if not _reads_back(text, rubric):
        raise FieldError(f"`{rubric.name}` cannot be written as source", _HINT)
    digest = optional_text(row, "digest")
    return ImportedRubric(file_stem=rubric.name, text=text, digest=digest)


def _reads_back(text: str, rubric: Rubric) -> bool:
    """Say whether source is that of a rubric: no name or value broke out of it."""
    syntax = parse(Source.of(text))
    if syntax.diagnostics or len(syntax.rubrics) != 1:
        return False
    built = build("<text>", syntax.rubrics[0])
    return not built.found and built.rubric == rubric
