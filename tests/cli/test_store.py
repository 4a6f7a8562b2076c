"""``rub store`` as a user runs it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.ruling import YES, Ruling

DAY = 86_400.0
TIME = 1_700_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Give a store with four verdicts where ``rub`` looks for it."""
    path = tmp_path / ".rub" / "verdicts.sqlite"
    with VerdictStore.open(path) as opened:
        for n in range(4):
            key = VerdictKey(digest("r", n // 2), digest("q", n), digest("j"))
            origin = Provenance(
                judge="openai:m",
                response=key.response,
                settings=digest("settings"),
                template=digest("template"),
                model="m-2026",
            )
            verdict = Verdict(
                ruling=Ruling.level(n) if n else YES,
                probability=0.5,
                evidence="\ud800 <\x1b[31m>" if n == 1 else None,
                at=TIME + n * DAY,
                provenance=origin,
            )
            opened.add(key, verdict, tokens=Usage(prompt_tokens=90))
    return path


def test_info(rub, store):
    done = rub("store", "info")
    assert done.returncode == 0, done.stderr
    assert "4 on 2 responses" in done.stdout
    assert (
        "openai:m: 4 verdicts, 4 requests, 360 prompt and 0 completion" in done.stdout
    )
    assert "2023-11-14T22:13:20+00:00" in done.stdout
    record = json.loads(rub("store", "info", "--json", "--store", store).stdout)
    assert list(record) == [
        "path", "edition", "bytes", "verdicts", "responses", "claims", "oldest",
        "newest", "judges",
    ]  # fmt: skip
    assert (record["verdicts"], record["claims"]) == (4, 0)
    (judge,) = record["judges"]
    assert judge["tokens"] == {"prompt": 360, "completion": 0}


def test_verify(rub, store):
    assert rub("store", "verify").returncode == 0
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("UPDATE verdicts SET probability = 3")
    done = rub("store", "verify")
    assert done.returncode == 1
    assert done.stdout.count("the probability is 3.0") == 4
    assert "4 problems" in done.stderr
    assert len(json.loads(rub("store", "verify", "--json").stdout)["problems"]) == 4


def test_export(rub, store, tmp_path):
    done = rub("store", "export")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert list(rows[0]) == [
        "response", "question", "judge", "judge_digest", "settings", "template",
        "model", "at", "verdict", "probability", "evidence", "reason",
    ]  # fmt: skip
    assert {row["verdict"] for row in rows} == {"yes", "level 1", "level 2", "level 3"}
    (quote,) = [row["evidence"] for row in rows if row["evidence"]]
    assert quote == "\ud800 <\x1b[31m>"
    assert "\x1b" not in done.stdout
    written = rub("store", "export", "--out", "kept.jsonl")
    assert written.returncode == 0
    assert (tmp_path / "kept.jsonl").read_text() == done.stdout
    assert "4 verdicts written" in written.stderr


def test_prune(rub, store):
    dry = rub("store", "prune", "--keep-newest", "1", "--dry-run")
    assert "3 verdicts would be deleted, 1 would be left" in dry.stderr
    assert json.loads(rub("store", "info", "--json").stdout)["verdicts"] == 4
    done = rub("store", "prune", "--judge", "openai:m", "--keep-newest", "4", "--json")
    assert json.loads(done.stdout)["pruned"] == 0
    done = rub("store", "prune", "--older-than", "0.5", "--keep-newest", "1", "--json")
    record = json.loads(done.stdout)
    assert (record["pruned"], record["left"], record["dry_run"]) == (3, 1, False)
    (left,) = rub("store", "export").stdout.splitlines()
    assert json.loads(left)["at"] == TIME + 3 * DAY


def test_where_nothing_was_judged_yet(rub, tmp_path):
    for action in ("info", "verify", "export"):
        done = rub("store", action)
        assert done.returncode == 0
        assert "no verdict store yet" in done.stderr
        assert not done.stdout
    record = json.loads(rub("store", "info", "--json").stdout)
    assert (record["verdicts"], record["edition"]) == (0, 0)
    pruned = rub("store", "prune", "--keep-newest", "9", "--json")
    assert json.loads(pruned.stdout)["pruned"] == 0
    assert not (tmp_path / ".rub").exists()


def test_bad_usage_and_files_that_are_no_store(rub, tmp_path):
    (tmp_path / "text.jsonl").write_text('{"a": 1}\n' * 500)
    cases = {
        ("prune",): "D401",
        ("info", "--store", "nowhere.sqlite"): "D501 there is no verdict store",
        ("info", "--store", "."): "D501 the verdict store is a folder",
        ("verify", "--store", "text.jsonl"): "D502 the file is no verdict store",
    }
    for arguments, message in cases.items():
        done = rub("store", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
        assert "help:" in done.stderr
    assert not (tmp_path / "nowhere.sqlite").exists()
    assert rub("store").returncode == 2
    assert rub("store", "prune", "--older-than", "nan").returncode == 2


def test_checking_a_rubric_loads_no_database(rub, tmp_path):
    (tmp_path / "a.rub").write_text("rubric a\n[1] b: Names Ottawa.\n")
    code = (
        "import sys; from rubricdsl.cli import main; main(['check', 'a.rub']); "
        "sys.exit('sqlite3' in sys.modules)"
    )
    (tmp_path / "look.py").write_text(code)
    done = subprocess.run([sys.executable, "look.py"], cwd=tmp_path, check=False)
    assert done.returncode == 0


def test_export_does_not_overwrite_the_store(rub, store):
    before = store.read_bytes()
    done = rub("store", "export", "--out", ".rub/../.rub/verdicts.sqlite")
    assert done.returncode == 2
    assert "D111 --out:" in done.stderr
    assert store.read_bytes() == before
    assert rub("store", "verify").returncode == 0


def test_a_damaged_store_is_no_dead_end(rub, store):
    with store.open("r+b") as file:
        file.truncate(5000)
    done = rub("store", "verify")
    assert done.returncode == 1
    assert "damaged" in done.stdout
    assert "1 problem\n" in done.stderr
    assert "move a damaged store away" in done.stderr
    done = rub("store", "verify", "--json")
    assert done.returncode == 1
    (problem,) = json.loads(done.stdout)["problems"]
    assert "damaged" in problem
    # What is asked of the others needs a sound store.
    done = rub("store", "info")
    assert done.returncode == 2
    assert "D502" in done.stderr


def test_a_misspelt_judge_is_not_taken_for_one_without_verdicts(rub, store):
    done = rub("store", "prune", "--judge", "openai:n", "--dry-run")
    assert done.returncode == 2
    assert (
        "D401 --judge: the store has no verdicts of a judge `openai:n`" in done.stderr
    )
    assert "did you mean `openai:m`?" in done.stderr


def test_where_there_is_none_the_way_to_name_one_is_told(rub):
    done = rub("store", "info")
    assert done.returncode == 0
    assert "name it with --store" in done.stderr


@pytest.mark.parametrize(
    ("flag", "problem"),
    [
        ("--keep-newest", "must be a whole number, 0 or more"),
        ("--older-than", "must be a number of days, 0 or more"),
    ],
)
def test_an_amount_that_is_no_number(rub, store, flag, problem):
    done = rub("store", "prune", flag, "some")
    assert done.returncode == 2
    assert f"argument {flag}: {problem}" in done.stderr
