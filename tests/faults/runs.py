"""Runs of ``rub eval`` in a process of its own, to be killed, stopped and resumed."""

import json
import multiprocessing
import os
import resource
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from attrs import frozen

from rubricdsl.cli import main
from tests.faults.server import by_digest

CRITERIA = {
    "capital": "States that the capital is Ottawa.",
    "river": "States that it lies on the Ottawa River.",
    "largest": "States that it is the largest city.",
    "founded": "States when the city was founded.",
}
RUBRIC = "rubric capital\n" + "".join(
    f"[{weight}] {name}: {text}\n"
    for weight, (name, text) in enumerate(CRITERIA.items(), 1)
)

# What may differ between two runs that came to the same.
_OF_THE_RUN = ("seconds", "judge_calls", "tokens", "cost")


# Interpreters that have imported all that a run needs are forked for each run: to
# start one anew would be most of the time of two hundred short runs.
_FORKSERVER = multiprocessing.get_context("forkserver")
_FORKSERVER.set_forkserver_preload(
    ["aiohttp", "tenacity", "rubricdsl.builtin", "rubricdsl.cli.evaluate", __name__]
)
_LONGEST = 120.0


@frozen
class Ended:
    """How a run ended: its exit code, and what it said."""

    code: int
    err: str


@frozen
class Started:
    """A run under way, in a process of its own."""

    process: BaseProcess
    streams: Path

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return not self.process.is_alive()

    def kill(self) -> None:
        """End it at once, with SIGKILL."""
        self.process.kill()
        self.process.join(_LONGEST)

    def interrupt(self) -> None:
        """Do what Ctrl-C does."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGINT)

    def ended(self, within: float = _LONGEST) -> Ended:
        """Wait for its end."""
        self.process.join(within)
        code = self.process.exitcode
        if code is None:
            self.kill()
        assert code is not None, f"not over after {within:g} s"
        return Ended(code, (self.streams / "err").read_text("utf-8"))


def _rub(
    folder: Path, streams: Path, command: tuple[str, ...], largest_file: int | None
) -> None:
    """Be ``rub`` with these arguments, in this folder."""
    for number, name in ((1, "out"), (2, "err")):
        opened = os.open(streams / name, os.O_CREAT | os.O_WRONLY, 0o600)
        os.dup2(opened, number)
    os.chdir(folder)
    os.environ["OPENAI_API_KEY"] = "sk-local-0123456789"
    if largest_file is not None:
        limits = (largest_file, resource.RLIM_INFINITY)
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    sys.argv = ["rub", *command]
    sys.exit(main(list(command)))


@frozen
class Project:
    """A folder with a rubric and responses, and the server that judges them."""

    folder: Path
    base: str

    @classmethod
    def made(cls, folder: Path, base: str, *, responses: int) -> "Project":
        """Write the files."""
        folder.mkdir(exist_ok=True)
        (folder / "capital.rub").write_text(RUBRIC, encoding="utf-8")
        lines = [
            json.dumps({"prompt_id": "p", "response_id": f"r{n}", "response": text(n)})
            for n in range(responses)
        ]
        (folder / "responses.jsonl").write_text("\n".join(lines), encoding="utf-8")
        return cls(folder, base)

    def start(
        self, *arguments: str, concurrency: int = 4, largest_file: int | None = None
    ) -> "Started":
        """Start ``rub eval`` with results and a store in the folder.

        ``largest_file`` is how many bytes a file may have before it is as if the
        disk were full.
        """
        spec = f"openai:test?base_url={self.base}&ask=each&concurrency={concurrency}"
        command = (
            "eval", "capital.rub", "--responses", "responses.jsonl", "--judge", spec,
            "--out", "results.jsonl", "--store", "store.sqlite", *arguments,
        )  # fmt: skip
        streams = Path(tempfile.mkdtemp(dir=self.folder, prefix="streams-"))
        process = _FORKSERVER.Process(
            target=_rub, args=(self.folder, streams, command, largest_file)
        )
        process.start()
        return Started(process, streams)

    def run(self, *arguments: str, largest_file: int | None = None) -> "Ended":
        """Run ``rub eval`` to its end."""
        return self.start(*arguments, largest_file=largest_file).ended()

    def results(self) -> list[dict[str, Any]]:
        """Give the rows of the results file."""
        lines = (self.folder / "results.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines[1:]]

    def acknowledged(self) -> set[tuple[str, str]]:
        """Give the digests of response and question of every verdict in the store."""
        path = self.folder / "store.sqlite"
        if not path.exists():
            return set()
        with closing(sqlite3.connect(path)) as connection:
            tables = "SELECT count(*) FROM sqlite_master WHERE name = 'verdicts'"
            if connection.execute(tables).fetchone() == (0,):
                return set()
            return {
                (response.hex(), question.hex())
                for response, question in connection.execute(
                    "SELECT responses.digest, verdicts.question FROM verdicts "
                    "JOIN responses ON verdicts.response = responses.id"
                )
            }


def text(number: int) -> str:
    """Give the text of a response."""
    return f"Ottawa, says response {number}, is the capital."


def comparable(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give results without what may differ between two runs."""
    return [
        {
            **{key: value for key, value in row.items() if key not in _OF_THE_RUN},
            "criteria": [
                {key: value for key, value in c.items() if key != "cached"}
                for c in row["criteria"]
            ],
        }
        for row in rows
    ]


def pairs(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Give response and statement by the digests under which they are stored."""
    return {
        (c["provenance"]["response"], c["provenance"]["question"]): (
            text(int(row["response_id"][1:])),
            CRITERIA[c["name"]],
        )
        for row in rows
        for c in row["criteria"]
    }


def assert_right(rows: Sequence[Mapping[str, Any]]) -> None:
    """Hold every verdict against what the server answers."""
    for row in rows:
        assert row["status"] == "complete"
        for criterion in row["criteria"]:
            asked = CRITERIA[criterion["name"]], text(int(row["response_id"][1:]))
            assert criterion["verdict"] == by_digest(*asked)
