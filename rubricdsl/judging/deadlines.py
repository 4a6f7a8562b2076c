"""Deadlines for what is under way in an event loop, all by one timer.

`asyncio.timeout_at` sets a timer each time, and nearly every one is taken back: for a
request that is answered at once that is no small part of the work.  Here one timer is
set for the deadline that comes first, and looks at all others when it goes off.
"""

import asyncio
import math
from types import TracebackType

import attrs
from attrs import field


class Deadlines:
    """The deadlines in one event loop; times are seconds of its clock."""

    def __init__(self) -> None:
        self._open: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = math.inf

    def by(self, at: float) -> "Deadline":
        """Give a block that must be done by a time, to be entered within a task.

        It raises TimeoutError where it is not, just as one of `asyncio.timeout_at`.
        """
        return Deadline(self, at)

    def watch(self, deadline: "Deadline") -> None:
        """See that a block ends when its time is up."""
        self._open.add(deadline)
        if deadline.at < self._rings_at:
            self._set(deadline.at)

    def let_go(self, deadline: "Deadline") -> None:
        """Have nothing more to do with a block: it has ended."""
        self._open.discard(deadline)

    def close(self) -> None:
        """Take the timer back."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._rings_at = None, math.inf

    def _set(self, at: float) -> None:
        self.close()
        if at < math.inf:
            self._rings_at = at
            self._timer = asyncio.get_running_loop().call_at(at, self._ring)

    def _ring(self) -> None:
        # A timer may go off earlier by as much as its clock can tell.
        now = max(asyncio.get_running_loop().time(), self._rings_at)
        due = [deadline for deadline in self._open if deadline.at <= now]
        self._open.difference_update(due)
        for deadline in due:
            deadline.pass_by()
        self._set(min((deadline.at for deadline in self._open), default=math.inf))


@attrs.define(eq=False)
class Deadline:
    """A block with a deadline; made by `Deadlines.by`, and used once."""

    _all: Deadlines
    at: float
    _task: "asyncio.Task[object] | None" = field(default=None, init=False)
    _cancelled_before: int = field(default=0, init=False)
    _has_passed: bool = field(default=False, init=False)

    def pass_by(self) -> None:
        """End what is under way: its time is up."""
        if self._task is not None:
            self._has_passed = True
            self._task.cancel()

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("a deadline holds for a task, and there is none")
        self._cancelled_before = self._task.cancelling()
        self._all.watch(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._all.let_go(self)
        if not self._has_passed or self._task is None:
            return
        # Where somebody else has cancelled the task, too, that goes on.
        alone = self._task.uncancel() <= self._cancelled_before
        if alone and kind is asyncio.CancelledError:
            raise TimeoutError from error
