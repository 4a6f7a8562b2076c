"""Files of foreign formats as plain data: a JSON or YAML document, or JSON Lines.

A document is one entry, a file of JSON Lines one entry a row; `rows_of` makes an
entry of each element where a document is a list of rows.
"""

from collections.abc import Callable, Iterator
from enum import Enum

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.formats.fields import Fields
from rubricdsl.formats.sources import place, unpacked_text
from rubricdsl.model.digest import Plain
from rubricdsl.model.source import Span

_YAML_ENDINGS = (".yaml", ".yml")
_ROW_ENDINGS = (".jsonl", ".ndjson")


class Notation(Enum):
    """In what a format may be written."""

    JSON = "JSON"
    JSON_OR_YAML = "JSON or YAML"


@frozen
class Entry:
    """Plain data with its place; ``where`` is empty for a whole document."""

    value: Plain
    span: Span
    where: str = ""


def read_entries(data: bytes, name: str, notation: Notation) -> list[Entry]:
    """Read a file, packed by gzip or not, into its document or its rows.

    Raises:
        RubricError: for a file that cannot be read (D101, D104, D109), is in none of
            the notations (D102), or needs an extra that is missing (D108).
    """
    text = unpacked_text(data, name)
    plain_name = name.lower().removesuffix(".gz")
    if plain_name.endswith(_ROW_ENDINGS):
        return _rows(text, name)
    looks_like_json = text.lstrip()[:1] in {"{", "["}
    is_yaml = plain_name.endswith(_YAML_ENDINGS) or not looks_like_json
    if notation is Notation.JSON_OR_YAML and is_yaml:
        return [Entry(_yaml(text, name), place(name, 1))]
    try:
        return [Entry(loads_strict(text), place(name, 1))]
    except StrictJsonError as error:
        if _begins_with_a_row(text):
            return _rows(text, name)
        span = place(name, error.line, column=error.column)
        hint = f"give {notation.value}"
        fail("D102", f"{name} is not valid JSON: {error.reason}", hint=hint, span=span)


def rows_of(
    entries: list[Entry], is_row: Callable[[Fields], object]
) -> Iterator[Entry]:
    """Give the rows: the elements of a list that ``is_row`` recognises, or all."""
    for entry in entries:
        value = entry.value
        rows = value if isinstance(value, list) else []
        if rows and all(isinstance(row, dict) and is_row(row) for row in rows):
            for index, row in enumerate(rows):
                yield Entry(row, entry.span, f"{entry.where}[{index}]")
        else:
            yield entry


def _yaml(text: str, name: str) -> Plain:
    try:
        from rubricdsl.formats.foreign.yaml_documents import read_yaml
    except ModuleNotFoundError:
        fail(
            "D108",
            f"{name} is YAML, which needs an extra",
            hint='pip install "rubricdsl[yaml]", or give the file as JSON',
            span=place(name, 1),
        )
    return read_yaml(text, name)


def _begins_with_a_row(text: str) -> bool:
    first, _, rest = text.lstrip().partition("\n")
    if not rest.strip():
        return False
    try:
        return isinstance(loads_strict(first), dict)
    except StrictJsonError:
        return False


def _rows(text: str, name: str) -> list[Entry]:
    entries: list[Entry] = []
    faults: list[Diagnostic] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = loads_strict(line)
        except StrictJsonError as error:
            span = place(name, number, column=error.column)
            hint = "write one JSON object a line"
            message = f"not valid JSON: {error.reason}"
            faults.append(Diagnostic("D102", message, span, hint))
        else:
            entries.append(Entry(value, place(name, number), f"row {number}"))
    if faults:
        raise RubricError(faults)
    return entries
