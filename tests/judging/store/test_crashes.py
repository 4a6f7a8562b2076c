"""What a killed process or a full disk costs: nothing that was acknowledged."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.store.database import Database, Durability
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.upkeep import verify
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import digest

WRITER = """\
import sys
from pathlib import Path
from rubricdsl.judging.store.database import Durability
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.ruling import YES

path, start, durability = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
with VerdictStore.open(path, durability=Durability(durability)) as store:
    for number in range(start, start + 100_000):
        key = VerdictKey(digest(number // 7), digest(number), digest("j"))
        store.claim([key])
        origin = Provenance(judge="j", response=key.response)
        reason = "because " * (number % 50)
        verdict = Verdict(ruling=YES, reason=reason, provenance=origin)
        store.add(key, verdict, tokens=Usage(prompt_tokens=1))
        if number % 3 == 0:
            store.commit()
            print(number, flush=True)
"""
KILLS = 30


def key_of(number: int) -> VerdictKey:
    return VerdictKey(digest(number // 7), digest(number), digest("j"))


@pytest.mark.parametrize("durability", Durability)
def test_killed_at_random_moments_it_loses_nothing_acknowledged(tmp_path, durability):
    path = tmp_path / "verdicts.sqlite"
    draw = random.Random(durability)  # noqa: S311 - repeatable
    acknowledged: list[int] = []
    start = 0
    for _ in range(KILLS // len(Durability)):
        command = [sys.executable, "-c", WRITER, str(path), str(start), durability]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(draw.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            # A number that was cut by the kill was never told.
            told = [first, *process.stdout.read().splitlines(keepends=True)]
        numbers = [int(line) for line in told if line.endswith("\n")]
        acknowledged += range(start, numbers[-1] + 1)
        start = numbers[-1] + 100
        with VerdictStore.open(path) as store:
            for number in range(numbers[0], numbers[-1] + 1):
                assert key_of(number)[1:] in store.known(key_of(number).response)
    database = Database.open(path)
    assert verify(database) == []
    database.close()
    with VerdictStore.open(path) as store:
        for number in acknowledged:
            verdict = store.known(key_of(number).response)[key_of(number)[1:]]
            assert verdict.reason == "because " * (number % 50)
        (spent,) = store.spending().values()
        assert spent.requests == spent.prompt_tokens >= len(acknowledged)


FULL = """\
import resource
from pathlib import Path
import sys
from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.ruling import YES

def fill(store, numbers, acknowledged):
    for number in numbers:
        key = VerdictKey(digest(number), digest("q"), digest("j"))
        origin = Provenance(judge="j", response=key.response)
        store.add(key, Verdict(ruling=YES, reason="x" * 1000, provenance=origin))
        store.commit()
        acknowledged.append(key)

path, acknowledged = Path(sys.argv[1]), []
store = VerdictStore.open(path)
most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, most[1]))
try:
    fill(store, range(10_000), acknowledged)
except RubricError as error:
    (diagnostic,) = error.diagnostics
    print(diagnostic.code, diagnostic.message)
for key in acknowledged:
    assert key[1:] in store.known(key.response)
waiting = VerdictKey(digest(len(acknowledged)), digest("q"), digest("j"))
assert waiting[1:] in store.known(waiting.response)
resource.setrlimit(resource.RLIMIT_FSIZE, most)
# There is room again: what could not be written then is written now.
fill(store, range(20_000, 20_100), acknowledged)
store.close()
with VerdictStore.open(path) as store:
    for key in [*acknowledged, waiting]:
        assert len(store.known(key.response)) == 1, key
print(len(acknowledged))
"""


def test_a_full_disk_is_told_and_what_was_written_stays(tmp_path):
    path = tmp_path / "verdicts.sqlite"
    command = [sys.executable, "-c", FULL, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told, count = done.stdout.splitlines()
    assert told.startswith("D501 ")
    assert int(count) > 150
    database = Database.open(path)
    assert verify(database) == []
    database.close()


def test_a_full_database_says_so(tmp_path, key, verdict):
    database = Database.open(tmp_path / "verdicts.sqlite")
    connection = database.connection
    with VerdictStore(database, time.time) as store:
        store.add(key(), verdict(key()))
        store.commit()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        late = [key(f"r{n}") for n in range(2, 200)]
        for one in late:
            store.add(one, verdict(one, reason="x" * 500))
        with pytest.raises(RubricError, match="D501 the disk is full") as caught:
            store.commit()
        assert "free some space" in caught.value.diagnostics[0].hint
        assert store.known(key().response)
        # All of them wait for better times, and all are found until then.
        assert all(store.known(one.response) for one in late)
        connection.execute("PRAGMA max_page_count = 100000")
        store.commit()
    with VerdictStore.open(tmp_path / "verdicts.sqlite") as store:
        assert all(store.known(one.response) for one in late)


def test_what_cannot_be_a_store(tmp_path):
    text = "no database, but long enough to be looked at" * 99
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text(text)
    cases = {
        tmp_path / "folder": "D501 the verdict store is a folder",
        tmp_path / "no" / "such" / "folder": "D501 the verdict store cannot be made",
        tmp_path / "text" / "below": "D501 the verdict store cannot be made",
        tmp_path / "a\0b": "D501 the verdict store cannot be made",
        tmp_path / "text": "D502 the file is no verdict store",
        # Nobody can write there, not even root.
        Path("/proc/verdicts.sqlite"): "D501 the verdict store cannot be made",
    }
    for path, message in cases.items():
        with pytest.raises(RubricError, match=message) as caught:
            VerdictStore.open(path)
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.span.file == str(path)
        assert "--store" in diagnostic.hint
    assert (tmp_path / "text").read_text() == text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_what_may_not_be_written(tmp_path):
    path = tmp_path / "shut" / "verdicts.sqlite"
    VerdictStore.open(path).close()
    path.chmod(0o400)
    with pytest.raises(RubricError, match="D501 the verdict store may not be written"):
        VerdictStore.open(path)
    path.parent.chmod(0o500)
    with pytest.raises(RubricError, match="D501 the verdict store cannot be made"):
        VerdictStore.open(path.with_name("another"))
    path.parent.chmod(0o700)


@pytest.mark.parametrize(
    ("durability", "level"), [(Durability.NORMAL, 1), (Durability.FULL, 2)]
)
def test_a_commit_waits_for_the_disk_when_it_is_told_to(tmp_path, durability, level):
    database = Database.open(tmp_path / "verdicts.sqlite", durability=durability)
    assert database.fetch("PRAGMA synchronous") == [(level,)]
    assert database.fetch("PRAGMA journal_mode") == [("wal",)]
    database.close()


def test_what_was_committed_goes_to_the_file_once_a_second(tmp_path, key, verdict):
    path = tmp_path / "verdicts.sqlite"
    now = 1_000.0
    with VerdictStore.open(path, clock=lambda: now) as store:
        for quote in ("first", "second"):
            one = key(quote)
            store.add(one, verdict(one, evidence=f"the {quote} quote"))
            store.commit()
            store.heartbeat()
            # Until then it is in the log, which outlives the process but no power cut.
            assert f"the {quote} quote".encode() not in path.read_bytes()
            now += 1.0
            store.heartbeat()
            assert f"the {quote} quote".encode() in path.read_bytes()
        store.commit()
        now -= 500.0
        one = key("third")
        store.add(one, verdict(one, evidence="the third quote"))
        store.commit()
        assert b"the third quote" in path.read_bytes()
