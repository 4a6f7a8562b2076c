"""Files that are too large, too deep or too many: bounded memory, and a clear word."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import frozen

from tests.faults.conftest import Evaluate
from tests.faults.server import ROOT, FaultyServer

CHECKED = "rubric short\n[1] brief: Has at most ten words.\n    check: words(response) <= 10\n"  # noqa: E501 - a file


@frozen
class Ended:
    """How a process ended, and how much memory it had at its most, in MB."""

    code: int
    out: str
    err: str
    peak: float


_STATUS = Path("/proc/self/status")
_MEASURED = """\
import sys
from rubricdsl.cli import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status, open("peak", "w") as peak:
    peak.writelines(line.split()[1] for line in status if line.startswith("VmHWM"))
sys.exit(code)
"""


def rub(folder: Path, *arguments: str) -> Ended:
    """Run ``rub`` in a process of its own and measure it."""
    if not _STATUS.exists():
        pytest.skip("the peak of a process is read from /proc")
    # Not `getrusage`: what it gives for a child includes its parent's memory.
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    peak = int((folder / "peak").read_text()) / 1024
    return Ended(done.returncode, done.stdout, done.stderr, peak)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "short.rub").write_text(CHECKED, encoding="utf-8")
    return tmp_path


def test_a_response_of_100_megabytes_is_refused_in_bounded_memory(folder: Path) -> None:
    with (folder / "r.jsonl").open("w", encoding="utf-8") as file:
        file.write('{"response_id": "small", "response": "ok"}\n{"response": "')
        for _ in range(100):
            file.write("word " * 200_000)
        file.write('"}\n{"response_id": "last", "response": "fine"}\n')
    arguments = ["eval", "short.rub", "--responses", "r.jsonl", "--json"]
    ended = rub(folder, *arguments)
    assert ended.code == 2
    assert "r.jsonl:2:" in ended.err
    assert "D110" in ended.err
    assert ended.peak < 300
    ended = rub(folder, *arguments, "--keep-going")
    assert ended.code == 3
    rows = json.loads(ended.out)["results"]
    assert [row["response_id"] for row in rows] == ["small", "last"]
    assert ended.peak < 300


def test_many_large_responses_are_not_all_held_in_requests(folder: Path) -> None:
    """Of 20 responses of a megabyte, each with five questions, few are under way."""
    (folder / "five.rub").write_text(
        "rubric five\n" + "".join(f"[1] c{n}: States fact {n}.\n" for n in range(5)),
        encoding="utf-8",
    )
    with (folder / "r.jsonl").open("w", encoding="utf-8") as file:
        for n in range(20):
            file.write(json.dumps({"response": f"{n} " + "word " * 200_000}) + "\n")
    with FaultyServer(lambda *_: "yes") as server:
        ended = rub(
            folder, "eval", "five.rub", "--responses", "r.jsonl", "--format", "csv",
             "--judge", f"openai:m?base_url={server.base}&ask=each&concurrency=2",
        )  # fmt: skip
        assert ended.code == 0, ended.err
        assert max(server.counts().values()) == 1
        assert server.peak <= 2
        server.asked.clear()
    assert ended.peak < 300


def test_a_bomb_in_a_reply_takes_no_memory(folder: Path) -> None:
    (folder / "one.rub").write_text("rubric one\n[1] c: States it.\n", encoding="utf-8")
    (folder / "r.jsonl").write_text('{"response": "It."}\n', encoding="utf-8")
    with FaultyServer(faults="gzip_bomb") as server:
        ended = rub(
            folder, "eval", "one.rub", "--responses", "r.jsonl",
             "--judge", f"openai:m?base_url={server.base}",
        )  # fmt: skip
    assert ended.code == 3
    assert "transport_local_resource" in ended.err
    assert ended.peak < 150


@pytest.mark.parametrize("depth", [100, 10_000])
def test_a_rubric_nested_beyond_reason_is_a_diagnostic(
    folder: Path, depth: int
) -> None:
    lines = (f"{'  ' * n}[1] g{n}:\n" for n in range(min(depth, 1500)))
    (folder / "deep.rub").write_text("rubric deep\n" + "".join(lines), encoding="utf-8")
    (folder / "paren.rub").write_text(
        f"rubric p\n[1] a: A.\n    check: {'(' * depth}1{')' * depth} > 0\n",
        encoding="utf-8",
    )
    for name in ("deep.rub", "paren.rub"):
        ended = rub(folder, "check", name)
        assert ended.code == 1
        assert "Traceback" not in ended.err + ended.out
        assert f"{name}:" in ended.out + ended.err


@pytest.mark.parametrize(
    "row",
    [
        b'{"response": "cut \\ud83d short"}',
        b'{"response": "not utf-8 \xff"}',
        b'{"response": "a", "response": "b"}',
        b'{"response": "a", "meta": {"n": 1e999}}',
        b'{"response_id": "x", "response": "1"}\n{"response_id": "x", "response": "2"}',
        b"[" * 10_000,
    ],
)
def test_a_bad_row_costs_no_request(
    server: FaultyServer,
    evaluate: Evaluate,
    tmp_path: Path,
    row: bytes,
) -> None:
    (tmp_path / "bad.jsonl").write_bytes(b'{"response": "good"}\n' + row + b"\n")
    run = evaluate(server.base, "--responses", "bad.jsonl")
    assert run.code == 2
    assert "bad.jsonl:" in run.err
    assert run.rows == []
    assert server.asked == []


def test_a_pair_of_surrogates_is_a_character(evaluate: Evaluate) -> None:
    text = "\U0001f600 says it"
    with FaultyServer(lambda *_: "yes") as server:
        run = evaluate(
            server.base,
            rubric="rubric one\n[1] c: States it.\n",
            responses=[{"response": text}],
        )
        assert run.row["score"] == 1
        assert server.asked[0].response == text
