"""Rubrics with tests, written to a folder and run without a command line."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rubricdsl.api import open_project
from rubricdsl.cases import CaseResult, RubricFile, Session
from rubricdsl.model.execution import JudgeOptions


class Workplace:
    """A folder with rubric files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def script(self, *rows: tuple[str, str, str, str]) -> str:
        """Write a file of verdicts, and give the judge that answers from it."""
        keys = ("prompt_id", "response_id", "criterion", "verdict")
        lines = [json.dumps(dict(zip(keys, row, strict=True))) for row in rows]
        path = self.write("script.jsonl", "".join(f"{line}\n" for line in lines))
        return f"scripted:{path}"

    def session(self, *names: str, judge: str | None = None, **options: Any) -> Session:
        """Run the tests of files."""
        files = []
        for name in names:
            file, _, picked = name.partition("#")
            project = open_project(self.folder)
            path = self.folder / file
            rubrics = project.load(path, name=str(path)).checked()
            files.append(
                RubricFile(
                    path=str(path), project=project, rubrics=rubrics, name=picked
                )
            )
        judges = None if judge is None else JudgeOptions(specs=(judge,))
        session = Session(files, judge=judges, **options)
        asyncio.run(session.ask())
        return session

    def run(self, text: str, judge: str | None = None, **options: Any) -> CaseResult:
        """Run the only test of a rubric."""
        self.write("r.rub", text)
        (result,) = self.session("r.rub", judge=judge, **options).results
        return result


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture
def only(place: Workplace) -> Callable[[str], CaseResult]:
    return place.run
