"""Files of rows as bytes: which format, unpacked or not, and line by line.

Whatever is wrong with the file as a whole ends in a `RubricError`; memory is
bounded by `MAX_ROW_BYTES`, however long the file or its lines are.
"""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import IO, NoReturn, cast

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.model.source import Span

MAX_ROW_BYTES = 64 * 2**20
MAX_FILE_BYTES = 256 * 2**20
_CHUNK_BYTES = 2**16
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_GZIP_MAGIC = b"\x1f\x8b"
_PARQUET_MAGIC = b"PAR1"
_REPACK = "the file is cut short or was not written by gzip: make it again"
_UNREADABLE = "check the name and that the file may be read"


class RowFormat(Enum):
    """How a file holds its rows, with the endings that say so."""

    JSON_LINES = (".jsonl", ".ndjson")
    JSON_ARRAY = (".json",)
    CSV = (".csv",)
    PARQUET = (".parquet",)
    ARROW = (".arrow", ".feather")

    @classmethod
    def of(cls, path: str) -> "RowFormat":
        """Tell the format by the ending of ``path``; ``-`` is JSON Lines.

        Raises RubricError (D108) for any other ending.
        """
        if path == "-":
            return cls.JSON_LINES
        plain = path.lower().removesuffix(".gz")
        for row_format in cls:
            if plain.endswith(row_format.value):
                return row_format
        message = f"the ending of {path} names no known format"
        hint = "name it .jsonl, .json, .csv, .parquet or .arrow, with .gz if compressed"
        raise RubricError([Diagnostic("D108", message, place(path, 1), hint)])


@frozen
class Line:
    """A line with its number, from 1, and the offset of its first byte, from 0."""

    number: int
    offset: int
    content: bytes


@frozen
class LongLine:
    """A line of more than `MAX_ROW_BYTES`, which was skipped."""

    number: int


def place(name: str, line: int, *, column: int = 1) -> Span:
    """Give the span that stands for a place in a file of rows."""
    return Span(name, line, column, line, column)


def are_columns(path: str) -> bool:
    """Tell whether results at ``path`` are columns: by what they are, not the name."""
    if path == "-" or "\0" in path:
        return False
    if Path(path).is_dir():
        return True
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            return file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC
    except OSError:
        # Whoever reads it says what is wrong.
        return False


@contextmanager
def opened(path: str, *, stdin: IO[bytes] | None = None) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked if it ends in ``.gz``.

    ``-`` is ``stdin``, or else standard input, which is left open.  Whatever goes
    wrong in reading, now or later, is a RubricError (D101).
    """
    if "\0" in path:
        fail("D101", "the path holds a zero byte", hint=_UNREADABLE)
    try:
        if path == "-":
            yield stdin or sys.stdin.buffer
        elif path.lower().endswith(".gz"):
            with gzip.open(path, "rb") as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            with open(path, "rb") as file:  # noqa: PTH123 - a path as it was given
                yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        reason = str(error) or "not gzip"
        fail(
            "D101",
            f"{path} cannot be unpacked: {reason}",
            hint=_REPACK,
            span=place(path, 1),
        )
    except OSError as error:
        reason = error.strerror or str(error)
        fail(
            "D101",
            f"{path} cannot be read: {reason}",
            hint=_UNREADABLE,
            span=place(path, 1),
        )


def lines(file: IO[bytes], name: str) -> Iterator[Line | LongLine]:
    """Give the lines of a file, each with its end, a leading BOM left out.

    Raises RubricError (D104) for a file in UTF-16 and for one that is compressed.
    """
    number, offset = 0, 0
    while content := file.readline(MAX_ROW_BYTES + 1):
        number += 1
        if number == 1:
            refuse_foreign_bytes(content, name)
            if content.startswith(_UTF8_BOM):
                offset, content = len(_UTF8_BOM), content[len(_UTF8_BOM) :]
        if len(content) > MAX_ROW_BYTES:
            yield LongLine(number)
            offset += len(content) + _skip_line(file, content)
        else:
            yield Line(number, offset, content)
            offset += len(content)


def chunks(file: IO[bytes], name: str) -> Iterator[bytes]:
    """Give a file piece by piece, as `lines` does line by line."""
    chunk = file.read(_CHUNK_BYTES)
    refuse_foreign_bytes(chunk, name)
    chunk = chunk.removeprefix(_UTF8_BOM)
    while chunk:
        yield chunk
        chunk = file.read(_CHUNK_BYTES)


def _skip_line(file: IO[bytes], content: bytes) -> int:
    skipped = 0
    while content and not content.endswith(b"\n"):
        content = file.readline(_CHUNK_BYTES)
        skipped += len(content)
    return skipped


def refuse_foreign_bytes(start: bytes, name: str) -> None:
    """Refuse a file whose first bytes are those of UTF-16, UTF-32 or gzip.

    Raises RubricError (D104).
    """
    if start.startswith(_GZIP_MAGIC):
        _foreign(name, "compressed by gzip", "add .gz to its name, or unpack it")
    # JSON and CSV of a person's texts begin with ASCII: a zero byte beside one is
    # the mark of UTF-16 without BOM.
    if start.startswith(_UTF16_BOMS) or 0 in start[:2]:
        _foreign(name, "UTF-16 or UTF-32, not UTF-8", "save it as UTF-8")


def _foreign(name: str, what: str, hint: str) -> NoReturn:
    fail("D104", f"{name} is {what}", hint=hint, span=place(name, 1))


def unpacked_text(data: bytes, name: str, *, max_bytes: int = MAX_FILE_BYTES) -> str:
    """Give the text of a whole file, which may be packed by gzip.

    Raises RubricError for one that cannot be unpacked (D101), is not UTF-8 (D104)
    or has more than ``max_bytes`` unpacked (D109).
    """
    if data.startswith(_GZIP_MAGIC):
        try:
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(max_bytes + 1)
        except (OSError, EOFError, zlib.error) as error:
            message = f"{name} cannot be unpacked: {error}"
            fail("D101", message, hint=_REPACK, span=place(name, 1))
    if len(data) > max_bytes:
        message = f"{name} is over {max_bytes // 2**20} MB"
        fail("D109", message, hint="split it into several", span=place(name, 1))
    data = data.removeprefix(_UTF8_BOM)
    refuse_foreign_bytes(data, name)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        start = data.rfind(b"\n", 0, error.start) + 1
        line = data.count(b"\n", 0, error.start) + 1
        local = UnicodeDecodeError(
            "utf-8",
            data[start : error.end],
            error.start - start,
            error.end - start,
            error.reason,
        )
        fault = decoding_fault(local, name, line=line, offset=start)
        raise RubricError([fault]) from None


def decoding_fault(
    error: UnicodeDecodeError, name: str, *, line: int, offset: int
) -> Diagnostic:
    """Say which byte of a line, that begins at ``offset``, is no UTF-8 (D104)."""
    byte = error.object[error.start]
    column = len(error.object[: error.start].decode("utf-8", "replace")) + 1
    return Diagnostic(
        "D104",
        f"byte {offset + error.start} of the file (0x{byte:02x}) is not UTF-8",
        place(name, line, column=column),
        "save the file as UTF-8",
    )
