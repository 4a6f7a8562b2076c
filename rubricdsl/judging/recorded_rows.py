"""Files of JSON Lines from which recorded judges and proposers answer."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NoReturn

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.model.digest import Plain
from rubricdsl.model.source import Span


@frozen
class RowForm:
    """What rows hold: ``what`` one is called, and a ``hint`` at how to write it."""

    what: str
    hint: str


@frozen
class RecordedRow:
    """One row, and where it stands."""

    fields: dict[str, Plain]
    span: Span
    form: RowForm

    def refuse(self, message: str) -> NoReturn:
        """Raise RubricError (D206) with what is wrong with the row."""
        _refuse(message, self.span, self.form)

    def expect(self, needed: Collection[str], optional: Collection[str]) -> None:
        """Refuse a row without a field that is needed, or with an unknown one."""
        for name in needed:
            if name not in self.fields:
                self.refuse(f"`{name}` is missing")
        for name in self.fields:
            if name not in needed and name not in optional:
                self.refuse(f"`{name}` is not known")

    def text(self, name: str) -> str:
        """Give a text that must be there."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value:
            self.refuse(f"`{name}` must be a text")
        return value

    def optional_text(self, name: str) -> str | None:
        """Give a text that may be missing."""
        return None if self.fields.get(name) is None else self.text(name)


def read_rows(path: Path, form: RowForm, *, missing: str) -> Iterator[RecordedRow]:
    """Read a file row by row; ``missing`` is what to do where there is no file.

    Raises:
        RubricError: D206 with file and line for what cannot be read.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        fail(
            "D206",
            f"{form.what}s cannot be read from {path}: {reason}",
            hint=missing,
        )
    file = str(path)
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError as error:
            place = Span(file, number, 1, number, 2)
            _refuse(f"byte {error.start + 1} of the line is not UTF-8", place, form)
        if text:
            span = Span(file, number, 1, number, len(text) + 1)
            yield RecordedRow(_fields(text, span, form), span, form)


def _fields(text: str, span: Span, form: RowForm) -> dict[str, Plain]:
    try:
        row = loads_strict(text)
    except StrictJsonError as error:
        _refuse(f"no JSON: {error.reason}", span, form)
    if not isinstance(row, dict):
        _refuse("no JSON object", span, form)
    return row


def _refuse(message: str, span: Span, form: RowForm) -> NoReturn:
    article = "an" if form.what[0] in "aeiou" else "a"
    what = f"{article} {form.what} cannot be read: {message}"
    fail("D206", what, hint=form.hint, span=span)
