"""Taking stock, verifying, pruning; and that no setting is ever stored."""

import sqlite3
from contextlib import closing, suppress

import pytest
from attrs import evolve

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.judging.store.database import Database
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.spending import Spending
from rubricdsl.judging.store.upkeep import (
    holdings,
    prune,
    stored_verdicts,
    verify,
)
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Capabilities, Usage
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.ruling import NO, Ruling


@pytest.fixture
def path(tmp_path):
    return tmp_path / "verdicts.sqlite"


@pytest.fixture
def filled(path, key, verdict):
    """Give a store of six verdicts by two judges, one day apart."""
    with VerdictStore.open(path) as store:
        for day in range(6):
            one = key(f"r{day // 2}", f"q{day}", f"j{day % 2}")
            given = verdict(one)
            origin = evolve(given.provenance, judge=f"m{day % 2}")
            tokens = Usage(prompt_tokens=100, completion_tokens=day)
            given = evolve(given, at=day * 86_400.0, provenance=origin)
            store.add(one, given, tokens=tokens, characters=400)
    with closing(Database.open(path)) as database:
        yield database


def days(database):
    """Give the days of the verdicts that are there."""
    times = [verdict.at for _, verdict in stored_verdicts(database)]
    return sorted(at / 86_400 for at in times if at is not None)


def test_holdings(filled, path):
    held = holdings(filled)
    assert (held.verdicts, held.responses, held.claims) == (6, 3, 0)
    assert (held.oldest, held.newest) == (0.0, 5 * 86_400.0)
    assert held.size >= path.stat().st_size > 0
    zero, one = held.judges
    assert (zero.name, zero.verdicts, one.name, one.verdicts) == ("m0", 3, "m1", 3)
    assert zero.spending == Spending(
        requests=3, prompt_tokens=300, completion_tokens=6, characters=1200
    )
    assert one.spending.completion_tokens == 9


def test_spending_adds_up_over_processes_and_takes_no_nonsense(path, key, verdict):
    judge = key().judge
    with VerdictStore.open(path) as store, VerdictStore.open(path) as other:
        tokens = Usage(prompt_tokens=5, completion_tokens=1)
        store.spend(judge, tokens, characters=20, seconds=1.5)
        assert store.spending()[judge].prompt_tokens == 5
        assert not other.spending()
        store.commit()
        other.add(key(), verdict(key()), tokens=Usage(prompt_tokens=7))
        other.spend(
            judge, Usage(prompt_tokens=-3, completion_tokens=10**40), seconds=-1.0
        )
        assert other.spending()[judge].prompt_tokens == 12
        other.commit()
        other.commit()
        assert store.spending() == {
            judge: Spending(
                requests=3,
                prompt_tokens=12,
                completion_tokens=10**10 + 1,
                characters=20,
                timed=2,
                seconds=1.5,
            )
        }


def test_verdicts_are_given_in_the_order_of_their_keys(path, key, verdict):
    keys = [key(f"r{n % 5}", f"q{n}", f"j{n % 3}") for n in range(30)]
    with VerdictStore.open(path) as store:
        for one in keys:
            store.add(one, verdict(one, Ruling.level(3)))
    with closing(Database.open(path)) as database:
        found = list(stored_verdicts(database))
    assert [one for one, _ in found] == sorted(keys)
    assert all(v == verdict(k, Ruling.level(3)) for k, v in found)


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ({"judge": "m0"}, [1, 3, 5]),
        ({"judge": "nobody"}, [0, 1, 2, 3, 4, 5]),
        ({"before": 3 * 86_400.0}, [3, 4, 5]),
        ({"keep": 2}, [4, 5]),
        ({"keep": 100}, [0, 1, 2, 3, 4, 5]),
        ({"judge": "m1", "before": 5 * 86_400.0, "keep": 1}, [0, 2, 3, 4, 5]),
        ({}, []),
    ],
)
def test_prune(filled, choice, left):
    told = prune(filled, **choice, dry_run=True)
    assert days(filled) == [0, 1, 2, 3, 4, 5]
    assert prune(filled, **choice) == told
    assert (told.gone, told.left) == (6 - len(left), len(left))
    assert days(filled) == left
    assert holdings(filled).responses == len({day // 2 for day in left})
    assert filled.compact()
    assert verify(filled) == []
    # What was spent was spent.
    assert sum(j.spending.requests for j in holdings(filled).judges) == 6


def test_a_verdict_without_a_time_counts_as_old(path, key, verdict):
    given = verdict(key())
    with VerdictStore.open(path) as store:
        store.add(key(), evolve(given, at=None))
    with closing(Database.open(path)) as database:
        assert prune(database, before=1.0).gone == 1


def test_an_open_store_goes_on_after_a_prune_by_another_process(path, key, verdict):
    with VerdictStore.open(path) as store:
        store.add(key(), verdict(key()))
        store.commit()
        with closing(Database.open(path)) as database:
            assert prune(database).gone == 1
            assert database.compact()
        assert not store.known(key().response)
        # Another response takes the number that the first had.
        late = key("r9")
        store.add(late, verdict(late, NO))
        store.add(key(), verdict(key(), NO))
        store.commit()
        assert store.known(late.response)[late[1:]].ruling == NO
        assert store.known(key().response)[key()[1:]].ruling == NO
    with closing(Database.open(path)) as database:
        assert verify(database) == []


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("UPDATE verdicts SET word = 9", "no ruling: word 9"),
        ("UPDATE verdicts SET word = 'yes'", "no ruling: word 'yes'"),
        ("UPDATE verdicts SET word = 4", "no ruling: word 4, number None"),
        ("UPDATE verdicts SET word = 4, number = 9e999", "must be finite"),
        ("UPDATE verdicts SET probability = 1.5", "the probability is 1.5"),
        ("UPDATE verdicts SET at = 9e999", "the time is inf"),
        ("UPDATE verdicts SET evidence = x'ff'", "a text is none"),
        ("UPDATE verdicts SET reason = 7", "a text is none: 7"),
        ("UPDATE verdicts SET question = 'short'", "a key that is none"),
        ("UPDATE responses SET digest = x'00' WHERE id = 1", "a key that is none"),
        ("UPDATE judges SET name = x'ff'", "a text is none"),
        ("DELETE FROM judges", "`verdicts` refers to one that is not there"),
    ],
)
def test_verify_finds(filled, key, damage, problem):
    assert verify(filled) == []
    filled.connection.execute(damage)
    assert any(problem in found for found in verify(filled))
    # Nobody is given such a verdict, and nobody's run ends in a traceback.
    store = VerdictStore(filled, lambda: 0.0)
    with suppress(RubricError):
        known = [store.known(key(f"r{n}").response) for n in range(3)]
        assert "key" in problem
        assert len(known) == 3
    with pytest.raises(RubricError, match="D502"):
        list(stored_verdicts(filled))


def test_verify_tells_of_a_torn_file(path, key, verdict):
    with VerdictStore.open(path) as store:
        for n in range(400):
            one = key(f"r{n}")
            store.add(one, verdict(one, reason="why " * 50))
    data = bytearray(path.read_bytes())
    for page in range(5, len(data) // 4096 - 1):
        data[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    path.write_bytes(data)
    with closing(Database.open(path)) as database:
        problems = verify(database)
        assert problems
        assert len(problems) <= 100
        with pytest.raises(RubricError, match="D502"):
            list(stored_verdicts(database))


class Backend:
    """A judge that is never asked."""

    capabilities = Capabilities()
    template = digest("template")


def test_no_setting_is_stored(path, verdict):
    settings = JudgeSettings(
        backend="openai",
        model="m",
        options={
            "base_url": "http://address.example/v1",
            "api_key_env": "VARIABLE_WITH_KEY",
            "api_key": "value-of-the-key",
        },
    )
    judge = Judge(
        settings=settings,
        backend=Backend(),  # type: ignore[arg-type]
        timeout=1,
        concurrency=1,
        distribution="d",
    )
    (seat,) = Panel(members=(judge,), instructions="Be kind to the poet.").seats
    key = VerdictKey(digest("r"), digest("q"), digest(seat.manner, Backend.template))
    given = verdict(key)
    origin = evolve(
        given.provenance, settings=seat.manner, judge=judge.name, template="t"
    )
    with VerdictStore.open(path) as store:
        store.add(key, evolve(given, provenance=origin), tokens=Usage(prompt_tokens=1))
    stored = path.read_bytes()
    assert b"openai:m" in stored
    for secret in (*settings.options.values(), "Be kind", *settings.options):
        assert str(secret).encode() not in stored


def test_a_closed_store_is_a_fault_of_the_caller(path):
    store = VerdictStore.open(path)
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.known(digest("r"))
