"""Reading two versions of a rubric from text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.checks.functions import builtin_functions
from rubricdsl.language.loading import load_text

Read = Callable[[str], Snapshot]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Give a reader of rubrics; lines before the first ``[`` may be left out."""
    functions = {f.signature.name: f.signature for f in builtin_functions()}

    def read_text(text: str) -> Snapshot:
        text = (
            text if text.startswith("rubric ") else f"rubric r\nversion: 1.2.3\n{text}"
        )
        (rubric,) = load_text(text, functions, folder=tmp_path).checked()
        return Snapshot.of(rubric, functions)

    return read_text
