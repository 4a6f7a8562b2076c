"""What goes into the store comes out again, for this process and all others."""

import os
import stat

import attrs
import pytest
from attrs import evolve

from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Ballot, Verdict
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Failure, Ruling

RULINGS = [YES, NO, PARTLY, NA, Ruling.level(3), Ruling.level(-2.5), Ruling.level(0),
           Ruling.of_number(0.25), Ruling.of_number(0)]  # fmt: skip
TEXTS = [
    "",
    "plain",
    "Grüße 你好 \U0001f600",
    "\ud800 half a pair \udfff",
    "a\0b\x1b[0m",
]


def everything(verdict: Verdict) -> dict[str, object]:
    """Give all fields, also those that do not count when verdicts are compared."""
    return attrs.asdict(verdict)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "verdicts.sqlite"


@pytest.mark.parametrize("ruling", RULINGS, ids=str)
def test_every_ruling_comes_back(path, key, verdict, ruling):
    with VerdictStore.open(path) as store:
        store.add(key(), verdict(key(), ruling))
    with VerdictStore.open(path) as store:
        assert store.known(key().response)[key()[1:]].ruling == ruling


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_every_text_comes_back(path, key, verdict, text):
    given = verdict(key(), evidence=text, reason=text, probability=0.5)
    origin = evolve(given.provenance, judge=f"openai:{text}", model=text)
    given = evolve(given, at=None, provenance=origin)
    with VerdictStore.open(path) as store:
        store.add(key(), given)
    with VerdictStore.open(path) as store:
        found = store.known(key().response)[key()[1:]]
    assert everything(found) == everything(evolve(given, cached=True))


def test_a_verdict_made_again_has_every_field_that_a_verdict_has(path, key, verdict):
    # Its slots are written one by one: a new field must be thought of there.
    with VerdictStore.open(path) as store:
        store.add(key(), verdict(key()))
        store.commit()
        found = store.known(key().response)[key()[1:]]
    assert found.cached
    assert type(found) is Verdict
    assert everything(found) == everything(verdict(key(), cached=True))
    assert hash(found) == hash(verdict(key()))


def test_what_was_added_is_known_before_the_commit_and_to_others_after_it(
    path, key, verdict
):
    with VerdictStore.open(path) as store, VerdictStore.open(path) as other:
        store.add(key(), verdict(key()))
        assert store.known(key().response)[key()[1:]].cached
        assert not other.known(key().response)
        store.commit()
        assert other.known(key().response) == {key()[1:]: verdict(key())}
        # A judge and a model that the other connection has never heard of.
        late = key("r1", "q2", "j2")
        given = verdict(late, NO)
        given = evolve(given, provenance=evolve(given.provenance, model="another"))
        store.add(late, given)
        store.commit()
        found = other.known(late.response)
        assert found == {key()[1:]: verdict(key()), late[1:]: given}
        assert found[late[1:]].provenance == given.provenance
        assert found[late[1:]].provenance.model == "another"


def test_the_first_verdict_stays(path, key, verdict):
    with VerdictStore.open(path) as store, VerdictStore.open(path) as other:
        store.add(key(), verdict(key(), YES))
        store.add(key(), verdict(key(), NO))
        other.add(key(), verdict(key(), PARTLY))
        store.commit()
        other.commit()
        assert store.known(key().response)[key()[1:]].ruling == YES
        assert other.known(key().response)[key()[1:]].ruling == YES


def test_a_key_that_differs_in_one_part_is_another(path, key, verdict):
    keys = [key(), key("r2"), key("r1", "q2"), key("r1", "q1", "j2")]
    with VerdictStore.open(path) as store:
        for one, ruling in zip(keys, RULINGS, strict=False):
            store.add(one, verdict(one, ruling))
    with VerdictStore.open(path) as store:
        for one, ruling in zip(keys, RULINGS, strict=False):
            assert store.known(one.response)[one[1:]].ruling == ruling
        assert len(store.known(key().response)) == 3
        assert len(store.known(digest("never seen"))) == 0


def test_what_must_not_be_stored(path, key, verdict):
    good = verdict(key())
    elsewhere = evolve(good.provenance, response=digest("another"))
    bad = [
        evolve(good, ruling=None, failure=Failure("rate_limited", "later")),
        evolve(good, ballots=(Ballot(judge="a", ruling=YES),)),
        evolve(good, provenance=elsewhere),
        evolve(good, probability=float("nan")),
        evolve(good, probability=1.5),
        evolve(good, at=float("inf")),
    ]
    with VerdictStore.open(path) as store:
        for one in bad:
            with pytest.raises(ValueError, match=r"."):
                store.add(key(), one)
        for judge in ("", "xyz", digest("j").upper(), digest("j") + " "):
            with pytest.raises(ValueError, match=r"."):
                store.add(VerdictKey(key().response, key().question, judge), good)
        # None of that is in the way of what is sound.
        store.add(key(), good)
        store.commit()
        assert store.known(key().response) == {key()[1:]: good}


def test_a_new_store_is_for_its_owner_only(tmp_path, key, verdict):
    path = tmp_path / ".rub" / "verdicts.sqlite"
    before = os.umask(0)
    try:
        with VerdictStore.open(path) as store:
            store.add(key(), verdict(key()))
            store.commit()
            files = list(path.parent.iterdir())
            assert len(files) == 3
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)
    assert [file.name for file in path.parent.iterdir()] == ["verdicts.sqlite"]


def test_what_is_read_together_is_of_one_moment(path, key, verdict):
    with VerdictStore.open(path) as store, VerdictStore.open(path) as other:
        other.add(key(), verdict(key()))
        other.commit()
        with store.reading():
            assert len(store.known(key().response)) == 1
            late = key(question="late")
            other.add(late, verdict(late))
            other.commit()
            assert len(store.known(key().response)) == 1
        assert len(store.known(key().response)) == 2


def test_to_write_ends_the_moment_of_reading(path, key, verdict):
    with VerdictStore.open(path) as store, VerdictStore.open(path) as other:
        with store.reading():
            assert not store.known(key().response)
            other.add(key(), verdict(key()))
            other.commit()
            # Somebody has answered: nobody may be asked for it again.
            assert not store.claim([key()])
            assert len(store.known(key().response)) == 1
            mine = key(question="mine")
            store.add(mine, verdict(mine))
            store.commit()
        with store.reading(), store.reading():
            store.heartbeat()
            assert len(store.known(key().response)) == 2
