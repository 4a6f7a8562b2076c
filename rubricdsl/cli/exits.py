"""Exit codes of ``rub``."""

from enum import IntEnum


class Exit(IntEnum):
    """What a script is told."""

    FINE = 0
    NO = 1
    USAGE = 2
    INCOMPLETE = 3
    INTERRUPTED = 130
