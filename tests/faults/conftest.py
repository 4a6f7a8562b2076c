"""``rub eval`` against servers that go wrong, and what must hold of every run."""

import base64
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp  # noqa: F401 - its import is not to count against a deadline of 2 s
import pytest
from attrs import frozen

from rubricdsl.cli import main
from tests.faults.server import FaultyServer

KEY = "sk-faults-0123456789/+abcdef=="

RUBRIC = """\
rubric capital
[5] names: States that the capital is Ottawa.
[3] river: States that ZQ7 it lies on the river.
[-4] boast: States that it is the largest city.
"""
TRUTH = {
    "States that the capital is Ottawa.": "yes",
    "States that ZQ7 it lies on the river.": "no",
    "States that it is the largest city.": "no",
}
VERDICTS = {"names": "yes", "river": "no", "boast": "no"}
SCORE = 0.625
RESPONSE = "The capital is Ottawa, and that is where it stands."


@frozen
class Run:
    """What a run of ``rub eval`` left: streams, exit code and results."""

    code: int
    out: str
    err: str
    header: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    seconds: float
    folder: Path

    @property
    def row(self) -> Mapping[str, Any]:
        """The one result."""
        (row,) = self.rows
        return row

    def verdicts(self) -> dict[str, object]:
        """Give the verdicts of the one result by criterion."""
        return {c["name"]: c["verdict"] for c in self.row["criteria"]}

    def errors(self) -> dict[str, str]:
        """Give the kinds of what is missing of the one result by criterion."""
        return {
            c["name"]: c["error"]["kind"] for c in self.row["criteria"] if c["error"]
        }

    def reasons(self) -> str:
        """Give the reasons of what is missing, one a line."""
        return "\n".join(
            c["error"]["reason"]
            for row in self.rows
            for c in row["criteria"]
            if c["error"]
        )


class Evaluate(Protocol):
    """Runs ``rub eval`` in an empty folder, as the command itself does."""

    def __call__(
        self,
        base: str,
        *arguments: str,
        query: str = "ask=each&concurrency=3&timeout=2",
        rubric: str = RUBRIC,
        responses: Sequence[Mapping[str, object]] | None = None,
    ) -> Run:
        """Run it against a server."""


@pytest.fixture
def evaluate(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Evaluate:
    """Give a runner whose every run is held against what holds of all runs.

    It runs in this process: to start an interpreter a hundred times would be most of
    the work, and a run that leaves anything open would not be found out.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("RUB_JUDGE", "OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def run(
        base: str,
        *arguments: str,
        query: str = "ask=each&concurrency=3&timeout=2",
        rubric: str = RUBRIC,
        responses: Sequence[Mapping[str, object]] | None = None,
    ) -> Run:
        (tmp_path / "capital.rub").write_text(rubric, encoding="utf-8")
        rows = responses or [{"response_id": "r", "response": RESPONSE}]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "responses.jsonl").write_text(lines, encoding="utf-8")
        if "--resume" not in arguments:
            (tmp_path / "results.jsonl").unlink(missing_ok=True)
        started = time.monotonic()
        code = main(
            ["eval", "capital.rub", "--responses", "responses.jsonl",
             "--judge", f"openai:test?base_url={base}&{query}",
             "--out", "results.jsonl", *arguments]
        )  # fmt: skip
        seconds = time.monotonic() - started
        out, err = capfd.readouterr()
        header, results = read_results(tmp_path / "results.jsonl")
        done = Run(code, out, err, header, results, seconds, tmp_path)
        hold_what_always_holds(done)
        return done

    return run


def read_results(path: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Read a results file; one that is not there has no rows."""
    if not path.exists():
        return {}, []
    header, *rows = map(json.loads, path.read_text("utf-8").splitlines())
    return header, rows


def hold_what_always_holds(run: Run) -> None:
    """Hold a run against the rules that know no exception."""
    assert "Traceback" not in run.err
    show_nothing_that_acts(run)
    show_no_secret(run)
    for row in run.rows:
        missing = [c for c in row["criteria"] if c["error"]]
        assert all(c["verdict"] is None and c["value"] is None for c in missing)
        assert all(c["verdict"] is not None for c in row["criteria"] if not c["error"])
        if row["status"] == "complete":
            assert not missing
            assert math.isfinite(row["score"])
        else:
            assert row["score"] is None
            assert row["points"] is None
        low, high = row["interval"]
        assert 0 <= low <= high <= 1
        assert all(count >= 0 for count in row["tokens"].values())
    if run.rows and run.code != 2:  # Refused: what is there is of an earlier run.
        whole = all(row["status"] == "complete" for row in run.rows)
        assert run.code == (0 if whole else 3), run.err


def show_nothing_that_acts(run: Run) -> None:
    """Nothing that a terminal or a build server would act on is shown."""
    for text in (run.out, run.err, run.reasons()):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
        assert not [line for line in text.splitlines() if line.lstrip()[:2] == "::"]


def show_no_secret(run: Run) -> None:
    """The key stands nowhere: neither shown nor in any file, in any form."""
    core = KEY.rstrip("=").encode()
    forms = [
        core,
        quote(KEY, safe="").encode(),
        json.dumps(KEY)[1:-1].encode(),
        base64.b64encode(KEY.encode()).rstrip(b"=")[:-2],
        KEY.encode().hex().encode(),
        core[:16],
    ]
    places = {"stdout": run.out.encode(), "stderr": run.err.encode()}
    for path in run.folder.rglob("*"):
        if path.is_file():
            places[path.name] = path.read_bytes()
    for place, content in places.items():
        assert not [form for form in forms if form in content], place


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """Serve the right answers to `RUBRIC`; the test plans the faults."""
    with FaultyServer(lambda statement, _: TRUTH[statement]) as running:
        yield running
