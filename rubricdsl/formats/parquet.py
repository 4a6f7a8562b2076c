"""Parquet and Arrow files as plain records, with pyarrow where it is installed."""

import gzip
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any, NoReturn

from rubricdsl.diagnostics import fail
from rubricdsl.formats.sources import place
from rubricdsl.model.digest import Plain

MOST_ROWS = 128
"""So many rows of a file are plain data at a time."""

# And so much of it, as far as a file says how long rows are.
_BATCH_BYTES = 4 * 2**20
# So much of a column is read at a time.
_BUFFER_BYTES = 2**14

# What a stream of Arrow begins and ends with; all others have a footer.
_STREAM_BEGINS = b"\xff\xff\xff\xff"
_STREAM_ENDS = b"\xff\xff\xff\xff\0\0\0\0"

Record = tuple[int, dict[str, Plain] | str]
"""A row with its number, from 1; a sentence where plain data cannot hold it."""

_Batches = Iterator[list[dict[str, object]]]


def parquet_records(
    file: IO[bytes], name: str, *, most_rows: int = MOST_ROWS
) -> Iterator[Record]:
    """Give the rows of a Parquet file with their numbers, from 1.

    At most ``most_rows`` of them are plain data at a time.

    A row with a value that plain data cannot hold comes out as a sentence that
    says so.  Nulls are fields that are not there.

    Raises RubricError without pyarrow (D108) and for a file that is not Parquet
    (D101).
    """
    import_arrow(name)
    parquet: Any = import_module("pyarrow.parquet")

    def batches(source: IO[bytes]) -> _Batches:
        # Left to itself, pyarrow reads ahead as far as the file goes.
        with parquet.ParquetFile(
            source, pre_buffer=False, buffer_size=_BUFFER_BYTES
        ) as table:
            for number in range(table.num_row_groups):
                group = table.metadata.row_group(number)
                fitting = _fitting(group.total_byte_size, group.num_rows)
                rows = min(fitting, most_rows)
                # Each thread would keep memory of its own.
                for batch in table.iter_batches(
                    batch_size=rows, row_groups=[number], use_threads=False
                ):
                    yield _plain_rows(batch)

    return _records(file, name, "Parquet", batches)


def arrow_records(file: IO[bytes], name: str) -> Iterator[Record]:
    """Give the rows of an Arrow IPC file, as `parquet_records` does.

    Both of its formats are read: with a footer (Feather), and as a stream.  One of
    its record batches is in memory at a time.
    """
    arrow = import_arrow(name)
    ipc: Any = import_module("pyarrow.ipc")

    def batches(source: IO[bytes]) -> _Batches:
        is_stream = _is_stream(source)
        # Its memory must be ours alone: that of a mapped file shrinks with the file.
        mine = arrow.PythonFile(source, mode="r")
        options = ipc.IpcReadOptions(use_threads=False)
        if is_stream:
            with ipc.open_stream(mine, options=options) as stream:
                for batch in stream:
                    yield from _slices(batch)
            return
        with ipc.open_file(mine, options=options) as reader:
            for number in range(reader.num_record_batches):
                yield from _slices(reader.get_batch(number))

    return _records(file, name, "Arrow", batches)


def _is_stream(source: IO[bytes]) -> bool:
    """Tell streams of Arrow; raises ValueError for one that lacks its end."""
    is_stream = source.read(len(_STREAM_BEGINS)) == _STREAM_BEGINS
    if is_stream:
        source.seek(-len(_STREAM_ENDS), os.SEEK_END)
        # Cut between two batches, it would be read as if that were all.
        if source.read() != _STREAM_ENDS:
            raise ValueError("its end is missing, so it was not written whole")
    source.seek(0)
    return is_stream


def import_arrow(name: str) -> Any:
    """Give pyarrow; raises RubricError (D108) for the file ``name`` without it."""
    try:
        # pyarrow has no types: what it gives is checked where it is made plain.
        return import_module("pyarrow")
    except ImportError:
        return fail(
            "D108",
            f"{name}: Parquet and Arrow need pyarrow, which is not installed",
            hint='pip install "rubricdsl[parquet]", or convert the file to .jsonl',
            span=place(name, 1),
        )


def unreadable(name: str, error: Exception, what: str, line: int = 1) -> NoReturn:
    """Raise RubricError (D101): a file is not what it seems."""
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    fail(
        "D101",
        f"{name} cannot be read as {what}: {reason}",
        hint="write the file again, or convert it to .jsonl",
        span=place(name, line),
    )


def _records(
    file: IO[bytes], name: str, what: str, batches: Callable[[IO[bytes]], _Batches]
) -> Iterator[Record]:
    arrow = import_arrow(name)
    number = 0
    with _seekable(file) as source:
        try:
            for batch in batches(source):
                for record in batch:
                    number += 1
                    yield number, _plain_record(record)
        except (arrow.ArrowException, OSError, ValueError, LookupError) as error:
            unreadable(name, error, what, number + 1)


def _slices(batch: Any) -> _Batches:
    rows = _fitting(batch.nbytes, batch.num_rows)
    for start in range(0, batch.num_rows, rows):
        yield _plain_rows(batch.slice(start, rows))


def _plain_rows(batch: Any) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = batch.to_pylist(maps_as_pydicts="strict")
    return rows


def _fitting(size: int, rows: int) -> int:
    """Give how many of so many rows go into a batch."""
    return max(1, min(MOST_ROWS, _BATCH_BYTES * max(rows, 1) // max(size, 1)))


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
