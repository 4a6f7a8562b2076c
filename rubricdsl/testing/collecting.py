"""The tests of a rubric file, as pytest sees them (`rubricdsl.testing.pytest_plugin`).

They are run one by one by `rubricdsl.cases`, as `rub test` runs them without a judge:
a test that needs one is answered from the recorded verdicts, or skipped.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve

from rubricdsl.cases import CaseResult, Outcome, run_cases
from rubricdsl.cases.explaining import explanation
from rubricdsl.cases.recording import Recording
from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.diagnostics.render import render_text, safe_text
from rubricdsl.model.rubric import Rubric, TestCase
from rubricdsl.project import Project, installed_plugins


class RubricTestError(Exception):
    """A test of a rubric failed, or could not be decided; the report says why."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.reason or result.title)
        self.result = result


class RubricFile(pytest.File):
    """A ``.rub`` file."""

    def collect(self) -> Iterator["RubricCollector"]:
        """Give the rubrics of the file that have tests.

        Raises CollectError with every error of a file that is not sound.
        """
        host = installed_plugins(self.path.parent)
        project = Project(self.path.parent, os.environ, host)
        try:
            loaded = project.load(self.path, name=self._shown_path())
            rubrics = loaded.checked()
            recording = Recording.read(Recording.path_of(str(self.path)))
        except RubricError as error:
            errors = (d for d in error.diagnostics if d.severity == "error")
            raise self.CollectError("\n".join(self.rendered(errors))) from None
        for rubric in rubrics:
            if rubric.tests:
                yield RubricCollector.of(self, rubric, project, recording)

    def rendered(self, diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
        """Write diagnostics as ``rub`` does, each with its line and a marker."""
        shown = self._shown_path()
        text = self.path.read_text("utf-8", errors="replace")
        lines = text.removeprefix("\ufeff").split("\n")

        def line_of(file: str, line: int) -> str | None:
            return lines[line - 1] if file == shown and line <= len(lines) else None

        return render_text(diagnostics, line_of)

    def _shown_path(self) -> str:
        """Give the path from the folder in which pytest was started, if it is below."""
        folder = self.config.invocation_params.dir
        path = self.path
        return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


class RubricCollector(pytest.Collector):
    """A rubric that has tests."""

    parent: RubricFile
    rubric: Rubric
    project: Project
    recording: Recording

    @classmethod
    def of(
        cls, file: RubricFile, rubric: Rubric, project: Project, recording: Recording
    ) -> "RubricCollector":
        """Make the collector of one rubric of a file."""
        node: RubricCollector = cls.from_parent(file, name=rubric.name)
        node.rubric, node.project, node.recording = rubric, project, recording
        return node

    def collect(self) -> Iterator["RubricTest"]:
        """Give the tests of the rubric."""
        for test in self.rubric.tests:
            yield RubricTest.of(self, test)


class RubricTest(pytest.Item):
    """A ``test`` block."""

    parent: RubricCollector
    test: TestCase
    # Plugins such as pytest-lsp take it that every item has this, as functions do.
    funcargs: Mapping[str, object] = MappingProxyType({})

    @classmethod
    def of(cls, rubric: RubricCollector, test: TestCase) -> "RubricTest":
        """Make the item of one test; ``-k`` finds it by its tags, too."""
        item: RubricTest = cls.from_parent(rubric, name=test.title)
        item.test = test
        item.extra_keyword_matches.update(tag.name for tag in test.tags)
        return item

    def runtest(self) -> None:
        """Run the test; raises `RubricTestError` unless it passes or is skipped."""
        of = self.parent
        (result,) = run_cases(
            evolve(of.rubric, tests=(self.test,)),
            of.project.host.check_functions,
            recording=of.recording,
            root=of.project.root,
        )
        if result.outcome is Outcome.SKIPPED:
            # The place of a skip is that of the test, not of this line.
            raise pytest.skip.Exception(result.reason, _use_item_location=True)
        if result.outcome is not Outcome.PASSED:
            raise RubricTestError(result)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kwargs: Any
    ) -> Any:
        """Show what ``rub test`` would: diagnostics, and what moved the score."""
        if isinstance(excinfo.value, RubricTestError):
            return "\n".join(self._lines(excinfo.value.result))
        return super().repr_failure(excinfo, *args, **kwargs)

    def _lines(self, result: CaseResult) -> Iterator[str]:
        if result.reason:
            yield safe_text(result.reason)
        for failure in result.failures:
            yield from self.parent.parent.rendered([failure.diagnostic])
            if failure.comparison is not None:
                for line in explanation(failure.comparison):
                    yield safe_text(f"    {line}")

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where the test stands, and what reports call it."""
        return self.path, self.test.span.line - 1, f"{self.parent.name}: {self.name}"
