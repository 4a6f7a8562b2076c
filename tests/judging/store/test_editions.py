"""Files of other editions, and files that are something else."""

import sqlite3
import threading
from contextlib import closing

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.store.database import Database
from rubricdsl.judging.store.editions import (
    CURRENT,
    STEPS,
    edition,
    is_store,
    migrate,
)
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.upkeep import verify
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.judgement import Usage
from rubricdsl.model.ruling import NO, Ruling

# A file of edition 1, as the version that wrote it would have left it.
FIRST_EDITION = """\
PRAGMA journal_mode = WAL;
CREATE TABLE judges (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE,
    name NOT NULL, settings NOT NULL, template NOT NULL);
CREATE TABLE models (id INTEGER PRIMARY KEY, name NOT NULL UNIQUE);
CREATE TABLE responses (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE);
CREATE TABLE verdicts (
    response INTEGER NOT NULL REFERENCES responses, question BLOB NOT NULL,
    judge INTEGER NOT NULL REFERENCES judges, word INTEGER NOT NULL, number REAL,
    probability REAL, at REAL, model INTEGER REFERENCES models, evidence, reason,
    PRIMARY KEY (response, question, judge)) WITHOUT ROWID;
INSERT INTO judges VALUES (7, x'cccccccccccccccccccccccccccccccc',
    'openai:m', 'settings', 'template');
INSERT INTO models VALUES (3, 'm-2025');
INSERT INTO responses VALUES (5, x'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
INSERT INTO verdicts VALUES
    (5, x'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 7, 0, NULL,
        0.25, 1.7e9, 3, 'a quote', NULL),
    (5, x'bdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbd', 7, 4, 3.0,
        NULL, NULL, NULL, NULL, 'a reason');
PRAGMA application_id = 1383424598;
PRAGMA user_version = 1;
"""
KEY = VerdictKey("aa" * 16, "bb" * 16, "cc" * 16)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "verdicts.sqlite"


def write(path, script):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def test_a_file_of_the_first_edition_becomes_current_and_keeps_its_verdicts(path):
    write(path, FIRST_EDITION)
    with VerdictStore.open(path) as store:
        found = store.known(KEY.response)
        verdict = found[KEY[1:]]
        assert (verdict.ruling, verdict.probability) == (NO, 0.25)
        assert (verdict.evidence, verdict.reason) == ("a quote", None)
        origin = verdict.provenance
        assert (origin.judge, origin.model, verdict.at) == ("openai:m", "m-2025", 1.7e9)
        assert found["bd" * 16, KEY.judge].ruling == Ruling.level(3)
        assert found["bd" * 16, KEY.judge].reason == "a reason"
        # What is new since then works, too.
        another = KEY._replace(question="be" * 16)
        assert store.claim([KEY, another]) == {another}
        store.spend(KEY.judge, Usage(prompt_tokens=3))
    database = Database.open(path)
    assert edition(database.connection) == CURRENT
    assert verify(database) == []
    database.close()


@pytest.mark.parametrize("content", [b"", None], ids=["empty file", "no tables"])
def test_a_file_without_tables_becomes_a_store(path, content, key, verdict):
    if content is None:
        write(path, "CREATE TABLE t (x); DROP TABLE t")
    else:
        path.write_bytes(content)
    with VerdictStore.open(path) as store:
        store.add(key(), verdict(key()))
    with VerdictStore.open(path) as store:
        assert store.known(key().response)


def test_a_newer_edition_is_refused_and_left_alone(path):
    VerdictStore.open(path).close()
    write(path, f"PRAGMA user_version = {CURRENT + 1}")
    before = path.read_bytes()
    with pytest.raises(RubricError, match=f"D503 .* edition {CURRENT + 1}") as caught:
        VerdictStore.open(path)
    assert "upgrade" in caught.value.diagnostics[0].hint
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path):
    write(path, "CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')")
    before = path.read_bytes()
    with pytest.raises(RubricError, match="D502 the file is no verdict store"):
        VerdictStore.open(path)
    assert path.read_bytes() == before
    path.unlink()
    write(path, "PRAGMA application_id = 77")
    with pytest.raises(RubricError, match="D502"):
        VerdictStore.open(path)


def test_steps_are_gone_together_or_not_at_all(path):
    write(path, FIRST_EDITION)
    broken = (*STEPS, ("ALTER TABLE verdicts ADD COLUMN late", "no SQL at all"))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, broken)
        connection.execute("ROLLBACK")
        assert edition(connection) == 1
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert ("claims",) not in tables
        # The next edition, as it may be one day, starts from there.
        connection.execute("BEGIN IMMEDIATE")
        migrate(connection, (*STEPS, broken[-1][:1]))
        connection.execute("COMMIT")
        assert edition(connection) == CURRENT + 1
        rows = connection.execute("SELECT word, late FROM verdicts").fetchall()
        assert sorted(rows) == [(0, None), (4, None)]


def test_a_store_that_is_held_is_waited_for_and_then_told(path, key, verdict):
    VerdictStore.open(path).close()
    database = Database.open(path, patience=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RubricError, match="D504"), database.transaction():
            pass
        other.execute("ROLLBACK")
    with database.transaction():
        pass
    database.close()


def test_a_store_that_is_held_for_a_moment_is_waited_for(path, key, verdict):
    with VerdictStore.open(path) as store, VerdictStore.open(path) as other:
        store.add(key(), verdict(key()))
        held = threading.Event()

        def hold() -> None:
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                held.set()
                threading.Event().wait(0.2)
                connection.execute("ROLLBACK")

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        # Reading never waits; writing does.
        assert not other.known(key().response)
        store.commit()
        thread.join()
        assert other.known(key().response)


def test_a_file_that_becomes_a_store_just_now_is_taken_for_one(tmp_path):
    path = tmp_path / "store.sqlite"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(sqlite3.connect(path, isolation_level=None)) as ours,
    ):
        other.execute("PRAGMA journal_mode = WAL").fetchall()

        def make(statement: str) -> None:
            # Whatever was read first, another process makes the store after that.
            if "sqlite_master" in statement and edition(other) == 0:
                other.execute("BEGIN IMMEDIATE")
                migrate(other)
                other.execute("COMMIT")

        ours.set_trace_callback(make)
        assert is_store(ours)
        assert edition(other) == CURRENT
        assert is_store(ours)
