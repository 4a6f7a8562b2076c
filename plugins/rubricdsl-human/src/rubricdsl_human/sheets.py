"""Sheets out: what one person is asked, in an order of their own.

A sheet is written once and never changed: what people have filled in stays as they
left it, and what comes up later goes onto a new sheet.  Its name is made of what is on
it, so that the same run, stopped and started again, writes nothing twice.
"""

import csv
import io
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.model.digest import digest
from rubricdsl.report.markup import visible
from rubricdsl_human.cells import guarded
from rubricdsl_human.form import form
from rubricdsl_human.items import Item
from rubricdsl_human.keys import FOLDER, write_key

_NAME_DIGITS = 8
_BOM = "\ufeff"


@frozen(kw_only=True)
class Sheet:
    """Items for one person, those about the same texts one after the other."""

    annotator: str
    items: Sequence[Item]

    @classmethod
    def of(cls, annotator: str, items: Iterable[Item], *, seed: int) -> "Sheet":
        """Put items into an order that depends on nothing but them, person and seed."""
        groups: dict[str, list[Item]] = {}
        for item in sorted(items, key=lambda item: item.id):
            groups.setdefault(item.about, []).append(item)
        draw = random.Random(digest("sheet", annotator, seed))  # noqa: S311
        shuffled = [groups[about] for about in sorted(groups)]
        draw.shuffle(shuffled)
        for group in shuffled:
            draw.shuffle(group)
        ordered = [item for group in shuffled for item in group]
        return cls(annotator=annotator, items=ordered)

    @property
    def name(self) -> str:
        """What its files are called, without their endings."""
        ids = tuple(sorted(item.id for item in self.items))
        return f"{self.annotator}-{digest(ids)[:_NAME_DIGITS]}"


def write_sheet(folder: Path, sheet: Sheet) -> None:
    """Write a sheet: its key, its form, and at last the CSV, which says that it is out.

    Raises RubricError (D111) where something cannot be written.
    """
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        fail(
            "D111",
            f"the folder of sheets {folder} cannot be made: {reason}",
            hint="name another with `folder`, as in human:ann?folder=sheets",
        )
    name = _unused(folder, sheet.name)
    write_key(folder, sheet.items)
    for ending, text in (
        (".html", form(name, sheet.annotator, sheet.items)),
        (".csv", table(sheet)),
    ):
        with whole_file(str(folder / f"{name}{ending}")) as file:
            file.write(text.encode())


def _unused(folder: Path, name: str) -> str:
    """Give a name of which there is no sheet: nothing is ever written over."""
    taken = {path.stem.casefold() for path in folder.glob("*.csv")}
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def table(sheet: Sheet) -> str:
    """Write a sheet as CSV, one row an item, which spreadsheets open as UTF-8."""
    names = list(dict.fromkeys(name for item in sheet.items for name in item.texts))
    instructed = any(item.instructions for item in sheet.items)
    titles = {name: name if _is_free(name) else f"text {name}" for name in names}
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(
        [
            *("id", "annotator", "statement", "answers", "answer", "quote", "comment"),
            "details",
            *(["instructions"] if instructed else []),
            *(guarded(titles[name]) for name in names),
        ]
    )
    for item in sheet.items:
        cells = [
            *(item.id, sheet.annotator, item.question.text),
            *(" | ".join(item.question.answers), "", "", ""),
            "\n".join(item.details()),
            *([item.instructions or ""] if instructed else []),
            *(item.texts.get(name, "") for name in names),
        ]
        writer.writerow([guarded(visible(cell)) for cell in cells])
    return _BOM + written.getvalue()


_OURS = frozenset(
    {
        *("id", "annotator", "statement", "answers", "answer"),
        *("quote", "comment", "details", "instructions"),
    }
)


def _is_free(name: str) -> bool:
    """Tell whether a text's column may be called so: artifacts have any name."""
    return name.casefold() not in _OURS
