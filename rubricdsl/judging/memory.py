"""What was judged before, and where what is judged now is kept."""

from collections.abc import Mapping
from types import MappingProxyType

from rubricdsl.judging.dockets import Inquiry
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.judgement import Verdict

_NOTHING: Mapping[tuple[str, str], Verdict] = MappingProxyType({})


class Memory:
    """The verdict store as the engine sees it; without a store, there is none."""

    def __init__(self, store: VerdictStore | None) -> None:
        self._store = store
        self.is_dirty = False

    def known(self, seen: str) -> Mapping[tuple[str, str], Verdict]:
        """Give the verdicts on what has this digest, by question and seat."""
        return _NOTHING if self._store is None else self._store.known(seen)

    def keep(self, inquiry: Inquiry, verdict: Verdict) -> None:
        """Keep a verdict, if it is one, and if it may be believed later."""
        if self._store is None or verdict.ruling is None or inquiry.suspect:
            return
        if inquiry.seat.judge.backend.capabilities.storable:
            self._store.add(inquiry.key, verdict)
            self.is_dirty = True

    def commit(self) -> None:
        """Write what was kept, so that it outlives this process."""
        if self._store is not None and self.is_dirty:
            self.is_dirty = False
            self._store.commit()
