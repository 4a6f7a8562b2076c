"""The way to one judge: what waits for it, and when the next request may go.

A request that failed and may be sent again goes back with a time; no worker sleeps
on it.  How many may be in flight is the pace's to say, and whether the judge is to
be asked at all the circuit's.  Nothing here waits: it is told the time.
"""

import heapq
from collections import deque
from collections.abc import Iterator

import attrs
from attrs import field, frozen

from rubricdsl.judging.batches import Batch
from rubricdsl.judging.flow import Circuit, CircuitState, Load, Pace, Way
from rubricdsl.judging.panels import Judge


@frozen(eq=False)
class Errand:
    """A request that may be sent now; ``probe`` says that it goes first, alone."""

    batch: Batch
    probe: bool


@attrs.define(eq=False)
class Lane:
    """The way to one judge.

    ``workers`` carry requests, one at a time each; ``peak`` is the most that were
    ``in_flight`` at once.  Until ``resting_until`` the judge asked to be left alone;
    at ``seen_to_at`` the lane was last meant to be seen to again.  It ``is_ready``
    once the judge was given time to prepare itself.
    Times are seconds of the event loop's clock.
    """

    judge: Judge
    pace: Pace
    circuit: Circuit
    workers: int = 0
    in_flight: int = 0
    peak: int = 0
    resting_until: float = 0.0
    seen_to_at: float = 0.0
    is_ready: bool = False
    _queue: deque[Batch] = field(factory=deque)
    _later: list[tuple[float, int, Batch]] = field(factory=list)
    _postponed: int = 0

    @property
    def waiting(self) -> int:
        """How many requests are not in flight."""
        return len(self._queue) + len(self._later)

    @property
    def load(self) -> Load:
        """What waits, and how many may be in flight at most."""
        return Load(self.waiting, self.judge.concurrency)

    def add(self, batch: Batch) -> None:
        """Put a request behind all others."""
        self._queue.append(batch)

    def postpone(self, batch: Batch, until: float) -> None:
        """Put a request back, to be sent at ``until`` or later."""
        self._postponed += 1
        heapq.heappush(self._later, (until, self._postponed, batch))

    def rest(self, until: float) -> None:
        """Leave the judge alone until then."""
        self.resting_until = max(self.resting_until, until)

    def deadline(self, batch: Batch, now: float) -> float:
        """Give when a request must be done; it begins when it is first sent.

        The time for which the judge was away does not count.
        """
        held = self.circuit.held(now)
        if batch.began is None:
            batch.began, batch.held = now, held
        return batch.began + self.judge.timeout + held - batch.held

    def is_paused(self, now: float) -> bool:
        """Whether nothing may be sent now, whatever waits."""
        return now < self.resting_until or self.circuit.state is not CircuitState.CLOSED

    def is_busy(self, now: float) -> bool:
        """Whether all goes on by itself: the workers suffice for what waits.

        So it is after nearly every answer, and then there is nothing to see to.
        """
        if self._later:
            return False
        if not self._queue:
            return True
        return (
            self.workers >= self.pace.limit
            and self.circuit.state is CircuitState.CLOSED
            and now >= self.resting_until
        )

    def wanted(self, now: float) -> int:
        """Give how many more workers would find something to do."""
        self._call_back(now)
        if not self._queue or now < self.resting_until:
            return 0
        most = self.pace.limit
        if self.circuit.state is not CircuitState.CLOSED:
            probe = self.circuit.next_probe
            most = 1 if probe is not None and now >= probe else 0
            return most if self.workers < self.pace.limit else 0
        return max(0, min(most - self.workers, len(self._queue)))

    def take(self, now: float) -> Errand | None:
        """Give a worker the next request; None when it is not needed any more."""
        self._call_back(now)
        if not self._queue or now < self.resting_until:
            return None
        if self.workers > self.pace.limit:
            return None
        way = self.circuit.admit(now)
        if way is Way.SHUT:
            return None
        return Errand(self._queue.popleft(), probe=way is Way.PROBE)

    def next_look(self, now: float) -> float | None:
        """Give when something changes by itself; None if nothing will."""
        if not self.waiting or self.circuit.state is CircuitState.PROBING:
            return None
        ready = now if self._queue else self._later[0][0]
        return max(ready, self.resting_until, self.circuit.next_probe or now)

    def drain(self) -> Iterator[Batch]:
        """Take out everything that waits."""
        while self._queue:
            yield self._queue.popleft()
        while self._later:
            yield heapq.heappop(self._later)[2]

    def _call_back(self, now: float) -> None:
        """Put what was postponed in front: it has waited the longest."""
        due: list[Batch] = []
        while self._later and self._later[0][0] <= now:
            due.append(heapq.heappop(self._later)[2])
        self._queue.extendleft(reversed(due))
