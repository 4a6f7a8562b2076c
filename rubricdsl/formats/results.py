"""Results out, and back in: JSON Lines under a header, columns, one document, or CSV.

The header is ``{"rub": 1, "run": {…}}``, where ``run`` tells how the results were
made.  A results file is JSON Lines, packed if its name ends in ``.gz``; but Parquet
where that ends in ``.parquet``, and a folder of Parquet files where it ends in ``/``.
Which of them one is that is read, its content says.
"""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol, cast

from attrs import field, frozen

from rubricdsl.diagnostics import Diagnostic, fail
from rubricdsl.formats.fields import FieldError
from rubricdsl.formats.result_columns import COLUMNS_VERSION
from rubricdsl.formats.result_rows import result_row, scorecard_of
from rubricdsl.formats.rows import Row, RowProblem, read_rows, sound
from rubricdsl.formats.sources import RowFormat, are_columns, place
from rubricdsl.formats.whole_files import unwritable, whole_file
from rubricdsl.model.digest import Plain
from rubricdsl.model.scorecard import CriterionResult, Scorecard

VERSION = 1
PARTITIONS = ("rubric", "status")
"""The columns by which a folder of results can be partitioned."""
_FLAT = (
    *("rubric", "prompt_id", "response_id", "score", "points", "passed", "status"),
    *("coverage", "interval_low", "interval_high"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Legal in JSON, but scripts that split texts into lines stumble over them.
_LINE_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}
NO_RESULTS_HINT = "give a file that `rub eval --out` wrote"
"""What to do about a file that holds no results."""


@frozen(kw_only=True)
class Results:
    """What a results file holds."""

    run: Mapping[str, Plain] = field(factory=dict, hash=False)
    scorecards: tuple[Scorecard, ...]


# ---------------------------------------------------------------------- JSON


def result_lines(
    run: Mapping[str, Plain], scorecards: Iterable[Scorecard]
) -> Iterator[str]:
    """Give the lines of a results file, without line ends: the header, then rows."""
    yield _header(run)
    for scorecard in scorecards:
        yield _json(result_row(scorecard))


def results_document(
    run: Mapping[str, Plain], scorecards: Iterable[Scorecard]
) -> dict[str, Plain]:
    """Give the same as one JSON document, as ``--json`` prints it."""
    return {"run": dict(run), "results": [result_row(card) for card in scorecards]}


def write_results(
    path: str,
    run: Mapping[str, Plain],
    scorecards: Iterable[Scorecard],
    *,
    partition_by: str = "rubric",
) -> None:
    """Write a results file; it appears whole, or the old one stays.

    A folder is partitioned by a column, as `results_writer` does it.

    Raises RubricError (D111) if it cannot be written.
    """
    if is_column_name(path):
        with results_writer(path, run, partition_by=partition_by) as writer:
            for scorecard in scorecards:
                writer.add(scorecard)
            writer.finish(run)
        return
    with whole_file(path) as file:
        if path.lower().endswith(".gz"):
            # No name and no time inside: equal results are equal bytes.
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                _write_lines(cast("IO[bytes]", packed), run, scorecards)
        else:
            _write_lines(file, run, scorecards)


def _write_lines(
    file: IO[bytes], run: Mapping[str, Plain], scorecards: Iterable[Scorecard]
) -> None:
    for line in result_lines(run, scorecards):
        file.write(line.encode() + b"\n")


def is_column_name(path: str) -> bool:
    """Tell whether results written to ``path`` are columns."""
    return path.lower().endswith((".parquet", "/")) or Path(path).is_dir()


class ResultsWriter:
    """Takes results one by one; made by `results_writer`.

    What cannot be written raises RubricError (D111).
    """

    def __init__(self, path: str, rows: "_RowsWriter") -> None:
        self._path = path
        self._rows = rows
        self._is_finished = False

    def add(self, scorecard: Scorecard) -> None:
        """Take the next scorecard."""
        try:
            self._rows.add(result_row(scorecard))
        except OSError as error:
            unwritable(self._path, error)

    def finish(self, run: Mapping[str, Plain]) -> None:
        """Say how all of them were made, as is known by now."""
        try:
            self._rows.finish(_header(run))
        except OSError as error:
            unwritable(self._path, error)
        self._is_finished = True

    def check_finished(self) -> None:
        """Raise ValueError where nobody has said how the results were made."""
        if not self._is_finished:
            raise ValueError("results end with how they were made: `finish`")


class _RowsWriter(Protocol):
    def add(self, row: Mapping[str, Plain]) -> None: ...
    def finish(self, header: str) -> None: ...
    def abandon(self) -> None: ...


@contextmanager
def results_writer(
    path: str, run: Mapping[str, Plain], *, partition_by: str = "rubric"
) -> Iterator[ResultsWriter]:
    """Open results for writing one by one; they appear whole, or the old ones stay.

    ``run`` is what is known before of how they are made; what `ResultsWriter.finish`
    gets may differ from it by some numbers.  A folder is partitioned by a column, one
    of `PARTITIONS`.

    Raises RubricError (D111) if they cannot be written; D108 where pyarrow is missing.
    """
    with ExitStack() as stack:
        rows: _RowsWriter
        if is_column_name(path):
            from rubricdsl.formats import column_results, parquet

            parquet.import_arrow(path)
            if path.lower().endswith(".parquet") and not Path(path).is_dir():
                file = stack.enter_context(whole_file(path))
                rows = column_results.ParquetResults(file, path)
            else:
                folder = stack.enter_context(column_results.whole_results_folder(path))
                rows = column_results.PartitionedResults(folder, partition_by)
        else:
            file = stack.enter_context(whole_file(path))
            is_packed = path.lower().endswith(".gz")
            rows = _LinesWriter(file, _header(run), is_packed=is_packed)
        writer = ResultsWriter(path, rows)
        try:
            yield writer
            writer.check_finished()
        except BaseException:
            rows.abandon()
            raise


# What the header may grow by, in bytes, from the beginning of a run to its end.
_HEADER_ROOM = 120


class _LinesWriter:
    """JSON Lines whose header is written last, into room that was kept for it."""

    def __init__(self, file: IO[bytes], header: str, *, is_packed: bool) -> None:
        self._file = file
        self._is_packed = is_packed
        self._room = len(header.encode()) + _HEADER_ROOM
        self._start = file.tell()
        file.write(self._head(header))
        self._lines: IO[bytes] = file
        if is_packed:
            packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
            self._lines = cast("IO[bytes]", packed)

    def add(self, row: Mapping[str, Plain]) -> None:
        self._lines.write(_json(dict(row)).encode() + b"\n")

    def finish(self, header: str) -> None:
        if self._is_packed:
            self._lines.close()
        self._file.seek(self._start)
        self._file.write(self._head(header))

    def abandon(self) -> None:
        if self._is_packed:
            with suppress(OSError, ValueError):
                self._lines.close()

    def _head(self, header: str) -> bytes:
        """Give the first line; it always takes the same room."""
        line = header.encode().ljust(self._room) + b"\n"
        if len(line) != self._room + 1:
            raise ValueError("the header has grown by too much since the beginning")
        # As it is, equally long lines are equally long when packed.
        return gzip.compress(line, 0, mtime=0) if self._is_packed else line


def _header(run: Mapping[str, Plain]) -> str:
    return _json({"rub": VERSION, "run": dict(run)})


def _json(value: Plain) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.translate(_LINE_ENDS)


def read_results(path: str, *, stdin: IO[bytes] | None = None) -> Results:
    """Read a results file; ``-`` is ``stdin``, or standard input.

    Raises RubricError for a file that cannot be read or is no results file, with
    all that is wrong with its rows.
    """
    run, rows = result_rows(path, stdin=stdin)
    return Results(run=run, scorecards=tuple(sound(map(scorecard_row, rows))))


def result_rows(
    path: str, *, stdin: IO[bytes] | None = None
) -> tuple[Mapping[str, Plain], Iterator[Row | RowProblem]]:
    """Give how results were made, and their rows one at a time, as plain data.

    Raises RubricError for a file that is no results file, and as `read_rows`.
    """
    if are_columns(path):
        from rubricdsl.formats.column_results import column_rows, columns_header

        return _run(columns_header(path), path), column_rows(path)
    rows = read_rows(path, stdin=stdin, row_format=RowFormat.JSON_LINES)
    return _run(next(rows, None), path), rows


def read_header(path: str) -> Mapping[str, Plain]:
    """Read how the results in a file were made; raises as `read_results`."""
    if are_columns(path):
        from rubricdsl.formats.column_results import columns_header

        return _run(columns_header(path), path)
    rows = read_rows(path, row_format=RowFormat.JSON_LINES)
    return _run(next(rows, None), path)


def _run(header: Row | RowProblem | None, path: str) -> Mapping[str, Plain]:
    fields = header.fields if isinstance(header, Row) else {}
    version, run = fields.get("rub"), fields.get("run")
    if isinstance(version, int) and version != VERSION:
        fail(
            "D108",
            f"{path} is a results file of edition {version}, not {VERSION}",
            hint="read it with the version of rubricdsl that wrote it",
            span=place(path, 1),
        )
    columns = fields.get("columns", COLUMNS_VERSION)
    if columns != COLUMNS_VERSION:
        fail(
            "D108",
            f"{path} has the columns of edition {columns}, not {COLUMNS_VERSION}",
            hint="read it with the version of rubricdsl that wrote it",
            span=place(path, 1),
        )
    if version is not True and version == VERSION and isinstance(run, dict):
        return run
    return fail(
        "D103",
        f"{path} does not begin with the header of a results file",
        hint=NO_RESULTS_HINT,
        span=place(path, 1),
    )


def scorecard_row(row: Row | RowProblem) -> Scorecard | RowProblem:
    """Give the scorecard that a row of `result_rows` stands for."""
    if isinstance(row, RowProblem):
        return row
    try:
        return scorecard_of(row.fields)
    except FieldError as error:
        message = f"this is no result: {error.message}"
        hint = f"{error.hint}; or {NO_RESULTS_HINT}"
        return RowProblem(Diagnostic(error.code, message, row.span, hint))


# ----------------------------------------------------------------------- CSV


def write_csv(file: IO[str], scorecards: Sequence[Scorecard]) -> None:
    """Write a table with a row for each result and a column for each criterion.

    ``file`` is open with ``newline=""``.  A cell of a criterion holds its verdict,
    or ``error:`` and the kind of the failure; the column is named by its path, and
    by ``criteria.`` and its path where a column of that name is there already.
    Texts that a spreadsheet would take for a formula begin with ``'``.
    """
    paths = dict.fromkeys(
        result.path for card in scorecards for result in card.criteria
    )
    names = [f"criteria.{path}" if path in _FLAT else path for path in paths]
    writer = csv.writer(file)
    writer.writerow([*_FLAT, *map(_cell, names)])
    for card in scorecards:
        row = result_row(card)
        low, high = card.interval or (None, None)
        row |= {"interval_low": low, "interval_high": high}
        cells = {result.path: _verdict_cell(result) for result in card.criteria}
        writer.writerow(
            [
                *(_cell(row[column]) for column in _FLAT),
                *(cells.get(path, "") for path in paths),
            ]
        )


def _verdict_cell(result: CriterionResult) -> str:
    verdict = result.verdict
    if verdict.failure is not None:
        return f"error:{verdict.failure.kind}"
    return "" if verdict.ruling is None else _cell(verdict.ruling.record)


def _cell(value: Plain) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return repr(value)
