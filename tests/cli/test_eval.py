"""``rub eval`` from the outside: results, formats, exit codes, and bad input."""

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SPEC = importlib.util.spec_from_file_location("chat_server", HERE / "chat_server.py")
assert SPEC is not None
assert SPEC.loader is not None
chat_server = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(chat_server)

CHECKED = """\
rubric door
passing: 0.5
[3] brief: Has at most five words.
    check: words(response) <= 5
[1] polite: Says please.
    check: contains(response, "please", case = no)
"""
JUDGED = """\
rubric capital
[2] names: Names Ottawa as the capital.
[1] short: Has at most ten words.
    check: words(response) <= 10
"""


@pytest.fixture
def door(tmp_path):
    write(tmp_path / "door.rub", CHECKED)
    rows = [
        {"prompt_id": "p", "response_id": "rude", "response": "Close the door."},
        {"prompt_id": "p", "response_id": "kind", "response": "Please close the door."},
        {"prompt_id": "p", "response_id": "long", "response": "Shut " * 9},
    ]
    write(tmp_path / "r.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


@pytest.fixture
def capital(tmp_path):
    write(tmp_path / "capital.rub", JUDGED)
    rows = [{"response_id": f"r{i}", "response": f"Ottawa, {i}."} for i in range(6)]
    write(tmp_path / "r.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def write(path: Path, text: str | bytes) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def scores(done: subprocess.CompletedProcess[str]) -> dict[str, float | None]:
    results = json.loads(done.stdout)["results"]
    return {result["response_id"]: result["score"] for result in results}


def openai(base_url: str, query: str = "") -> str:
    return f"openai:test?base_url={base_url}{query}"


# ------------------------------------------------------------------ the main job


def test_scores_passes_and_the_results_file(rub, door):
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--out", "out.jsonl",
               "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert scores(done) == {"rude": 0.75, "kind": 1.0, "long": 0.0}
    header, *rows = map(json.loads, (door / "out.jsonl").read_text().splitlines())
    assert header["rub"] == 1
    assert header["run"]["options"]["responses"] == "r.jsonl"
    assert rows == json.loads(done.stdout)["results"]
    assert [row["passed"] for row in rows] == [True, True, False]
    assert all(row["status"] == "complete" for row in rows)
    assert "results: out.jsonl" in done.stderr


def test_the_table_puts_the_best_first_and_says_why(rub, door):
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--top", "2")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    order = [line.split()[3] for line in lines if line.strip().startswith(("1 ", "2 "))]
    assert order[:2] == ["kind", "rude"]
    assert "long" not in done.stdout
    assert "polite" in done.stdout.partition("Why")[2]
    assert "\x1b" not in done.stdout


def test_the_other_formats(rub, door):
    lines = rub("eval", "door.rub", "--responses", "r.jsonl", "--format", "jsonl")
    assert [json.loads(line).get("score") for line in lines.stdout.splitlines()] == [
        None, 0.75, 1.0, 0.0,
    ]  # fmt: skip
    table = rub("eval", "door.rub", "--responses", "r.jsonl", "--format", "csv")
    assert table.stdout.splitlines()[0].startswith("rubric,prompt_id,response_id,score")
    best = rub("eval", "door.rub", "--responses", "r.jsonl", "--json", "--top", "1")
    assert scores(best) == {"kind": 1.0}


def test_responses_come_from_standard_input(rub, door):
    done = rub("eval", "door.rub", "--responses", "-", "--json",
               stdin='{"response_id": "a", "response": "please"}\n')  # fmt: skip
    assert scores(done) == {"a": 1.0}


@pytest.mark.parametrize(("limit", "code"), [("0", 0), ("0.0001", 1), ("1", 1)])
def test_fail_under(rub, door, limit, code):
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--fail-under", limit)
    assert done.returncode == code


def test_a_run_can_be_recorded_and_replayed(rub, capital):
    with chat_server.serving(chat_server.answer_yes) as base_url:
        first = rub("eval", "capital.rub", "--responses", "r.jsonl", "--json",
                    "--judge", openai(base_url), "--record", "v.jsonl")  # fmt: skip
    assert first.returncode == 0, first.stderr
    replay = rub("eval", "capital.rub", "--responses", "r.jsonl", "--json",
                 "--judge", "scripted:v.jsonl")  # fmt: skip
    assert replay.returncode == 0, replay.stderr
    assert scores(first) == scores(replay) == {f"r{i}": 1.0 for i in range(6)}


def test_rows_name_their_rubric_by_prompt(rub, tmp_path):
    write(tmp_path / "two.rub", CHECKED + "rubric long\nfor: q\n[1] any_: Has words.\n"
          "    check: words(response) > 3\n")  # fmt: skip
    rows = [
        {"prompt_id": "q", "response_id": "a", "response": "one two three four"},
        {"prompt_id": "z", "response_id": "b", "response": "hi", "rubric": "door"},
    ]
    write(tmp_path / "r.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    done = rub("eval", "two.rub", "--responses", "r.jsonl", "--json")
    assert scores(done) == {"a": 1.0, "b": 0.75}
    write(tmp_path / "r.jsonl", json.dumps({"prompt_id": "z", "response": "hi"}))
    done = rub("eval", "two.rub", "--responses", "r.jsonl")
    assert done.returncode == 2
    assert "r.jsonl:1:1: D107" in done.stderr


# --------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"", "D106", "r.jsonl:1:1"),
        (b'{"response": "a"}\n{"response": \n', "D102", "r.jsonl:2:"),
        (b'{"prompt": "a"}\n', "D103", "r.jsonl:1:"),
        (b'{"response": 3}\n', "D103", "r.jsonl:1:"),
        (b'{"response": "a"}\n{"response": "\xff"}\n', "D104", "r.jsonl:2:"),
        (b'{"response": NaN}\n', "D102", "r.jsonl:1:"),
    ],
)
def test_bad_responses_are_told_with_their_place(rub, door, content, code, place):
    write(door / "r.jsonl", content)
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--out", "out.jsonl")
    assert done.returncode == 2
    assert f"{place}" in done.stderr
    assert code in done.stderr
    assert "help:" in done.stderr
    assert done.stdout == ""
    assert not (door / "out.jsonl").exists()


def test_all_bad_rows_are_told_at_once(rub, door):
    write(door / "r.jsonl", '{"response": 1}\n{"response": "a"}\n{}\n')
    done = rub("eval", "door.rub", "--responses", "r.jsonl")
    assert done.returncode == 2
    assert "r.jsonl:1:" in done.stderr
    assert "r.jsonl:3:" in done.stderr


def test_keep_going_passes_over_bad_rows_and_says_so(rub, door):
    write(door / "r.jsonl", '{"response": 1}\n{"response_id": "a", "response": "b"}\n')
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--keep-going", "--json")
    assert done.returncode == 3
    assert "r.jsonl:1:" in done.stderr
    assert scores(done) == {"a": 0.75}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere.rub", "--responses", "r.jsonl"], "D101"),
        (["door.rub", "--responses", "nowhere.jsonl"], "D101"),
        (["door.rub", "--responses", "r.jsonl", "--judge", "nobody:x"], "D201"),
        (["door.rub", "--responses", "r.jsonl", "--out", "no/such/out.jsonl"], "D111"),
        (["door.rub#other", "--responses", "r.jsonl"], "D401"),
    ],
)
def test_what_is_not_there_is_named(rub, door, arguments, code):
    write(door / "door.rub", CHECKED + "[1] judged: Names a door.\n")
    done = rub("eval", *arguments)
    assert done.returncode == 2
    assert code in done.stderr
    assert "Traceback" not in done.stderr


def test_a_rubric_without_scorable_criteria(rub, door):
    write(door / "door.rub", "rubric door\n[info] a: Names a door.\n")
    done = rub("eval", "door.rub", "--responses", "r.jsonl")
    assert done.returncode == 2
    assert "door.rub:1:1: E402" in done.stderr


def test_a_rubric_that_is_not_utf8(rub, door):
    write(door / "door.rub", CHECKED.encode() + b"# \xff\n")
    done = rub("eval", "door.rub", "--responses", "r.jsonl")
    assert done.returncode == 2
    assert "door.rub:7:3: E108" in done.stderr


def test_a_response_of_a_megabyte(rub, door):
    row = {"response_id": "big", "response": "word " * 200_000}
    write(door / "r.jsonl", json.dumps(row))
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    assert scores(done) == {"big": 0.0}


def test_a_key_in_the_judge_is_refused_and_not_repeated(rub, door):
    key = "sk-abcdefghijklmnop1234"
    done = rub("eval", "door.rub", "--responses", "r.jsonl",
               "--judge", f"openai:m?api_key={key}")  # fmt: skip
    assert done.returncode == 2
    assert "D204" in done.stderr
    assert key not in done.stderr


# ------------------------------------------------------------- judges that fail


def test_a_server_that_refuses_leaves_rows_incomplete(rub, capital):
    nobody = openai("http://127.0.0.1:9/v1")
    done = rub("eval", "capital.rub", "--responses", "r.jsonl", "--json",
               "--judge", nobody, "--out", "o.jsonl")  # fmt: skip
    assert done.returncode == 3
    assert "transport_unreachable" in done.stderr
    assert "127.0.0.1:9" in done.stderr
    for result in json.loads(done.stdout)["results"]:
        assert result["score"] is None
        assert result["status"] == "incomplete"
        assert result["coverage"] == pytest.approx(1 / 3)
        assert result["interval"] == pytest.approx([1 / 3, 1.0])
        verdicts = {c["name"]: c["verdict"] for c in result["criteria"]}
        assert verdicts == {"names": None, "short": "yes"}
    assert (capital / "o.jsonl").exists()


def test_a_server_that_answers_nonsense_is_asked_once_more_and_no_longer(rub, capital):
    asked = 0

    async def nonsense(_):
        nonlocal asked
        asked += 1
        return chat_server.said("I think it is fine {maybe}.")

    with chat_server.serving(nonsense) as base_url:
        done = rub("eval", "capital.rub", "--responses", "r.jsonl", "--json",
                   "--judge", openai(base_url))  # fmt: skip
    assert done.returncode == 3
    assert "judge_unparseable" in done.stderr
    assert asked == 12
    assert set(scores(done).values()) == {None}


def test_without_any_judge_the_way_out_is_named(rub, capital):
    code = (
        "import sys\n"
        "from rubricdsl import runs\n"
        "runs.EMBEDDED_JUDGE = 'not_installed'\n"
        "from rubricdsl.cli import main\n"
        "sys.exit(main(['eval', 'capital.rub', '--responses', 'r.jsonl']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=capital,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert 'pip install "rubricdsl[presence]"' in done.stderr


def test_interrupting_keeps_what_was_judged(capital):
    rows = [{"response_id": f"r{i}", "response": f"Ottawa, {i}."} for i in range(60)]
    write(capital / "r.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    answered = 0

    async def slowly(request):
        nonlocal answered
        answered += 1
        await asyncio.sleep(0.05)
        return await chat_server.answer_yes(request)

    with chat_server.serving(slowly) as base_url:
        process = subprocess.Popen(
            [sys.executable, "-m", "rubricdsl", "eval", "capital.rub", "--responses",
             "r.jsonl", "--out", "o.jsonl", "--concurrency", "2",
             "--judge", openai(base_url)],
            cwd=capital, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while answered < 6 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)

    assert process.returncode == 130, stderr
    _, *results = map(json.loads, (capital / "o.jsonl").read_text().splitlines())
    complete = [row for row in results if row["status"] == "complete"]
    assert len(results) == 60
    assert 4 <= len(complete) < 60
    missing = [
        c["error"]["kind"] for row in results for c in row["criteria"] if c["error"]
    ]
    assert set(missing) == {"cancelled"}


# --------------------------------------------------------- nothing is overwritten


@pytest.mark.parametrize("flag", ["--out", "--record"])
@pytest.mark.parametrize("file", ["door.rub", "./r.jsonl", "kept.sqlite", "link"])
@pytest.mark.parametrize("rubrics", ["door.rub", "door.rub#door", "."])
def test_what_a_run_needs_is_not_overwritten(rub, door, flag, file, rubrics):
    (door / "link").symlink_to("door.rub")
    write(door / "kept.sqlite", "")
    before = {path.name: path.read_bytes() for path in door.iterdir()}
    done = rub("eval", rubrics, "--responses", "r.jsonl", "--store", "kept.sqlite",
               flag, file)  # fmt: skip
    assert done.returncode == 2
    assert f"D111 {flag}: {file} is " in done.stderr
    assert {path.name: path.read_bytes() for path in door.iterdir()} == before


def test_results_and_recording_are_two_files(rub, door):
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--out", "o.jsonl",
               "--record", "o.jsonl")  # fmt: skip
    assert done.returncode == 2
    assert "--record: o.jsonl is the file of results" in done.stderr
    assert not (door / "o.jsonl").exists()


# ------------------------------------------------------------------ what is meant


def test_a_judge_for_a_block_that_is_nowhere(rub, door):
    spec = "strict=openai:m"
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--judge", spec)
    assert done.returncode == 2
    assert "D202 --judge strict=…: no rubric here has a judge `strict`" in done.stderr
    write(door / "door.rub", CHECKED + 'judge stern\n    model: "openai/m"\n')
    done = rub("plan", "door.rub", "--responses", "r.jsonl", "--judge", spec)
    assert done.returncode == 2
    assert "they have: stern" in done.stderr
    spec = "stern=openai:m"
    done = rub("plan", "door.rub", "--responses", "r.jsonl", "--judge", spec)
    assert done.returncode == 0, done.stderr


def test_who_is_under_the_bound_is_said(rub, door):
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--fail-under", "0.8")
    assert done.returncode == 1
    assert "2 of 3 scores under 0.8 (--fail-under): rude, long" in done.stderr


@pytest.mark.parametrize(
    ("flag", "value", "problem"),
    [
        ("--concurrency", "many", "must be a whole number, 1 or more, or `auto`"),
        ("--max-calls", "1e3", "must be a whole number, 1 or more"),
        ("--max-cost", "$3", "must be a number, and not negative"),
        ("--fail-under", "80%", "must be a number, and not negative"),
        ("--fail-under", "nan", "must be a number, and not negative"),
    ],
)
def test_an_argument_that_is_no_number(rub, door, flag, value, problem):
    done = rub("eval", "door.rub", "--responses", "r.jsonl", flag, value)
    assert done.returncode == 2
    assert f"argument {flag}: {problem}" in done.stderr


@pytest.mark.parametrize(
    "line", ["api_key = 'my own key'", "base_url = 'http://me:my own key@h/v1'"]
)
def test_a_key_in_the_wrong_place_is_not_shown_again(rub, door, line):
    write(door / "rub.toml", f"[judges.a]\nbackend = 'openai'\n{line}\n")
    done = rub("eval", "door.rub", "--responses", "r.jsonl", "--judge", "a")
    assert done.returncode == 2
    assert "rub.toml:3:1: D204" in done.stderr
    assert "OPENAI_API_KEY" in done.stderr
    assert "my own key" not in done.stderr + done.stdout
