"""Ctrl-C during a run: the first stops asking, the second drops what is in flight."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rubricdsl.cli.output import say

_Result = TypeVar("_Result")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def until_stopped(
    work: Awaitable[_Result], cancel: Callable[[], None]
) -> tuple[_Result, bool]:
    """Await ``work``, and call ``cancel`` each time the user asks to stop.

    Gives the result, and whether the user asked.
    """
    asked = 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            say("\nstopping; no more is asked (again to drop what is in flight)")
        cancel()

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        return await work, asked > 0
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
