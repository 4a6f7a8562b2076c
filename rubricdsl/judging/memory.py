"""What was judged before, where what is judged now is kept, and who else is asking."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Protocol

from rubricdsl.judging.dockets import Bundle, Inquiry
from rubricdsl.judging.panels import Seat
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.spending import Spending
from rubricdsl.model.judgement import Usage, Verdict


class SharedVerdicts(Protocol):
    """Verdicts that several runs share, as by `VerdictStore`.

    No call may take long: the run waits.
    """

    def known(self, response: str) -> Mapping[tuple[str, str], Verdict]:
        """Give all verdicts about what is seen, by question and judge."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """Look up many things in the block, if that is sooner than one by one."""
        ...

    def claim(self, keys: Iterable[VerdictKey]) -> frozenset[VerdictKey]:
        """Claim keys that one is about to ask for, and give those that were granted."""
        ...

    def release(self, keys: Iterable[VerdictKey]) -> None:
        """Give claims back for which there will be no verdict."""
        ...

    def add(self, key: VerdictKey, verdict: Verdict) -> None:
        """Take a verdict in."""
        ...

    def spend(
        self,
        judge: str,
        tokens: Usage,
        *,
        characters: int = 0,
        seconds: float | None = None,
    ) -> None:
        """Count a request to a judge, by its digest."""
        ...

    def spending(self) -> Mapping[str, Spending]:
        """Give what all runs together have spent, by the digest of the judge."""
        ...

    def commit(self) -> None:
        """Keep what was added; raises RubricError where that cannot be."""
        ...

    def heartbeat(self) -> None:
        """Renew the claims."""
        ...


_NOTHING: Mapping[tuple[str, str], Verdict] = MappingProxyType({})
_NOTHING_SPENT: Mapping[str, Spending] = MappingProxyType({})


class Memory:
    """The verdict store as the engine sees it; without a store, there is none."""

    def __init__(self, store: SharedVerdicts | None) -> None:
        self._store = store
        self._claimed: set[VerdictKey] = set()
        self._released: list[VerdictKey] = []
        self.is_dirty = False

    @property
    def is_kept(self) -> bool:
        """Whether there is a store."""
        return self._store is not None

    def known(self, seen: str) -> Mapping[tuple[str, str], Verdict]:
        """Give the verdicts on what has this digest, by question and seat."""
        return _NOTHING if self._store is None else self._store.known(seen)

    def reading(self) -> AbstractContextManager[None]:
        """Look up much in the block; others' verdicts may be seen after it only."""
        return nullcontext() if self._store is None else self._store.reading()

    def claim(
        self, inquiries: Iterable[Inquiry], bundles: Iterable[Bundle] = ()
    ) -> frozenset[VerdictKey]:
        """Claim what is about to be asked; give what another process is asking."""
        if self._store is None:
            return frozenset()
        keys = {i.key for i in inquiries if _is_storable(i.seat)}
        for bundle in bundles:
            if _is_storable(bundle.block.seat):
                keys.update(bundle.keys)
        granted = self._store.claim(keys) if keys else frozenset()
        self._claimed |= granted
        return frozenset(keys - granted)

    def keep(self, inquiry: Inquiry, verdict: Verdict) -> None:
        """Keep a verdict, if it is one, and if it may be believed later.

        What comes from the store already is left as it is.
        """
        if self._store is None or verdict.cached or not _is_storable(inquiry.seat):
            return
        self._keep(self._store, inquiry.key, verdict, suspect=inquiry.suspect)

    def keep_bundle(self, bundle: Bundle, verdicts: Sequence[Verdict]) -> None:
        """Keep those of the verdicts on a bundle that are some."""
        if self._store is None or not _is_storable(bundle.block.seat):
            return
        for key, verdict in zip(bundle.keys, verdicts, strict=True):
            self._keep(self._store, key, verdict, suspect=False)

    def _keep(
        self, store: SharedVerdicts, key: VerdictKey, verdict: Verdict, *, suspect: bool
    ) -> None:
        self._claimed.discard(key)
        if verdict.ruling is None or suspect:
            self._released.append(key)
        else:
            store.add(key, verdict)
        self.is_dirty = True

    def spend(
        self, seat: Seat, usage: Usage, *, characters: int, seconds: float
    ) -> None:
        """Count what a request took, so that later ones can be estimated."""
        if self._store is not None and _is_storable(seat):
            self._store.spend(
                seat.identity, usage, characters=characters, seconds=seconds
            )

    def spending(self) -> Mapping[str, Spending]:
        """Give what requests took in all runs, by the identity of the seat."""
        return _NOTHING_SPENT if self._store is None else self._store.spending()

    def commit(self) -> None:
        """Write what was kept, so that it outlives this process.

        Raises RubricError where it cannot be written.
        """
        if self._store is None or not self.is_dirty:
            return
        self._store.commit()
        self.is_dirty = False
        if self._released:
            released, self._released = self._released, []
            self._store.release(released)

    def beat(self) -> None:
        """Show other processes that this one is still at it."""
        if self._store is not None:
            self._store.heartbeat()

    def end(self) -> None:
        """Write what is left, and give back what was claimed and never answered."""
        self.commit()
        if self._store is not None and self._claimed:
            self._store.release(self._claimed)
            self._claimed.clear()


def _is_storable(seat: Seat) -> bool:
    return seat.judge.backend.capabilities.storable
