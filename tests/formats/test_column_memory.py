"""Columns in and out take the same memory, however many rows there are."""

import tracemalloc
from collections.abc import Callable
from hashlib import shake_256
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from rubricdsl.formats import column_results
from rubricdsl.formats.results import (
    read_results,
    result_rows,
    results_writer,
    write_results,
)
from rubricdsl.formats.rows import read_rows, sound
from tests.formats.test_results import CARD

pa = pytest.importorskip("pyarrow", reason="needs pyarrow")
parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
feather = pytest.importorskip("pyarrow.feather", reason="needs pyarrow")

FEW, MANY = 3000, 12_000
CHARACTERS = 1000


def table_of(count: int) -> Any:
    """Give rows whose texts nothing can make shorter than half."""
    ids = [f"r{number}" for number in range(count)]
    texts = [shake_256(name.encode()).hexdigest(CHARACTERS // 2) for name in ids]
    return pa.table({"response_id": ids, "response": texts})


def write_group(path: Path, table: Any) -> None:
    parquet.write_table(table, path / "all.parquet", row_group_size=100_000)


def write_groups(path: Path, table: Any) -> None:
    parquet.write_table(table, path / "all.parquet", row_group_size=500)


def write_arrow(path: Path, table: Any) -> None:
    feather.write_feather(table, path / "all.arrow", chunksize=500)


def write_folders(path: Path, table: Any) -> None:
    for start in range(0, table.num_rows, 500):
        folder = path / f"source=m{start}"
        folder.mkdir()
        parquet.write_table(table.slice(start, 500), folder / "0.parquet")


def held_in_reading(path: Path) -> int:
    """Give how many bytes there are at most, Arrow's and those read from a file."""
    before: int = pa.total_allocated_bytes()
    tracemalloc.start()
    in_arrow: int = max(pa.total_allocated_bytes() for _ in read_rows(str(path)))
    _, in_python = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return in_arrow - before + in_python


@pytest.mark.parametrize(
    "write", [write_group, write_groups, write_arrow, write_folders]
)
def test_reading_holds_the_same_of_many_as_of_few(
    tmp_path: Path, write: Callable[[Path, Any], None]
) -> None:
    held = []
    for count in (FEW, MANY):
        folder = tmp_path / f"{count}"
        folder.mkdir()
        write(folder, table_of(count))
        held.append(held_in_reading(folder))
    few, many = held
    assert many < 1.2 * few


@pytest.mark.parametrize("compression", ["uncompressed", "zstd"])
def test_one_record_batch_is_held_at_a_time(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "all.arrow"
    table = table_of(FEW)
    feather.write_feather(table, path, chunksize=FEW // 3, compression=compression)
    assert held_in_reading(path) < FEW * CHARACTERS * 2 / 3
    assert len(sound(read_rows(str(path)))) == FEW


def taken_in_writing(path: str, count: int) -> int:
    """Give how many bytes of plain data there are at most at the same time."""
    with results_writer(path, {}) as writer:
        writer.add(CARD)
        tracemalloc.start()
        for number in range(count):
            writer.add(evolve(CARD, response_id=f"r{number}"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        writer.finish({})
    return peak


@pytest.mark.parametrize("name", ["r.parquet", "r/"])
def test_rows_that_wait_for_a_row_group_are_packed(tmp_path: Path, name: str) -> None:
    few, many = (taken_in_writing(f"{tmp_path}/{name}", count) for count in (250, 1000))
    assert many < 1.5 * few


def test_row_groups_are_full_however_many_partitions_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes memory for its footer to the end, be it full or not."""
    monkeypatch.setattr(column_results, "_GROUP_ROWS", 50)
    cards = tuple(
        evolve(CARD, rubric=f"u{number % 8}", response_id=f"r{number}")
        for number in range(8 * 130)
    )
    write_results(f"{tmp_path}/r/", {}, cards)
    for part in (tmp_path / "r").glob("*/*"):
        metadata = parquet.read_metadata(part)
        assert metadata.num_rows == 130
        groups = range(metadata.num_row_groups)
        assert all(metadata.row_group(n).num_rows >= 50 for n in groups[:-1])
    assert len(list((tmp_path / "r").glob("*/*"))) == 8
    assert read_results(f"{tmp_path}/r/").scorecards == cards


def test_of_many_partitions_few_rows_each_are_read_at_a_time(tmp_path: Path) -> None:
    """They are all open at once, for the order of the run."""
    held = []
    for parts in (8, 64):
        path = f"{tmp_path}/r{parts}/"
        with results_writer(path, {}) as writer:
            for number in range(parts * 64):
                writer.add(evolve(CARD, rubric=f"u{number % parts}"))
            writer.finish({})
        _, rows = result_rows(path)
        tracemalloc.start()
        assert sum(1 for _ in rows) == parts * 64
        held.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    few, many = held
    assert many < 4 * few
