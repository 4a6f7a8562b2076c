"""What is lost in a run, and what was asked again because of it.

In flight at a loss is what was asked by then and whose verdict was not kept: requests
without an answer, and answers on their way to the keeper.  Those of the actors that go
on count, too: neither the server nor the store can tell who asks.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Self

from attrs import define, field, frozen

from tests.benchmarks.servers.noting import Asked
from tests.faults.nodes import Nodes

# After this time an answer has been kept, however busy the machine is, and what was
# killed asks no more.  In seconds.
_SURELY = 1.0


@frozen
class Loss:
    """When something was lost, by `time.monotonic`; ``kept`` verdicts were safe."""

    began: float
    ended: float
    kept: int

    def may_hit(self, asked: Asked) -> bool:
        """Tell whether this may have been in flight."""
        is_old = asked.answered is not None and asked.answered < self.began - _SURELY
        return asked.at < self.ended + _SURELY and not is_old

    def in_flight(self, noted: Mapping[str, Sequence[Asked]]) -> int:
        """Count the questions that were asked and not kept."""
        return sum(each[0].at < self.ended for each in noted.values()) - self.kept

    def unanswered(self, noted: Mapping[str, Sequence[Asked]]) -> int:
        """Count the requests that waited for their answer."""
        return sum(
            asked.at < self.began
            and (asked.answered is None or asked.answered > self.began)
            for each in noted.values()
            for asked in each
        )


@define
class Losing:
    """Kills an actor after a quarter of the ``requests``, and a node after half.

    Verdicts are kept in the ``store``.
    """

    nodes: Nodes
    requests: int
    store: Path
    losses: list[Loss] = field(factory=list)

    def see(self, requests: int) -> None:
        """Look how far the run is, and lose what is to be lost by then."""
        steps = [(4, self.nodes.lose_actor), (2, self.nodes.lose_node)]
        for part, lose in steps[len(self.losses) :]:
            if requests * part < self.requests:
                return
            with closing(sqlite3.connect(self.store)) as connection:
                count = connection.execute("SELECT count(*) FROM verdicts")
                (kept,) = count.fetchone()
            began = time.monotonic()
            lose()
            self.losses.append(Loss(began, time.monotonic(), kept))


@frozen
class Repeats:
    """Requests for what had been asked before.

    At the losses so many questions were ``in_flight``, ``unanswered`` those of them
    without an answer.  ``unexplained`` requests are for what was answered long before.
    """

    requests: int
    in_flight: int
    unanswered: int
    unexplained: int

    @property
    def are_too_many(self) -> bool:
        """Whether more was asked again than had been in flight."""
        return self.unexplained > 0 or self.requests > self.in_flight

    @classmethod
    def of(cls, noted: Mapping[str, Sequence[Asked]], losses: Sequence[Loss]) -> Self:
        """Count them among all that was asked, by question, in order."""
        again = [asked for each in noted.values() for asked in each[:-1]]
        return cls(
            requests=len(again),
            in_flight=sum(loss.in_flight(noted) for loss in losses),
            unanswered=sum(loss.unanswered(noted) for loss in losses),
            unexplained=sum(
                not any(loss.may_hit(asked) for loss in losses) for asked in again
            ),
        )
