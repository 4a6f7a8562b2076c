"""Two processes never ask the same question at the same time."""

import multiprocessing
import os
import random
import signal
import time
from contextlib import closing
from multiprocessing.queues import Queue
from pathlib import Path

import pytest
from attrs import define

from rubricdsl.judging.store.claims import LEASE
from rubricdsl.judging.store.database import Database
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.protocols import Clock
from rubricdsl.model.ruling import YES

SPAWN = multiprocessing.get_context("spawn")


@define
class FakeClock:
    """Time that passes when it is told to."""

    now: float = 1_000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def pair(tmp_path, clock):
    path = tmp_path / "verdicts.sqlite"
    with (
        VerdictStore.open(path, clock=clock) as one,
        VerdictStore.open(path, clock=clock) as other,
    ):
        yield one, other


def test_a_claim_is_granted_to_one_until_it_is_released(pair, key):
    one, other = pair
    keys = [key("r1"), key("r2"), key("r1", "q2"), key("r1", "q1", "j2")]
    assert one.claim(keys[:3]) == set(keys[:3])
    assert other.claim(keys) == {keys[3]}
    assert one.claim(keys) == set(keys[:3])
    one.release(keys[:2])
    assert other.claim(keys) == {*keys[:2], keys[3]}
    one.release(keys)
    assert other.claim(keys) == set(keys)
    # What others hold cannot be released.
    one.release(keys)
    assert one.claim(keys) == set()


def test_a_commit_frees_the_claim_and_what_is_answered_is_not_granted(
    pair, key, verdict
):
    one, other = pair
    assert one.claim([key()]) == {key()}
    one.add(key(), verdict(key()))
    assert one.claim([key()]) == set()
    assert other.claim([key()]) == set()
    one.commit()
    assert one.claim([key()]) == other.claim([key()]) == set()
    assert other.known(key().response)


def test_what_is_claimed_together_is_answered_and_released_apart(pair, key, verdict):
    one, other = pair
    keys = [key("r1", f"q{n}") for n in range(200)]
    assert one.claim(keys) == set(keys)
    one.add(keys[0], verdict(keys[0]))
    one.commit()
    assert other.claim(keys) == set()
    one.release(keys[1:3])
    assert other.claim(keys) == set(keys[1:3])
    assert one.claim(keys) == set(keys[3:])
    for answered in keys[3:]:
        one.add(answered, verdict(answered))
    one.commit()
    other.release(keys[1:3])
    assert one.claim(keys) == set(keys[1:3])


def test_of_what_is_claimed_together_the_rest_can_be_claimed_again(pair, key):
    one, other = pair
    keys = [key("r1", f"q{n}") for n in range(3)]
    one.claim(keys)
    assert one.claim(keys[:2]) == set(keys[:2])
    one.release(keys[:2])
    assert other.claim(keys) == set(keys[:2])
    one.release(keys)
    assert other.claim(keys) == set(keys)


def test_claims_that_were_taken_over_are_not_taken_back(pair, clock, key):
    one, other = pair
    keys = [key("r1", f"q{n}") for n in range(3)]
    one.claim(keys)
    clock.now += LEASE + 1
    assert other.claim(keys[:1]) == set(keys[:1])
    one.release(keys[:2])
    assert one.claim(keys) == set(keys[1:])
    assert other.claim(keys) == set(keys[:1])


def test_closing_gives_everything_back(tmp_path, clock, key):
    path = tmp_path / "verdicts.sqlite"
    with VerdictStore.open(path, clock=clock) as other:
        with VerdictStore.open(path, clock=clock) as one:
            one.claim([key()])
            assert other.claim([key()]) == set()
        assert other.claim([key()]) == {key()}


def test_a_silent_owner_loses_its_claims_after_the_lease(pair, clock, key):
    one, other = pair
    one.claim([key()])
    clock.now += LEASE
    assert other.claim([key()]) == set()
    clock.now += 1
    assert other.claim([key()]) == {key()}
    # It is too late for the first, and releasing takes nothing from the second.
    one.heartbeat()
    assert one.claim([key()]) == set()
    one.release([key()])
    assert one.claim([key()]) == set()


def test_a_heartbeat_keeps_claims(pair, clock, key):
    one, other = pair
    one.claim([key()])
    for _ in range(10):
        clock.now += LEASE / 2
        one.heartbeat()
        assert other.claim([key()]) == set()


def test_a_clock_that_was_set_back_locks_nobody_out(pair, clock, key):
    one, other = pair
    one.claim([key()])
    clock.now -= 3600
    assert other.claim([key()]) == {key()}


def test_what_the_dead_leave_behind_is_swept_up(tmp_path, clock, key):
    path = tmp_path / "verdicts.sqlite"
    dead = VerdictStore.open(path, clock=clock)
    dead.claim([key(f"r{n}") for n in range(50)])
    clock.now += LEASE + 1
    with VerdictStore.open(path, clock=clock) as store:
        store.claim([key("another")])
        with closing(Database.open(path)) as database:
            claims = database.fetch("SELECT count(*) FROM claims")
            owners = database.fetch("SELECT count(*) FROM owners")
    assert (claims, owners) == ([(1,)], [(1,)])
    dead.close()


# ------------------------------------------------------------- real processes


def hammer(path: Path, folder: Path, seed: int, keys: list[VerdictKey]) -> None:
    """Claim, "ask" and answer until every key has a verdict.

    While a key is asked for, a file of its name exists; that it can be made shows
    that nobody else asks for it.  Each asking leaves a line in a log.
    """
    draw = random.Random(seed)  # noqa: S311 - a draw that can be repeated
    with VerdictStore.open(path) as store:
        while True:
            left = [k for k in keys if k[1:] not in store.known(k.response)]
            if not left:
                return
            granted = store.claim(draw.sample(left, min(len(left), 4)))
            for key in granted:
                mark = folder / f"{key.response}-{key.question}"
                os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
            time.sleep(draw.random() * 0.003)
            for key in granted:
                (folder / f"{key.response}-{key.question}").unlink()
                if draw.random() < 0.2:
                    store.release([key])
                    continue
                log = os.open(folder / "log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
                os.write(log, f"{key.response}-{key.question}\n".encode())
                os.close(log)
                provenance = Provenance(judge="j", response=key.response)
                store.add(key, Verdict(ruling=YES, provenance=provenance))
            store.commit()


def test_processes_that_hammer_the_same_keys_answer_each_once(tmp_path, key):
    keys = [key(f"r{n % 12}", f"q{n // 12}") for n in range(60)]
    folder = tmp_path / "asking"
    folder.mkdir()
    path = tmp_path / "verdicts.sqlite"
    # All make the new store at the same time, too.
    processes = [
        SPAWN.Process(target=hammer, args=(path, folder, seed, keys))
        for seed in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    asked = (folder / "log").read_text().splitlines()
    assert sorted(asked) == sorted(f"{k.response}-{k.question}" for k in keys)
    with VerdictStore.open(path) as store:
        assert all(k[1:] in store.known(k.response) for k in keys)


SPEED = 5


def fast() -> float:
    """Give a time that passes faster, so that a lease is short."""
    return time.time() * SPEED


def claim_and_hang(
    path: Path, keys: list[VerdictKey], said: "Queue[int]", clock: Clock
) -> None:
    """Claim, say so, and keep the claims alive until killed."""
    with VerdictStore.open(path, clock=clock) as store:
        said.put(len(store.claim(keys)))
        while True:
            store.heartbeat()
            time.sleep(0.05)


def test_the_claims_of_a_killed_process_are_taken_over_after_the_lease(tmp_path, key):
    path = tmp_path / "verdicts.sqlite"
    keys = [key(f"r{n}") for n in range(5)]
    said: Queue[int] = SPAWN.Queue()
    process = SPAWN.Process(target=claim_and_hang, args=(path, keys, said, fast))
    process.start()
    assert said.get(timeout=60) == 5
    assert process.pid is not None
    with VerdictStore.open(path, clock=fast) as store:
        # It lives for longer than the lease, and keeps what it holds.
        until = time.monotonic() + 1.5 * LEASE / SPEED
        while time.monotonic() < until:
            assert store.claim(keys) == set()
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        granted: set[VerdictKey] = set()
        until = time.monotonic() + 30
        while len(granted) < 5 and time.monotonic() < until:
            granted |= store.claim(keys)
            time.sleep(0.02)
        assert granted == set(keys)


@pytest.mark.skipif(os.name != "posix", reason="signals that only look are POSIX's")
def test_on_one_machine_the_claims_of_the_dead_are_free_at_once(tmp_path, key):
    path = tmp_path / "verdicts.sqlite"
    keys = [key(f"r{n}") for n in range(5)]
    said: Queue[int] = SPAWN.Queue()
    process = SPAWN.Process(target=claim_and_hang, args=(path, keys, said, time.time))
    process.start()
    assert said.get(timeout=60) == 5
    assert process.pid is not None
    with VerdictStore.open(path) as living:
        assert living.claim(keys) == set()
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    # The lease of ten seconds has not ended.
    with VerdictStore.open(path) as next_one:
        assert next_one.claim(keys) == set(keys)
