"""``rub eval`` on responses that come one by one, and on columns."""

import argparse
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rubricdsl.cli.run_arguments import add_subjects
from rubricdsl.cli.streamed_subjects import look_through
from rubricdsl.diagnostics import RubricError
from tests.cli import chat_server

pa = pytest.importorskip("pyarrow", reason="needs pyarrow")
parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")

RUBRICS = """\
rubric door
for: p1, p2
passing: 0.5
[3] brief: Has at most five words.
    check: words(response) <= 5
[1] polite: Says please.
    check: contains(response, "please", case = no)

rubric window
for: p3
[1] whole: Is a sentence.
    check: matches(response, "[.]$")
"""
JUDGED = """\
rubric capital
[2] names: Names Ottawa as the capital.
[1] short: Has at most ten words.
    check: words(response) <= 10
"""
ROWS = [
    {
        "prompt_id": f"p{n % 3 + 1}",
        "response_id": f"r{n}",
        "response": "please " * (n % 9) + f"{n}" + "." * (n % 2),
    }
    for n in range(1100)
]
COMMAND = ("eval", "all.rub", "--responses", "r.jsonl", "--format", "none")


@pytest.fixture
def many(tmp_path):
    (tmp_path / "all.rub").write_text(RUBRICS, "utf-8")
    (tmp_path / "judged.rub").write_text(JUDGED, "utf-8")
    write_rows(tmp_path / "r.jsonl", ROWS)
    return tmp_path


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def lines_of(path: Path) -> list[dict[str, object]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [json.loads(line) for line in text.splitlines()]


def without_time(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [
        {key: value for key, value in row.items() if key != "seconds"} for row in rows
    ]


# ------------------------------------------------------------------- one by one


def test_as_they_come_is_the_same_as_at_once(rub, many):
    """The whole way keeps everything in memory; this one nothing."""
    at_once = rub(*COMMAND[:4], "--json", "--out", "whole.jsonl")
    assert at_once.returncode == 0, at_once.stderr
    whole = without_time(lines_of(many / "whole.jsonl"))
    for name in ("one.jsonl", "one.jsonl.gz", "one.parquet", "one/"):
        done = rub(*COMMAND, "--out", name)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        assert "1100 responses, 0 judge calls" in done.stderr
        if name.startswith("one.jsonl"):
            found = lines_of(many / name)
            assert without_time(found)[1:] == whole[1:]
            header = found[0]["run"]
            assert isinstance(header, dict)
            assert header["judge_calls"] == 0
            assert header["identity"] == whole[0]["run"]["identity"]  # type: ignore[index]
    assert sorted(p.name for p in many.iterdir() if p.name.startswith("one")) == [
        *("one", "one.jsonl", "one.jsonl.gz", "one.parquet")
    ]
    # What is shown in the end are the rows that were written.
    for name in ("again.jsonl", "again.parquet"):
        done = rub(*COMMAND[:4], "--format", "jsonl", "--out", name)
        shown = [json.loads(line) for line in done.stdout.splitlines()]
        assert without_time(shown)[1:] == whole[1:]


def test_a_bad_row_is_told_before_anything_is_asked(rub, many):
    with (many / "r.jsonl").open("a") as file:
        file.write('{"prompt_id": "p9", "response": "who judges this?"}\n{"no": 1}\n')
    with chat_server.serving(chat_server.answer_yes) as base_url:
        judge = ("--judge", f"openai:test?base_url={base_url}")
        done = rub("eval", "judged.rub", *COMMAND[2:], *judge, "--out", "o.jsonl")
        assert done.returncode == 2
        assert "r.jsonl:1102:1: " in done.stderr
        assert not (many / "o.jsonl").exists()
    done = rub(*COMMAND, "--out", "o.jsonl", "--keep-going")
    assert done.returncode == 2
    assert "belongs to no rubric" in done.stderr
    lines = (many / "r.jsonl").read_text().splitlines(keepends=True)
    (many / "r.jsonl").write_text("".join([*lines[:1100], lines[1101]]))
    done = rub(*COMMAND, "--out", "o.jsonl", "--keep-going")
    assert done.returncode == 3
    assert done.stderr.count("r.jsonl:1101:1: ") == 1
    assert len(lines_of(many / "o.jsonl")) == 1101


def test_scores_that_are_too_low_are_told(rub, many):
    done = rub(*COMMAND, "--out", "o.jsonl", "--fail-under", "0.5")
    assert done.returncode == 1
    rows = lines_of(many / "o.jsonl")[1:]
    low = [str(row["response_id"]) for row in rows if row["score"] < 0.5]  # type: ignore[operator]
    said = f"{len(low)} of 1100 scores under 0.5 (--fail-under): {', '.join(low[:3])}"
    assert said in done.stderr


def test_the_same_far_apart_is_asked_once_and_so_all_is_held(rub, many):
    rows = [{"response_id": f"r{n}", "response": f"Ottawa {n}."} for n in range(1100)]
    rows[-1]["response"] = rows[0]["response"]
    write_rows(many / "r.jsonl", rows)
    verdicts = [
        {**{k: v for k, v in row.items() if k != "response"}, "prompt_id": "p"}
        | {"criterion": "names", "verdict": "yes"}
        for row in rows
    ]
    write_rows(many / "v.jsonl", verdicts)
    command = ("eval", "judged.rub", *COMMAND[2:], "--judge", "scripted:v.jsonl")
    done = rub(*command, "--out", "o.jsonl")
    assert done.returncode == 0, done.stderr
    assert "the same comes up far apart, so all results are held" in done.stderr
    rows[-1]["response"] = "Ottawa."
    write_rows(many / "r.jsonl", rows)
    done = rub(*command, "--out", "o.parquet", "--record", "again.jsonl")
    assert done.returncode == 0, done.stderr
    assert "far apart" not in done.stderr
    recorded = lines_of(many / "again.jsonl")
    assert [row["response_id"] for row in recorded] == [f"r{n}" for n in range(1100)]


# ---------------------------------------------------------------- killed, resumed


def test_a_run_that_is_killed_leaves_nothing_that_looks_whole(rub, many):
    rows = [{"response_id": f"r{n}", "response": f"Ottawa {n}."} for n in range(150)]
    write_rows(many / "r.jsonl", rows)
    for name in ("o.jsonl", "o.parquet", "o/"):
        with chat_server.serving(chat_server.answer_yes) as base_url:
            judge = f"openai:test?base_url={base_url}&ask=each&concurrency=2"
            command = [
                *("eval", "judged.rub", *COMMAND[2:], "--judge", judge),
                *("--out", name, "--store", f"{name[2:]}.sqlite"),
            ]
            running = subprocess.Popen(
                [sys.executable, "-m", "rubricdsl", *command],
                cwd=many,
                env={**os.environ, "OPENAI_API_KEY": "k"},
                stderr=subprocess.DEVNULL,
            )
            manifest = many / f"{name.rstrip('/')}.run"
            deadline = time.monotonic() + 30
            while not manifest.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.2)
            running.send_signal(signal.SIGKILL)
            running.wait()
            assert running.returncode == -signal.SIGKILL
            assert manifest.exists()
            assert not (many / name).exists()
            done = rub(*command, "--resume", OPENAI_API_KEY="k")
            assert done.returncode == 0, done.stderr
            assert (many / name).exists()
            assert not manifest.exists()
            # It is told by the results themselves what they are of.
            done = rub(*command, "--resume", "--seed", "7", OPENAI_API_KEY="k")
            assert done.returncode == 2
            assert "the seed was 0, and is 7" in done.stderr


def test_responses_that_change_meanwhile_end_the_run(many):
    parser = argparse.ArgumentParser()
    add_subjects(parser)
    options = parser.parse_args(
        [str(many / "all.rub"), "--responses", str(many / "r.jsonl")]
    )
    for change in (ROWS[:-1], [*ROWS, {**ROWS[0], "response_id": "new"}]):
        subjects = look_through(options)
        write_rows(many / "r.jsonl", change)
        with pytest.raises(RubricError, match="has changed since the run began"):
            list(subjects.jobs.jobs)
        write_rows(many / "r.jsonl", ROWS)
    assert len(list(look_through(options).jobs.jobs)) == 1100


# ------------------------------------------------------------------------ columns


def test_columns_in_and_out_and_into_every_reader(rub, many):
    rows = [row for row in ROWS[:30] if row["prompt_id"] != "p3"]
    folder = many / "data" / "source=m%201"
    folder.mkdir(parents=True)
    parquet.write_table(pa.Table.from_pylist(rows), folder / "part.parquet")
    write_rows(many / "r.jsonl", rows)
    lines = rub(*COMMAND, "--out", "o.jsonl")
    assert lines.returncode == 0, lines.stderr
    columns = rub(*COMMAND[:2], "--responses", "data", "--out", "o.parquet", "--json")
    assert columns.returncode == 0, columns.stderr
    folded = rub(*COMMAND, "--out", "o/", "--partition-by", "status")
    assert folded.returncode == 0, folded.stderr
    assert [p.name for p in (many / "o").iterdir() if p.is_dir()] == ["status=complete"]

    gold = [
        {"prompt_id": r["prompt_id"], "response_id": r["response_id"], "gold": n % 4}
        for n, r in enumerate(rows)
    ]
    write_rows(many / "gold.jsonl", gold)  # type: ignore[arg-type]
    for command in (
        ("tail", "{}", "--gold", "gold.jsonl", "--json"),
        ("agree", "{}", "--gold", "gold.jsonl", "--json"),
        ("explain", "{}", "--response", "r3", "--json"),
        ("report", "{}"),
    ):
        said = []
        for name in ("o.jsonl", "o.parquet", "o/"):
            done = rub(*(part.format(name) for part in command))
            assert done.returncode == 0, done.stderr
            said.append(done.stdout.replace(name, "o"))
        if command[0] == "report":
            # It says when the run was.
            assert all("r27" in page for page in said)
        else:
            assert said[0] == said[1] == said[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "o.arrow"), "D108 --out: results are not written as o.arrow"),
        (("--out", "o.jsonl", "--partition-by", "rubric"), "D401 --partition-by is"),
        (("--out", "photos/"), "D111 photos/ is a folder that holds other things"),
        (("--out", "no/o/"), "D111 --out: no/o/ cannot be written"),
        (("--record", "photos", "--out", "o/"), "D111 --record: photos cannot be"),
    ],
)
def test_what_cannot_be_written_is_told_beforehand(rub, many, arguments, said):
    (many / "photos").mkdir()
    (many / "photos" / "a.jpg").write_bytes(b"")
    done = rub(*COMMAND, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
