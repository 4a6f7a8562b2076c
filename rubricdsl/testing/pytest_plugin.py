"""pytest runs the tests that stand in rubrics, and hands its own tests rubrics.

Every ``test`` block of a ``.rub`` file that pytest comes across, in the folders it
searches or named on its command line, is a test: ``file.rub::rubric::title``.  The
ini option ``rub_files`` says which files are meant (none at all if it is empty), and
``-p no:rubricdsl`` turns the plugin off.

pytest imports this module in every run of every environment that rubricdsl is
installed in, so it imports nothing but pytest.
"""

from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rubricdsl.model.rubric import Rubric
    from rubricdsl.model.scorecard import Scorecard
    from rubricdsl.testing.judged import ResponseLike
    from rubricdsl.testing.subjects import RubricLike


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option ``rub_files``."""
    parser.addini(
        "rub_files",
        "patterns of the rubric files whose tests are run (default: *.rub)",
        type="args",
        default=["*.rub"],
    )


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Collect a rubric file."""
    patterns: Sequence[str] = parent.config.getini("rub_files")
    if file_path.suffix != ".rub" or not any(
        fnmatch(file_path.name, pattern) or file_path.match(pattern)
        for pattern in patterns
    ):
        return None
    from rubricdsl.testing.collecting import RubricFile

    return RubricFile.from_parent(parent, path=file_path)


@pytest.fixture
def rubric(request: pytest.FixtureRequest) -> "Callable[[str], Rubric]":
    """Load a rubric: ``rubric("essay.rub")``, relative to the file of the test.

    ``rubric("file.rub#name")`` picks one of several.
    """

    def load(path: str) -> "Rubric":
        from rubricdsl.testing.subjects import Subject

        return Subject.of(path, folder=request.path.parent).rubric

    return load


@pytest.fixture
def score(request: pytest.FixtureRequest) -> "Callable[..., Scorecard]":
    """Score a response: ``score("essay.rub", "The text.").score``.

    Checks decide, then verdicts recorded beside the rubric, then ``judge``, if one
    is named; a verdict that is missing leaves the scorecard incomplete.
    """

    def evaluate(
        rubric: "RubricLike",
        response: "ResponseLike",
        *,
        judge: str | Sequence[str] = (),
    ) -> "Scorecard":
        from rubricdsl.testing.judged import scorecard
        from rubricdsl.testing.subjects import Subject

        subject = Subject.of(rubric, folder=request.path.parent)
        return scorecard(subject, response, judge=judge)

    return evaluate
