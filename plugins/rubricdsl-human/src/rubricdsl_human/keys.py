"""Keys: which item of a sheet is which criterion of which response.

They stay with whoever runs the evaluation; the sheets that people get do not tell.  A
key is named by what it holds, and is never changed once it is written.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs
from attrs import frozen

from rubricdsl.formats.whole_files import whole_file
from rubricdsl.judging.backends.documents import encoded
from rubricdsl.judging.recorded_rows import RecordedRow, RowForm, read_rows
from rubricdsl.model.digest import Plain, digest
from rubricdsl_human.items import Item

FOLDER = "keys"
"""The folder beside the sheets that holds them."""

_ASKER = ("rubric", "criterion", "prompt_id", "response_id")
_FORM = RowForm(
    "key of a sheet", "leave keys as they were written, or restore them from a copy"
)
_NAME_DIGITS = 12


@frozen(kw_only=True)
class Known:
    """What is known of an item: its legal answers, and who asks it."""

    answers: tuple[str, ...]
    askers: frozenset[tuple[str, ...]] = frozenset()


def write_key(folder: Path, items: Iterable[Item]) -> None:
    """Write the key of some items; raises RubricError (D111) where it cannot be."""
    rows = [row for item in sorted(items, key=_id) for row in _rows(item)]
    text = b"".join(encoded(row) + b"\n" for row in rows)
    path = folder / FOLDER / f"{digest(text.decode())[:_NAME_DIGITS]}.jsonl"
    if not path.exists():
        with whole_file(str(path)) as file:
            file.write(text)


def _id(item: Item) -> str:
    return item.id


def _rows(item: Item) -> Iterable[dict[str, Plain]]:
    plain: dict[str, Plain] = {"id": item.id, "answers": list(item.question.answers)}
    if not item.askers:
        return [plain]
    return [
        {**plain, **dict(zip(_ASKER, asker, strict=True))}
        for asker in sorted(item.askers)
    ]


def read_keys(folder: Path) -> Mapping[str, Known]:
    """Read all keys of a folder, by the ids of items.

    Raises:
        RubricError: D206 with file and line for a key that cannot be read.
    """
    known: dict[str, Known] = {}
    for path in sorted((folder / FOLDER).glob("*.jsonl")):
        for row in read_rows(path, _FORM, missing=_FORM.hint):
            row.expect(("id", "answers"), _ASKER)
            found = Known(answers=_answers(row), askers=_askers(row))
            earlier = known.setdefault(row.text("id"), found)
            if earlier.answers != found.answers:
                row.refuse("another key gives the item other answers")
            known[row.text("id")] = attrs.evolve(
                earlier, askers=earlier.askers | found.askers
            )
    return known


def _answers(row: RecordedRow) -> tuple[str, ...]:
    match row.fields["answers"]:
        case [*words] if words:
            return tuple(str(word) for word in words)
    return row.refuse("`answers` must be a list of texts")


def _askers(row: RecordedRow) -> frozenset[tuple[str, ...]]:
    if not any(name in row.fields for name in _ASKER):
        return frozenset()
    asker = tuple(row.fields.get(name) for name in _ASKER)
    names = tuple(name for name in asker if isinstance(name, str))
    if len(names) != len(_ASKER):
        row.refuse("who asks is not told in full")
    return frozenset([names])
