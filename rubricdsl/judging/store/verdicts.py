"""The verdict store as the engine uses it: look up, claim, add, commit.

What was added can be looked up at once in this process, and in all others after the
commit.  Calls block, for microseconds as a rule, and belong on one thread.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from attrs import evolve

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.store.claims import Claims
from rubricdsl.judging.store.database import Database, Durability, Row
from rubricdsl.judging.store.records import (
    StoredJudge,
    VerdictKey,
    check_storable,
    pack_digest,
    pack_text,
    pack_verdict,
    unpack_text,
    unpack_verdicts,
)
from rubricdsl.judging.store.spending import (
    Spending,
    read_spending,
    write_spending,
)
from rubricdsl.model.judgement import Usage, Verdict
from rubricdsl.model.protocols import Clock

# How long what was committed may wait for the disk, in seconds.
_SYNC_EVERY = 1.0

# As SQLite counts.
_SYNCHRONOUS_FULL = 2

_KNOWN = """\
SELECT question, judge, word, number, probability, at, model, evidence, reason
FROM verdicts WHERE response = (SELECT id FROM responses WHERE digest = ?)"""
# The first verdict stays: whoever has read it goes on with it.
_ADD = """\
INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (response, question, judge) DO NOTHING"""


class VerdictStore:
    """Verdicts by key, shared by processes and kept for later runs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._synced = clock()
        self._claims = Claims(database, clock)
        self._buffer: dict[str, dict[tuple[str, str], Verdict]] = {}
        self._spending: dict[str, Spending] = {}
        # Rows of these tables are never deleted, so what is known of them stays true.
        self._judges: dict[int, StoredJudge] = {}
        self._judge_ids: dict[str, int] = {}
        self._models: dict[int, str] = {}
        self._model_ids: dict[str, int] = {}

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        durability: Durability = Durability.NORMAL,
        clock: Clock = time.time,
    ) -> Self:
        """Open the store at ``path``; a new one is made.

        ``clock`` gives seconds since the epoch.

        Raises:
            RubricError: D501 to D504 where it cannot be had; see `Database.open`.
        """
        return cls(Database.open(path, durability=durability), clock)

    @property
    def path(self) -> Path:
        """Where the store is."""
        return self._database.path

    @property
    def is_durable(self) -> bool:
        """Whether each commit outlives a power cut."""
        ((level,),) = self._database.fetch("PRAGMA synchronous", ())
        return bool(level == _SYNCHRONOUS_FULL)

    # ---------------------------------------------------------------- verdicts

    def known(self, response: str) -> Mapping[tuple[str, str], Verdict]:
        """Give all verdicts about what is seen, by the digests of question and judge.

        They are ``cached``: nobody was asked for them.

        Raises:
            RubricError: D502 or D504 where the file cannot be read.
        """
        found: dict[tuple[str, str], Verdict] = {}
        for pair, verdict in self._buffer.get(response, {}).items():
            found[pair] = evolve(verdict, cached=True)
        rows = self._database.fetch(_KNOWN, (pack_digest(response),))
        try:
            self._unpack(response, rows, found)
        except RubricError:
            raise
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise self._database.damaged(error) from error
        return found

    def reading(self) -> AbstractContextManager[None]:
        """Look up many things in the block, in less time than one by one.

        What other processes commit meanwhile may not be seen until the block ends or
        this process writes.

        Raises:
            RubricError: as `known`.
        """
        return self._database.reading()

    def add(
        self,
        key: VerdictKey,
        verdict: Verdict,
        *,
        tokens: Usage | None = None,
        characters: int = 0,
    ) -> None:
        """Take a verdict in; the next commit writes it.

        One that the store has already under this key stays.  ``tokens`` and
        ``characters`` are those of the request that brought it; where it brought
        several, they go with one of them.

        Raises:
            ValueError: for what must not be stored; see `check_storable`.
        """
        check_storable(key, verdict)
        pack_digest(key.question)
        if key.response not in self._buffer:
            pack_digest(key.response)
        if key.judge not in self._judge_ids:
            pack_digest(key.judge)
        about = self._buffer.setdefault(key.response, {})
        about.setdefault((key.question, key.judge), verdict)
        if tokens is not None:
            self.spend(key.judge, tokens, characters=characters)

    def commit(self) -> None:
        """Write what was added: from now on it outlives this process.

        Claims on it are free then.  About once a second everything is made to outlive
        a power cut, too.

        Raises:
            RubricError: D501, D502 or D504 where it cannot be written.  What was added
                is then still there, for the next commit.
        """
        if self._buffer or self._spending:
            answered = self._buffered_keys() if self._claims.are_held else []
            try:
                with self._database.transaction():
                    self._write()
                    self._claims.free(answered)
            except BaseException:
                # They may have got their numbers in what was just undone.
                self._judge_ids.clear()
                self._model_ids.clear()
                raise
            self._buffer.clear()
            self._spending.clear()
            self._claims.forget(answered)
        self._sync_when_due()

    # ------------------------------------------------------------------ claims

    def claim(self, keys: Iterable[VerdictKey]) -> frozenset[VerdictKey]:
        """Claim keys that one is about to ask for, and give those that were granted.

        For each of the others there is a verdict by now, or another process asks for
        it: look it up again.  A claim ends with the verdict's commit, with `release`,
        or 10 seconds after the last `heartbeat` of its owner.

        Raises:
            RubricError: as `commit`; nothing is granted then.
        """
        return self._claims.claim(
            key for key in keys if key[1:] not in self._buffer.get(key.response, {})
        )

    def release(self, keys: Iterable[VerdictKey]) -> None:
        """Give claims back for which there will be no verdict."""
        self._claims.release(keys)

    def heartbeat(self) -> None:
        """Renew the claims, and sync what was committed; call it every second or so.

        Raises:
            RubricError: as `commit`.
        """
        self._claims.heartbeat()
        self._sync_when_due()

    # ---------------------------------------------------------------- spending

    def spend(
        self,
        judge: str,
        tokens: Usage,
        *,
        characters: int = 0,
        seconds: float | None = None,
    ) -> None:
        """Count a request to a judge, by its digest; the next commit writes it.

        ``seconds`` are how long it took, where that was measured.

        Raises:
            ValueError: if ``judge`` is no digest.
        """
        spent = self._spending.get(judge)
        if spent is None:
            pack_digest(judge)
            spent = self._spending[judge] = Spending()
        spent.count(tokens, characters=characters, seconds=seconds)

    def spending(self) -> Mapping[str, Spending]:
        """Give what all runs together have spent, by the digest of the judge.

        Raises:
            RubricError: as `known`.
        """
        spent = read_spending(self._database)
        for judge, more in self._spending.items():
            spent[judge] = spent.get(judge, Spending()) + more
        return spent

    # ------------------------------------------------------------------ ending

    def close(self) -> None:
        """Commit, release all claims, and close the file whatever comes of that.

        Raises:
            RubricError: as `commit`.
        """
        try:
            self.commit()
            self._claims.end()
            self._database.sync()
        finally:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ----------------------------------------------------------------- writing

    def _write(self) -> None:
        connection = self._database.connection
        self._number_judges_and_models()
        rows: list[tuple[object, ...]] = []
        for response, about in self._buffer.items():
            place = self._number("responses", "digest", pack_digest(response))
            for (question, judge), verdict in about.items():
                if verdict.ruling is None:
                    continue
                name = verdict.provenance.model
                model = None if name is None else self._model_ids[name]
                row = pack_verdict(verdict.ruling, verdict, model)
                judge_id = self._judge_ids[judge]
                rows.append((place, pack_digest(question), judge_id, *row))
        connection.executemany(_ADD, rows)
        write_spending(self._database, self._spending)

    def _buffered_keys(self) -> list[VerdictKey]:
        return [
            VerdictKey(response, *pair)
            for response, about in self._buffer.items()
            for pair in about
        ]

    def _number_judges_and_models(self) -> None:
        for about in self._buffer.values():
            for (_, judge), verdict in about.items():
                provenance = verdict.provenance
                if judge not in self._judge_ids:
                    self._judge_ids[judge] = self._number(
                        "judges",
                        "digest, name, settings, template",
                        pack_digest(judge),
                        pack_text(provenance.judge),
                        pack_text(provenance.settings),
                        pack_text(provenance.template),
                    )
                model = provenance.model
                if model is not None and model not in self._model_ids:
                    number = self._number("models", "name", pack_text(model))
                    self._model_ids[model] = number

    def _number(self, table: str, columns: str, *values: object) -> int:
        """Give the number of a row whose first column is its identity."""
        execute = self._database.connection.execute
        identity, *_ = columns.split(",")
        find = f"SELECT id FROM {table} WHERE {identity} = ?"  # noqa: S608 - ours
        found = execute(find, values[:1]).fetchone()
        if found is None:
            marks = ", ".join("?" * len(values))
            new = execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608
            found = (new.lastrowid,)
        return int(found[0])

    # ----------------------------------------------------------------- reading

    def _unpack(
        self, response: str, rows: Sequence[Row], found: dict[tuple[str, str], Verdict]
    ) -> None:
        judges, models = self._judges, self._models
        try:
            unpack_verdicts(response, rows, judges, models, found)
        except LookupError:
            self._learn()
            unpack_verdicts(response, rows, judges, models, found)

    def _learn(self) -> None:
        """Read the judges and models that other processes have brought in."""
        for number, digest, *texts in self._database.fetch(
            "SELECT id, digest, name, settings, template FROM judges"
        ):
            name, settings, template = map(unpack_text, texts)
            self._judges[number] = StoredJudge(digest.hex(), name, settings, template)
        for number, name in self._database.fetch("SELECT id, name FROM models"):
            self._models[number] = unpack_text(name)

    def _sync_when_due(self) -> None:
        now = self._clock()
        # A clock that was set back must not put it off.
        if not 0 <= now - self._synced < _SYNC_EVERY:
            self._synced = now
            self._database.sync()
