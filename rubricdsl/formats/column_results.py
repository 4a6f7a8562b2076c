"""Files of results as columns: Parquet, alone or in a folder of partitions.

How the results were made stands in each file's footer, under `HEADER_KEY`, which is
written last: a file that was cut short has none.  A folder appears whole, too, and
lists its files in ``_run.json``.
"""

import heapq
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from attrs import define, field

from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.formats.datasets import RUN_FILE, dataset_files, holds_results
from rubricdsl.formats.parquet import (
    MOST_ROWS,
    import_arrow,
    parquet_records,
    unreadable,
)
from rubricdsl.formats.result_columns import (
    COLUMNS_VERSION,
    columns_of,
    result_schema,
    row_of,
)
from rubricdsl.formats.rows import Row, RowProblem, wrong_type
from rubricdsl.formats.sources import opened, place
from rubricdsl.formats.whole_files import same_file, sync_folder, unwritable
from rubricdsl.model.digest import Plain

HEADER_KEY = b"rubricdsl"

# So many rows are plain data at a time: in Arrow they take a sixth of the memory.
_BATCH_ROWS = 128
# A row group has so many rows, or so many characters in them, at most.
_GROUP_ROWS = 8192
_GROUP_SIZE = 16_000_000
# What a criterion takes beside its texts.
_ENTRY_SIZE = 300
_PART = "part-0.parquet"
# So many rows of all files of a folder are read at a time, but of each some.
_MERGED_ROWS = 1024
_FEWEST_ROWS = 8

ResultRow = Mapping[str, Any]


# --------------------------------------------------------------------- writing


def _is_enough(rows: int, size: int) -> bool:
    """Tell whether so many rows, and characters in them, are enough for a row group."""
    return rows >= _GROUP_ROWS or size >= _GROUP_SIZE


@define(eq=False)
class _Columns:
    """One Parquet file on its way.

    Rows wait in memory, and in a file of their own where it is short, until they are
    enough for a row group: what a footer says of each is in memory to the end.
    """

    _arrow: Any
    _schema: Any
    _writer: Any
    _aside: Path
    _records: list[dict[str, Any]] = field(factory=list)
    _batches: list[Any] = field(factory=list)
    rows: int = 0
    waiting: int = 0
    size: int = 0
    _aside_rows: int = 0
    _aside_size: int = 0

    @classmethod
    def open(cls, file: IO[bytes], name: str) -> "_Columns":
        arrow = import_arrow(name)
        parquet: Any = import_module("pyarrow.parquet")
        schema = result_schema(arrow)
        writer = parquet.ParquetWriter(file, schema, compression="zstd")
        return cls(arrow, schema, writer, Path(f"{name}.waiting"))

    def add(self, row: ResultRow, number: int) -> None:
        """Take a row; its place in the run is ``number``."""
        self._records.append(columns_of(row, number))
        self.rows += 1
        self.waiting += 1
        self.size += sum(
            _ENTRY_SIZE + len(entry["evidence"] or "") + len(entry["reason"] or "")
            for entry in row["criteria"]
        )
        if len(self._records) >= _BATCH_ROWS:
            self._pack()

    def make_room(self) -> None:
        """Let no row wait in memory."""
        if _is_enough(self.waiting + self._aside_rows, self.size + self._aside_size):
            self.flush()
            return
        self._pack()
        with self._aside.open("ab") as file:
            for batch in self._batches:
                file.write(batch.serialize())
        self._aside_rows += self.waiting
        self._aside_size += self.size
        self._forget()

    def flush(self) -> None:
        """Write what waits as a row group."""
        self._pack()
        batches = [*self._taken_back(), *self._batches]
        if batches:
            self._writer.write_table(
                self._arrow.Table.from_batches(batches, self._schema)
            )
            self._forget()

    def close(self, header: str) -> None:
        """Write what is left, and how it was made."""
        self.flush()
        marked = {**json.loads(header), "columns": COLUMNS_VERSION}
        text = json.dumps(marked, ensure_ascii=False)
        self._writer.add_key_value_metadata({HEADER_KEY: text.encode()})
        self._writer.close()

    def abandon(self) -> None:
        """Let go of a file that nobody will read."""
        with suppress(Exception):
            self._writer.close()

    def _pack(self) -> None:
        if self._records:
            self._batches.append(
                self._arrow.RecordBatch.from_pylist(self._records, schema=self._schema)
            )
            self._records = []

    def _forget(self) -> None:
        self._batches, self.waiting, self.size = [], 0, 0

    def _taken_back(self) -> Iterator[Any]:
        """Give what was put aside, which is then no longer there."""
        if not self._aside_rows:
            return
        ipc: Any = import_module("pyarrow.ipc")
        with self._aside.open("rb") as file:
            source = self._arrow.PythonFile(file, mode="r")
            with suppress(EOFError):
                while True:
                    message = ipc.read_message(source)
                    yield ipc.read_record_batch(message, self._schema)
        self._aside.unlink()
        self._aside_rows = self._aside_size = 0


class ParquetResults:
    """Results into one Parquet file, row group by row group."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._columns = _Columns.open(file, name)

    def add(self, row: ResultRow) -> None:
        """Take the next row."""
        columns = self._columns
        columns.add(row, columns.rows)
        if _is_enough(columns.waiting, columns.size):
            columns.flush()

    def finish(self, header: str) -> None:
        """Write what is left, and the header."""
        self._columns.close(header)

    def abandon(self) -> None:
        """Let go of a file that nobody will read."""
        self._columns.abandon()


class PartitionedResults:
    """Results into a folder, a file for each value of a column."""

    def __init__(self, folder: Path, column: str) -> None:
        self._folder = folder
        self._column = column
        self._parts: dict[str, _Columns] = {}
        self._files = ExitStack()
        self._rows = 0
        self._waiting = 0
        self._size = 0

    def add(self, row: ResultRow) -> None:
        """Take the next row."""
        value = row[self._column]
        part = self._parts.get(value) or self._open(value)
        before = part.size
        part.add(row, self._rows)
        self._rows += 1
        self._waiting += 1
        self._size += part.size - before
        if _is_enough(self._waiting, self._size):
            fullest = max(self._parts.values(), key=lambda part: part.size)
            self._waiting -= fullest.waiting
            self._size -= fullest.size
            fullest.make_room()

    def finish(self, header: str) -> None:
        """Write what is left, and last of all the list of the files."""
        files: dict[str, Plain] = {}
        for value, part in self._parts.items():
            files[f"{self._name(value)}/{_PART}"] = part.rows
            part.close(header)
        self._files.close()
        document = {
            **json.loads(header),
            "columns": COLUMNS_VERSION,
            "files": files,
        }
        with (self._folder / RUN_FILE).open("wb") as file:
            file.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def abandon(self) -> None:
        """Let go of files that nobody will read."""
        for part in self._parts.values():
            part.abandon()
        with suppress(OSError):
            self._files.close()

    def _open(self, value: str) -> _Columns:
        path = self._folder / self._name(value) / _PART
        path.parent.mkdir()
        file = self._files.enter_context(_synced(path))
        part = self._parts[value] = _Columns.open(file, str(path))
        return part

    def _name(self, value: str) -> str:
        return f"{self._column}={quote(value, safe=' ')}"


@contextmanager
def _synced(path: Path) -> Iterator[IO[bytes]]:
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def whole_results_folder(path: str) -> Iterator[Path]:
    """Give a new folder that takes the place of the one at ``path`` at the end.

    Until then, and for good if the block raises, the old one stays.  It is replaced
    only if it is empty or holds results.

    Raises RubricError (D111) if that cannot be.
    """
    check_results_folder(path)
    target = Path(os.path.realpath(path))
    mark = secrets.token_hex(4)
    part = target.with_name(f".{target.name}.{mark}.part")
    try:
        part.mkdir()
        try:
            yield part
            sync_folder(str(part))
            if target.is_dir():
                old = target.with_name(f".{target.name}.{mark}.old")
                target.rename(old)
                part.rename(target)
                shutil.rmtree(old)
            else:
                part.rename(target)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        sync_folder(str(target.parent))
    except OSError as error:
        unwritable(path, error)


def check_results_folder(path: str) -> None:
    """Refuse (D111) to replace a folder that holds other things than results."""
    folder = Path(path)
    if not folder.is_dir():
        return
    try:
        is_ours = holds_results(path) or not any(folder.iterdir())
    except OSError as error:
        unwritable(path, error)
    if not is_ours or same_file(path, "."):
        fail(
            "D111",
            f"{path} is a folder that holds other things than results",
            hint="name a new folder, or one that holds results of an earlier run",
            span=place(path, 1),
        )


# --------------------------------------------------------------------- reading


def columns_header(path: str) -> Row | RowProblem | None:
    """Give the header of results that are columns; None where there is none."""
    is_folder = Path(path).is_dir()
    text = _run_text(Path(path) / RUN_FILE) if is_folder else _footer(path)
    if text is None:
        return None
    try:
        value = loads_strict(text)
    except StrictJsonError:
        return None
    return Row(value, place(path, 1)) if isinstance(value, dict) else None


def column_rows(path: str) -> Iterator[Row | RowProblem]:
    """Give the rows of results that are columns, in the order of the run.

    Raises RubricError for a file that cannot be read (D101), and for a folder that
    lacks one, or rows of one (D103).
    """
    if not Path(path).is_dir():
        for _, row in _numbered(path):
            yield row
        return
    header = columns_header(path)
    listed = header.fields.get("files") if isinstance(header, Row) else None
    files = dict(listed) if isinstance(listed, dict) else {}
    if not files:
        return
    for file in dataset_files(path):
        name = Path(file.path).relative_to(path).as_posix()
        if name not in files:
            _not_ours(file.path)
    most_rows = max(_FEWEST_ROWS, _MERGED_ROWS // len(files))
    parts = [
        _counted(str(Path(path) / name), rows, most_rows)
        for name, rows in files.items()
    ]
    for _, row in heapq.merge(*parts, key=lambda pair: pair[0]):
        yield row


def _counted(
    path: str, rows: Plain, most_rows: int
) -> Iterator[tuple[int, Row | RowProblem]]:
    count = 0
    for pair in _numbered(path, most_rows):
        count += 1
        yield pair
    if count != rows:
        _not_ours(path)


def _not_ours(path: str) -> None:
    fail(
        "D103",
        f"{path} is not as the run that wrote the folder left it",
        hint="write the results again; other files belong into another folder",
        span=place(path, 1),
    )


def _numbered(
    path: str, most_rows: int = MOST_ROWS
) -> Iterator[tuple[int, Row | RowProblem]]:
    with opened(path) as file:
        for number, record in parquet_records(file, path, most_rows=most_rows):
            span = place(path, number)
            if isinstance(record, str):
                yield number, wrong_type(span, record)
                continue
            row = record.get("row")
            yield row if isinstance(row, int) else number, Row(row_of(record), span)


def _run_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _footer(path: str) -> str | None:
    arrow = import_arrow(path)
    parquet: Any = import_module("pyarrow.parquet")
    with opened(path) as file:
        try:
            metadata = parquet.read_metadata(file).metadata
        except (arrow.ArrowException, OSError, ValueError) as error:
            unreadable(path, error, "Parquet")
    found = (metadata or {}).get(HEADER_KEY)
    return None if found is None else found.decode("utf-8", "replace")
