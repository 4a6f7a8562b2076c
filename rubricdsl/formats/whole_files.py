"""Files that appear whole or not at all."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, NoReturn

from rubricdsl.diagnostics import fail
from rubricdsl.formats.sources import place

# Names of files that are already open: replacing them would write to nobody.
_STREAMS = ("/dev/", "/proc/")
_HINT = "check that the folder exists, may be written and has space left"


@contextmanager
def whole_file(path: str) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes the place of ``path`` at the end.

    Until then, and for good if the block raises, the old file stays as it was.
    The new one has its permissions.  What is no regular file, such as
    ``/dev/stdout``, is written as it stands.

    Raises RubricError (D111) if the file cannot be written.
    """
    if "\0" in path:
        fail("D111", "the path holds a zero byte", hint=_HINT)
    try:
        mode = _mode(path)
        if path.startswith(_STREAMS) or (mode and not stat.S_ISREG(mode)):
            with open(path, "wb") as file:  # noqa: PTH123 - a path as it was given
                yield file
        else:
            # A link keeps its place: it is what it points to that is replaced.
            yield from _replacing(os.path.realpath(path), mode)
    except OSError as error:
        unwritable(path, error)


def unwritable(path: str, error: OSError) -> NoReturn:
    """Raise RubricError (D111): what is at ``path`` cannot be written."""
    reason = error.strerror or str(error)
    fail(
        "D111",
        f"{path} cannot be written: {reason}",
        hint=_HINT,
        span=place(path, 1),
    )


def same_file(one: str, other: str) -> bool:
    """Tell whether to replace the one is to lose the other; streams lose nothing."""
    if "\0" in one + other or one.startswith(_STREAMS):
        return False
    return os.path.realpath(one) == os.path.realpath(other)


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - a path as it was given
    except FileNotFoundError:
        return None


def _replacing(target: str, mode: int | None) -> Iterator[IO[bytes]]:
    folder, name = os.path.split(target)
    part = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.part")  # noqa: PTH118
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(part, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123
            if mode is not None:
                os.chmod(part, stat.S_IMODE(mode))  # noqa: PTH101
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)  # noqa: PTH105
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)  # noqa: PTH108
        raise
    sync_folder(folder)


def sync_folder(folder: str) -> None:
    """See that the names in a folder outlive a power cut."""
    # Not every system can: Windows opens no folders.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
