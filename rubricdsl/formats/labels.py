"""Labelled verdicts: rows of JSON Lines, JSON, CSV or Parquet.

A row is ``{"prompt_id", "response_id", "criterion", "verdict", "annotator"?}``, where
``criterion`` is a name or a path and ``verdict`` yes, no, partly, n/a, level N or a
number.  Other fields are left alone.
"""

from typing import IO

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.formats.fields import FieldError, Fields, needed_text, optional_text
from rubricdsl.formats.rows import Row, RowProblem, read_rows, sound
from rubricdsl.judging.calibration.labels import LabelledVerdict
from rubricdsl.model.ruling import Ruling


def read_labels(
    path: str, *, stdin: IO[bytes] | None = None
) -> tuple[LabelledVerdict, ...]:
    """Read labelled verdicts; ``-`` is ``stdin``, or standard input.

    Raises RubricError for a file that cannot be read, with all rows that are none.
    """
    return tuple(sound(map(_label, read_rows(path, stdin=stdin))))


def _label(row: Row | RowProblem) -> LabelledVerdict | RowProblem:
    if isinstance(row, RowProblem):
        return row
    try:
        return label_of(row.fields)
    except FieldError as error:
        message = f"this is no labelled verdict: {error.message}"
        return RowProblem(Diagnostic(error.code, message, row.span, error.hint))


def label_of(fields: Fields) -> LabelledVerdict:
    """Read the fields of a labelled verdict; raises FieldError where they are not."""
    return LabelledVerdict(
        prompt_id=needed_text(fields, "prompt_id"),
        response_id=needed_text(fields, "response_id"),
        criterion=needed_text(fields, "criterion"),
        ruling=_ruling(fields),
        annotator=optional_text(fields, "annotator"),
    )


def _ruling(fields: Fields) -> Ruling:
    value = fields.get("verdict")
    try:
        if isinstance(value, str | int | float):
            return Ruling.from_record(value)
    except ValueError:
        pass
    raise FieldError(
        "`verdict` is missing" if value is None else f"`verdict` is {value!r}",
        "write yes, no, partly, n/a, level N or a number",
    )
