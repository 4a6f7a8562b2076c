"""Batches by files alone: requests out, results in, in whatever order and shape."""

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.openai import OpenAIJudge
from rubricdsl.judging.prompting import PromptWriter
from rubricdsl.model.judgement import JudgeReply, JudgeRequest
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.ruling import FailureKind
from rubricdsl.testing.backend_suite import LocalServer, sample_request
from rubricdsl_batch import providers
from rubricdsl_batch.judge import OFFER, BatchJudge
from tests.cli.in_process import InProcess

Row: TypeAlias = dict[str, Any]
RUBRIC = """\
rubric capital
[2] names: Names Ottawa as the capital.
[1] river: Names the river.
"""
ARGUMENTS = ("eval", "capital.rub", "--responses", "r.jsonl", "--out", "o.jsonl")
EVAL = (*ARGUMENTS, "--judge", "batch:openai/gpt-4.1-mini?folder=batches")
CLAUDE = "batch:anthropic/claude-haiku-4-5"


@pytest.fixture
def rub(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> InProcess:
    """Give a runner of ``rub`` in an empty folder."""
    return InProcess(tmp_path, monkeypatch, capsys)


@pytest.fixture
def capital(tmp_path: Path) -> Path:
    (tmp_path / "capital.rub").write_text(RUBRIC, "utf-8")
    write_responses(tmp_path, range(4))
    return tmp_path


def write_responses(folder: Path, numbers: Iterable[int]) -> None:
    rows = [{"response_id": f"r{n}", "response": f"Ottawa, {n}."} for n in numbers]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "r.jsonl").write_text(lines, "utf-8")


def requests_in(folder: Path) -> list[Row]:
    files = sorted((folder / "batches" / "requests").glob("*.jsonl"))
    return [json.loads(line) for f in files for line in f.read_text().splitlines()]


def completion(answers: Mapping[str, str] | str, **more: object) -> Row:
    text = answers if isinstance(answers, str) else json.dumps(answers)
    return {
        "model": "gpt-4.1-mini",
        "choices": [
            {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 5},
        **more,
    }


def result(request: Row, body: Row | None = None, status: int = 200) -> Row:
    """Give what OpenAI puts into an output file."""
    if body is None:
        body = completion({"c1": "yes", "c2": "no"})
    response = {"status_code": status, "request_id": "req", "body": body}
    name = request["custom_id"]
    return {"id": "x", "custom_id": name, "response": response, "error": None}


def expired(request: Row) -> Row:
    error = {"code": "batch_expired", "message": "This request was not executed."}
    name = request["custom_id"]
    return {"id": "x", "custom_id": name, "response": None, "error": error}


def drop(folder: Path, rows: Iterable[Row], name: str = "out.jsonl") -> None:
    target = folder / "batches" / "results" / name
    target.parent.mkdir(exist_ok=True)
    target.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def scores(folder: Path) -> dict[str, float | None]:
    _, *rows = (folder / "o.jsonl").read_text("utf-8").splitlines()
    return {row["response_id"]: row["score"] for row in map(json.loads, rows)}


# -------------------------------------------------------------------- the way of a user


def test_requests_are_written_once_and_results_taken(
    rub: InProcess, capital: Path
) -> None:
    done = rub(*EVAL)
    assert done.returncode == 3
    assert "8 judge_pending (names, river): waits for results in batches" in done.stderr
    assert "once the answers that it waits for are there: rub eval" in done.stderr
    written = requests_in(capital)
    assert len({row["custom_id"] for row in written}) == len(written) == 4
    assert {row["url"] for row in written} == {"/v1/chat/completions"}
    (file,) = (capital / "batches" / "requests").glob("*.jsonl")
    assert file.name.startswith("openai-gpt-4.1-mini-")
    before = file.read_bytes()

    assert rub(*EVAL).returncode == 3
    assert file.read_bytes() == before
    assert len(requests_in(capital)) == 4

    rows = [result(row) for row in written]
    random.Random(7).shuffle(rows)  # noqa: S311
    drop(capital, rows[:2], "part.jsonl")
    done = rub(*EVAL)
    assert done.returncode == 3
    assert "4 judge_pending" in done.stderr
    assert sorted(map(str, scores(capital).values())).count("None") == 2
    drop(capital, rows, "whole.jsonl")
    done = rub(*EVAL)
    assert done.returncode == 0, done.stderr
    assert set(scores(capital).values()) == {2 / 3}

    # What was answered is in the store, and the files may go.
    for path in (*capital.glob("batches/results/*"), file):
        path.unlink()
    assert rub(*EVAL).returncode == 0
    assert requests_in(capital) == []

    write_responses(capital, range(6))
    assert rub(*EVAL).returncode == 3
    assert len(requests_in(capital)) == 2


def test_anthropic_has_its_own_envelope(rub: InProcess, capital: Path) -> None:
    evaluate = (*ARGUMENTS, "--judge", CLAUDE)
    assert rub(*evaluate).returncode == 3
    written = requests_in(capital)
    assert all(row.keys() == {"custom_id", "params"} for row in written)
    assert all(row["params"]["model"] == "claude-haiku-4-5" for row in written)
    assert all(row["params"]["output_config"]["format"] for row in written)
    message = {
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [{"type": "text", "text": '{"c1": "yes", "c2": "no"}'}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": ""}}
    found: list[Row] = [
        {"type": "succeeded", "message": message},
        {"type": "errored", "error": overloaded},
        {"type": "expired"},
        {"type": "canceled"},
    ]
    names = [row["custom_id"] for row in written]
    rows = [{"custom_id": n, "result": r} for n, r in zip(names, found, strict=True)]
    drop(capital, rows)
    done = rub(*evaluate)
    assert done.returncode == 3
    assert "6 judge_pending" in done.stderr
    again = requests_in(capital)
    assert {row["custom_id"] for row in again} - set(names) == {
        name.replace("-1", "-2") for name in names[1:]
    }
    drop(
        capital,
        [
            {"custom_id": row["custom_id"], "result": found[0]}
            for row in again
            if row["custom_id"].endswith("-2")
        ],
        "second.jsonl",
    )
    assert rub(*evaluate).returncode == 0


def test_judges_of_one_folder_do_not_meet(rub: InProcess, capital: Path) -> None:
    for judge in (CLAUDE, "batch:openai/gpt-4.1-mini", "batch:openai/gpt-5"):
        assert rub(*ARGUMENTS, "--judge", judge).returncode == 3
    written = requests_in(capital)
    assert len({row["custom_id"] for row in written}) == 12
    drop(
        capital,
        [
            result(row)
            for row in written
            if row.get("body", {}).get("model") == "gpt-4.1-mini"
        ],
    )
    assert rub(*EVAL).returncode == 0
    assert rub(*ARGUMENTS, "--judge", CLAUDE).returncode == 3


# ----------------------------------------------------------------- what fails, by kind


@pytest.mark.parametrize(
    ("made", "kind", "again"),
    [
        (lambda r: result(r, {"error": {"message": "no"}}, 400), "request_rejected", 0),
        (lambda r: result(r, completion("maybe")), "judge_pending", 1),
        (
            lambda r: result(
                r, {"choices": [{"message": {"refusal": "never"}}], "model": "m"}
            ),
            "judge_refused",
            0,
        ),
        (lambda r: result(r, {"error": {"message": "busy"}}, 503), "judge_pending", 1),
        (
            lambda r: result(r, {"error": {"code": "insufficient_quota"}}, 429),
            "judge_pending",
            1,
        ),
        (expired, "judge_pending", 1),
    ],
)
def test_failures_inside_results_are_told_by_kind(
    rub: InProcess, capital: Path, made: Callable[[Row], Row], kind: str, again: int
) -> None:
    write_responses(capital, range(1))
    rub(*EVAL)
    (request,) = requests_in(capital)
    drop(capital, [made(request)])
    done = rub(*EVAL)
    assert done.returncode == 3
    assert f"2 {kind}" in done.stderr
    assert len(requests_in(capital)) == 1 + again
    # And nothing more however often it is asked.
    rub(*EVAL)
    assert len(requests_in(capital)) == 1 + again


def test_what_never_gets_through_is_given_up(rub: InProcess, capital: Path) -> None:
    write_responses(capital, range(1))
    for number in range(1, 4):
        done = rub(*EVAL)
        assert "judge_pending" in done.stderr
        written = requests_in(capital)
        assert len(written) == number
        drop(capital, map(expired, written), f"{number}.jsonl")
    done = rub(*EVAL)
    assert "2 provider_unavailable" in done.stderr
    assert (
        "in 3 batches and not answered: This request was not executed." in done.stderr
    )
    assert len(requests_in(capital)) == 3


def test_a_late_answer_counts(rub: InProcess, capital: Path) -> None:
    """What expired in one batch and was answered after all needs no second answer."""
    write_responses(capital, range(1))
    rub(*EVAL)
    (request,) = requests_in(capital)
    drop(capital, [expired(request)])
    rub(*EVAL)
    drop(capital, [result(request)], "late.jsonl")
    assert rub(*EVAL).returncode == 0


def test_a_parameter_that_is_refused_is_left_out(rub: InProcess, capital: Path) -> None:
    """What the live judge works out with a server it works out by batch, too."""
    write_responses(capital, range(1))
    rub(*EVAL)
    (request,) = requests_in(capital)
    assert "temperature" in request["body"]
    said = {"error": {"message": "Unsupported value: 'temperature'", "code": "x"}}
    drop(capital, [result(request, said, 400)])
    assert rub(*EVAL).returncode == 3
    (second,) = [r for r in requests_in(capital) if r["custom_id"].endswith("-2")]
    assert "temperature" not in second["body"]
    drop(capital, [result(second)], "second.jsonl")
    assert rub(*EVAL).returncode == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{}"], "it is no JSON object with `custom_id`"),
        (["{", ""], "it is no JSON object with `custom_id`"),
        (['{"custom_id": "ID"}'], "neither `response` nor `error`"),
        (["GOOD", "OTHER"], "was answered otherwise in"),
    ],
)
def test_what_is_no_result_is_an_error_with_its_place(
    rub: InProcess, capital: Path, lines: list[str], said: str
) -> None:
    write_responses(capital, range(1))
    rub(*EVAL)
    (request,) = requests_in(capital)
    made = {
        "GOOD": json.dumps(result(request)),
        "OTHER": json.dumps(result(request, completion({"c1": "no", "c2": "no"}))),
    }
    texts = [made.get(t, t).replace("ID", request["custom_id"]) for t in lines]
    drop(capital, [])
    (capital / "batches" / "results" / "out.jsonl").write_text(
        "\n".join(texts), "utf-8"
    )
    done = rub(*EVAL)
    assert done.returncode == 2
    assert f"out.jsonl:{sum(map(bool, texts))}" in done.stderr
    assert "D206" in done.stderr
    assert said in done.stderr


def test_strange_and_double_results_do_no_harm(rub: InProcess, capital: Path) -> None:
    rub(*EVAL)
    written = requests_in(capital)
    rows = [result(row) for row in written]
    strange = {**rows[0], "custom_id": f"{'0' * 32}-1"}
    drop(capital, [*rows, strange, *rows, expired(written[0])])
    drop(
        capital, [*rows, {**strange, "custom_id": "of another tool"}], "copy (1).jsonl"
    )
    done = rub(*EVAL)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("1 results in") == 2
    assert "are of no request in batches" in done.stderr


# --------------------------------------------------------------- limits, locks, crashes


class Small(providers.OpenAI):
    """A service whose batches hold little."""

    most_requests = 3
    most_bytes = 20_000


@pytest.mark.parametrize("size", [3, 10_000])
def test_files_keep_the_limits(
    rub: InProcess, capital: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    small = Small()
    small.most_requests = size
    monkeypatch.setattr("rubricdsl_batch.judge.PROVIDERS", {"openai": small})
    write_responses(capital, range(20))
    rows = [{"response_id": "long", "response": "word " * 10_000}]
    with (capital / "r.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    done = rub(*EVAL)
    assert "2 request_rejected" in done.stderr
    files = list((capital / "batches" / "requests").glob("*.jsonl"))
    assert len(files) >= 2
    for path in files:
        data = path.read_bytes()
        assert len(data) <= small.most_bytes
        assert data.count(b"\n") <= size
    assert len({row["custom_id"] for row in requests_in(capital)}) == 20


def judge_in(folder: Path) -> BatchJudge:
    options: dict[str, str | float | bool] = {"folder": str(folder / "batches")}
    judge = OFFER.create(
        JudgeSettings(backend="batch", model="openai/m", options=options), {}
    )
    assert isinstance(judge, BatchJudge)
    return judge


async def ask(judge: BatchJudge, request: JudgeRequest) -> JudgeReply | JudgeError:
    try:
        return await judge.judge(request)
    except JudgeError as error:
        return error


def test_one_run_writes_at_a_time(tmp_path: Path) -> None:
    async def two() -> None:
        first, second = judge_in(tmp_path), judge_in(tmp_path)
        request = sample_request()
        waiting = await ask(first, request)
        refused = await ask(second, request)
        assert isinstance(waiting, JudgeError)
        assert isinstance(refused, JudgeError)
        assert waiting.failure.kind == FailureKind.JUDGE_PENDING
        assert refused.failure.kind == FailureKind.TRANSPORT_LOCAL_RESOURCE
        assert refused.transient
        await first.close()
        second.prepare()
        again = await ask(second, request)
        assert isinstance(again, JudgeError)
        assert again.failure.kind == FailureKind.JUDGE_PENDING
        await second.close()

    asyncio.run(two())
    assert len(requests_in(tmp_path)) == 1


def test_a_folder_that_cannot_be_made_is_told(rub: InProcess, capital: Path) -> None:
    (capital / "file").write_text("", "utf-8")
    done = rub(*ARGUMENTS, "--judge", "batch:openai/m?folder=file/batches")
    assert done.returncode == 3
    assert "8 transport_local_resource" in done.stderr
    assert "the folder of batches file/batches cannot be written" in done.stderr
    done = rub(*ARGUMENTS, "--judge", "batch:openai/m?folder=file")
    assert done.returncode == 2
    assert "D205 the judge batch:openai/m has no folder: file is a file" in done.stderr


_RUN = "import sys; from rubricdsl.cli import main; sys.exit(main(sys.argv[1:]))"


def test_a_run_that_is_killed_writes_nothing_twice(
    rub: InProcess, capital: Path
) -> None:
    """Killed at any point, and started again: every request is there once."""
    write_responses(capital, range(400))
    draw = random.Random(3)  # noqa: S311
    requests = capital / "batches" / "requests"
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, *EVAL],
            cwd=capital,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while time.monotonic() < until and process.poll() is None:
            if requests.is_dir() and any(requests.iterdir()):
                break
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert rub(*EVAL).returncode == 3
    written = requests_in(capital)
    assert len({row["custom_id"] for row in written}) == len(written) == 400
    assert not list(requests.glob(".*.part"))


def test_a_full_disk_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        judge = judge_in(tmp_path)
        await ask(judge, sample_request())
        part = judge._outbox._part  # noqa: SLF001 - the disk fills up under it
        assert part is not None

        def full(_: bytes) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(
            part, "file", type("Full", (), {"write": staticmethod(full)})
        )
        with pytest.raises(JudgeError, match="No space left") as caught:
            await judge.judge(sample_request(response="Another."))
        assert caught.value.failure.kind == FailureKind.TRANSPORT_LOCAL_RESOURCE
        monkeypatch.undo()
        await judge.close()

    asyncio.run(run())
    assert requests_in(tmp_path) == []
    assert not list((tmp_path / "batches" / "requests").iterdir())


# ----------------------------------------------------------- the same as the live judge


@settings(max_examples=25, deadline=None)
@given(
    text=st.one_of(
        st.sampled_from(
            [
                '{"c1": "yes", "c2": "no"}',
                '{"c1": "YES."}',
                '```json\n{"c1": "no", "c2": "yes"}\n```',
                '{"c1": "yes"} {"c1": "no"}',
                '{"c1": NaN, "c2": "yes"}',
                "",
            ]
        ),
        st.text(max_size=30),
    ),
    finish=st.sampled_from(["stop", "length", "content_filter"]),
)
def test_replies_mean_what_they_mean_to_the_live_judge(
    tmp_path_factory: pytest.TempPathFactory, text: str, finish: str
) -> None:
    folder = tmp_path_factory.mktemp("batch")
    request = sample_request(["plain", "noted"])
    body = completion(text)
    body["choices"][0]["finish_reason"] = finish

    async def by_batch() -> JudgeReply | JudgeError:
        judge = judge_in(folder)
        await ask(judge, request)
        await judge.close()
        (written,) = requests_in(folder)
        drop(folder, [result(written, body)])
        judge = judge_in(folder)
        try:
            return await ask(judge, request)
        finally:
            await judge.close()

    async def live() -> JudgeReply | JudgeError:
        options: dict[str, str | float | bool] = {"base_url": server.base}
        judge = OpenAIJudge(
            JudgeSettings(backend="openai", model="m", options=options),
            key=None,
            writer=PromptWriter(),
        )
        try:
            return await judge.judge(request)
        except JudgeError as error:
            return error
        finally:
            await judge.close()

    found = asyncio.run(by_batch())
    with LocalServer() as server:
        server.say("", lambda _: body)
        wanted = asyncio.run(live())
    if isinstance(wanted, JudgeError):
        assert isinstance(found, JudgeError)
        assert found.failure.kind == wanted.failure.kind
    else:
        assert found == wanted
