"""Signals stay with the program: the library would end the model on ^C, and no more.

llama.cpp's server takes SIGINT and SIGTERM for itself when it starts, behind Python's
back.  A run that is stopped must keep what it has, so both are given back as they
were.
"""

import ctypes
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TAKEN = (signal.SIGINT, signal.SIGTERM)
# Larger than what any C library keeps for one signal; what is in it is not our affair.
_ROOM = 1024


@contextmanager
def kept_signals() -> Iterator[None]:
    """Give the handlers back, as they were, of signals that are taken meanwhile.

    Works in any thread, which `signal.signal` does not.
    """
    if sys.platform == "win32":
        yield
        return
    action = ctypes.CDLL(None).sigaction
    kept = {number: ctypes.create_string_buffer(_ROOM) for number in _TAKEN}
    for number, held in kept.items():
        action(int(number), None, held)
    try:
        yield
    finally:
        for number, held in kept.items():
            action(int(number), held, None)
