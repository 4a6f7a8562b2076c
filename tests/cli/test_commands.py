"""The smaller commands: check, show, test, judges, plugins, import, help."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rubricdsl.cli.dispatch import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
GOOD = """\
rubric good
[2] a: Names Ottawa.
[1] b: Is short.
    check: words(response) < 9
"""
BAD = "rubric bad\n[3] The answer is right.\n[0] c: Is kind.\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_check_finds_all_errors_of_all_files(rub, tmp_path):
    write(tmp_path / "good.rub", GOOD)
    write(tmp_path / "bad.rub", BAD)
    done = rub("check", ".")
    assert done.returncode == 1
    assert "bad.rub:2:5: E203" in done.stdout
    assert "bad.rub:3:5: E412" in done.stdout
    assert "[0] c: Is kind." in done.stdout
    assert "2 rubrics in 2 files: 2 errors" in done.stderr


def test_check_as_json_has_every_key(rub, tmp_path):
    write(tmp_path / "bad.rub", BAD)
    done = rub("check", "bad.rub", "--format", "json")
    first, second = json.loads(done.stdout)
    assert list(first) == [
        "file", "line", "column", "end_line", "end_column", "code", "severity",
        "message", "hint",
    ]  # fmt: skip
    assert (first["code"], first["line"], first["severity"]) == ("E203", 2, "error")
    assert (second["code"], second["line"], second["file"]) == ("E412", 3, "bad.rub")


def test_check_of_sound_rubrics_says_so(rub, tmp_path):
    write(tmp_path / "good.rub", GOOD)
    done = rub("check", "good.rub", "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == []


def test_check_reads_standard_input(rub):
    done = rub("check", "-", stdin=BAD)
    assert done.returncode == 1
    assert "-:2:5: E203" in done.stdout


def test_check_of_what_cannot_be_read(rub, tmp_path):
    (tmp_path / "empty").mkdir()
    assert rub("check", "nowhere.rub").returncode == 2
    assert rub("check", "empty").returncode == 2


def test_show_gives_shares(rub, tmp_path):
    write(tmp_path / "good.rub", GOOD)
    done = rub("show", "good.rub")
    assert "66.7% [2] a: Names Ottawa." in done.stdout
    assert "33.3% [1] b: Is short." in done.stdout
    assert "check: words(response) < 9" in done.stdout
    (record,) = json.loads(rub("show", "good.rub", "--json").stdout)["rubrics"]
    shares = {node["path"]: node["share"] for node in record["nodes"]}
    assert shares == {"a": pytest.approx(2 / 3), "b": pytest.approx(1 / 3)}


@pytest.mark.parametrize("depth", ["-1", "0", "two"])
def test_show_of_no_levels_is_refused(rub, tmp_path, depth):
    write(tmp_path / "good.rub", GOOD)
    done = rub("show", "good.rub", "--depth", depth)
    assert done.returncode == 2
    assert "argument --depth: must be a whole number, 1 or more" in done.stderr


def test_help_lists_what_there_is(rub):
    for command in ("eval", "rank"):
        assert "--json " in rub(command, "--help").stdout
    assert "--seed N" in rub("judges", "--help").stdout


def test_show_of_every_good_rubric(rub, shared):
    done = rub("show", shared / "conformance" / "good")
    assert done.returncode == 0, done.stderr


def test_failed_tests_say_which_criterion_costs_what(rub, tmp_path):
    text = (
        GOOD + 'test "all"\n    given all: yes\n    given a: no\n    expect score: 1\n'
    )
    write(tmp_path / "good.rub", text)
    done = rub("test", "good.rub")
    assert done.returncode == 1
    assert "FAILED  all" in done.stdout
    assert "good.rub:8:12: E501 `score` is 0.3333, not 1" in done.stdout
    assert "`a` costs 0.667" in done.stdout
    (failure,) = json.loads(rub("test", "good.rub", "--format", "json").stdout)
    assert failure["code"] == "E501"


def test_a_missing_verdict_in_a_test_is_no_score(rub, tmp_path):
    text = GOOD + 'test "half"\n    given a: yes\n    expect score: 1\n'
    write(tmp_path / "good.rub", text)
    done = rub("test", "good.rub")
    assert done.returncode == 1
    assert "E502 no verdict on `b`" in done.stdout


def test_responses_in_tests_run_their_checks_and_skip_what_is_judged(rub, tmp_path):
    text = GOOD + (
        'test "checked"\n    response: Hello there.\n    expect b: yes\n'
        'test "judged"\n    response: Ottawa.\n    expect a: yes\n'
    )
    write(tmp_path / "good.rub", text)
    done = rub("test", "good.rub")
    assert done.returncode == 0
    assert "ok      checked" in done.stdout
    assert "skipped judged" in done.stdout
    assert "a judge must decide `a`" in done.stdout


def test_arithmetic_tests_of_every_good_rubric_hold(rub, shared):
    done = rub("test", shared / "conformance" / "good")
    assert done.returncode == 0, done.stdout
    assert "FAILED" not in done.stdout
    assert "0 failed" in done.stderr


def test_judges_and_plugins_are_listed(rub):
    listed = json.loads(rub("judges", "--json").stdout)
    for kind in ("judges", "proposers"):
        assert {"openai", "scripted"} <= {one["name"] for one in listed[kind]}
    (line,) = (x for x in rub("judges").stdout.splitlines() if "(--proposer)" in x)
    assert {"openai", "scripted"} <= set(line.partition("by: ")[2].split(", "))
    plugins = json.loads(rub("plugins", "--json").stdout)["plugins"]
    assert {p["name"]: p["problem"] for p in plugins}["builtin"] is None


def test_a_judge_that_is_named_and_not_ready(rub):
    done = rub("judges", "--check", "openai:m?base_url=http://127.0.0.1:9/v1")
    assert done.returncode == 1
    assert "not ready" in done.stdout


def test_import_into_a_folder_with_a_map(rub, tmp_path):
    tree = {
        "id": "root", "requirements": "All works.", "weight": 1, "sub_tasks": [
            {"id": "x", "requirements": "The data is there.", "weight": 2,
             "sub_tasks": [], "task_category": "Code Development"},
            {"id": "y", "requirements": "The model runs.", "weight": 1,
             "sub_tasks": [], "task_category": "Code Execution"},
        ],
    }  # fmt: skip
    write(tmp_path / "tree.json", json.dumps(tree))
    done = rub("import", "tree.json", "--from", "paperbench", "--out", "rubrics",
               "--map", "map.jsonl")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert rub("check", "rubrics").returncode == 0
    rows = [json.loads(x) for x in (tmp_path / "map.jsonl").read_text().splitlines()]
    assert {"x", "y"} <= {row["id"] for row in rows}
    assert (tmp_path / "rubrics" / rows[0]["file"]).is_file()


@pytest.mark.parametrize(
    "arguments", [["import", "x.json", "--from", "nothing"], ["import"], ["nonsense"]]
)
def test_bad_usage(rub, arguments):
    done = rub(*arguments)
    assert done.returncode == 2
    assert "help:" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_a_purpose_examples_and_exit_codes(rub, command):
    done = rub(command, "--help")
    assert done.returncode == 0
    assert "exit codes:" in done.stdout
    assert done.stdout.count(f"  rub {command}") >= 2
    assert rub("--help").stdout.count(f"\n  {command} ") == 1


def help_examples() -> list[str]:
    """Every example line in the help of every command that needs no server."""
    lines: list[str] = []
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "rubricdsl", command, "--help"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        lines += [x.strip() for x in done.stdout.splitlines() if x.startswith("  rub ")]
    return [line for line in lines if "base_url" not in line and ".gz" not in line]


@pytest.mark.parametrize("line", help_examples())
def test_examples_in_the_help_run_as_they_stand(line, tmp_path):
    folder = ROOT
    if re.search(r"--out|--record|rub lock", line):  # which must not write here
        folder = tmp_path
        shutil.copytree(ROOT / "examples", folder / "examples")
    done = subprocess.run(
        [sys.executable, "-m", "rubricdsl", *shlex.split(line)[1:]], cwd=folder,
        capture_output=True, text=True, check=False,
        env={k: v for k, v in os.environ.items() if k != "RUB_JUDGE"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("buffering", ["", "1"])
def test_no_room_for_what_is_printed(tmp_path, buffering):
    (tmp_path / "a.rub").write_text("rubric a\n[1] b: Says b.\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "rubricdsl", "show", "a.rub"],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONUNBUFFERED": buffering},
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == (
        "rub: D111 standard output cannot be written: no space left on device\n"
        "    help: write it where there is room\n"
    )


def test_the_name_of_a_judge_stands_apart(rub):
    spec = "openai:m?base_url=http://127.0.0.1:9/v1"
    done = rub("judges", "--check", spec, OPENAI_API_KEY="unused")
    assert done.stdout.startswith(f"{spec} not ready ")


def test_help_can_be_shown_where_not_all_signs_can(rub):
    for arguments in (("--help",), ("audit", "--help"), ("eval",)):
        done = rub(*arguments, PYTHONIOENCODING="ascii:strict")
        assert "Traceback" not in done.stderr
        assert "usage: rub" in done.stdout + done.stderr
