"""Batches over HTTP: sent once, polled, fetched, and found again after a crash."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from attrs import frozen

from rubricdsl.testing.backend_suite import LocalServer
from rubricdsl.testing.backend_suite.server import Exchange, head
from rubricdsl_batch.jobs import JobState
from tests.cli.in_process import InProcess

Row: TypeAlias = dict[str, Any]
RUBRIC = """\
rubric capital
[2] names: Names Ottawa as the capital.
[1] river: Names the river.
"""
KEY = "sk-batch-Zq7xW2pLr9Vb4nTd8s"
ANSWERS = '{"c1": "yes", "c2": "no"}'


class Service:
    """A batch service, as exact as what is written of OpenAI's and Anthropic's.

    A batch ``ends`` when it is asked for after that is set.  ``fail`` gives the answer
    to a method and path in place of the right one; ``after`` may let the right thing
    happen first.  Where it ``cuts``, half of a file is given.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Row] = {}
        self.ends = False
        self.status = "completed"
        self.skip = 0
        self.calls: list[str] = []
        self.keys: set[str | None] = set()
        self.fail: dict[str, int] = {}
        self.after = False
        self.cuts = False

    async def act(self, exchange: Exchange) -> None:
        """Answer a request."""
        received = exchange.received
        path = received.target.partition("?")[0]
        call = f"{received.method} {path.rstrip('0123456789')}"
        self.calls.append(call)
        headers = received.headers
        self.keys.add(headers.get("authorization") or headers.get("x-api-key"))
        if call in self.fail and not self.after:
            await exchange.answer(self._error(), status=self.fail[call])
            return
        status, answer = self._answer(received.method, path, received)
        if self.cuts and isinstance(answer, bytes):
            length = head(len(answer), content_type="application/jsonl")
            await exchange.send(length + answer[: len(answer) // 2])
            exchange.reset()
            return
        if call in self.fail:
            status, answer = self.fail[call], self._error()
        await exchange.answer(answer, status=status)

    @staticmethod
    def _error() -> Row:
        return {"error": {"message": f"no, {KEY}", "type": "x"}}

    def _answer(self, method: str, path: str, received: Any) -> tuple[int, object]:
        made: object = None
        match method, path.split("/")[1:]:
            case "POST", ["v1", "files"]:
                made = self._upload(received)
            case "GET", ["v1", "files", name, "content"]:
                made = self.files[name]
            case "POST", ["v1", "batches"]:
                made = self._begin(json.loads(received.body))
            case "POST", ["v1", "messages", "batches"]:
                made = self._begin_messages(json.loads(received.body))
            case "GET", ["v1", "batches"] | ["v1", "messages", "batches"]:
                made = {"data": list(self.batches.values()), "has_more": False}
            case "GET", ["v1", "messages", "batches", name, "results"]:
                made = self.files[f"results-{name}"]
            case "GET", ["v1", "batches", name] | ["v1", "messages", "batches", name]:
                made = self._standing(self.batches[name])
        return (404, self._error()) if made is None else (200, made)

    def _upload(self, received: Any) -> Row:
        assert "multipart/form-data" in received.headers["content-type"]
        assert b'name="purpose"\r\n' in received.body.replace(b"\r\n\r\n", b"\r\n")
        lines = [x for x in received.body.split(b"\r\n") if x.startswith(b'{"custom')]
        name = f"file-{len(self.files)}"
        (self.files[name],) = lines
        return {"id": name, "object": "file", "purpose": "batch"}

    def _begin(self, body: Row) -> Row:
        assert body["endpoint"] == "/v1/chat/completions"
        assert body["completion_window"] == "24h"
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {"id": name, "status": "in_progress", **body}
        return self.batches[name]

    def _begin_messages(self, body: Row) -> Row:
        name = f"msgbatch_{len(self.batches)}"
        self.batches[name] = {
            "id": name,
            "type": "message_batch",
            "processing_status": "in_progress",
            "created_at": "2096-01-01T00:00:00.5Z",
        }
        message = {
            "type": "message",
            "model": "claude-haiku-4-5",
            "content": [{"type": "text", "text": ANSWERS}],
            "stop_reason": "end_turn",
        }
        rows = [
            {
                "custom_id": request["custom_id"],
                "result": {"type": "succeeded", "message": message},
            }
            for request in body["requests"]
        ]
        self.files[f"results-{name}"] = _lines(rows[::-1])
        return self.batches[name]

    def _standing(self, batch: Row) -> Row:
        if not self.ends:
            return batch
        if "processing_status" in batch:
            return {**batch, "processing_status": "ended", "results_url": "http://x/"}
        rows = [
            {
                "id": "x",
                "custom_id": json.loads(line)["custom_id"],
                "response": {"status_code": 200, "body": _completion()},
                "error": None,
            }
            for line in self.files[batch["input_file_id"]].splitlines()
        ]
        output = f"file-of-{batch['id']}"
        self.files[output] = _lines(rows[self.skip :])
        ended = {**batch, "status": self.status}
        if self.status == "failed":
            return {**ended, "errors": {"data": [{"message": "line 1 is too long"}]}}
        return {**ended, "output_file_id": output, "error_file_id": None}


def _completion() -> Row:
    message = {"role": "assistant", "content": ANSWERS}
    choice = {"message": message, "finish_reason": "stop"}
    return {"model": "gpt-4.1-mini", "choices": [choice]}


def _lines(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.fixture
def rub(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> InProcess:
    """Give a runner of ``rub`` in an empty folder."""
    return InProcess(tmp_path, monkeypatch, capsys)


@frozen
class Run:
    """``rub eval`` against the service, to be called."""

    rub: InProcess
    arguments: Sequence[str]

    def __call__(self, query: str = "") -> Any:
        """Run it in this process, with more options of the judge."""
        *others, judge = self.arguments
        return self.rub(*others, judge + query)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture(params=["openai/gpt-4.1-mini", "anthropic/claude-haiku-4-5"])
def run(
    request: pytest.FixtureRequest,
    rub: InProcess,
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Run]:
    """Give a run of ``rub eval`` against the service."""
    (tmp_path / "capital.rub").write_text(RUBRIC, "utf-8")
    rows = [{"response_id": f"r{n}", "response": f"Ottawa, {n}."} for n in range(5)]
    (tmp_path / "r.jsonl").write_bytes(_lines(rows))
    variable = f"{request.param.split('/')[0].upper()}_API_KEY"
    monkeypatch.setitem(os.environ, variable, KEY)
    with LocalServer() as server:
        server.act = service.act
        base = f"{server.base}/v1"
        judge = f"batch:{request.param}?send=true&folder=batches&base_url={base}"
        yield Run(
            rub,
            (
                *("eval", "capital.rub", "--responses", "r.jsonl"),
                *("--out", "o.jsonl", "--judge", judge),
            ),
        )


openai = pytest.mark.parametrize("run", ["openai/gpt-4.1-mini"], indirect=True)
anthropic = pytest.mark.parametrize(
    "run", ["anthropic/claude-haiku-4-5"], indirect=True
)


def sent(service: Service) -> int:
    return sum(call.startswith("POST") and "batches" in call for call in service.calls)


def states(folder: Path) -> list[str]:
    paths = sorted((folder / "batches" / "jobs").glob("*.json"))
    return [json.loads(path.read_text())["state"] for path in paths]


def test_it_is_sent_once_polled_and_fetched(
    run: Run, service: Service, tmp_path: Path
) -> None:
    done = run()
    assert done.returncode == 3
    assert "10 judge_pending" in done.stderr
    assert states(tmp_path) == ["sent"]
    assert run().returncode == 3
    assert sent(service) == 1
    service.ends = True
    done = run()
    assert done.returncode == 0, done.stderr
    assert states(tmp_path) == ["ended"]
    assert sent(service) == 1
    before = len(service.calls)
    assert run().returncode == 0
    assert len(service.calls) == before
    assert service.keys <= {KEY, f"Bearer {KEY}"}
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


@openai
def test_what_a_batch_leaves_out_goes_into_the_next(
    run: Run, service: Service, tmp_path: Path
) -> None:
    run()
    service.ends, service.status, service.skip = True, "expired", 2
    done = run()
    assert done.returncode == 3
    assert "4 judge_pending" in done.stderr
    assert sent(service) == 2
    second = service.files[service.batches["batch_1"]["input_file_id"]]
    assert second.count(b"\n") <= 2
    service.skip = 0
    assert run().returncode == 0
    assert sorted(states(tmp_path)) == ["ended", "ended"]


@openai
def test_a_batch_that_fails_as_a_whole_says_why(run: Run, service: Service) -> None:
    service.ends, service.status = True, "failed"
    for _ in range(3):
        assert "judge_pending" in run().stderr
    done = run()
    assert "10 provider_unavailable" in done.stderr
    assert "not answered: the batch is failed: line 1 is too long" in done.stderr
    assert sent(service) == 3


@pytest.mark.parametrize("status", [401, 503])
def test_what_is_not_taken_is_kept_and_sent_later(
    run: Run, service: Service, tmp_path: Path, status: int
) -> None:
    service.fail = {"POST /v1/batches": status, "POST /v1/messages/batches": status}
    done = run()
    assert done.returncode == 2
    assert "could not be sent: 127.0.0.1:" in done.stderr
    assert f"answered {status}" in done.stderr
    assert KEY not in done.stderr
    service.fail = {}
    assert run().returncode == 3
    assert states(tmp_path) == ["sent"]
    assert len(service.batches) == 1


_KILLED = """\
import os, signal, sys
from rubricdsl.cli import main
from rubricdsl_batch import sending

write, left = sending.write_job, [int(sys.argv.pop(1))]

def killed(folder, job):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    write(folder, job)
    if left[0] == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 2

sending.write_job = killed
main(sys.argv[1:])
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
@pytest.mark.parametrize("step", [1, 3, 4])
@openai
def test_a_run_killed_while_it_sends_pays_once(
    run: Run, service: Service, tmp_path: Path, step: int
) -> None:
    """It is killed after a record that says what comes next, or before what is done."""
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(step), *run.arguments],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert run().returncode == 3
    assert len(service.batches) == 1
    service.ends = True
    assert run().returncode == 0
    assert states(tmp_path) == ["ended"]


@anthropic
def test_what_nobody_can_know_is_asked_of_a_person(
    run: Run, service: Service, tmp_path: Path
) -> None:
    """A batch was made, the answer was lost, and no mark tells which it is."""
    service.fail, service.after = {"POST /v1/messages/batches": 503}, True
    assert run().returncode == 2
    assert len(service.batches) == 1
    assert states(tmp_path) == ["sending"]
    service.fail = {}
    done = run()
    assert done.returncode == 2
    assert "whether anthropic-claude-haiku-4-5-" in done.stderr
    assert "if the batch msgbatch_0 is it" in done.stderr
    assert len(service.batches) == 1
    (record,) = (tmp_path / "batches" / "jobs").glob("*.json")
    found = {**json.loads(record.read_text()), "id": "msgbatch_0"}
    record.write_text(json.dumps({**found, "state": JobState.SENT}))
    service.ends = True
    assert run().returncode == 0


def test_half_a_file_of_results_is_none(
    run: Run, service: Service, tmp_path: Path
) -> None:
    run()
    service.ends = service.cuts = True
    done = run("&timeout=1")
    assert done.returncode == 3
    assert "10 transport_" in done.stderr
    assert not list((tmp_path / "batches" / "results").iterdir())
    assert states(tmp_path) == ["sent"]
    service.cuts = False
    assert run().returncode == 0
    assert sent(service) == 1


@openai
def test_a_record_that_cannot_be_read_stops_the_run(
    run: Run, service: Service, tmp_path: Path
) -> None:
    run()
    (record,) = (tmp_path / "batches" / "jobs").glob("*.json")
    record.write_text("{")
    done = run()
    assert done.returncode != 0
    assert "the record of a batch cannot be read" in done.stderr
    assert sent(service) == 1


def test_sending_takes_a_key(rub: InProcess, tmp_path: Path) -> None:
    done = rub("judges", "batch:openai/m?send=true&base_url=http://127.0.0.1:9/v1")
    assert "OPENAI_API_KEY is not set" in done.stdout
    done = rub("judges", "batch:openai/m", "batch:openai/m?send=perhaps")
    assert "0 of 0 requests answered in batches" in done.stdout
    assert "`send` of the judge `batch` must be true or false" in done.stdout
    assert not (tmp_path / "batches").exists()
