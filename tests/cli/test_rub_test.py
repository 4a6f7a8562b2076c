"""``rub test`` from the outside: tiers, output, recordings, JUnit, exit codes."""

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rubricdsl.api import open_project

SPEC = importlib.util.spec_from_file_location(
    "chat_server", Path(__file__).parent / "chat_server.py"
)
assert SPEC is not None
assert SPEC.loader is not None
chat_server = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(chat_server)

GOOD = """\
rubric good
[must] runs: Runs.
[2] a: Names Ottawa.
[1] b: Is short.
    check: words(response) < 9
test "fixed"
    tags: quick
    given all: yes
    expect score: 1
test "judged"
    response x: The capital is Ottawa.
    response y: No idea.
    given runs: yes
    expect x.a: yes
    expect order: x > y by 0.5
"""
ROWS = [("x", "yes"), ("y", "no")]


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def good(tmp_path):
    write(tmp_path / "good.rub", GOOD)
    script(tmp_path, ROWS)
    return tmp_path


def script(folder, rows):
    lines = [
        {"prompt_id": "judged", "response_id": response, "criterion": "a",
         "verdict": verdict}
        for response, verdict in rows
    ]  # fmt: skip
    write(folder / "v.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def outcomes(done):
    tests = json.loads(done.stdout)["tests"]
    return {test["title"]: (test["tier"], test["outcome"]) for test in tests}


def test_without_a_judge_what_needs_one_is_skipped(rub, good):
    done = rub("test", "good.rub")
    assert done.returncode == 0, done.stderr
    assert "  ok      fixed\n" in done.stdout
    assert "  skipped judged [live]\n          a judge must decide `a`" in done.stdout
    assert "2 tests: 1 passed, 0 failed, 1 skipped, 0 error" in done.stderr
    assert "left to a judge (--judge SPEC, --record): 1 test" in done.stderr


def test_live_recorded_and_stale(rub, good):
    live = rub("test", ".", "--judge", "scripted:v.jsonl", "--record", "--json")
    assert live.returncode == 0, live.stdout
    assert outcomes(live)["judged"] == ("live", "passed")
    assert "recorded: good.verdicts.jsonl" in live.stderr
    assert "2 requests to judges" in live.stderr
    replay = rub("test", ".", "--json")
    assert replay.returncode == 0
    assert outcomes(replay)["judged"] == ("recorded", "passed")
    assert json.loads(replay.stdout)["tests"][1]["scores"] == {
        "x": 1.0, "y": pytest.approx(1 / 3),
    }  # fmt: skip
    write(good / "good.rub", GOOD.replace("Names Ottawa.", "Names the capital."))
    stale = rub("test", ".")
    assert stale.returncode == 3
    assert "ERROR   judged [recorded]" in stale.stdout
    assert "the criterion changed since the verdict was recorded" in stale.stdout


def test_verdicts_that_could_not_be_had(rub, good):
    script(good, [("x", "yes")])
    done = rub("test", "good.rub", "--judge", "scripted:v.jsonl")
    assert done.returncode == 3
    assert "ERROR   judged [live]" in done.stdout
    assert "no verdict on `a` (not_recorded: " in done.stdout
    script(good, [("x", "no")])
    done = rub("test", "good.rub", "--judge", "scripted:v.jsonl")
    assert done.returncode == 1


def test_a_failure_shows_what_moved_the_score(rub, good):
    script(good, [("x", "yes"), ("y", "yes")])
    done = rub("test", "good.rub", "--judge", "scripted:v.jsonl")
    assert done.returncode == 1
    assert "good.rub:15:19: E501 `x` (1) does not beat `y` (1) by 0.5" in done.stdout
    assert "no criterion differs from `y`" in done.stdout
    write(good / "good.rub", GOOD.replace("x > y by 0.5", "y > x"))
    script(good, ROWS)
    done = rub("test", "good.rub", "--judge", "scripted:v.jsonl")
    assert "    `y` 0.3333, `x` 1.0000: -0.6667\n" in done.stdout
    assert "      -0.6667  a  no against yes\n" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "titles"),
    [
        (["-k", "quick"], ["fixed"]),
        (["-k", "good and not quick"], ["judged"]),
        (["--tier", "live"], ["judged"]),
        (["--tier", "arithmetic"], ["fixed"]),
        (["--tier", "arithmetic", "--tier", "live"], ["fixed", "judged"]),
        (["--tier", "recorded"], []),
    ],
)
def test_choosing_tests(rub, good, arguments, titles):
    done = rub("test", "good.rub", "--json", *arguments)
    assert done.returncode == 0
    assert list(outcomes(done)) == titles


@pytest.mark.parametrize(
    "arguments",
    [
        ["-k", "nothing"],
        ["-k", "and"],
        ["--record"],
        ["--judge", "nobody"],
        ["--junit", "nowhere/j.xml"],
        ["--tier", "holy"],
    ],
)
def test_bad_usage(rub, good, arguments):
    done = rub("test", "good.rub", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_one_rubric_of_a_file(rub, good):
    write(good / "good.rub", GOOD + GOOD.replace("rubric good", "rubric twin"))
    both = rub("test", "good.rub", "--json", "--tier", "arithmetic")
    one = rub("test", "good.rub#twin", "--json", "--tier", "arithmetic")
    rubrics = [
        [t["rubric"] for t in json.loads(x.stdout)["tests"]] for x in (both, one)
    ]
    assert rubrics == [["good", "twin"], ["twin"]]
    assert rub("test", "good.rub#nobody").returncode == 2


def test_standard_input(rub, good):
    done = rub("test", "-", "--json", stdin=GOOD)
    assert outcomes(done)["fixed"] == ("arithmetic", "passed")
    recorded = rub("test", "-", "--judge", "scripted:v.jsonl", "--record", stdin=GOOD)
    assert recorded.returncode == 0
    assert "recorded:" not in recorded.stderr


def test_junit(rub, good):
    write(good / "bad.rub", "rubric bad\n[0] c: C.\n")
    write(good / "good.rub", GOOD.replace("expect score: 1", "expect score: 0"))
    done = rub("test", ".", "--junit", "out.xml")
    assert done.returncode == 1
    root = ET.parse(good / "out.xml").getroot()  # noqa: S314 - our own
    found = {
        (case.get("classname"), case.get("name")): [child.tag for child in case]
        for case in root.iter("testcase")
    }
    assert found == {
        ("good", "fixed"): ["failure"],
        ("good", "judged"): ["skipped"],
        ("bad.rub", "rub check"): ["error"],
    }


def test_coverage_as_a_table_and_as_json(rub, good):
    done = rub("test", "good.rub", "--coverage")
    assert done.returncode == 0
    table = done.stdout.partition("coverage of good (good.rub): 1 test")[2]
    assert "criterion  mark    yes  no  fired  never" in table
    assert "runs       must      1   0    0/1  no, fired" in table
    assert "W640" not in done.stdout
    (rubric,) = json.loads(rub("test", "good.rub", "--coverage", "--json").stdout)[
        "coverage"
    ]
    assert rubric["orders"] == 1
    assert rubric["criteria"][0] == {
        "path": "runs", "mark": "must", "verdicts": {"yes": 1}, "yes": 1, "no": 0,
        "fired": 0, "quiet": 1, "unmet_needs": 0, "unseen": ["no", "fired"],
    }  # fmt: skip


def test_gaps_fail_only_when_strict(rub, good):
    loose = rub("test", "good.rub", "--coverage", "--format", "json")
    codes = [d["code"] for d in json.loads(loose.stdout)]
    assert (loose.returncode, codes) == (0, ["W640", "W641", "W640", "W640"])
    strict = rub("test", "good.rub", "--strict")
    assert strict.returncode == 1
    assert (
        "good.rub:2:8: warning: W640 no test sees `runs` come out no" in strict.stdout
    )


def test_failures_in_the_formats_of_code_hosts(rub, good):
    write(good / "good.rub", GOOD.replace("expect score: 1", "expect score: 0"))
    github = rub("test", "good.rub", "--format", "github")
    assert github.returncode == 1
    (line,) = github.stdout.splitlines()
    assert line.startswith("::error file=good.rub,line=9,")
    assert "`score` is 1, not 0" in line
    log = json.loads(rub("test", "good.rub", "--format", "sarif").stdout)
    (result,) = log["runs"][0]["results"]
    assert (log["version"], result["ruleId"]) == ("2.1.0", "E501")


def test_a_model_behind_a_server_is_asked_once_for_what_tests_share(rub, good):
    asked = 0

    async def counting(request):
        nonlocal asked
        asked += 1
        return await chat_server.answer_yes(request)

    write(good / "twin.rub", GOOD.replace("rubric good", "rubric twin"))
    with chat_server.serving(counting) as base_url:
        done = rub("test", ".", "--judge", f"openai:m?base_url={base_url}")
    assert done.returncode == 1
    assert "does not beat `y` (1) by 0.5" in done.stdout
    assert asked == 2


def test_ctrl_c_keeps_what_was_judged(good):
    tests = "".join(
        f'test "t{number}"\n    response: Ottawa {number}.\n    expect a: yes\n'
        for number in range(40)
    )
    write(good / "good.rub", GOOD.partition("test")[0] + tests)
    answered = 0

    async def slowly(request):
        nonlocal answered
        await asyncio.sleep(0.05)
        answered += 1
        return await chat_server.answer_yes(request)

    with chat_server.serving(slowly) as base_url:
        process = subprocess.Popen(
            [sys.executable, "-m", "rubricdsl", "test", "good.rub", "--record",
             "--judge", f"openai:m?base_url={base_url}&concurrency=2"],
            cwd=good, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while answered < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "  ok      t0 [live]" in stdout
    assert "cancelled" in stdout
    recorded = (good / "good.verdicts.jsonl").read_text("utf-8").splitlines()
    assert 4 <= len(recorded) < 40


def test_control_characters_reach_no_terminal(rub, good):
    write(good / "good.rub", GOOD.replace('"fixed"', '"fi\\u001b[31mxed"'))
    done = rub("test", "good.rub", "--coverage")
    assert done.returncode == 0
    assert "fi\\u001b[31mxed" in done.stdout
    assert "\x1b" not in done.stdout


def test_the_same_run_twice_is_byte_identical(rub, good):
    runs = [
        rub("test", ".", "--judge", "scripted:v.jsonl", "--json", "--coverage").stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_the_examples_live_with_the_embedded_judge(rub):
    if "presence" not in open_project().host.judge_backends:
        pytest.skip("the presence judge is not installed")
    example = Path(__file__).parents[2] / "examples" / "doctor" / "fever_full.rub"
    done = rub("test", example, "--judge", "presence", "--json")
    assert done.returncode == 0, done.stdout
    assert ("live", "passed") in outcomes(done).values()
