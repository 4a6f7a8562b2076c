"""What the verdict store takes, beside plain SQLite tables in the same run.

100,000 verdicts: 5,000 responses with 20 questions each, written 1,000 a commit and
looked up a response at a time.  The yardsticks are a table keyed by the text of the
key that holds JSON, as one would write it in five minutes, asked for one key at a
time, and an append-only log that is read into a dictionary.  The clients run in turn
in each round; printed are medians with their spread, ratios first, since times alone
carry over to no other machine.  Run it with ``python tests/benchmarks/store.py``.
"""

import argparse
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from attrs import frozen

from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.ruling import NO, YES

QUESTIONS = 20
BATCH = 1_000

Item = tuple[VerdictKey, Verdict]


@frozen
class Cost:
    """CPU and wall seconds of one stage."""

    cpu: float
    wall: float


@frozen
class Costs:
    """What one client took to write, reopen, and look everything up; and its bytes."""

    write: Cost
    reopen: Cost
    look_up: Cost
    size: int


def timed(work: Callable[[], object]) -> Cost:
    """Run something once."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def items(count: int) -> list[Item]:
    """Make verdicts as a judge with evidence gives them."""
    judge = digest("judge")
    questions = [digest("question", n) for n in range(QUESTIONS)]
    made: list[Item] = []
    for place in range(count // QUESTIONS):
        response = digest("response", place)
        for n, question in enumerate(questions):
            origin = Provenance(
                judge="openai:gpt-4.1-mini",
                response=response,
                settings=judge,
                template=judge,
                model="gpt-4.1-mini-2025-04-14",
            )
            verdict = Verdict(
                ruling=YES if n % 3 else NO,
                probability=0.93,
                evidence="a quote of some forty characters or so",
                at=1.7e9 + place,
                provenance=origin,
            )
            made.append((VerdictKey(response, question, judge), verdict))
    return made


# ------------------------------------------------------------------ the store


def ours(path: Path, data: Sequence[Item], responses: Sequence[str]) -> Costs:
    """Use the store as the engine does."""
    store = VerdictStore.open(path)

    def write() -> None:
        for start in range(0, len(data), BATCH):
            for key, verdict in data[start : start + BATCH]:
                store.add(key, verdict)
            store.commit()
        store.close()

    def look_up() -> None:
        found = sum(len(store.known(response)) for response in responses)
        assert found == len(data), found

    written = timed(write)
    size = path.stat().st_size

    def reopen() -> None:
        nonlocal store
        store = VerdictStore.open(path)
        assert store.known(data[0][0].response)

    reopened = timed(reopen)
    looked_up = timed(look_up)
    store.close()
    return Costs(written, reopened, looked_up, size)


def claims(path: Path, data: Sequence[Item]) -> Cost:
    """Claim, add and commit a response's questions at a time, with what was spent."""
    tokens = Usage(prompt_tokens=300, completion_tokens=5)

    def run() -> None:
        with VerdictStore.open(path) as store:
            for start in range(0, len(data), QUESTIONS):
                part = data[start : start + QUESTIONS]
                assert len(store.claim([key for key, _ in part])) == len(part)
                for key, verdict in part:
                    store.add(key, verdict, tokens=tokens, characters=1200)
                store.commit()

    return timed(run)


# -------------------------------------------------------------- the yardsticks


def _plain(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _document(verdict: Verdict) -> str:
    origin = verdict.provenance
    return json.dumps(
        [str(verdict.ruling), verdict.probability, verdict.evidence, origin.judge,
         origin.model, verdict.at]
    )  # fmt: skip


def keyed(path: Path, data: Sequence[Item], keys: Sequence[VerdictKey]) -> Costs:
    """Use a table keyed by text."""
    connection = _plain(path)
    connection.execute("CREATE TABLE v (key TEXT PRIMARY KEY, value TEXT)")
    return _measured(path, connection, data, keys)


def logged(path: Path, data: Sequence[Item], keys: Sequence[VerdictKey]) -> Costs:
    """Use a log that is read into a dictionary when it is opened."""
    connection = _plain(path)
    connection.execute("CREATE TABLE v (key TEXT, value TEXT)")
    return _measured(path, connection, data, keys, in_memory=True)


def _measured(
    path: Path,
    connection: sqlite3.Connection,
    data: Sequence[Item],
    keys: Sequence[VerdictKey],
    *,
    in_memory: bool = False,
) -> Costs:
    held: dict[str, str] = {}

    def write() -> None:
        for start in range(0, len(data), BATCH):
            rows = [("".join(k), _document(v)) for k, v in data[start : start + BATCH]]
            connection.execute("BEGIN")
            connection.executemany("INSERT OR IGNORE INTO v VALUES (?, ?)", rows)
            connection.execute("COMMIT")
        connection.close()

    def reopen() -> None:
        nonlocal connection
        connection = _plain(path)
        if in_memory:
            held.update(connection.execute("SELECT key, value FROM v"))
        else:
            connection.execute("SELECT value FROM v LIMIT 1").fetchone()

    def look_up() -> None:
        query = "SELECT value FROM v WHERE key = ?"
        for key in keys:
            name = "".join(key)
            if in_memory:
                text = held[name]
            else:
                (text,) = connection.execute(query, (name,)).fetchone()
            json.loads(text)

    written = timed(write)
    size = path.stat().st_size
    reopened, looked_up = timed(reopen), timed(look_up)
    connection.close()
    return Costs(written, reopened, looked_up, size)


# ----------------------------------------------------------------- measurement


def _spread(values: Sequence[float], form: str = ".2f") -> str:
    middle = statistics.median(values)
    return f"{middle:{form}} [{min(values):{form}}, {max(values):{form}}]"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--verdicts", type=int, default=100_000)
    options = parser.parse_args()
    data = items(options.verdicts)
    draw = random.Random(0)  # noqa: S311 - an order, no secret
    keys = [key for key, _ in data]
    draw.shuffle(keys)
    responses = list(dict.fromkeys(key.response for key in keys))
    runs: dict[str, list[Costs]] = {"store": [], "keyed table": [], "log": []}
    with_claims: list[Cost] = []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            runs["keyed table"].append(keyed(path / "keyed", data, keys))
            runs["log"].append(logged(path / "log", data, keys))
            runs["store"].append(ours(path / "store", data, responses))
            with_claims.append(claims(path / "claims", data))
        sys.stderr.write(f"round {number + 1} of {options.rounds}\n")
    _report(runs, with_claims, len(data))
    with tempfile.TemporaryDirectory() as folder:
        _report_sizes(Path(folder), data)


def _report(
    runs: dict[str, list[Costs]], with_claims: Sequence[Cost], count: int
) -> None:
    def print_ratio(name: str, of: Callable[[Costs], float], base: str) -> None:
        pairs = zip(runs[base], runs["store"], strict=True)
        print(
            f"  {name}, store over {base}: {_spread([of(a) / of(b) for a, b in pairs])}"
        )

    print(f"{count} verdicts, {len(with_claims)} rounds; speed as a ratio (CPU)")
    for base in ("keyed table", "log"):
        print_ratio("written", lambda costs: costs.write.cpu, base)
        print_ratio("looked up", lambda costs: costs.look_up.cpu, base)
    print("a second of CPU, in thousands")
    for name, costs in runs.items():
        writes = [count / c.write.cpu / 1e3 for c in costs]
        finds = [count / c.look_up.cpu / 1e3 for c in costs]
        print(f"  {name}: written {_spread(writes, '.0f')}, ", end="")
        print(f"looked up {_spread(finds, '.0f')}")
    claimed = [count / c.cpu / 1e3 for c in with_claims]
    print(f"  store, 20 a commit with claims and tokens: {_spread(claimed, '.0f')}")
    print("a second by the clock, in thousands")
    for name, costs in runs.items():
        writes = [count / c.write.wall / 1e3 for c in costs]
        finds = [count / c.look_up.wall / 1e3 for c in costs]
        print(f"  {name}: written {_spread(writes, '.0f')}, ", end="")
        print(f"looked up {_spread(finds, '.0f')}")
    print("seconds to reopen")
    for name, costs in runs.items():
        print(f"  {name}: {_spread([c.reopen.wall for c in costs], '.3f')}")
    print("bytes a verdict")
    for name, costs in runs.items():
        print(f"  {name}: {costs[0].size / count:.0f}")


def _report_sizes(folder: Path, data: Sequence[Item]) -> None:
    """Show what the ways of ordering rows take, for the layout that was chosen."""
    columns = "question BLOB, judge INTEGER, word INTEGER, number REAL, "
    columns += "probability REAL, at REAL, model INTEGER, evidence, reason"
    key = "(response, question, judge)"
    layouts = {
        "clustered by digest": f"CREATE TABLE v (response BLOB, {columns}, "
        f"PRIMARY KEY {key}) WITHOUT ROWID",
        "clustered by number": f"CREATE TABLE v (response INTEGER, {columns}, "
        f"PRIMARY KEY {key}) WITHOUT ROWID",
        "log with an index": f"CREATE TABLE v (response BLOB, {columns}, UNIQUE {key})",
    }
    print(
        "bare tables of the same rows: thousands written a second of CPU, bytes a row"
    )
    numbers: dict[str, int] = {}
    rows = []
    for of, verdict in data:
        number = numbers.setdefault(of.response, len(numbers))
        fields = (1, 1, None, verdict.probability, verdict.at, 1)
        rows.append((of, number, (*fields, verdict.evidence, None)))
    for name, schema in layouts.items():
        path = folder / name.replace(" ", "-")
        with closing(_plain(path)) as connection:
            connection.execute(schema)
            cost = timed(lambda: _fill(connection, rows, "number" in name))  # noqa: B023
        rate = len(rows) / cost.cpu / 1e3
        print(f"  {name}: {rate:.0f}, {os.path.getsize(path) / len(rows):.0f}")  # noqa: PTH202


def _fill(
    connection: sqlite3.Connection,
    rows: Sequence[tuple[VerdictKey, int, tuple[object, ...]]],
    by_number: bool,  # noqa: FBT001 - which of two layouts
) -> None:
    for start in range(0, len(rows), BATCH):
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT OR IGNORE INTO v VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    number if by_number else bytes.fromhex(key.response),
                    bytes.fromhex(key.question),
                    *fields,
                )
                for key, number, fields in rows[start : start + BATCH]
            ],
        )
        connection.execute("COMMIT")


if __name__ == "__main__":
    main()
