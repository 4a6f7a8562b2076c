"""How far a run is: one line kept up to date on a terminal, now and then one elsewhere.

Long runs are watched for what goes wrong: what is missing, by kind, stands beside
what is done, and a judge that is left alone for a while is named.
"""

import shutil
import sys
import time
from collections.abc import Iterator
from typing import TextIO

from rubricdsl.cli.output import plural
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.judging.listening import Silence
from rubricdsl.model.events import Progress
from rubricdsl.model.protocols import Clock

_EVERY = 0.1
# Where there is no terminal, a log must not fill up: a line is as far from the one
# before as that was from the start, up to a minute.
_FIRST_LINE = 5.0
_LONGEST_GAP = 60.0
# Before that, a guess at the time left is worth nothing.
_LEAST_SECONDS = 2.0
_LEAST_SHARE = 0.01
_MOST_KINDS = 3
_MINUTE, _HOUR = 60, 3600


class ProgressView(Silence):
    """Shows how far a run is.

    On a ``terminal`` it is one line, kept up to date; otherwise lines with growing
    gaps, the first after five seconds.
    """

    def __init__(
        self,
        out: TextIO | None = None,
        *,
        terminal: bool | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self._out = out or sys.stderr
        self._terminal = self._out.isatty() if terminal is None else terminal
        self._clock = clock
        self._started = clock()
        self._next = 0.0 if self._terminal else _FIRST_LINE
        self._width = 0

    def progressed(self, progress: Progress) -> None:
        """Show how far the run is, if it is time."""
        gone = self._clock() - self._started
        if gone < self._next:
            return
        text = safe_text(progress_text(progress))
        if self._terminal:
            self._next = gone + _EVERY
            columns = shutil.get_terminal_size((80, 24)).columns
            text = text[: columns - 1]
            self._out.write(f"\r{text.ljust(self._width)}")
            self._width = len(text)
        else:
            self._next = gone + min(max(gone, _FIRST_LINE), _LONGEST_GAP)
            self._out.write(text + "\n")
        self._out.flush()

    def clear(self) -> None:
        """Leave the line empty for what comes next."""
        if self._width:
            self._out.write(f"\r{' ' * self._width}\r")
            self._out.flush()
            self._width = 0


def progress_text(progress: Progress) -> str:
    """Say in one line how far a run is."""
    return "  ".join(_parts(progress))


def _parts(progress: Progress) -> Iterator[str]:
    yield f"{progress.scored:,}/{progress.jobs:,} responses"
    left = _seconds_left(progress)
    if left is not None:
        yield f"{_duration(left)} left"
    if progress.sent:
        rate = progress.sent / progress.seconds if progress.seconds > 0 else 0.0
        yield f"{plural(progress.sent, 'call')} ({rate:.3g}/s)"
    if progress.in_flight:
        yield f"{progress.in_flight} in flight"
    if progress.cached and progress.verdicts:
        yield f"{progress.cached / progress.verdicts:.0%} known"
    if progress.retries:
        yield plural(progress.retries, "retry", "retries")
    missing = sum(progress.failures.values())
    if missing:
        kinds = sorted(progress.failures.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{kind} {count}" for kind, count in kinds[:_MOST_KINDS])
        more = ", …" if len(kinds) > _MOST_KINDS else ""
        yield f"{missing:,} missing ({named}{more})"
    if progress.cost is not None:
        yield f"cost {progress.cost:.4g}"
    if progress.paused:
        yield f"waiting for {', '.join(progress.paused)}"


def _seconds_left(progress: Progress) -> float | None:
    done = progress.scored / progress.jobs if progress.jobs else 1.0
    if done >= 1 or done < _LEAST_SHARE or progress.seconds < _LEAST_SECONDS:
        return None
    return progress.seconds * (1 - done) / done


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"
