"""The store against a dictionary: whatever is done, in whatever order."""

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from attrs import asdict, evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rubricdsl.judging.store.claims import LEASE
from rubricdsl.judging.store.database import Database
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.upkeep import prune, stored_verdicts, verify
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling

finite = st.floats(allow_nan=False, allow_infinity=False)
# With lone surrogates, and with characters that no text should hold.
texts = st.none() | st.text(st.characters(codec=None), max_size=8)
keys = st.builds(
    VerdictKey,
    *(st.sampled_from([digest(name, n) for n in range(3)]) for name in "rqj"),
)
rulings = st.sampled_from([YES, NO, PARTLY, NA]) | st.one_of(
    finite.map(Ruling.level), st.floats(0, 1).map(Ruling.of_number)
)
places = st.integers(0, 1)


@st.composite
def verdicts(draw, key):
    """Draw a verdict that may stand under a key."""
    origin = Provenance(
        judge=f"name of {key.judge}\ud800",
        response=key.response,
        settings=f"settings of {key.judge}",
        template="",
        model=draw(texts),
    )
    return Verdict(
        ruling=draw(rulings),
        probability=draw(st.none() | st.floats(0, 1)),
        evidence=draw(texts),
        reason=draw(texts),
        cached=True,
        at=draw(st.none() | finite),
        provenance=origin,
    )


class StoreMachine(RuleBasedStateMachine):
    """Two connections to one file, and what each of them should know."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "verdicts.sqlite"
        self.now = 1_000.0
        self.stores = [self.opened() for _ in range(2)]
        self.committed: dict[VerdictKey, Verdict] = {}
        self.buffers: list[dict[VerdictKey, Verdict]] = [{}, {}]
        self.requests = [0, 0, 0]
        # Who claimed what; and when each of the two was last seen.
        self.claims: dict[VerdictKey, int] = {}
        self.seen: list[float | None] = [None, None]

    def opened(self):
        """Open the file once more."""
        return VerdictStore.open(self.path, clock=lambda: self.now)

    def teardown(self):
        """Close and remove everything."""
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)

    # ------------------------------------------------------------- the model

    def living(self, place):
        """Tell whether a claim of this one still holds."""
        seen = self.seen[place]
        return seen is not None and self.now - seen <= LEASE

    def committed_by(self, place):
        """Take note of a commit."""
        buffer = self.buffers[place]
        self.committed = {**buffer, **self.committed}
        for key in buffer:
            if self.claims.get(key) == place:
                del self.claims[key]
        self.buffers[place] = {}
        self.requests[2] += self.requests[place]
        self.requests[place] = 0

    # ------------------------------------------------------------- the rules

    @rule(place=places, data=st.data(), key=keys)
    def add(self, place, data, key):
        """Add a verdict, perhaps with what its request took."""
        verdict = data.draw(verdicts(key))
        tokens = Usage(prompt_tokens=2) if data.draw(st.booleans()) else None
        self.stores[place].add(key, verdict, tokens=tokens)
        self.buffers[place].setdefault(key, verdict)
        self.requests[place] += tokens is not None

    @rule(place=places)
    def commit(self, place):
        """Commit."""
        self.stores[place].commit()
        self.committed_by(place)

    @rule(place=places)
    def reopen(self, place):
        """Close, which commits and releases, and open again."""
        self.stores[place].close()
        self.committed_by(place)
        self.claims = {k: p for k, p in self.claims.items() if p != place}
        self.seen[place] = None
        self.stores[place] = self.opened()

    @rule(place=places, wanted=st.lists(keys, max_size=5))
    def claim(self, place, wanted):
        """Claim: granted is what nobody has answered or is asking."""
        granted = self.stores[place].claim(wanted)
        other = 1 - place
        self.seen[place] = self.now
        expected = {
            key
            for key in wanted
            if key not in self.committed
            and key not in self.buffers[place]
            and not (self.claims.get(key) == other and self.living(other))
        }
        assert granted == expected
        for key in granted:
            self.claims[key] = place

    @rule(place=places, wanted=st.lists(keys, max_size=5))
    def release(self, place, wanted):
        """Release, also what is not held."""
        self.stores[place].release(wanted)
        for key in wanted:
            if self.claims.get(key) == place:
                del self.claims[key]

    @rule(seconds=st.sampled_from([0.5, LEASE / 2, LEASE + 1]))
    def wait(self, seconds):
        """Let time pass."""
        self.now += seconds

    # A claim on several questions holds for all of them until the last is answered.
    @precondition(lambda self: not self.claims)
    @rule()
    def prune(self):
        """Delete all, as another process."""
        with closing(Database.open(self.path)) as database:
            prune(database)
        self.committed = {}

    # --------------------------------------------------------- what must hold

    @invariant()
    def each_knows_what_it_should(self):
        """Each finds what is committed and what it has added itself."""
        for store, buffer in zip(self.stores, self.buffers, strict=True):
            expected = {**buffer, **self.committed}
            found = {
                VerdictKey(response, *pair): verdict
                for response in {key.response for key in expected} | {digest("r", 0)}
                for pair, verdict in store.known(response).items()
            }
            assert {k: asdict(v) for k, v in found.items()} == {
                k: asdict(v) for k, v in expected.items()
            }

    @invariant()
    def the_file_is_sound(self):
        """The file holds just what was committed."""
        with closing(Database.open(self.path)) as database:
            assert verify(database) == []
            assert dict(stored_verdicts(database)) == {
                k: evolve(v, cached=False) for k, v in self.committed.items()
            }

    @invariant()
    def every_request_counts_once(self):
        """Nothing spent is lost or counted twice."""
        spent = [sum(s.requests for s in x.spending().values()) for x in self.stores]
        assert spent == [self.requests[2] + self.requests[n] for n in range(2)]


StoreMachine.TestCase.settings = settings(stateful_step_count=20, max_examples=40)
TestStore = StoreMachine.TestCase
