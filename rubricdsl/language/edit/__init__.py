"""Edits of rubrics, applied to their source: what is not touched stays as it is.

`meaning` says what each edit does to a rubric; `rewriting` makes the source follow,
line by line; `applying` does both and checks that they agree; `records` reads and
writes edits as JSON.
"""

from rubricdsl.language.edit.applying import (
    EditedSource,
    Refusal,
    apply,
    apply_each,
)
from rubricdsl.language.edit.meaning import edited
from rubricdsl.language.edit.records import edit_record, read_edits

__all__ = [
    "EditedSource",
    "Refusal",
    "apply",
    "apply_each",
    "edit_record",
    "edited",
    "read_edits",
]
