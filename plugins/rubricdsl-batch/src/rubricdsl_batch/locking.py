"""A lock that is given back when its holder ends, in whatever way."""

import sys
from pathlib import Path
from typing import IO

from attrs import frozen

if sys.platform == "win32":
    import msvcrt

    def _seize(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _seize(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@frozen(eq=False)
class Lock:
    """A file that no other process has locked."""

    _file: IO[bytes]

    @classmethod
    def taken(cls, path: Path) -> "Lock | None":
        """Take a lock; None where another holds it.  Raises OSError."""
        file = path.open("ab")
        try:
            _seize(file)
        except (BlockingIOError, PermissionError):
            file.close()
            return None
        except BaseException:
            file.close()
            raise
        return cls(file)

    def give_back(self) -> None:
        """Let others have it; the file stays, for whoever waits for it."""
        self._file.close()
