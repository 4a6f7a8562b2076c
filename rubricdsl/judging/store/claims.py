"""Claims: which process is asking which question right now.

A claim holds as long as its owner shows that it lives; one that was killed loses its
claims to whoever begins to claim on the same machine, and elsewhere after a lease.
Two processes with the same question in mind so send it once, and the other finds the
verdict in the store.
"""

import hashlib
import os
import platform
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from rubricdsl.judging.store.database import Database
from rubricdsl.judging.store.records import VerdictKey, pack_digest
from rubricdsl.model.protocols import Clock

# How long an owner may be silent, in seconds, and how often it speaks.
LEASE = 10.0
_BEAT_EVERY = LEASE / 4

# A time beyond the lease to come was written before a clock was set back.
_LIVING = "SELECT id FROM owners WHERE seen BETWEEN :now - :lease AND :now + :lease"
_BEAT = """\
INSERT INTO owners (id, seen, machine, process)
VALUES (:me, :now, :machine, :process)
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen"""
# What is answered about a response, or asked by a living owner other than this one.
_TAKEN = f"""\
SELECT question, judges.digest FROM verdicts JOIN judges ON judges.id = judge
WHERE response = (SELECT id FROM responses WHERE digest = :response)
UNION ALL
SELECT question, judge FROM claims
WHERE response = :response AND owner <> :me AND owner IN ({_LIVING})"""  # noqa: S608
_CLAIM = "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)"
_RELEASE = """\
DELETE FROM claims
WHERE response = ? AND question = ? AND judge = ? AND owner = ?"""


class Claims:
    """The claims of one open store; another in the same process is another owner."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._owner = secrets.randbits(62)
        self._machine = _this_machine()
        self._held: set[VerdictKey] = set()
        self._beat_at: float | None = None

    @property
    def are_held(self) -> bool:
        """Whether anything was granted and neither released nor answered.

        It may have been taken over, if this process was silent for too long.
        """
        return bool(self._held)

    def claim(self, keys: Iterable[VerdictKey]) -> frozenset[VerdictKey]:
        """Claim keys, and give those that were granted.

        The others have a verdict in the store, or a living owner that asks for one.
        Raises RubricError as `Database.transaction`, with nothing granted.
        """
        wanted: dict[str, set[VerdictKey]] = {}
        for key in keys:
            wanted.setdefault(key.response, set()).add(key)
        granted: set[VerdictKey] = set()
        now = self._clock()
        with self._database.transaction() as connection:
            about = {**self._about(now), "lease": LEASE}
            connection.execute(_BEAT, about)
            if self._beat_at is None:
                self._sweep(about)
            for response, asked in wanted.items():
                named = {**about, "response": pack_digest(response)}
                taken = set(connection.execute(_TAKEN, named).fetchall())
                granted |= {
                    key
                    for key in asked
                    if (pack_digest(key.question), pack_digest(key.judge)) not in taken
                }
            connection.executemany(_CLAIM, self._rows(granted))
        self._beat_at = now
        self._held |= granted
        return frozenset(granted)

    def release(self, keys: Iterable[VerdictKey]) -> None:
        """Give claims back, so that others may ask at once."""
        ours = self._held.intersection(keys)
        if ours:
            with self._database.transaction():
                self.free(ours)
            self.forget(ours)

    def heartbeat(self) -> None:
        """Show that the owner lives; call it at least every few seconds.

        Writes only when something is held and the last sign of life is not fresh.
        """
        now = self._clock()
        fresh = self._beat_at is not None and 0 <= now - self._beat_at < _BEAT_EVERY
        if self._held and not fresh:
            with self._database.transaction() as connection:
                connection.execute(_BEAT, self._about(now))
            self._beat_at = now

    def free(self, keys: Iterable[VerdictKey]) -> None:
        """Free claims within a transaction of the caller; `forget` them after it."""
        rows = self._rows(self._held.intersection(keys))
        self._database.connection.executemany(_RELEASE, rows)

    def forget(self, keys: Iterable[VerdictKey]) -> None:
        """Hold these no longer."""
        self._held.difference_update(keys)

    def end(self) -> None:
        """Release everything, and be no owner any more."""
        if self._beat_at is not None:
            with self._database.transaction() as connection:
                owner = (self._owner,)
                connection.execute("DELETE FROM claims WHERE owner = ?", owner)
                connection.execute("DELETE FROM owners WHERE id = ?", owner)
            self._held.clear()
            self._beat_at = None

    def _rows(self, keys: Iterable[VerdictKey]) -> list[tuple[bytes | int, ...]]:
        return [(*map(pack_digest, key), self._owner) for key in keys]

    def _about(self, now: float) -> dict[str, float | bytes]:
        return {
            "me": self._owner,
            "now": now,
            "machine": self._machine,
            "process": os.getpid(),
        }

    def _sweep(self, about: Mapping[str, float | bytes]) -> None:
        """Delete what the dead have left behind.

        Of processes of this machine it is known at once, of others after the lease.
        """
        execute = self._database.connection.execute
        execute(f"DELETE FROM owners WHERE id NOT IN ({_LIVING})", about)  # noqa: S608
        here = execute(
            "SELECT id, process FROM owners WHERE machine = ?", (self._machine,)
        ).fetchall()
        dead = [(owner,) for owner, process in here if not _lives(process)]
        self._database.connection.executemany("DELETE FROM owners WHERE id = ?", dead)
        execute("DELETE FROM claims WHERE owner NOT IN (SELECT id FROM owners)")


def _lives(process: int) -> bool:
    """Tell whether a process of this machine lives, or might."""
    if os.name != "posix":
        # There, a signal that only looks is none.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It is another user's.
        return True
    return True


def _this_machine() -> bytes:
    """Give what tells this machine, since it was started, from all others.

    Containers of one machine count their processes apart, so each is one of its own.
    """
    parts = [platform.node()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii"))
    with suppress(OSError):
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()
