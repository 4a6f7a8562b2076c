"""Whether a failed request is sent again, and when.

What helps is known where a failure occurs (`JudgeError.transient`); how often, how
late and at whose cost it may be tried is decided here and nowhere else.  Strategies
for waiting and stopping are tenacity's, imported with the first failure.
"""

import random
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.ruling import Failure

if TYPE_CHECKING:
    import tenacity

# Those told to come back at one moment come back within a tenth of their wait.
_SPREAD = 0.1


@frozen
class Again:
    """Send the request once more, at a time by the clock that was passed in."""

    at: float


@frozen
class GiveUp:
    """Send it no more: its questions have failed so."""

    failure: Failure


@define
class RetryBudget:
    """How many retries a whole run may send, so that they never become a storm.

    ``share`` of the requests sent so far (retries among them) and ``constant`` more
    are granted at once.  When these are spent, retries are not refused but lined up,
    ``trickle`` of them in a second; whoever cannot wait that long gives up.
    """

    share: float = 0.2
    constant: int = 10
    trickle: float = 1.0
    _sent: int = field(default=0, init=False)
    _spent: int = field(default=0, init=False)
    _next: float = field(default=float("-inf"), init=False)

    def sent(self) -> None:
        """Count a request, whether first attempt or retry."""
        self._sent += 1

    def first_chance(self, now: float) -> float | None:
        """Tell from when on one more retry may be sent; None if never."""
        if self._spent < self.constant + self.share * self._sent:
            return now
        return max(now, self._next) if self.trickle > 0 else None

    def take(self, now: float) -> None:
        """Use the chance that `first_chance` told of at this same time."""
        if self._spent < self.constant + self.share * self._sent:
            self._spent += 1
        else:
            self._next = max(now, self._next) + 1 / self.trickle


class RetryPolicy:
    """Decides over failed requests, for all judges of a run.

    A request has at most ``attempts``.  Between them it waits a random time within
    the upper half of a window that begins at ``first_wait`` seconds and doubles up to
    ``longest_wait``; or as long as the judge asked for.  ``rng`` makes waits random,
    and the same in every run with its seed.
    """

    def __init__(
        self,
        budget: RetryBudget,
        rng: random.Random,
        *,
        attempts: int = 5,
        first_wait: float = 1.0,
        longest_wait: float = 60.0,
    ) -> None:
        self._budget = budget
        self._rng = rng
        self._attempts = attempts
        self._first_wait = first_wait
        self._longest_wait = longest_wait

    def decide(
        self,
        error: JudgeError,
        attempt: int,
        now: float,
        deadline: float,
        *,
        is_away: bool = False,
    ) -> Again | GiveUp:
        """Decide over a request whose attempt number ``attempt`` (from 1) failed.

        ``now`` and ``deadline`` are by one monotonic clock, in seconds.  ``is_away``
        says that the judge's circuit is not closed: then the circuit decides when to
        try and when to stop, one request at a time, so neither attempts nor the budget
        of retries are counted against a question that is not to blame.
        """
        if not error.transient:
            return _final(error.failure, attempt)
        if is_away and now < deadline:
            return Again(now)
        return self._again(error, attempt, now, deadline)

    def _again(
        self, error: JudgeError, attempt: int, now: float, deadline: float
    ) -> Again | GiveUp:
        strategies, failure = self._strategies, error.failure
        state = strategies.state(attempt, now)
        if strategies.enough(state):
            return _given_up(failure, attempt)
        asked = error.retry_after or 0.0
        if asked > 0:
            wait = asked * (1 + self._rng.uniform(0, _SPREAD))
            if now + asked < deadline:
                wait = min(wait, asked + (deadline - now - asked) / 2)
        else:
            window = strategies.window(state)
            wait = self._rng.uniform(window / 2, window)
        state.upcoming_sleep = wait
        if strategies.is_too_late(state, deadline - now):
            if asked > 0:
                why = f"it asked to be left alone for {asked:g} s, beyond the deadline"
            else:
                why = "the next would come after the deadline"
            return _given_up(failure, attempt, why)
        chance = self._budget.first_chance(now)
        at = None if chance is None else max(now + wait, chance)
        if at is None or at >= deadline:
            why = "too many requests of this run had to be sent again"
            return _given_up(failure, attempt, why)
        self._budget.take(now)
        return Again(at)

    @cached_property
    def _strategies(self) -> "_Strategies":
        import tenacity

        # tenacity's random waits draw from the process's one generator, which no
        # seed of ours may touch: the window is tenacity's, the draw is ours.
        return _Strategies(
            retrying=tenacity.Retrying(),
            window=tenacity.wait_exponential(
                multiplier=self._first_wait, max=self._longest_wait
            ),
            enough=tenacity.stop_after_attempt(self._attempts),
        )


@frozen
class _Strategies:
    """tenacity's part: how wide to wait, and when it is enough or too late."""

    retrying: "tenacity.Retrying"
    window: "tenacity.wait_exponential"
    enough: "tenacity.stop_after_attempt"

    def state(self, attempt: int, now: float) -> "tenacity.RetryCallState":
        """Describe a request that has just failed, by our clock."""
        import tenacity

        state = tenacity.RetryCallState(self.retrying, None, (), {})
        state.attempt_number = attempt
        state.start_time = state.outcome_timestamp = now
        return state

    @staticmethod
    def is_too_late(state: "tenacity.RetryCallState", left: float) -> bool:
        """Tell whether the wait ends when no time is left."""
        import tenacity

        return tenacity.stop_before_delay(left)(state)


def _final(failure: Failure, attempt: int) -> GiveUp:
    """Give a failure that trying again does not help."""
    if attempt == 1:
        return GiveUp(failure)
    return GiveUp(Failure(failure.kind, f"{failure.reason} (attempt {attempt})"))


def _given_up(failure: Failure, attempt: int, why: str = "") -> GiveUp:
    attempts = "1 attempt" if attempt == 1 else f"{attempt} attempts"
    tail = f": {why}" if why else ""
    reason = f"{failure.reason}; given up after {attempts}{tail}"
    return GiveUp(Failure(failure.kind, reason))
