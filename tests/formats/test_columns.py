"""Columns in and out: the same rows, whole files, and words on broken ones."""

import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.formats import column_results
from rubricdsl.formats.datasets import RUN_FILE
from rubricdsl.formats.digest_tables import DigestTable
from rubricdsl.formats.responses import read_responses
from rubricdsl.formats.result_columns import result_schema
from rubricdsl.formats.results import (
    read_header,
    read_results,
    result_lines,
    results_writer,
    write_results,
)
from rubricdsl.formats.rows import sound
from rubricdsl.model.digest import Plain
from rubricdsl.model.response import Response
from rubricdsl.model.scorecard import Status
from tests.formats.test_results import CARD, TEXTS, scorecards

pa = pytest.importorskip("pyarrow", reason="needs pyarrow")
parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
feather = pytest.importorskip("pyarrow.feather", reason="needs pyarrow")

RUN: dict[str, Plain] = {"judges": ["m"], "options": {"é": [1, None]}}
CARDS = tuple(
    evolve(CARD, response_id=f"r{n}", rubric="ab"[n % 2], status=status, score=score)
    for n, (status, score) in enumerate(
        [(Status.COMPLETE, 0.5), (Status.INCOMPLETE, None)] * 20
    )
)
any_size = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)


def lines(path: str) -> list[str]:
    held = read_results(path)
    return list(result_lines(held.run, held.scorecards))


def code_of(path: Path | str) -> str:
    with pytest.raises(RubricError) as caught:
        read_results(str(path))
    return caught.value.diagnostics[0].code


# --------------------------------------------------------------------- the law


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("columns")


@any_size
@given(
    cards=st.lists(scorecards(), max_size=4),
    run=st.dictionaries(TEXTS, TEXTS | st.none() | st.floats(0, 1), max_size=2),
    group=st.integers(1, 3),
)
@pytest.mark.parametrize("name", ["r.parquet", "r/"])
def test_lines_to_columns_to_lines_changes_nothing(folder, name, cards, run, group):
    source, target = str(folder / "r.jsonl"), f"{folder}/{name}"
    write_results(source, run, cards)
    held = read_results(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_results, "_GROUP_ROWS", group)
        write_results(target, held.run, held.scorecards, partition_by="status")
    assert lines(target) == Path(source).read_text("utf-8").split("\n")[:-1]


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.gz", "r.parquet", "r/"])
def test_one_by_one_comes_to_the_same_as_at_once(tmp_path, name):
    path = f"{tmp_path}/{name}"
    end: dict[str, Plain] = {**RUN, "seconds": 12345.678, "judge_calls": 1_000_000}
    with results_writer(path, RUN) as writer:
        for card in CARDS:
            writer.add(card)
        assert not Path(path).exists()
        writer.finish(end)
    assert read_header(path) == end
    assert lines(path) == list(result_lines(end, CARDS))
    if name == "r.jsonl":
        write_results(f"{tmp_path}/w.jsonl", end, CARDS)
        written, whole = (Path(tmp_path / n).read_bytes() for n in (name, "w.jsonl"))
        assert written.split(b"\n")[1:] == whole.split(b"\n")[1:]
        assert written.split(b"\n")[0].rstrip() == whole.split(b"\n")[0]


def test_the_schema_is_what_is_written_down(tmp_path):
    """Whoever changes it makes it another edition, and tells."""
    write_results(f"{tmp_path}/r.parquet", RUN, CARDS)
    schema = parquet.read_schema(tmp_path / "r.parquet")
    assert schema.remove_metadata() == result_schema(pa)
    assert schema.names[:6] == [
        *("row", "rubric", "rubric_version", "rubric_digest", "prompt_id"),
        "response_id",
    ]
    footer = parquet.read_metadata(tmp_path / "r.parquet").metadata
    header = json.loads(footer[b"rubricdsl"])
    assert header["rub"] == header["columns"] == 1
    assert header["run"] == RUN
    struct = schema.field("criteria").type.value_type
    assert [struct.field(i).name for i in range(struct.num_fields)] == [
        *("name", "path", "mark", "verdict", "value", "weight", "share"),
        *("probability", "judge", "evidence", "reason", "cached", "asked"),
        *("error_kind", "error_reason", "question", "response", "settings"),
        *("template", "model", "ballots"),
    ]


def test_row_groups_are_written_as_they_are_full(tmp_path, monkeypatch):
    monkeypatch.setattr(column_results, "_GROUP_ROWS", 8)
    write_results(f"{tmp_path}/r.parquet", RUN, CARDS)
    metadata = parquet.read_metadata(tmp_path / "r.parquet")
    assert [metadata.row_group(n).num_rows for n in range(5)] == [8] * 5
    write_results(f"{tmp_path}/r/", RUN, CARDS)
    parts = sorted((tmp_path / "r").rglob("*.parquet"))
    assert [part.parent.name for part in parts] == ["rubric=a", "rubric=b"]
    assert all(parquet.read_metadata(part).num_row_groups > 1 for part in parts)
    assert read_results(f"{tmp_path}/r/").scorecards == CARDS


# ----------------------------------------------------------- whole or not at all


class BrokenOffError(Exception):
    """Something ends the writing."""


@pytest.mark.parametrize("name", ["r.jsonl", "r.jsonl.gz", "r.parquet", "r/"])
def test_what_is_not_finished_leaves_the_old_results(tmp_path, name, monkeypatch):
    monkeypatch.setattr(column_results, "_GROUP_ROWS", 3)
    path = f"{tmp_path}/{name}"

    def break_off() -> None:
        with results_writer(path, RUN) as writer:
            for card in CARDS[:7]:
                writer.add(card)
            raise BrokenOffError

    def forget() -> None:
        with results_writer(path, RUN) as writer:
            writer.add(CARD)

    for _ in range(2):
        with pytest.raises(BrokenOffError):
            break_off()
        with pytest.raises(ValueError, match="finish"):
            forget()
        there = [p.name for p in tmp_path.iterdir()]
        assert there == ([] if _ == 0 else [name.rstrip("/")])
        write_results(path, RUN, CARDS)
    assert read_results(path).scorecards == CARDS


def test_a_file_that_was_cut_short_is_told(tmp_path):
    path = tmp_path / "r.parquet"
    write_results(str(path), RUN, CARDS)
    whole = path.read_bytes()
    for size in (len(whole) - 1, len(whole) // 2, 4):
        path.write_bytes(whole[:size])
        assert code_of(path) == "D101"
    # Columns, but of something else.
    parquet.write_table(pa.table({"score": [1.0]}), path)
    assert code_of(path) == "D103"


def test_a_folder_that_is_not_as_it_was_written_is_told(tmp_path):
    path = tmp_path / "r"
    write_results(f"{path}/", RUN, CARDS)
    part = path / "rubric=a" / "part-0.parquet"
    stray = path / "rubric=a" / "part-1.parquet"
    shutil.copy(part, stray)
    assert code_of(path) == "D103"
    stray.unlink()
    assert read_results(str(path)).scorecards == CARDS
    fewer = parquet.read_table(part).slice(1)
    parquet.write_table(fewer, part)
    assert code_of(path) == "D103"
    part.unlink()
    assert code_of(path) == "D101"
    (path / RUN_FILE).unlink()
    assert code_of(path) == "D103"


def test_a_folder_of_other_things_is_not_replaced(tmp_path):
    path = tmp_path / "photos"
    path.mkdir()
    (path / "a.jpg").write_bytes(b"")
    with pytest.raises(RubricError, match="other things than results"):
        write_results(str(path), RUN, CARDS)
    assert (path / "a.jpg").exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_do_not_come_in(tmp_path, value):
    path = tmp_path / "r.parquet"
    write_results(str(path), RUN, CARDS[:1])
    table = parquet.read_table(path)
    place = table.schema.get_field_index("seconds")
    changed = table.set_column(place, "seconds", pa.array([value]))
    metadata = {**(table.schema.metadata or {})}
    metadata |= parquet.read_metadata(path).metadata
    parquet.write_table(changed.replace_schema_metadata(metadata), path)
    assert code_of(path) == "D103"


def test_lines_under_a_name_of_columns_are_read(tmp_path):
    """Earlier versions wrote JSON Lines, whatever the name."""
    write_results(f"{tmp_path}/r.jsonl", RUN, CARDS)
    (tmp_path / "r.jsonl").rename(tmp_path / "r.parquet")
    assert read_results(f"{tmp_path}/r.parquet").scorecards == CARDS


def test_columns_without_pyarrow_name_the_extra(tmp_path, monkeypatch):
    write_results(f"{tmp_path}/r.parquet", RUN, CARDS)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    for step in (
        lambda: read_results(f"{tmp_path}/r.parquet"),
        lambda: write_results(f"{tmp_path}/w.parquet", RUN, CARDS),
    ):
        with pytest.raises(RubricError) as caught:
            step()
        assert caught.value.diagnostics[0].code == "D108"
        assert "rubricdsl[parquet]" in caught.value.diagnostics[0].hint
    assert not (tmp_path / "w.parquet").exists()


# ---------------------------------------------------------------------- datasets

ROWS = [
    {"prompt_id": "p", "response_id": f"r{n}", "response": f"text {n}"}
    for n in range(3000)
]


def ids(path: Path) -> list[str]:
    return [row.response_id for row in sound(read_responses(str(path)))]


@pytest.mark.parametrize("name", ["r.arrow", "r.feather"])
def test_arrow_files_give_the_same(tmp_path, name):
    table = pa.Table.from_pylist(ROWS)
    feather.write_feather(table, tmp_path / name, chunksize=700)
    assert ids(tmp_path / name) == [row["response_id"] for row in ROWS]
    (tmp_path / "broken.arrow").write_bytes(b"ARROW1 and no more")
    with pytest.raises(RubricError, match="cannot be read as Arrow"):
        list(read_responses(str(tmp_path / "broken.arrow")))


def test_streams_of_arrow_give_the_same(tmp_path):
    path = tmp_path / "cached.arrow"
    table = pa.Table.from_pylist(ROWS)
    with (
        pa.OSFile(str(path), "wb") as file,
        pa.ipc.new_stream(file, table.schema) as stream,
    ):
        stream.write_table(table, max_chunksize=700)
    assert ids(path) == [row["response_id"] for row in ROWS]
    whole = path.read_bytes()
    # Also where it ends between two batches.
    cuts = [m.start() for m in re.finditer(b"\xff\xff\xff\xff", whole)][2:]
    for cut in (len(whole) * 2 // 3, *cuts):
        path.write_bytes(whole[:cut])
        with pytest.raises(RubricError, match="cannot be read as Arrow"):
            ids(path)
    path.write_bytes(b'{"response": "no Arrow, whatever the name says"}')
    with pytest.raises(RubricError, match="cannot be read as Arrow"):
        ids(path)


def test_a_folder_is_read_as_one_and_its_names_are_columns(tmp_path):
    data = tmp_path / "data"
    for source, rubric, part in (
        ("a model", "care", ROWS[:2]),
        ("__HIVE_DEFAULT_PARTITION__", "door", ROWS[2:3]),
    ):
        folder = data / f"source={source.replace(' ', '%20')}" / f"rubric={rubric}"
        folder.mkdir(parents=True)
        parquet.write_table(pa.Table.from_pylist(part), folder / "0.parquet")
    feather.write_feather(pa.Table.from_pylist(ROWS[3:5]), data / "more.arrow")
    for other in (".hidden.parquet", "_SUCCESS", "_metadata.parquet", "notes.txt"):
        (data / other).write_bytes(b"?")
    found = sound(read_responses(str(data)))
    assert [(r.response_id, r.source, r.rubric) for r in found] == [
        ("r3", None, None),
        ("r4", None, None),
        ("r2", None, "door"),
        ("r0", "a model", "care"),
        ("r1", "a model", "care"),
    ]
    assert found[2].span is not None
    assert found[2].span.file.endswith("rubric=door/0.parquet")


def test_a_folder_without_columns_is_told(tmp_path):
    with pytest.raises(RubricError, match="no Parquet or Arrow file") as caught:
        list(read_responses(str(tmp_path)))
    assert caught.value.diagnostics[0].code == "D101"


def test_what_a_file_says_itself_comes_before_the_name_of_its_folder(tmp_path):
    folder = tmp_path / "data" / "source=outer"
    folder.mkdir(parents=True)
    rows = [{**ROWS[0], "source": "inner"}]
    parquet.write_table(pa.Table.from_pylist(rows), folder / "0.parquet")
    (only,) = sound(read_responses(str(tmp_path / "data")))
    assert only.source == "inner"


def test_long_rows_are_made_plain_few_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr("rubricdsl.formats.parquet._BATCH_BYTES", 1000)
    parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "r.parquet")
    assert ids(tmp_path / "r.parquet") == [row["response_id"] for row in ROWS]


# ------------------------------------------------------------------------- tables


@given(
    st.lists(st.tuples(st.binary(max_size=2), st.binary(max_size=2)), max_size=40),
    st.integers(1, 8),
)
def test_a_table_of_digests_is_a_table(pairs, most):
    table, known = DigestTable(most_in_memory=most), dict[bytes, bytes]()
    for key, value in pairs:
        assert table.get(key) == known.get(key)
        table.set(key, value)
        known[key] = value
    assert all(table.get(key) == value for key, value in known.items())


def test_ids_are_told_apart_however_many_there_are(monkeypatch):
    rows: list[dict[str, Any]] = [{"response": f"text {n % 5}"} for n in range(60)]
    rows += [{"response": "x", "response_id": "one"}] * 9

    def read() -> list[object]:
        text = "".join(json.dumps(row) + "\n" for row in rows)
        return list(read_responses("-", stdin=io.BytesIO(text.encode())))

    few = read()
    monkeypatch.setattr(DigestTable.__init__, "__kwdefaults__", {"most_in_memory": 3})
    assert read() == few
    assert len({row.response_id for row in few if isinstance(row, Response)}) == 61
