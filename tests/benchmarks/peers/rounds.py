"""What is judged, and how a client in a process of its own is measured."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

RESPONSES = 100
CRITERIA = 20
CONCURRENCY = 64


def texts() -> list[str]:
    """Give the responses."""
    words = "Some words that a judge will have to read. " * 13
    return [f"Response {n}. {words}" for n in range(RESPONSES)]


def criteria() -> list[dict[str, object]]:
    """Give the criteria, as both peers write them."""
    return [
        {"weight": float(n % 3 + 1), "requirement": f"States fact {n}."}
        for n in range(CRITERIA)
    ]


def serve(judge: Callable[[], Awaitable[None]]) -> None:
    """Judge once for each line of standard input, and write what it took."""

    async def run() -> None:
        await judge()

    # What a library prints is not to get between the lines.
    told, sys.stdout = sys.stdout, sys.stderr
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        asyncio.run(run())
        spent = {
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - wall,
            "peak": _peak(),
        }
        told.write(json.dumps(spent) + "\n")
        told.flush()


def _peak() -> float | None:
    """Give the most memory that this process ever had, in MB, where that is known."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    for line in status.read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return None
