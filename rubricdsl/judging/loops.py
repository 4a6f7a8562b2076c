"""Event loops: run from outside, on the fastest there is, and ended by whom."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def run_async(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run ``work`` in an event loop of its own, and give its result.

    The loop is uvloop's where that is installed (the extra ``speed``).
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def is_being_cancelled() -> bool:
    """Tell whether it is the current task that somebody wants to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
