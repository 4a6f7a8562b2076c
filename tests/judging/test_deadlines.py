"""Deadlines: what asyncio's own timeouts do, with one timer for all."""

import asyncio
import selectors
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from unittest.mock import patch

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.deadlines import Deadlines


class Leaping(selectors.SelectSelector):
    """A selector that does not wait: time leaps to where something is due."""

    now = 0.0

    def select(self, timeout=None):
        """Let as much time pass as one would have waited."""
        self.now += timeout or 0.0
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop in which time passes only where all wait for it."""

    def __init__(self):
        self.leaping = Leaping()
        super().__init__(self.leaping)

    def time(self):
        """Give the time."""
        return self.leaping.now


def in_no_time(work):
    """Run ``work`` in a loop whose time leaps."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(work)


@frozen
class Case:
    """A block that takes a while, its deadline, and when it is cancelled, if it is.

    One that is ``stubborn`` ends well when it is told to end.
    """

    takes: int
    deadline: int
    cancelled: int | None
    stubborn: bool


# No two things happen at the same time.
CASES = st.builds(
    Case,
    takes=st.integers(1, 20).map(lambda n: 3 * n),
    deadline=st.integers(-2, 20).map(lambda n: 3 * n + 1),
    cancelled=st.none() | st.integers(0, 20).map(lambda n: 3 * n + 2),
    stubborn=st.booleans(),
)
Block = Callable[[float], AbstractAsyncContextManager[object]]


async def outcomes(cases: Sequence[Case], block: Block) -> list[tuple[str, float]]:
    """Say how blocks end that go on side by side, and when."""
    now = asyncio.get_running_loop().time
    ended: dict[int, tuple[str, float]] = {}

    async def work(place: int, case: Case) -> None:
        how = "done"
        try:
            async with block(case.deadline):
                try:
                    await asyncio.sleep(case.takes)
                except asyncio.CancelledError:
                    if not case.stubborn:
                        raise
                    how = "told to end"
        except TimeoutError:
            how = "late"
        finally:
            task = asyncio.current_task()
            assert task is not None
            ended[place] = f"{how}, {task.cancelling()} left", now()

    tasks = [asyncio.create_task(work(*numbered)) for numbered in enumerate(cases)]
    for task, case in zip(tasks, cases, strict=True):
        if case.cancelled is not None:
            asyncio.get_running_loop().call_at(case.cancelled, task.cancel)
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    return [ended[place] for place in sorted(ended)]


@given(st.lists(CASES, min_size=1, max_size=8))
def test_blocks_end_as_they_do_by_timeouts_of_asyncio(cases):
    async def by_deadlines() -> list[tuple[str, float]]:
        deadlines = Deadlines()

        @asynccontextmanager
        async def block(at):
            with deadlines.by(at):
                yield

        ended = await outcomes(cases, block)
        deadlines.close()
        return ended

    expected = in_no_time(outcomes(cases, asyncio.timeout_at))
    assert in_no_time(by_deadlines()) == expected


def test_one_timer_is_set_for_all_and_taken_back():
    async def work() -> list[float]:
        loop, deadlines = asyncio.get_running_loop(), Deadlines()
        with patch.object(loop, "call_at", wraps=loop.call_at) as call_at:
            for _ in range(1_000):
                with deadlines.by(loop.time() + 60):
                    await asyncio.sleep(0)
            deadlines.close()
        # Nothing goes off any more.
        await asyncio.sleep(90)
        return [call.args[0] for call in call_at.call_args_list]

    assert in_no_time(work()) == [60.0]
