"""Digests by digest: in memory as long as they are few, then in a file.

Whoever reads a million responses must know which ids it has seen; what it knows may
not grow with them.
"""

import sqlite3
import weakref

# At about 200 bytes each.
_MOST_IN_MEMORY = 50_000
_MAKE = "CREATE TABLE found (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
_GET = "SELECT value FROM found WHERE key = ?"
_SET = "INSERT INTO found VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = ?2"


class DigestTable:
    """A table of short byte strings; the file, if any, is nobody else's and goes."""

    def __init__(self, *, most_in_memory: int = _MOST_IN_MEMORY) -> None:
        self._most = most_in_memory
        self._few: dict[bytes, bytes] = {}
        self._many: sqlite3.Connection | None = None

    def get(self, key: bytes) -> bytes | None:
        """Give the value of a key, if it has one."""
        value = self._few.get(key)
        if value is None and self._many is not None:
            row = self._many.execute(_GET, (key,)).fetchone()
            value = None if row is None else row[0]
        return value

    def set(self, key: bytes, value: bytes) -> None:
        """Give a key a value, in the place of the one that it may have."""
        self._few[key] = value
        if len(self._few) >= self._most:
            self._move()

    def _move(self) -> None:
        if self._many is None:
            # A database without a name is a file that is removed when it is closed.
            self._many = sqlite3.connect("", isolation_level=None)
            self._many.execute("PRAGMA journal_mode = OFF")
            self._many.execute("PRAGMA synchronous = OFF")
            self._many.execute(_MAKE)
            weakref.finalize(self, self._many.close)
        self._many.execute("BEGIN")
        # In their order, neighbours are written at once.
        self._many.executemany(_SET, sorted(self._few.items()))
        self._many.execute("COMMIT")
        self._few.clear()
