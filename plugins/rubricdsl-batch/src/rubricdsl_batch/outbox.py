"""Requests: files for a batch service, each whole or not there at all.

A request is written once.  Its name is made of what is asked, so a later run, or one
that goes on after it was killed, knows what has been written, whatever became of it.
One run at a time writes for one judge: a lock is held as long as it lives, and no
longer, however it ends.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import attrs
from attrs import field

from rubricdsl.diagnostics import Diagnostic, JudgeError, RubricError, fail
from rubricdsl.formats.sources import LongLine, lines, opened, place
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.model.ruling import FailureKind
from rubricdsl_batch.locking import Lock
from rubricdsl_batch.providers import Provider

FOLDER = "requests"
"""The folder of a batch's folder that requests are written to."""

_NAME = re.compile(rb'\{"custom_id":"([0-9a-f]{32}-\d{1,3})"')
_HINT = "restore the file, or take it away: what stood in it is then written anew"


@attrs.define(eq=False)
class _Part:
    """A file that is being written."""

    stem: str
    file: IO[bytes]
    whole: ExitStack
    names: list[str] = field(factory=list)
    size: int = 0


def _to_nobody(_: str) -> None:
    """Announce nothing."""


@attrs.define(eq=False)
class Outbox:
    """The request files in a folder, and the one that is being written.

    ``slug`` begins the names of this judge's files.  ``written`` is the file of each
    request, without its ending; ``announce`` is told of a new one before it is there.
    """

    folder: Path
    provider: Provider
    slug: str
    written: dict[str, str] = field(factory=dict)
    announce: Callable[[str], None] = _to_nobody
    _read: set[str] = field(factory=set)
    _part: _Part | None = None
    _lock: Lock | None = None

    def look(self) -> None:
        """Read which requests stand in files that were not there before.

        Raises RubricError (D206) with file and line for a file that is none of ours.
        """
        for path in sorted((self.folder / FOLDER).glob("*.jsonl")):
            if path.stem not in self._read:
                self._read.add(path.stem)
                self.written.update((name, path.stem) for name in names_in(path))

    @property
    def is_taken(self) -> bool:
        """Whether this is the one who writes."""
        return self._lock is not None

    def take(self) -> bool:
        """Begin to be the one who writes; tells whether nobody else is.

        Raises RubricError (D111) where the folder cannot be made.
        """
        if self._lock is not None:
            return True
        try:
            (self.folder / FOLDER).mkdir(parents=True, exist_ok=True)
            self._lock = Lock.taken(self.folder / f".{self.slug}.lock")
            if self._lock is not None:
                # Of runs that were killed; nothing in it was ever sent.
                for stale in (self.folder / FOLDER).glob(f".{self.slug}-*.part"):
                    stale.unlink(missing_ok=True)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            fail(
                "D111",
                f"the folder of batches {self.folder} cannot be written: {reason}",
                hint="name another with `folder`",
            )
        return self._lock is not None

    def add(self, name: str, body: bytes) -> None:
        """Write a request, into another file where this one is full.

        Raises:
            JudgeError: ``request_rejected`` for one that no batch can hold.
            RubricError: D111 where it cannot be written.
        """
        line = self.provider.line(name, body) + b"\n"
        if len(line) > self.provider.most_bytes:
            raise JudgeError(
                FailureKind.REQUEST_REJECTED,
                "the request is larger than a whole batch may be "
                f"({self.provider.most_bytes} bytes)",
                too_long=True,
            )
        part = self._part
        if part is not None and (
            len(part.names) >= self.provider.most_requests
            or part.size + len(line) > self.provider.most_bytes
        ):
            self.finish()
            part = None
        if part is None:
            part = self._part = self._begin()
        try:
            part.file.write(line)
        except OSError as error:
            self._give_up(part, error)
        part.size += len(line)
        part.names.append(name)
        self.written[name] = part.stem

    def finish(self) -> None:
        """Put the file that is being written in its place, if there is one."""
        part, self._part = self._part, None
        if part is not None:
            part.whole.close()
            self._read.add(part.stem)

    def close(self) -> None:
        """Finish, and let others write."""
        try:
            self.finish()
        finally:
            lock, self._lock = self._lock, None
            if lock is not None:
                lock.give_back()

    def path(self, stem: str) -> Path:
        """Give where a file of requests is."""
        return self.folder / FOLDER / f"{stem}.jsonl"

    def _begin(self) -> _Part:
        stem = f"{self.slug}-{secrets.token_hex(4)}"
        self.announce(stem)
        whole = ExitStack()
        file = whole.enter_context(whole_file(str(self.path(stem))))
        return _Part(stem, file, whole)

    def _give_up(self, part: _Part, error: OSError) -> None:
        """Take a file back that could not be written in full; raises D111."""
        self._part = None
        for name in part.names:
            del self.written[name]
        part.whole.__exit__(type(error), error, error.__traceback__)


def names_in(path: Path) -> Iterator[str]:
    """Give the names of the requests in a file; raises RubricError (D206)."""
    with opened(str(path)) as file:
        for line in lines(file, str(path)):
            found = None if isinstance(line, LongLine) else _NAME.match(line.content)
            if found is None:
                message = "this is no request of a batch"
                span = place(str(path), line.number)
                raise RubricError([Diagnostic("D206", message, span, _HINT)])
            yield found[1].decode()
