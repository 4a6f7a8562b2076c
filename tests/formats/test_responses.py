"""Responses are read the same from every format, and faults are told with places."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.formats.responses import read_responses
from rubricdsl.formats.rows import RowProblem, sound
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Turn

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FILLED = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1)
METAS = st.dictionaries(TEXTS, st.integers(-9, 9) | TEXTS | st.lists(TEXTS, max_size=2))
ROWS = st.fixed_dictionaries(
    {"response": TEXTS},
    optional={
        "prompt_id": FILLED,
        "response_id": FILLED,
        "prompt": TEXTS,
        "reference": TEXTS,
        "source": TEXTS,
        "rubric": TEXTS,
        "meta": METAS,
        "artifacts": st.dictionaries(TEXTS, TEXTS, max_size=2),
    },
)
TABLES = st.lists(
    ROWS,
    min_size=1,
    max_size=5,
    unique_by=lambda row: str(row.get("response_id", id(row))),
)
COLUMNS = (
    *("response", "prompt_id", "response_id", "prompt", "reference", "source"),
    *("rubric", "meta", "artifacts"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("responses")


def read(path: Path, content: bytes | str) -> list[Response]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return sound(read_responses(str(path)))


def faults(path: Path, content: bytes | str) -> tuple[Diagnostic, ...]:
    with pytest.raises(RubricError) as caught:
        read(path, content)
    for fault in caught.value.diagnostics:
        assert fault.hint
        assert fault.span.file == str(path)
    return caught.value.diagnostics


def code_and_place(fault: Diagnostic) -> tuple[str, int, int]:
    return fault.code, fault.span.line, fault.span.column


# --------------------------------------------------------------- round trips


def as_lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_csv(rows: list[dict[str, Any]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in rows:
        cells = [row.get(column, "") for column in COLUMNS]
        writer.writerow(c if isinstance(c, str) else json.dumps(c) for c in cells)
    return file.getvalue()


@given(TABLES)
def test_json_lines_give_the_rows_they_hold(
    folder: Path, rows: list[dict[str, Any]]
) -> None:
    responses = read(folder / "rows.jsonl", as_lines(rows))
    assert [r.text for r in responses] == [row["response"] for row in rows]
    for row, response in zip(rows, responses, strict=True):
        for name in ("prompt", "reference", "source", "rubric"):
            assert getattr(response, name) == row.get(name)
        for name in ("prompt_id", "response_id"):
            assert getattr(response, name) == row.get(name, getattr(response, name))
        assert response.meta == row.get("meta", {})
        assert response.artifacts == row.get("artifacts", {})


@given(TABLES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_an_array_and_gzip_change_nothing(
    folder: Path,
    rows: list[dict[str, Any]],
    indent: int | str | None,
    ascii_only: bool,  # noqa: FBT001
) -> None:
    lines = as_lines(rows)
    expected = read(folder / "a.jsonl", lines)
    array = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
    assert read(folder / "a.json", array) == expected
    assert read(folder / "a.json.gz", gzip.compress(array.encode())) == expected
    assert read(folder / "a.jsonl.gz", gzip.compress(lines.encode())) == expected
    stdin = io.BytesIO(lines.encode())
    assert sound(read_responses("-", stdin=stdin)) == expected


@given(TABLES)
def test_csv_gives_the_same_but_for_empty_cells(
    folder: Path, rows: list[dict[str, Any]]
) -> None:
    for row in rows:
        for name in [key for key, value in row.items() if value == ""]:
            del row[name]
        row.setdefault("response", "x")
    rows = json.loads(json.dumps(rows).replace("\\u0000", "0"))
    expected = read(folder / "b.jsonl", as_lines(rows))
    assert read(folder / "b.csv", as_csv(rows)) == expected
    assert read(folder / "b.csv", "\ufeff" + as_csv(rows)) == expected


@settings(deadline=None)
@given(TABLES)
def test_parquet_gives_the_same(folder: Path, rows: list[dict[str, Any]]) -> None:
    pa = pytest.importorskip("pyarrow", reason="needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    flat = [
        {c: json.dumps(v) if isinstance(v, dict) else v for c, v in row.items()}
        for row in rows
    ]
    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    path = folder / "c.parquet"
    parquet.write_table(pa.Table.from_pylist(flat, schema=schema), path)
    expected = read(folder / "c.jsonl", as_lines(rows))
    assert sound(read_responses(str(path))) == expected
    packed = folder / "c.parquet.gz"
    assert read(packed, gzip.compress(path.read_bytes())) == expected


def test_parquet_structs_and_lists_are_objects_and_chats(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    chat = [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Yo"}]
    rows = [
        {"messages": chat, "meta": {"metrics": {"f1": 0.5}, "n": None}},
        {"messages": chat, "meta": {"metrics": {"f1": 0.25}, "n": 2}},
        {"messages": chat, "meta": {"metrics": {"f1": float("nan")}, "n": 3}},
    ]
    path = tmp_path / "chat.parquet"
    parquet.write_table(pa.Table.from_pylist(rows), path)
    first, second, third = read_responses(str(path))
    assert isinstance(first, Response)
    assert isinstance(second, Response)
    assert isinstance(third, RowProblem)
    assert (first.text, first.prompt) == ("Yo", "Hi?")
    assert first.meta == {"metrics": {"f1": 0.5}}
    assert second.meta == {"metrics": {"f1": 0.25}, "n": 2}
    assert third.diagnostic.code == "D103"
    assert "not finite" in third.diagnostic.message
    assert third.diagnostic.span.line == 3


def test_parquet_without_pyarrow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (fault,) = faults(tmp_path / "r.parquet", b"PAR1")
    assert fault.code == "D108"
    assert "rubricdsl[parquet]" in fault.hint


# ------------------------------------------------------------------ any bytes


@given(
    st.binary(max_size=200)
    | st.text('[]{}",:\\ud8ab0129eE+-. \n\r', max_size=200).map(str.encode)
    | st.lists(
        st.sampled_from(
            [
                b'{"response": "a"}',
                b'{"response": 1}',
                b'{"messages": []}',
                b'{"responses": ["a", {"response": "b", "response_id": 7}]}',
                b"response,meta",
                b'"a","{""x"": 1}"',
                b'"open',
                b"[",
                b"]",
                b",",
                b"\n",
                b"\xff",
                b"\0",
                b"\xef\xbb\xbf",
            ]
        ),
        max_size=12,
    ).map(b"".join),
    st.sampled_from(
        ["x.jsonl", "x.json", "x.csv", "x.parquet", "x.jsonl.gz", "x.parquet.gz"]
    ),
    st.booleans(),
)
def test_any_bytes_give_responses_or_our_error(
    folder: Path,
    content: bytes,
    name: str,
    packed: bool,  # noqa: FBT001
) -> None:
    path = folder / name
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    try:
        rows = list(read_responses(str(path)))
    except RubricError as error:
        rows = [RowProblem(fault) for fault in error.diagnostics]
    assert rows
    for row in rows:
        if isinstance(row, RowProblem):
            assert row.diagnostic.code.startswith("D1")
        else:
            row.text.encode()


# ---------------------------------------------------------------- broken rows

GOOD = b'{"response": "ok"}\n'


@pytest.mark.parametrize(
    ("row", "code", "column", "words"),
    [
        (b'{"response": "a",}', "D102", 18, "not valid JSON"),
        (b'{"response": "a"', "D102", 17, "delimiter"),
        (b'["a"]', "D102", 1, "a list, not an object"),
        (b'{"response": "a", "response": "b"}', "D102", 19, "duplicate key"),
        (b'{"response": "a", "meta": {"x": NaN}}', "D102", 33, "NaN"),
        (b'{"response": "a", "meta": {"x": 1e999}}', "D102", 33, "too large"),
        (b'{"response": "cut \\ud83d"}', "D102", 19, "surrogate"),
        (b'{"response": "\xfc"}', "D104", 15, "byte 33 of the file (0xfc)"),
        (b'{"response": "\xc3\xbc\xff"}', "D104", 16, "byte 35 of the file (0xff)"),
        (b'{"response": "a\0"}', "D102", 16, "control character"),
        (b'{"text": "a"}', "D103", 1, "no `response`"),
        (b'{"response": null}', "D103", 1, "no `response`"),
        (b'{"response": 5}', "D103", 1, "`response` is a number, not a text"),
        (b'{"response": "a", "prompt": 5}', "D103", 1, "`prompt` is a number"),
        (b'{"response": "a", "prompt_id": 1.5}', "D103", 1, "`prompt_id` is a num"),
        (b'{"response": "a", "response_id": ""}', "D103", 1, "is empty"),
        (b'{"response": "a", "meta": []}', "D103", 1, "`meta` is an empty list"),
        (b'{"response": "a", "artifacts": {"f": 1}}', "D103", 1, "artifact 'f'"),
        (b'{"response": "a", "messages": []}', "D103", 1, "and `messages`"),
        (b'{"messages": "hi"}', "D103", 1, "not a chat list"),
        (b'{"messages": [{"role": "user", "content": "?"}]}', "D103", 1, "no turn"),
        (b'{"messages": [{"content": "?"}]}', "D103", 1, "turn 1 of `messages`"),
        (b'{"messages": [{"role": "bot"}]}', "D103", 1, "role 'bot'"),
        (b'{"messages": [{"role": "assistant"}]}', "D103", 1, "has no text"),
        (b'{"responses": []}', "D103", 1, "an empty list"),
        (b'{"responses": ["a", 1]}', "D103", 1, "entry 2 of `responses`"),
        (b'{"responses": [{"responses": ["a"]}]}', "D103", 1, "entry 1"),
        (b'{"responses": ["a"], "response_id": "r"}', "D103", 1, "beside"),
    ],
)
def test_a_broken_row_has_a_place_and_the_rest_is_read(
    tmp_path: Path, row: bytes, code: str, column: int, words: str
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(GOOD + row + b"\n" + b'{"response": "fine"}')
    first, broken, last = read_responses(str(path))
    assert isinstance(first, Response)
    assert isinstance(last, Response)
    assert (last.span.file, last.span.line) == (str(path), 3)
    assert isinstance(broken, RowProblem)
    assert code_and_place(broken.diagnostic) == (code, 2, column)
    assert words in broken.diagnostic.message
    assert broken.diagnostic.hint


def test_all_broken_rows_are_told_at_once(tmp_path: Path) -> None:
    told = faults(tmp_path / "r.jsonl", b'{"a": 1}\n' + GOOD + b"{\n\n\xff\n")
    assert [(f.code, f.span.line) for f in told] == [
        ("D103", 1),
        ("D102", 3),
        ("D104", 5),
    ]


def test_a_likely_field_is_proposed(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "r.jsonl", '{"text": "a"}')
    assert fault.hint == "rename the field `text` to `response`"


@pytest.mark.parametrize(
    ("name", "content", "code", "line", "words"),
    [
        ("r.jsonl", b"", "D106", 1, "no responses"),
        ("r.jsonl", b"\n \n", "D106", 1, "no responses"),
        ("r.json", b" [ ] ", "D106", 1, "no responses"),
        ("r.json", b"", "D106", 1, "no responses"),
        ("r.csv", b"response\r\n", "D106", 1, "no responses"),
        ("r.txt", b"", "D108", 1, "no known format"),
        ("r.jsonl", '{"response": "a"}'.encode("utf-16"), "D104", 1, "UTF-16"),
        ("r.jsonl", '{"response": "a"}'.encode("utf-16-be"), "D104", 1, "UTF-16"),
        ("r.csv", "response\na".encode("utf-16-le"), "D104", 1, "UTF-16"),
        ("r.json", "[1]".encode("utf-32"), "D104", 1, "UTF-16 or UTF-32"),
        ("r.jsonl", gzip.compress(GOOD, mtime=0), "D104", 1, "compressed"),
        ("r.jsonl.gz", GOOD, "D101", 1, "unpacked"),
        ("r.jsonl.gz", gzip.compress(GOOD * 9, mtime=0)[:-9], "D101", 1, "unpacked"),
        ("r.json", b'[{"response": "a"}', "D102", 1, "not closed"),
        ("r.json", b'[{"response": "a"},\n]', "D102", 2, "missing"),
        ("r.json", b'[{"response": "a"}]\n\n[]', "D102", 3, "more after"),
        ("r.json", GOOD, "D102", 1, "does not begin with ["),
        ("r.json", b'[{"response": "a"}}', "D102", 1, "closed by }"),
        ("r.csv", b'response\n"a"b\n', "D102", 2, "not valid CSV"),
        ("r.csv", b'response\nok\n"a\n\nb\n', "D102", 3, "not valid CSV"),
        ("r.csv", b"response,response\na,b\n", "D103", 1, "twice"),
        ("r.csv", b"respon\xff\na\n", "D104", 1, "byte 6"),
        ("r.csv", b"a,b\n1,2\n", "D103", 2, "no `response`"),
        ("r.csv", b"response,b\na\n", "D103", 2, "1 cells and the header 2"),
        ("r.csv", b"response\na\0b\n", "D104", 2, "zero byte"),
        ("r.csv", b"response\nok\n\nk\xff\n", "D104", 4, "byte 14"),
        ("r.csv", b"response,meta\na,{\n", "D102", 2, "column `meta`"),
        ("r.parquet", b"PAR1 no", "D101", 1, "Parquet"),
    ],
)
def test_a_broken_file_says_what_is_wrong(  # noqa: PLR0913, PLR0917
    tmp_path: Path, name: str, content: bytes, code: str, line: int, words: str
) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="needs pyarrow")
    (fault,) = faults(tmp_path / name, content)
    assert (fault.code, fault.span.line) == (code, line)
    assert words in fault.message


def test_json_lines_that_are_an_array_get_a_hint(tmp_path: Path) -> None:
    told = faults(tmp_path / "r.jsonl", b'[\n{"response": "a"}\n]')
    assert told[0].hint == "one JSON array is read from a file that ends in .json"


@pytest.mark.parametrize("path", ["no/such/file.jsonl", "nul\0.jsonl", ".jsonl"])
def test_a_file_that_is_not_there(path: str) -> None:
    with pytest.raises(RubricError) as caught:
        list(read_responses(path))
    assert caught.value.diagnostics[0].code == "D101"


def test_the_place_in_an_array_is_that_of_the_fault(tmp_path: Path) -> None:
    content = '[\n  {"response": "é"}, {"response": 1},\n  {\n   "response": }\n]'
    told = faults(tmp_path / "r.json", content)
    assert [code_and_place(fault) for fault in told] == [
        ("D103", 2, 22),
        ("D102", 4, 16),
    ]


# --------------------------------------------------------------------- limits


def test_a_megabyte_is_fine_and_the_limit_is_told(tmp_path: Path) -> None:
    megabyte = "ä" * 500_000
    rows = [{"response": megabyte}, {"response": megabyte + "!"}, {"response": "b"}]
    for name, content in [("r.jsonl", as_lines(rows)), ("r.csv", as_csv(rows))]:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8", newline="")
        first, second, third = read_responses(str(path), max_bytes=1_000_000)
        assert isinstance(first, Response)
        assert isinstance(third, Response)
        assert isinstance(second, RowProblem)
        assert second.diagnostic.code == "D110"
        assert "1.0 MB, over the limit of 1 MB" in second.diagnostic.message


def test_a_line_without_end_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sources", "arrays", "rows"):
        monkeypatch.setattr(f"rubricdsl.formats.{module}.MAX_ROW_BYTES", 200_000)
    huge = b'{"response": "' + b"a" * 400_000 + b'"}\n'
    path = tmp_path / "r.jsonl"
    path.write_bytes(GOOD + huge + b'{"response": "\xff"}\n{"response": "z"}\n')
    _, problem, broken, last = read_responses(str(path))
    assert isinstance(problem, RowProblem)
    assert (problem.diagnostic.code, problem.diagnostic.span.line) == ("D110", 2)
    assert isinstance(broken, RowProblem)
    offset = path.read_bytes().index(b"\xff")
    assert f"byte {offset} of the file" in broken.diagnostic.message
    assert isinstance(last, Response)
    assert (last.span.file, last.span.line) == (str(path), 4)
    (fault,) = faults(tmp_path / "r.json", b"[" + huge + b"]")
    assert (fault.code, fault.span.line, fault.span.column) == ("D110", 1, 2)
    (fault,) = faults(tmp_path / "r.csv", b"response\n" + b"a" * 300_000)
    assert (fault.code, fault.span.line) == ("D110", 2)


def test_reading_is_lazy() -> None:
    class Endless(io.RawIOBase):
        def readline(self, size: int | None = -1, /) -> bytes:
            assert size
            return GOOD.replace(b"ok", b"more")

    rows = read_responses("-", stdin=Endless())  # type: ignore[arg-type]
    texts = [next(rows) for _ in range(3)]
    assert all(isinstance(row, Response) for row in texts)


# ------------------------------------------------------------------------ ids


def test_made_ids_come_from_content_alone(tmp_path: Path) -> None:
    rows = [
        {"prompt": "p?", "response": "a"},
        {"prompt": "p?", "response": "b"},
        {"prompt": "q?", "response": "a"},
        {"response": "a"},
    ]
    one = read(tmp_path / "r.jsonl", as_lines(rows))
    other = read(tmp_path / "s.jsonl", as_lines(rows[::-1]))
    assert one == other[::-1]
    assert one[0].prompt_id == one[1].prompt_id != one[2].prompt_id
    assert one[0].response_id == one[2].response_id != one[1].response_id
    assert one[3].prompt_id == "p"
    assert one[0].prompt_id == "p-" + one[0].prompt_id[2:].lower()
    assert len(one[0].response_id) == 14


def test_rows_alike_without_ids_are_all_kept(tmp_path: Path) -> None:
    responses = read(tmp_path / "r.jsonl", GOOD * 3)
    made = responses[0].response_id
    assert [r.response_id for r in responses] == [made, f"{made}-2", f"{made}-3"]


def test_a_repetition_is_passed_over_and_a_clash_told(tmp_path: Path) -> None:
    row = b'{"prompt_id": 1, "response_id": "r", "response": "a"}\n'
    assert len(read(tmp_path / "r.jsonl", row + row)) == 1
    (fault,) = faults(tmp_path / "r.jsonl", row + row.replace(b'"a"', b'"b"'))
    assert (fault.code, fault.span.line) == ("D105", 2)
    assert "prompt_id '1' and response_id 'r'" in fault.message


# ---------------------------------------------------------------------- chats


def test_the_last_assistant_turn_is_the_response(tmp_path: Path) -> None:
    chat = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, "!"]},
        {"role": "assistant", "content": None},
        {"role": "tool", "content": "42"},
        {"role": "assistant", "content": "The answer."},
        {"role": "tool", "content": "ignored"},
    ]
    (response,) = read(tmp_path / "r.jsonl", as_lines([{"messages": chat}]))
    assert response.text == "The answer."
    assert response.prompt is None
    assert response.conversation == (
        Turn("system", "Be brief."),
        Turn("user", "Hi!"),
        Turn("assistant", ""),
        Turn("tool", "42"),
    )


def test_a_prompt_may_be_a_chat(tmp_path: Path) -> None:
    turn = {"role": "user", "content": "Why?"}
    rows: list[dict[str, Any]] = [
        {"prompt": [turn], "response": "a"},
        {"prompt": "Why?", "response": "b"},
        {"prompt": [turn, turn], "response": "a"},
    ]
    one, same, longer = read(tmp_path / "r.jsonl", as_lines(rows))
    assert (one.prompt, one.conversation) == ("Why?", ())
    assert one.prompt_id == same.prompt_id != longer.prompt_id
    assert longer.conversation == (Turn("user", "Why?"), Turn("user", "Why?"))


def test_several_responses_share_what_the_row_says(tmp_path: Path) -> None:
    row = {
        "prompt_id": "p",
        "prompt": "?",
        "source": "m1",
        "responses": [
            "a",
            {"response": "b", "source": "m2", "response_id": "r2"},
            {"messages": [{"role": "assistant", "content": "c"}], "source": None},
        ],
    }
    a, b, c = read(tmp_path / "r.jsonl", as_lines([row]))
    assert {r.prompt_id for r in (a, b, c)} == {"p"}
    assert {r.prompt for r in (a, b, c)} == {"?"}
    assert (a.text, a.source) == ("a", "m1")
    assert (b.text, b.source, b.response_id) == ("b", "m2", "r2")
    assert (c.text, c.source) == ("c", "m1")
