"""Parquet files as plain records, with pyarrow where it is installed."""

import gzip
import math
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any

from rubricdsl.diagnostics import fail
from rubricdsl.formats.sources import place
from rubricdsl.model.digest import Plain

_BATCH_ROWS = 16


def parquet_records(
    file: IO[bytes], name: str
) -> Iterator[tuple[int, dict[str, Plain] | str]]:
    """Give the rows of a file with their numbers, from 1.

    A row with a value that plain data cannot hold comes out as a sentence that
    says so.  Nulls are fields that are not there.

    Raises RubricError without pyarrow (D108) and for a file that is not Parquet
    (D101).
    """
    try:
        # pyarrow has no types: what it gives is checked in `_plain`.
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError:
        fail(
            "D108",
            f"{name}: reading Parquet needs pyarrow, which is not installed",
            hint='pip install "rubricdsl[parquet]", or convert the file to .jsonl',
            span=place(name, 1),
        )
    number = 0
    with _seekable(file) as source:
        try:
            with parquet.ParquetFile(source) as table:
                for record in _records(table):
                    number += 1
                    yield number, _plain_record(record)
        except (arrow.ArrowException, OSError, ValueError, LookupError) as error:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            fail(
                "D101",
                f"{name} cannot be read as Parquet: {reason}",
                hint="write the file again, or convert it to .jsonl",
                span=place(name, number + 1),
            )


def _records(table: Any) -> Iterator[dict[str, object]]:
    for batch in table.iter_batches(batch_size=_BATCH_ROWS):
        yield from batch.to_pylist(maps_as_pydicts="strict")


@contextmanager
def _seekable(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Give a file whose end can be read first, as Parquet's must."""
    if not isinstance(file, gzip.GzipFile):
        yield file
        return
    with tempfile.TemporaryFile() as unpacked:
        shutil.copyfileobj(file, unpacked)
        unpacked.seek(0)
        yield unpacked


def _plain_record(record: dict[str, object]) -> dict[str, Plain] | str:
    plain: dict[str, Plain] = {}
    for column, value in record.items():
        try:
            converted = _plain(value)
        except TypeError as error:
            return f"the column `{column}` holds {error}"
        if converted is not None:
            plain[column] = converted
    return plain


def _plain(value: object) -> Plain:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            if not math.isfinite(value):
                raise TypeError("a number that is not finite")
            return value
        case dict():
            members = {str(key): _plain(child) for key, child in value.items()}
            return {key: child for key, child in members.items() if child is not None}
        case list():
            return [_plain(child) for child in value]
        case _:
            raise TypeError(f"a value of type {type(value).__name__}")
