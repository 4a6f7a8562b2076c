"""Rows of a file as plain data, and a word for each row that is none.

A row that is broken does not end the reading: it comes out as a `RowProblem`, so
that all of them can be told at once, or the rest used.
"""

import csv
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import IO, NoReturn, TypeVar

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.formats.arrays import elements
from rubricdsl.formats.datasets import DatasetFile, dataset_files
from rubricdsl.formats.fields import kind_of
from rubricdsl.formats.sources import (
    MAX_ROW_BYTES,
    Line,
    LongLine,
    RowFormat,
    decoding_fault,
    lines,
    opened,
    place,
)
from rubricdsl.model.digest import Plain
from rubricdsl.model.source import Span

T = TypeVar("T")


@frozen
class Row:
    """The fields of a row, and where it begins.

    The line of a row of Parquet or Arrow, which have no lines, is its number.
    """

    fields: Mapping[str, Plain]
    span: Span


@frozen
class RowProblem:
    """A row that cannot be used, and why."""

    diagnostic: Diagnostic


def read_rows(
    path: str,
    *,
    stdin: IO[bytes] | None = None,
    row_format: RowFormat | None = None,
    json_columns: Collection[str] = (),
) -> Iterator[Row | RowProblem]:
    """Read the rows of a JSON Lines, JSON, CSV, Parquet or Arrow file, one at a time.

    The format is told by the ending of ``path`` unless it is given; a folder is a
    dataset of Parquet or Arrow files, whose folders ``name=value`` are columns of all
    rows below.  Texts in ``json_columns`` of CSV, Parquet and Arrow, which have only
    flat columns, are read as JSON; empty cells of CSV are fields that are not there.

    Raises RubricError, when reading has come so far, for a file that cannot be
    read or whose rows cannot be told apart.
    """
    if row_format is None and "\0" not in path and os.path.isdir(path):  # noqa: PTH112
        for part in dataset_files(path):
            yield from _partition_rows(part, json_columns)
        return
    with opened(path, stdin=stdin) as file:
        match row_format or RowFormat.of(path):
            case RowFormat.JSON_LINES:
                yield from _json_lines(file, path)
            case RowFormat.JSON_ARRAY:
                yield from _json_array(file, path)
            case RowFormat.CSV:
                yield from _csv_rows(file, path, json_columns)
            case (RowFormat.PARQUET | RowFormat.ARROW) as columns:
                from rubricdsl.formats.parquet import arrow_records, parquet_records

                is_arrow = columns is RowFormat.ARROW
                records = (arrow_records if is_arrow else parquet_records)(file, path)
                for number, record in records:
                    span = place(path, number)
                    if isinstance(record, str):
                        yield wrong_type(span, record)
                    else:
                        yield _row(record, span, json_columns)


def _partition_rows(
    part: DatasetFile, json_columns: Collection[str]
) -> Iterator[Row | RowProblem]:
    """Give the rows of one file of a dataset; what it says itself comes first."""
    for row in read_rows(part.path, json_columns=json_columns):
        if isinstance(row, Row) and part.keys:
            yield Row({**part.keys, **row.fields}, row.span)
        else:
            yield row


def sound(rows: Iterable[T | RowProblem]) -> list[T]:
    """Give all that could be read, or raise one RubricError with every problem."""
    good: list[T] = []
    faults: list[Diagnostic] = []
    for row in rows:
        if isinstance(row, RowProblem):
            faults.append(row.diagnostic)
        else:
            good.append(row)
    if faults:
        raise RubricError(faults)
    return good


def _json_lines(file: IO[bytes], name: str) -> Iterator[Row | RowProblem]:
    for line in lines(file, name):
        if isinstance(line, LongLine):
            yield RowProblem(too_long(name, line.number))
        elif line.content.strip():
            yield _json_row(line, name)


def _json_row(line: Line, name: str) -> Row | RowProblem:
    try:
        text = line.content.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        fault = decoding_fault(error, name, line=line.number, offset=line.offset)
        return RowProblem(fault)
    row = _object(text, place(name, line.number))
    if isinstance(row, RowProblem) and line.number == 1 and text.lstrip()[:1] == "[":
        hint = "one JSON array is read from a file that ends in .json"
        return RowProblem(_with_hint(row.diagnostic, hint))
    return row


def _with_hint(diagnostic: Diagnostic, hint: str) -> Diagnostic:
    return Diagnostic(diagnostic.code, diagnostic.message, diagnostic.span, hint)


def _json_array(file: IO[bytes], name: str) -> Iterator[Row | RowProblem]:
    for element in elements(file, name):
        try:
            text = element.content.decode()
        except UnicodeDecodeError as error:
            yield RowProblem(
                decoding_fault(error, name, line=element.line, offset=element.offset)
            )
        else:
            yield _object(text, place(name, element.line, column=element.column))


def _object(text: str, span: Span) -> Row | RowProblem:
    try:
        value = loads_strict(text)
    except StrictJsonError as error:
        line = span.line + error.line - 1
        column = error.column + (span.column - 1 if error.line == 1 else 0)
        return RowProblem(
            Diagnostic(
                "D102",
                f"the row is not valid JSON: {error.reason}",
                place(span.file, line, column=column),
                "write one JSON object for each row",
            )
        )
    if not isinstance(value, dict):
        return RowProblem(
            Diagnostic(
                "D102",
                f"the row is {kind_of(value)}, not an object",
                span,
                'write each row as an object: {"response": "…"}',
            )
        )
    return Row(value, span)


def _csv_rows(
    file: IO[bytes], name: str, json_columns: Collection[str]
) -> Iterator[Row | RowProblem]:
    # The limit is the process's own; it is only ever raised, never lowered.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_BYTES))
    faults: list[Diagnostic] = []
    reader = csv.reader(_csv_lines(file, name, faults), strict=True)
    header: list[str] | None = None
    while True:
        span = place(name, reader.line_num + 1)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            _broken_csv(error, span, reader.line_num)
        if cells is None:
            return
        if faults:
            if header is None:
                raise RubricError(faults)
            yield from map(RowProblem, faults)
            faults.clear()
        elif not cells:
            continue
        elif header is None:
            header = _csv_header(cells, span)
        elif len(cells) != len(header):
            yield _ragged(cells, header, span)
        else:
            pairs = zip(header, cells, strict=True)
            filled: dict[str, Plain] = {key: cell for key, cell in pairs if cell}
            yield _row(filled, span, json_columns)


def _csv_lines(file: IO[bytes], name: str, faults: list[Diagnostic]) -> Iterator[str]:
    """Give lines of text; what is wrong with one is added to ``faults``."""
    for line in lines(file, name):
        if isinstance(line, LongLine):
            raise RubricError([too_long(name, line.number)])
        try:
            text = line.content.decode()
        except UnicodeDecodeError as error:
            fault = decoding_fault(error, name, line=line.number, offset=line.offset)
            faults.append(fault)
            text = line.content.decode("utf-8", "replace")
        if "\0" in text:
            column = text.index("\0") + 1
            faults.append(
                Diagnostic(
                    "D104",
                    "the line holds a zero byte, which no text does",
                    place(name, line.number, column=column),
                    "save the file as UTF-8 text",
                )
            )
        yield text


def _csv_header(cells: Sequence[str], span: Span) -> list[str]:
    header = [cell.strip() for cell in cells]
    twice = [cell for i, cell in enumerate(header) if cell and cell in header[:i]]
    if twice:
        fail(
            "D103",
            f"the header names the column {twice[0]!r} twice",
            hint="give every column a name of its own",
            span=span,
        )
    return header


def _broken_csv(error: csv.Error, span: Span, end: int) -> NoReturn:
    fail(
        "D102",
        f"the row that begins here is not valid CSV (line {end}: {error})",
        hint='close every quoted field, and double the quotes in it: ""',
        span=span,
    )


def _ragged(cells: Sequence[str], header: Sequence[str], span: Span) -> RowProblem:
    return RowProblem(
        Diagnostic(
            "D103",
            f"the row has {len(cells)} cells and the header {len(header)}",
            span,
            "quote cells that hold a comma or a line break",
        )
    )


def _row(
    record: Mapping[str, Plain], span: Span, json_columns: Collection[str]
) -> Row | RowProblem:
    fields = dict(record)
    for column in json_columns:
        cell = fields.get(column)
        if isinstance(cell, str):
            try:
                fields[column] = loads_strict(cell)
            except StrictJsonError as error:
                return RowProblem(
                    Diagnostic(
                        "D102",
                        f"the column `{column}` is not valid JSON: {error}",
                        span,
                        f"write JSON into `{column}`, or leave it empty",
                    )
                )
    return Row(fields, span)


def wrong_type(span: Span, message: str) -> RowProblem:
    """Say that plain data cannot hold a value of a row (D103)."""
    hint = "use text, numbers, truth values, lists, structs and maps"
    return RowProblem(Diagnostic("D103", message, span, hint))


def too_long(name: str, line: int) -> Diagnostic:
    """Say that a row is over `MAX_ROW_BYTES` (D110)."""
    return Diagnostic(
        "D110",
        f"the row is over {MAX_ROW_BYTES // 2**20} MB",
        place(name, line),
        "split it into several rows, or cut its texts",
    )
