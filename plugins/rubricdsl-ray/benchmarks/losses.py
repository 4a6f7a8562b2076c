"""What is lost in a run, and what was asked again because of it.

In flight at a loss is what was asked before and not answered, and also what was
answered so little before that the answer was on its way to the keeper.  Of the actors
that go on it is counted, too: the server cannot tell who asks.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from attrs import define, field, frozen

from tests.benchmarks.servers.noting import Asked
from tests.faults.nodes import Nodes

# How long an answer may be on its way: an actor gathers answers for 25 ms, and hands
# them in once the message before has been taken.  In seconds.
ON_ITS_WAY = 0.1
# How long a process that is being killed may still ask, in seconds.
_DYING = 0.1


@frozen
class Loss:
    """When something was being lost, by `time.monotonic`."""

    began: float
    ended: float

    def holds(self, asked: Asked) -> bool:
        """Tell whether this was in flight."""
        return asked.at < self.ended + _DYING and not (
            asked.answered is not None and asked.answered < self.began - ON_ITS_WAY
        )

    def finds_open(self, asked: Asked) -> bool:
        """Tell whether this was asked by then, and not answered."""
        return asked.at < self.began and not (
            asked.answered is not None and asked.answered < self.began
        )


@define
class Losing:
    """Kills an actor after a quarter of the ``requests``, and a node after half."""

    nodes: Nodes
    requests: int
    losses: list[Loss] = field(factory=list)

    def see(self, requests: int) -> None:
        """Look how far the run is, and lose what is to be lost by then."""
        steps = [(4, self.nodes.lose_actor), (2, self.nodes.lose_node)]
        for part, lose in steps[len(self.losses) :]:
            if requests * part < self.requests:
                return
            began = time.monotonic()
            lose()
            self.losses.append(Loss(began, time.monotonic()))


@frozen
class Repeats:
    """What was asked more than once: how many questions, and how many requests.

    ``unexplained`` counts requests for what had been asked and was not in flight when
    something was lost.  At the losses ``unanswered`` requests were in flight, and
    ``on_the_way`` answers.
    """

    questions: int
    requests: int
    unexplained: int
    unanswered: int
    on_the_way: int

    @classmethod
    def of(cls, noted: Mapping[str, Sequence[Asked]], losses: Iterable[Loss]) -> Self:
        """Count them among all that was asked, by question, in order."""
        losses = list(losses)
        every = [asked for each in noted.values() for asked in each]
        again = [asked for each in noted.values() for asked in each[:-1]]
        held = sum(loss.holds(asked) for loss in losses for asked in every)
        unanswered = sum(loss.finds_open(asked) for loss in losses for asked in every)
        return cls(
            questions=sum(len(each) > 1 for each in noted.values()),
            requests=len(again),
            unexplained=sum(
                not any(loss.holds(asked) for loss in losses) for asked in again
            ),
            unanswered=unanswered,
            on_the_way=held - unanswered,
        )
