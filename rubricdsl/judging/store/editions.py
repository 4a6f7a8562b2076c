"""What a store's file looks like, and how one of an earlier edition becomes current.

Editions are counted from 1 (``PRAGMA user_version``); a file without tables is
edition 0.  Step *n* leads from edition *n* to the next, and a file goes its steps in
one transaction: it is of its old edition or of the current one, whatever happens.  A
step that was released is never edited, for files have already gone it.
"""

import sqlite3

# "RubV": tells a store from any other SQLite file.
APPLICATION = 0x52756256

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """\
CREATE TABLE judges (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    name NOT NULL,
    settings NOT NULL,
    template NOT NULL
)""",
        "CREATE TABLE models (id INTEGER PRIMARY KEY, name NOT NULL UNIQUE)",
        # Responses are numbered as they come, so that new verdicts go to the end of
        # the tree of verdicts and those about one response stand side by side.
        "CREATE TABLE responses (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE)",
        """\
CREATE TABLE verdicts (
    response INTEGER NOT NULL REFERENCES responses,
    question BLOB NOT NULL,
    judge INTEGER NOT NULL REFERENCES judges,
    word INTEGER NOT NULL,
    number REAL,
    probability REAL,
    at REAL,
    model INTEGER REFERENCES models,
    evidence,
    reason,
    PRIMARY KEY (response, question, judge)
) WITHOUT ROWID""",
    ),
    (
        # What was spent on each judge's requests, for estimates.
        """\
CREATE TABLE spending (
    judge BLOB PRIMARY KEY,
    requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    characters INTEGER NOT NULL
) WITHOUT ROWID""",
        """\
CREATE TABLE owners (
    id INTEGER PRIMARY KEY,
    seen REAL NOT NULL,
    machine BLOB NOT NULL,
    process INTEGER NOT NULL
)""",
        # By digests and not by numbers: what is claimed has no rows yet.  A question
        # here may be several, their digests one after another.
        """\
CREATE TABLE claims (
    response BLOB NOT NULL,
    question BLOB NOT NULL,
    judge BLOB NOT NULL,
    owner INTEGER NOT NULL,
    PRIMARY KEY (response, question, judge)
) WITHOUT ROWID""",
    ),
    (
        # How long requests took, of those since then.
        "ALTER TABLE spending ADD COLUMN timed INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE spending ADD COLUMN seconds REAL NOT NULL DEFAULT 0",
    ),
)
CURRENT = len(STEPS)


def edition(connection: sqlite3.Connection) -> int:
    """Give the edition of the open file."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


def is_store(connection: sqlite3.Connection) -> bool:
    """Tell whether the open file is a store, or so empty that it may become one."""
    # In one transaction, for another process may be making it a store just now.
    connection.execute("BEGIN")
    try:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
    finally:
        connection.execute("ROLLBACK")
    return application == APPLICATION or (application, tables) == (0, 0)


def migrate(
    connection: sqlite3.Connection, steps: tuple[tuple[str, ...], ...] = STEPS
) -> None:
    """Bring the open file to the current edition, within a transaction of the caller.

    Does nothing to a file that is there already.
    """
    for step in steps[edition(connection) :]:
        for statement in step:
            connection.execute(statement)
    # Pragmas take no parameters.
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {len(steps)}")
