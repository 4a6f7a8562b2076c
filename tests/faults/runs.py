"""Runs of ``rub eval`` in a process of its own, to be killed, stopped and resumed."""

import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.faults.server import ROOT, by_digest

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
    ) -> subprocess.Popen[str]:
        """Start ``rub eval`` with results and a store in the folder.

        ``largest_file`` is how many bytes a file may have before it is as if the
        disk were full.
        """

        def limit() -> None:
            if largest_file is not None:
                resource.setrlimit(
                    resource.RLIMIT_FSIZE, (largest_file, resource.RLIM_INFINITY)
                )

        spec = f"openai:test?base_url={self.base}&ask=each&concurrency={concurrency}"
        return subprocess.Popen(
            [sys.executable, "-m", "rubricdsl", "eval", "capital.rub",
             "--responses", "responses.jsonl", "--judge", spec,
             "--out", "results.jsonl", "--store", "store.sqlite", *arguments],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={
                **os.environ,
                "OPENAI_API_KEY": "sk-local-0123456789",
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            preexec_fn=limit,  # noqa: PLW1509 - no other threads in this process
        )  # fmt: skip

    def run(
        self, *arguments: str, largest_file: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``rub eval`` to its end."""
        process = self.start(*arguments, largest_file=largest_file)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess("eval", process.returncode, out, err)

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
