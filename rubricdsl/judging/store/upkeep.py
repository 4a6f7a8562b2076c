"""What a store holds, whether it is sound, and throwing old verdicts away."""

import math
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.store.database import Database, Row
from rubricdsl.judging.store.editions import edition
from rubricdsl.judging.store.records import (
    DIGEST_BYTES,
    StoredJudge,
    Text,
    VerdictKey,
    pack_digest,
    pack_text,
    unpack_ruling,
    unpack_text,
    unpack_verdicts,
)
from rubricdsl.judging.store.spending import Spending, read_spending
from rubricdsl.model.judgement import Verdict

# In an order that does not depend on which answer came first.
_ROWS = """\
SELECT responses.digest, question, judges.digest, judges.name, settings, template,
    word, number, probability, at, models.name, evidence, reason
FROM verdicts
LEFT JOIN responses ON responses.id = response
LEFT JOIN judges ON judges.id = judge
LEFT JOIN models ON models.id = model
ORDER BY responses.digest, question, judges.digest"""
_JUDGES = """\
SELECT name, count(verdicts.word), digest FROM judges
LEFT JOIN verdicts ON verdicts.judge = judges.id GROUP BY judges.id"""
# Among those that would go, the newest stay; what has no time is oldest.
_CHOICE = """\
FROM verdicts WHERE (response, question, judge) IN (
    SELECT response, question, judge FROM verdicts
    WHERE (:judge IS NULL OR judge IN (SELECT id FROM judges WHERE name = :judge))
    AND (:before IS NULL OR at IS NULL OR at < :before)
    ORDER BY at DESC, response, question, judge LIMIT -1 OFFSET :keep
)"""
_MOST_PROBLEMS = 100
_DIGEST_BYTES = 16


@frozen(kw_only=True)
class JudgeHolding:
    """What a store holds of one judge, by its name in results."""

    name: str
    verdicts: int
    spending: Spending


@frozen(kw_only=True)
class Holdings:
    """What a store holds; times are seconds since the epoch, ``size`` is in bytes.

    ``claims`` counts the questions that are being asked; those already answered are
    among them until others that were claimed together are answered, too.
    """

    edition: int
    size: int
    verdicts: int
    responses: int
    claims: int
    oldest: float | None
    newest: float | None
    judges: tuple[JudgeHolding, ...]


def holdings(database: Database) -> Holdings:
    """Take stock.  Raises RubricError as `Database.fetch`."""
    ((verdicts, oldest, newest),) = database.fetch(
        "SELECT count(*), min(at), max(at) FROM verdicts"
    )
    ((responses,),) = database.fetch("SELECT count(*) FROM responses")
    ((claimed,),) = database.fetch("SELECT total(length(question)) FROM claims")
    return Holdings(
        edition=edition(database.connection),
        size=size_of(database.path),
        verdicts=verdicts,
        responses=responses,
        claims=int(claimed) // DIGEST_BYTES,
        oldest=oldest,
        newest=newest,
        judges=_judges(database),
    )


def size_of(path: Path) -> int:
    """Give the bytes that a store takes on disk, with its log."""
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _judges(database: Database) -> tuple[JudgeHolding, ...]:
    spent = read_spending(database)
    counts: dict[str, int] = {}
    sums: dict[str, Spending] = {}
    for text, count, digest in database.fetch(_JUDGES):
        name = unpack_text(text)
        counts[name] = counts.get(name, 0) + count
        sums[name] = sums.get(name, Spending()) + spent.get(digest.hex(), Spending())
    return tuple(
        JudgeHolding(name=name, verdicts=counts[name], spending=sums[name])
        for name in sorted(counts)
    )


def stored_verdicts(database: Database) -> Iterator[tuple[VerdictKey, Verdict]]:
    """Give every verdict with its key, in the order of the keys.

    Raises RubricError (D502) where the file is damaged; `verify` says how.
    """
    for row in database.iterate(_ROWS):
        try:
            pair = _unpack(row)
        except (AttributeError, TypeError, ValueError) as error:
            raise database.damaged(error) from error
        yield pair


def _unpack(row: Row) -> tuple[VerdictKey, Verdict]:
    response, question, judge, name, settings, template, *rest = row
    key = VerdictKey(*(digest.hex() for digest in (response, question, judge)))
    stored = StoredJudge(key.judge, *map(unpack_text, (name, settings, template)))
    word, number, probability, at, model, evidence, reason = rest
    models = {} if model is None else {model: unpack_text(model)}
    found: dict[tuple[str, str], Verdict] = {}
    unpack_verdicts(
        key.response,
        [(question, 0, word, number, probability, at, model, evidence, reason)],
        {0: stored},
        models,
        found,
    )
    (verdict,) = found.values()
    for digest in key:
        pack_digest(digest)
    return key, verdict


def verify(database: Database) -> list[str]:
    """Give a sentence for each thing that is wrong, 100 at most; none if all is well.

    Looks at the file as SQLite sees it, and at every field of every verdict.
    """
    problems: list[str] = []
    for problem in _problems(database):
        problems.append(problem)
        if len(problems) >= _MOST_PROBLEMS:
            break
    return problems


def _problems(database: Database) -> Iterator[str]:
    try:
        for (word,) in database.fetch(f"PRAGMA integrity_check({_MOST_PROBLEMS})"):
            if word != "ok":
                yield f"the file is damaged: {word}"
        for table, *_ in database.fetch("PRAGMA foreign_key_check"):
            yield f"a row of `{table}` refers to one that is not there"
        for row in database.iterate(_ROWS):
            digests, fields = row[:3], row[3:]
            if any(not _is_digest(digest) for digest in digests):
                yield f"a verdict has a key that is none: {digests!r}"
                continue
            where = "/".join(digest.hex() for digest in digests)
            for problem in _wrong_fields(fields):
                yield f"verdict {where}: {problem}"
    except RubricError as error:
        yield from (diagnostic.message for diagnostic in error.diagnostics)


def _is_digest(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == _DIGEST_BYTES


def _wrong_fields(fields: tuple[object, ...]) -> Iterator[str]:
    name, settings, template, word, number, probability, at, *texts = fields
    if not isinstance(word, int) or not isinstance(number, float | None):
        yield f"no ruling: word {word!r}, number {number!r}"
    else:
        try:
            unpack_ruling(word, number)
        except ValueError as error:
            yield str(error)
    if probability is not None and not (
        isinstance(probability, float) and 0.0 <= probability <= 1.0
    ):
        yield f"the probability is {probability!r}"
    if at is not None and not (isinstance(at, float) and math.isfinite(at)):
        yield f"the time is {at!r}"
    texts += [text if text is not None else 0 for text in (name, settings, template)]
    for text in texts:
        if text is not None and not _is_text(text):
            yield f"a text is none: {text!r}"


def _is_text(value: object) -> bool:
    if not isinstance(value, Text):
        return False
    try:
        unpack_text(value)
    except UnicodeDecodeError:
        return False
    return True


@frozen(kw_only=True)
class Pruned:
    """How many verdicts went (or would go), and how many are left."""

    gone: int
    left: int


def prune(
    database: Database,
    *,
    judge: str | None = None,
    before: float | None = None,
    keep: int = 0,
    dry_run: bool = False,
) -> Pruned:
    """Delete verdicts of the judge of that name, from before that time; or all.

    The ``keep`` newest of those stay; a verdict without a time counts as old.  What
    was spent stays counted.

    Raises:
        RubricError: D501 or D504 where it cannot be written; then nothing is gone.
    """
    name = None if judge is None else pack_text(judge)
    choice = {"judge": name, "before": before, "keep": keep}
    ((all_of_them,),) = database.fetch("SELECT count(*) FROM verdicts")
    if dry_run:
        ((gone,),) = database.fetch(f"SELECT count(*) {_CHOICE}", choice)
        return Pruned(gone=gone, left=all_of_them - gone)
    with database.transaction() as connection:
        gone = connection.execute(f"DELETE {_CHOICE}", choice).rowcount
        # Judges and models stay, since open stores remember their numbers; those of
        # responses are looked up in each transaction.
        connection.execute(
            "DELETE FROM responses WHERE id NOT IN (SELECT response FROM verdicts)"
        )
        ((left,),) = connection.execute("SELECT count(*) FROM verdicts").fetchall()
    return Pruned(gone=gone, left=left)
