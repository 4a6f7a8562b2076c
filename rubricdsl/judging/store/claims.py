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
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

import attrs

from rubricdsl.judging.store.database import Database
from rubricdsl.judging.store.records import DIGEST_BYTES, VerdictKey, pack_digest
from rubricdsl.model.protocols import Clock

# How long an owner may be silent, in seconds, and how often it speaks.
LEASE = 10.0
_BEAT_EVERY = LEASE / 4

# So many questions stand in one row at most: rows are written anew as a whole.
_MOST_IN_A_ROW = 64

# A time beyond the lease to come was written before a clock was set back.
_LIVING = "SELECT id FROM owners WHERE seen BETWEEN :now - :lease AND :now + :lease"
_BEAT = """\
INSERT INTO owners (id, seen, machine, process)
VALUES (:me, :now, :machine, :process)
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen"""
_ANSWERED = """\
SELECT question, judges.digest FROM verdicts JOIN judges ON judges.id = judge
WHERE response = (SELECT id FROM responses WHERE digest = :response)"""
_OTHERS = f"""\
SELECT question, judge, owner IN ({_LIVING}) FROM claims
WHERE response = :response AND owner <> :me"""  # noqa: S608
_CLAIM = "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)"
_RELEASE = """\
DELETE FROM claims
WHERE response = ? AND question = ? AND judge = ? AND owner = ?"""
_TAKE_OVER = "DELETE FROM claims WHERE response = ? AND question = ? AND judge = ?"


@attrs.define(eq=False)
class _Row:
    """A row of claims: questions about one response to one judge.

    ``questions`` are their digests one after another, as the row holds them; of some
    there may be verdicts by now.  ``open`` are those of which there are none.
    """

    response: bytes
    judge: bytes
    questions: bytes
    open: set[VerdictKey]


class Claims:
    """The claims of one open store; another in the same process is another owner."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._owner = secrets.randbits(62)
        self._machine = _this_machine()
        self._held: dict[VerdictKey, _Row] = {}
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
        wanted: dict[str, dict[VerdictKey, None]] = {}
        for key in keys:
            wanted.setdefault(key.response, {})[key] = None
        rows: list[_Row] = []
        now = self._clock()
        with self._database.transaction() as connection:
            about = {**self._about(now), "lease": LEASE}
            if not self._is_fresh(now):
                connection.execute(_BEAT, about)
            if self._beat_at is None:
                self._sweep(about)
            for response, asked in wanted.items():
                rows += self._rows(pack_digest(response), asked, about)
            granted = {key: row for row in rows for key in row.open}
            again = self._held.keys() & granted.keys()
            left = self._withdraw(again)
            connection.executemany(_CLAIM, map(self._values, rows))
        if not self._is_fresh(now):
            self._beat_at = now
        self._forget_withdrawn(again, left)
        self._held |= granted
        return frozenset(granted)

    def release(self, keys: Iterable[VerdictKey]) -> None:
        """Give claims back, so that others may ask at once."""
        ours = self._held.keys() & set(keys)
        if ours:
            with self._database.transaction():
                left = self._withdraw(ours)
            self._forget_withdrawn(ours, left)

    def heartbeat(self) -> None:
        """Show that the owner lives; call it at least every few seconds.

        Writes only when something is held and the last sign of life is not fresh.
        """
        now = self._clock()
        if self._held and not self._is_fresh(now):
            with self._database.transaction() as connection:
                connection.execute(_BEAT, self._about(now))
            self._beat_at = now

    def free(self, keys: Iterable[VerdictKey]) -> None:
        """Free what was answered within a transaction of the caller.

        `forget` it afterwards.  Rows go when all of them is answered; until then a
        claim beside a verdict changes nothing.
        """
        answered = Counter(self._held[key] for key in keys if key in self._held)
        done = [row for row, count in answered.items() if count == len(row.open)]
        connection = self._database.connection
        connection.executemany(_RELEASE, map(self._values, done))

    def forget(self, keys: Iterable[VerdictKey]) -> None:
        """Hold these no longer."""
        for key in keys:
            row = self._held.pop(key, None)
            if row is not None:
                row.open.discard(key)

    def end(self) -> None:
        """Release everything, and be no owner any more."""
        if self._beat_at is not None:
            with self._database.transaction() as connection:
                owner = (self._owner,)
                connection.execute("DELETE FROM claims WHERE owner = ?", owner)
                connection.execute("DELETE FROM owners WHERE id = ?", owner)
            self._held.clear()
            self._beat_at = None

    def _rows(
        self,
        response: bytes,
        asked: Iterable[VerdictKey],
        about: Mapping[str, float | bytes],
    ) -> Iterator[_Row]:
        """Give the rows for what nobody else has answered, or is asking.

        What the dead hold of it is taken over, a row at a time.
        """
        execute = self._database.connection.execute
        named = {**about, "response": response}
        taken = set(execute(_ANSWERED, named).fetchall())
        for questions, judge, is_alive in execute(_OTHERS, named).fetchall():
            if is_alive:
                taken.update((question, judge) for question in _unpacked(questions))
            else:
                execute(_TAKE_OVER, (response, questions, judge))
        free: dict[bytes, list[VerdictKey]] = {}
        for key in asked:
            judge = pack_digest(key.judge)
            if (pack_digest(key.question), judge) not in taken:
                free.setdefault(judge, []).append(key)
        for judge, ours in free.items():
            for start in range(0, len(ours), _MOST_IN_A_ROW):
                part = ours[start : start + _MOST_IN_A_ROW]
                yield _Row(response, judge, _packed(part), set(part))

    def _withdraw(self, keys: AbstractSet[VerdictKey]) -> Mapping[_Row, bytes]:
        """Take keys out of their rows, and give what these hold then."""
        execute = self._database.connection.execute
        left: dict[_Row, bytes] = {}
        for row in {self._held[key] for key in keys}:
            deleted = execute(_RELEASE, self._values(row)).rowcount
            left[row] = _packed(row.open - keys)
            # Where it is not there any more it was taken over.
            if deleted and left[row]:
                values = (row.response, left[row], row.judge, self._owner)
                execute(_CLAIM, values)
        return left

    def _forget_withdrawn(
        self, keys: Iterable[VerdictKey], left: Mapping[_Row, bytes]
    ) -> None:
        for row, questions in left.items():
            row.questions = questions
        self.forget(keys)

    def _values(self, row: _Row) -> tuple[bytes | int, ...]:
        return (row.response, row.questions, row.judge, self._owner)

    def _is_fresh(self, now: float) -> bool:
        """Whether the last sign of life is so young that no other is needed."""
        return self._beat_at is not None and 0 <= now - self._beat_at < _BEAT_EVERY

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


def _packed(keys: Iterable[VerdictKey]) -> bytes:
    return b"".join([pack_digest(key.question) for key in keys])


def _unpacked(questions: bytes) -> Iterator[bytes]:
    for start in range(0, len(questions), DIGEST_BYTES):
        yield questions[start : start + DIGEST_BYTES]


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
