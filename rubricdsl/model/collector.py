"""The cyclic garbage collector, and keeping it from looking where nothing is."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# So many more objects are made than freed before the youngest are looked at.
_SELDOM = 10_000


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic garbage collector from running.

    For work that makes many objects which are all kept, or form no cycles: there is
    nothing to find, but the collector would look through a large model again and
    again as it grows, and the time would grow faster than the model.
    """
    was_running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_running:
            gc.enable()


class _Easing:
    """What all blocks under way have in common: the thresholds from before them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._before = gc.get_threshold()

    def begin(self) -> None:
        with self._lock:
            if not self._blocks:
                self._before = gc.get_threshold()
                # Zero is for a collector that never runs.
                if 0 < self._before[0] < _SELDOM:
                    gc.set_threshold(_SELDOM, *self._before[1:])
            self._blocks += 1

    def end(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks and gc.get_threshold()[0] == _SELDOM:
                gc.set_threshold(*self._before)


_easing = _Easing()


@contextmanager
def collector_eased() -> Iterator[None]:
    """Have the cyclic garbage collector look seldom.

    For long work that makes many objects, few of them in cycles, beside whatever else
    the process does.  Blocks may overlap, in tasks and threads; when the last has
    ended, all is as before the first.
    """
    _easing.begin()
    try:
        yield
    finally:
        _easing.end()
