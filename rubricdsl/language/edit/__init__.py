"""Edits of rubrics, applied to their source: what is not touched stays as it is.

`meaning` says what each edit does to a rubric, and `rewriting` makes the source
follow, line by line.  `drafts` does both, one edit at a time, and checks that they
agree; `applying` does so for several edits.  `records` reads and writes edits as
JSON, `wording` tells them to people.  `history` adds rounds to what a rubric tells of
its past, and `slicing` takes a file apart so that each of its rubrics can be edited
by itself.
"""

from rubricdsl.language.edit.applying import (
    EditedSource,
    Refusal,
    apply,
    apply_each,
)
from rubricdsl.language.edit.drafts import Draft, Surroundings
from rubricdsl.language.edit.history import record_round
from rubricdsl.language.edit.meaning import edited
from rubricdsl.language.edit.records import edit_record, read_edits
from rubricdsl.language.edit.slicing import Slice, joined, slices
from rubricdsl.language.edit.wording import edit_words

__all__ = [
    "Draft",
    "EditedSource",
    "Refusal",
    "Slice",
    "Surroundings",
    "apply",
    "apply_each",
    "edit_record",
    "edit_words",
    "edited",
    "joined",
    "read_edits",
    "record_round",
    "slices",
]
