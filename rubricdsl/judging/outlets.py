"""Where scorecards go: kept until the end, or handed on in the order of the jobs."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

from rubricdsl.judging.intake import BLOCK_JOBS
from rubricdsl.model.scorecard import Scorecard

MOST_AHEAD = 2 * BLOCK_JOBS
"""So many jobs, at most, are open or wait for one before them to be handed on."""


class Outlet(Protocol):
    """Takes scorecards in the order of the jobs."""

    @property
    def backlog(self) -> int:
        """How many it holds that nobody has taken yet."""
        ...

    def deliver(self, scorecard: Scorecard) -> None:
        """Take the next one.

        Raises RubricError where it cannot be taken; the run ends then.
        """
        ...


class Tray(Protocol):
    """Takes scorecards as they are finished, each with the place of its job."""

    @property
    def held(self) -> int:
        """How many wait to be handed on."""
        ...

    def put(self, place: int, scorecard: Scorecard) -> None:
        """Take one."""
        ...

    def all_with(
        self, others: Iterable[tuple[int, Scorecard]]
    ) -> tuple[Scorecard, ...]:
        """Give all that were kept, with some others among them, in order."""
        ...


class KeepingTray:
    """Keeps all scorecards until the end."""

    held = 0

    def __init__(self, count: int) -> None:
        self._kept: list[Scorecard | None] = [None] * count

    def put(self, place: int, scorecard: Scorecard) -> None:
        """Keep one."""
        self._kept[place] = scorecard

    def all_with(
        self, others: Iterable[tuple[int, Scorecard]]
    ) -> tuple[Scorecard, ...]:
        """Give all that were kept, with some others among them, in order."""
        kept = list(self._kept)
        for place, scorecard in others:
            kept[place] = scorecard
        return tuple(scorecard for scorecard in kept if scorecard is not None)


class PassingTray:
    """Hands scorecards on, each as soon as all before it are."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._early: dict[int, Scorecard] = {}
        self._next = 0

    @property
    def held(self) -> int:
        """How many wait for one before them, or for somebody to take them."""
        return len(self._early) + self._outlet.backlog

    def put(self, place: int, scorecard: Scorecard) -> None:
        """Take one, and hand on what can be."""
        self._early[place] = scorecard
        while (ready := self._early.pop(self._next, None)) is not None:
            self._next += 1
            self._outlet.deliver(ready)

    def all_with(
        self, others: Iterable[tuple[int, Scorecard]]
    ) -> tuple[Scorecard, ...]:
        """Give nothing: whatever there was is elsewhere."""
        del others
        return ()


class Source(Protocol):
    """A run that fills a queue."""

    async def run(self) -> object:
        """Judge and score everything."""
        ...

    def look_again(self) -> None:
        """See whether more can be opened."""
        ...


class ScorecardQueue:
    """An outlet from which somebody takes scorecards while the run goes on."""

    def __init__(self) -> None:
        self._queue: deque[Scorecard] = deque()
        self._changed = asyncio.Event()
        self._has_ended = False
        self.taken: Callable[[], None] = lambda: None

    @property
    def backlog(self) -> int:
        """How many nobody has taken yet."""
        return len(self._queue)

    def deliver(self, scorecard: Scorecard) -> None:
        """Put one at the end."""
        self._queue.append(scorecard)
        self._changed.set()

    def end(self) -> None:
        """Say that no more will come."""
        self._has_ended = True
        self._changed.set()

    async def take(self) -> Scorecard | None:
        """Wait for the next one, and take it; None when there will be no more."""
        while not self._queue:
            if self._has_ended:
                return None
            self._changed.clear()
            await self._changed.wait()
        scorecard = self._queue.popleft()
        self.taken()
        return scorecard


@asynccontextmanager
async def taken_from(queue: ScorecardQueue, source: Source) -> AsyncIterator[None]:
    """Let a run go on while somebody takes scorecards from its queue.

    Whoever leaves before the end has the run cancelled; what it raises is raised here.
    """
    queue.taken = source.look_again
    task = asyncio.ensure_future(source.run())
    task.add_done_callback(lambda _: queue.end())
    try:
        yield
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            # Whoever left of his own accord hears of nothing else.
            task.exception()
