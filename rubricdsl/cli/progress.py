"""How far a run is: one line on a terminal, and nothing anywhere else."""

import sys
import time
from typing import TextIO

from rubricdsl.judging.events import Progress, Silence

_EVERY_SECONDS = 0.1


class ProgressLine(Silence):
    """Keeps one line of a terminal up to date."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._shown = 0.0
        self._width = 0

    @staticmethod
    def wanted() -> bool:
        """Say whether there is a terminal to show progress on."""
        return sys.stderr.isatty()

    def progressed(self, progress: Progress) -> None:
        """Show how far the run is, a few times a second."""
        now = time.monotonic()
        if now - self._shown < _EVERY_SECONDS and progress.scored < progress.jobs:
            return
        self._shown = now
        text = (
            f"{progress.scored}/{progress.jobs} responses"
            f"  {progress.sent} judge calls"
            f"  {progress.in_flight} in flight"
        )
        self._out.write(f"\r{text.ljust(self._width)}")
        self._out.flush()
        self._width = len(text)

    def clear(self) -> None:
        """Leave the line empty for what comes next."""
        if self._width:
            self._out.write(f"\r{' ' * self._width}\r")
            self._out.flush()
