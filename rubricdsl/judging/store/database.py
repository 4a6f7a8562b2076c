"""The file of a store: opening it, transactions, and what can go wrong with it.

Every error of SQLite or of the file system becomes a diagnostic here, and whatever
was committed before stays readable.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.judging.store.editions import CURRENT, edition, is_store, migrate
from rubricdsl.model.source import Span

# How long one waits for another process to finish writing, in seconds.
PATIENCE = 10.0
# Pages that SQLite may leave in the log before it insists on moving them.
_MOST_LOGGED = 10_000
_CACHE_KIB = 8_000
_READABLE_BY_OWNER = 0o600

_HINTS = {
    "D501": "name a file in a folder that can be written to with --store, or go "
    "without with --no-cache",
    "D502": "name another file with --store, or move a damaged store away: a new one "
    "is made, and what it held is asked again",
    "D503": "upgrade rubricdsl, or name another file with --store",
    "D504": "wait until the other process is done, or name another file with --store",
}
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_PRIMARY = 0xFF

# Rows are as their query says.
Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = tuple[object, ...] | Mapping[str, object]


class DamagedStoreError(RubricError):
    """A verdict store (D502) that is not whole any more."""


class Durability(StrEnum):
    """What a commit outlives: the end of the process, or of the machine, too.

    With ``normal`` a power cut can cost what was committed in the last second.
    """

    NORMAL = "normal"
    FULL = "full"


class Database:
    """An open store file.  Used by one thread, and not across a fork."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self._is_reading = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        durability: Durability = Durability.NORMAL,
        create: bool = True,
        patience: float = PATIENCE,
    ) -> "Database":
        """Open a store and bring it to the current edition; a new one is made.

        ``patience`` is how many seconds to wait for another process's write.  A new
        file can be read by its owner only; its folder is made if its parent exists.

        Raises:
            RubricError: D501 for what cannot be opened, made or written, D502 for a
                file that is no store, or (`DamagedStoreError`) is damaged, D503 for
                one of a newer edition, D504 when another process keeps it busy.
        """
        _make(path, create=create)
        with _explained(path):
            connection = sqlite3.connect(
                path, timeout=patience, isolation_level=None, cached_statements=64
            )
        database = cls(path, connection)
        try:
            database._prepare(durability, patience)
        except BaseException:
            connection.close()
            raise
        return database

    def _prepare(self, durability: Durability, patience: float) -> None:
        connection = self.connection
        with _explained(self.path):
            if not is_store(connection):
                raise _trouble(self.path, "D502", "the file is no verdict store")
            found = edition(connection)
            if found > CURRENT:
                raise _trouble(
                    self.path,
                    "D503",
                    f"the verdict store is of edition {found}, and this version of "
                    f"rubricdsl knows those up to {CURRENT}",
                )
            _log_ahead(connection, patience)
            connection.execute(f"PRAGMA synchronous = {durability}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_MOST_LOGGED}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        if found < CURRENT:
            with self.transaction():
                migrate(connection)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read all in the block as it is at one moment, and sooner than one by one.

        To write ends the moment; what is read after that is as it is by then.
        """
        if self._is_reading:
            yield
            return
        with _explained(self.path):
            self.connection.execute("BEGIN")
        self._is_reading = True
        try:
            yield
        finally:
            self._end_reading()

    def _end_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            # Nothing was written, so nothing can be lost.
            with suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write everything in the block or nothing of it.

        Raises:
            RubricError: as `open`, with nothing written.
        """
        connection = self.connection
        self._end_reading()
        with _explained(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # After some errors, such as a full disk, SQLite has already done it.
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise

    def fetch(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Give all rows of a query; raises RubricError as `open`."""
        try:
            return self.connection.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise _explanation(self.path, error) from error

    def iterate(self, sql: str) -> Iterator[Row]:
        """Give the rows of a long query one by one; raises RubricError as `open`."""
        with _explained(self.path):
            yield from self.connection.execute(sql)

    def compact(self) -> bool:
        """Give room back to the disk; false where another process is in the way.

        Raises:
            RubricError: D501 or D502 where the file cannot be written.
        """
        try:
            with _explained(self.path):
                self.connection.execute("VACUUM")
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except RubricError as error:
            if error.diagnostics[0].code == "D504":
                return False
            raise
        return True

    def damaged(self, error: Exception) -> RubricError:
        """Give the error (D502) for a row that does not hold what it should."""
        message = "the verdict store is damaged, a row of it is no verdict"
        return _trouble(self.path, "D502", f"{message} ({error})")

    def sync(self) -> None:
        """Make what was committed outlive a power cut, and keep the log short.

        Raises RubricError as `open`; what was committed is still there.
        """
        self._end_reading()
        with _explained(self.path):
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


def _make(path: Path, *, create: bool) -> None:
    """Make an empty file that only its owner can read, if there is none."""
    try:
        if path.is_dir():
            raise _trouble(path, "D501", "the verdict store is a folder, not a file")
        if path.exists():
            if not os.access(path, os.W_OK):
                raise _trouble(path, "D501", "the verdict store may not be written")
            return
        if not create:
            hint = "`rub eval` makes one; name another with --store"
            raise _trouble(path, "D501", "there is no verdict store", hint)
        path.parent.mkdir(exist_ok=True)
        # Never opened beside SQLite: closing a file gives up the locks on it that
        # this process holds through another descriptor.
        with suppress(FileExistsError):
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            os.close(os.open(path, flags, _READABLE_BY_OWNER))
    except (OSError, ValueError) as error:
        if isinstance(error, RubricError):
            raise
        reason = str(getattr(error, "strerror", None) or error).lower()
        message = f"the verdict store cannot be made: {reason}"
        raise _trouble(path, "D501", message) from error


def _log_ahead(connection: sqlite3.Connection, patience: float) -> None:
    """Choose the write-ahead log, which lets readers and a writer work side by side."""
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
        except sqlite3.OperationalError as error:
            # SQLite does not wait here for others who do the same.
            if _code(error) not in _BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explanation(path, error) from error


def _explanation(path: Path, error: sqlite3.DatabaseError) -> Exception:
    """Give a diagnostic for what the user can mend; a fault of ours stays as it is."""
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError):
        return error
    code = _code(error)
    if code in _BUSY:
        message = "another process has kept the verdict store busy for too long"
        return _trouble(path, "D504", message)
    if code == sqlite3.SQLITE_NOTADB:
        return _trouble(path, "D502", f"the file is no verdict store ({error})")
    if code == sqlite3.SQLITE_CORRUPT:
        trouble = _trouble(path, "D502", f"the verdict store is damaged ({error})")
        return DamagedStoreError(trouble.diagnostics)
    if code == sqlite3.SQLITE_FULL:
        message = "the disk is full; what the verdict store held is still there"
        hint = "free some space and give the same command again"
        return _trouble(path, "D501", message, hint)
    message = "the verdict store cannot be read or written"
    return _trouble(path, "D501", f"{message} ({error})")


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY


def _trouble(path: Path, code: str, message: str, hint: str = "") -> RubricError:
    span = Span(str(path), 1, 1, 1, 1)
    return RubricError([Diagnostic(code, message, span, hint or _HINTS[code])])
