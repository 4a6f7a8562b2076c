"""What a run may spend at most: calls, money and time.

What a request may cost is set aside before it is sent and replaced by its true cost
when that is known, so that what is in flight is never forgotten.
"""

import math

from rubricdsl.model.judgement import Usage
from rubricdsl.model.ruling import Failure, FailureKind

# Ten times a tenth is one: what rounding adds is no overspending.
_ROUNDING = 1 + 1e-9
# Failures of requests that no judge has worked on.
_FREE = frozenset(
    {
        FailureKind.TRANSPORT_UNREACHABLE,
        FailureKind.RATE_LIMITED,
        FailureKind.QUOTA_EXHAUSTED,
        FailureKind.AUTH_FAILED,
        FailureKind.REQUEST_REJECTED,
        FailureKind.CANCELLED,
    }
)


class Budget:
    """The budgets of a run; None means without bound.

    ``max_cost`` is in the currency of the judges' prices, ``max_seconds`` counts from
    ``started`` by the monotonic clock from which every ``now`` is taken.

    As many calls as ``max_calls`` are sent at most, attempts again among them, and
    the last is sent before ``max_seconds`` have passed.  If no request costs more
    than its estimate, all together cost ``max_cost`` at most; else what was in flight
    when the last one was sent may add what it was underestimated by.  Where estimates
    have been too low on the whole, those that follow are raised by as much.
    """

    def __init__(
        self,
        *,
        max_calls: int | None = None,
        max_cost: float | None = None,
        max_seconds: float | None = None,
        started: float = 0.0,
    ) -> None:
        self._max_calls = max_calls
        self._max_cost = max_cost
        self._max_seconds = max_seconds
        self._started = started
        self._calls = self._in_flight = 0
        self._spent = self._expected = self._reserved = 0.0

    @property
    def ends_at(self) -> float | None:
        """From when on nothing may be sent; None if there is no such time."""
        if self._max_seconds is None:
            return None
        return self._started + self._max_seconds

    def may_send(self, estimate: Usage, now: float) -> Failure | None:
        """Set aside what a request may cost, or give the reason why it may not be sent.

        After None it is sent, and `settle` or `settle_failed` told of its end.  One of
        unknown cost is not sent under ``max_cost``: a bound that could not be kept is
        none.  For a judge that costs nothing, the estimate says 0.
        """
        if self._max_calls is not None and self._calls >= self._max_calls:
            return _spent(f"{self._max_calls} calls", "calls")
        if self._max_seconds is not None and now >= self._started + self._max_seconds:
            return _spent(f"{self._max_seconds:g} s", "seconds")
        if self._max_cost is not None:
            cost = _known(estimate.cost)
            if cost is None:
                return Failure(
                    FailureKind.BUDGET_EXHAUSTED.value,
                    "not asked, as its cost is not known and --max-cost could not be "
                    "kept; give the judge's price_prompt and price_completion",
                )
            room = self._max_cost * _ROUNDING - self._spent
            if (self._reserved + cost) * self._scale > room:
                return _spent(f"{self._max_cost:g}", "cost")
            self._reserved += cost
        self._calls += 1
        self._in_flight += 1
        return None

    def may_fit_later(self, estimate: Usage) -> bool:
        """Tell whether what `may_send` has refused could fit when less is in flight.

        Then only what others may still cost is in the way; once they have settled,
        it is worth asking again.
        """
        cost = _known(estimate.cost)
        if self._max_cost is None or cost is None or not self._in_flight:
            return False
        if self._max_calls is not None and self._calls >= self._max_calls:
            return False
        return cost * self._scale <= self._max_cost * _ROUNDING - self._spent

    def settle(self, estimate: Usage, usage: Usage) -> None:
        """Replace what was set aside for a request by what it cost.

        Where the judge did not say, the estimate counts.
        """
        expected = self._released(estimate)
        told = _known(usage.cost)
        self._spent += expected if told is None else told
        self._expected += expected

    def settle_failed(self, estimate: Usage, failure: Failure) -> None:
        """Replace what was set aside for a request that failed as a whole.

        One that was refused cost nothing; after a timeout or a reply that was cut
        the work may have been done, so the estimate counts.
        """
        expected = self._released(estimate)
        if failure.kind not in _FREE:
            self._spent += expected
            self._expected += expected

    def _released(self, estimate: Usage) -> float:
        self._in_flight -= 1
        if self._max_cost is None:
            return 0.0
        expected = _known(estimate.cost) or 0.0
        self._reserved = self._reserved - expected if self._in_flight else 0.0
        return expected

    @property
    def _scale(self) -> float:
        """By how much estimates have been too low so far, on the whole."""
        return max(1.0, self._spent / self._expected) if self._expected > 0 else 1.0


def _known(cost: float | None) -> float | None:
    return cost if cost is not None and math.isfinite(cost) and cost >= 0 else None


def _spent(budget: str, what: str) -> Failure:
    """Say which budget has no room; in the same words each time, as it is one cause."""
    return Failure(
        FailureKind.BUDGET_EXHAUSTED.value,
        f"the budget of {budget} (--max-{what}) leaves no room",
    )
