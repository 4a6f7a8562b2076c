"""The cyclic garbage collector, and keeping it from looking where nothing is."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
