"""The budgets of a run, lent out by the block so that together they are kept.

A block gets a part of what is left, and gives back what it did not spend.  What was
lent to an actor that was lost counts as spent: nobody knows what it had in flight.
"""

from attrs import frozen

from rubricdsl.model.execution import Limits
from rubricdsl.model.judgement import Usage
from rubricdsl.model.protocols import Clock
from rubricdsl_ray.messages import Lease


@frozen
class _Lent:
    calls: int
    cost: float


class Purse:
    """What a run may still spend.

    ``slots`` is how many blocks can be under way at once; an ``empty`` purse has
    nothing of what is bounded.
    """

    def __init__(
        self, limits: Limits, *, slots: int, empty: bool = False, clock: Clock
    ) -> None:
        self._limits = limits
        self._slots = slots
        self._clock = clock
        self._calls = 0 if empty else limits.max_calls or 0
        self._cost = 0.0 if empty else limits.max_cost or 0.0
        self._ends = (
            None
            if limits.max_seconds is None
            else (clock() + (0.0 if empty else limits.max_seconds))
        )
        self._lent: dict[int, _Lent] = {}

    def lease(self, block: int, share: int) -> Lease | None:
        """Lend one part in ``share`` of what is left, and at least one call.

        None where nothing is left but what others have; they may give it back.  The
        lease is the last where nobody else has any, and this is all.
        """
        limits = self._limits
        others = self._lent.keys() - {block}
        is_spent = (limits.max_calls is not None and self._calls < 1) or (
            limits.max_cost is not None and self._cost <= 0
        )
        if is_spent and others:
            return None
        parts = max(1, share)
        calls = max(1, self._calls // parts) if self._calls > 0 else 0
        cost = self._cost / parts
        self._calls -= calls
        self._cost -= cost
        self._lent[block] = _Lent(calls, cost)
        left = None if self._ends is None else max(0.0, self._ends - self._clock())
        return Lease(
            limits=Limits(
                max_calls=None if limits.max_calls is None else calls,
                max_cost=None if limits.max_cost is None else cost,
                max_seconds=left,
            ),
            is_last=left == 0 or (not others and (parts == 1 or is_spent)),
        )

    def settle(self, block: int, calls: int, usage: Usage) -> None:
        """Take back what was lent to a block and not spent.

        Where a request has cost more than was thought, all have less.
        """
        lent = self._lent.pop(block, None)
        if lent is not None:
            self._calls = max(0, self._calls + lent.calls - calls)
            self._cost = max(0.0, self._cost + lent.cost - (usage.cost or 0.0))

    def forfeit(self, block: int) -> None:
        """Count what was lent to a block, and never settled, as spent."""
        self._lent.pop(block, None)
