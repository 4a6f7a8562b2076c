"""Running ``rub`` as a user does, in this process, which takes less time than another.

What of a run outlives it is on disk; what a process holds (imports, caches) stays.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import frozen

from rubricdsl.cli import main


@frozen
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@frozen
class InProcess:
    """A runner of ``rub`` in a folder, to be called with the arguments."""

    folder: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Done:
        """Run a command, and give what came of it."""
        given: Sequence[str] = ["rub", *arguments]
        self.patch.chdir(self.folder)
        self.patch.setattr(sys, "argv", given)
        self.capture.readouterr()
        code = main()
        said = self.capture.readouterr()
        return Done(code, said.out, said.err)
