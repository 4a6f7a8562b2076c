"""Carrying requests to judges: when they may go, how often again, and at whose cost.

This is the one owner of deadlines, retries and budgets: a backend has none.
"""

import asyncio
import random
import time

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging import outcomes
from rubricdsl.judging.batches import Batch
from rubricdsl.judging.canaries import Asked
from rubricdsl.judging.deadlines import Deadlines
from rubricdsl.judging.dockets import Account
from rubricdsl.judging.flow import Again, Budget, CircuitState, RetryBudget, RetryPolicy
from rubricdsl.judging.lanes import Errand, Lane
from rubricdsl.judging.loops import is_being_cancelled
from rubricdsl.judging.memory import Memory
from rubricdsl.judging.outcomes import Outcome
from rubricdsl.judging.panels import Judge
from rubricdsl.judging.prices import UNKNOWN, cost_of
from rubricdsl.judging.proceedings import Proceedings
from rubricdsl.judging.requests import asked_of, request_of
from rubricdsl.model.execution import Limits
from rubricdsl.model.judgement import JudgeReply, JudgeRequest, Usage
from rubricdsl.model.protocols import Clock, PreparedBackend
from rubricdsl.model.ruling import Failure, FailureKind

# When to look again whether a request fits into what is left to spend, in seconds.
_FITS_AGAIN = 0.05
_DROPPED = Failure(FailureKind.CANCELLED.value, "dropped")


class Courier:
    """Carries the requests of one run, and keeps its account.

    ``account`` is of all requests sent; ``retries`` counts those beyond the first
    attempt at the same questions.
    """

    def __init__(
        self, proceedings: Proceedings, memory: Memory, *, limits: Limits, seed: int
    ) -> None:
        self.account = Account()
        self.retries = 0
        self._proceedings = proceedings
        self._memory = memory
        self._limits = limits
        self._seed = seed
        self._retry_budget = RetryBudget()
        # Waits are no secrets.
        rng = random.Random(seed)  # noqa: S311
        self._policy = RetryPolicy(self._retry_budget, rng)
        self._budget = Budget()
        self._now: Clock = time.monotonic
        self._deadlines = Deadlines()

    def begin(self, now: Clock) -> None:
        """Begin to count time, by the clock of the event loop."""
        self._now = now
        self._budget = Budget(
            max_calls=self._limits.max_calls,
            max_cost=self._limits.max_cost,
            max_seconds=self._limits.max_seconds,
            started=now(),
        )

    def end(self) -> None:
        """Have nothing left to see to; nothing is carried any more."""
        self._deadlines.close()

    @property
    def ends_at(self) -> float | None:
        """From when on nothing is sent any more; None if there is no such time."""
        return self._budget.ends_at

    def out_of_time(self, now: float) -> Failure | None:
        """Give with what every question fails once time is up; None before."""
        if self.ends_at is None or now < self.ends_at:
            return None
        return self._budget.may_send(UNKNOWN, now)

    async def carry(self, lane: Lane, errand: Errand) -> Outcome:
        """Send one request, and give whatever comes of it.

        This is the one place from which a judge is asked.
        """
        batch = errand.batch
        judge = batch.judge
        try:
            _make_ready(lane)
        except Exception as error:  # noqa: BLE001 - plugins raise anything
            what = f"raised {type(error).__name__}: {error}"
            return self._broken(lane, errand, what)
        now = self._now()
        asked = asked_of(batch, seed=self._seed)
        request = request_of(batch, asked)
        estimate = self._estimate(judge, request)
        refused = self._budget.may_send(estimate, now)
        if refused is not None:
            lane.circuit.withdrawn(probe=errand.probe)
            return await self._refused(lane, batch, estimate, refused)
        deadline = lane.deadline(batch, now)
        # What fails because the judge is away is not held against a question.
        batch.attempts += not errand.probe or not batch.attempts
        self._count(batch)
        lane.in_flight += 1
        lane.peak = max(lane.peak, lane.in_flight)
        spent = UNKNOWN
        ended: Failure | None = _DROPPED
        try:
            with self._deadlines.by(deadline):
                reply = await judge.backend.judge(request)
            spent = reply.usage
            outcome = self._answered(lane, batch, asked, reply, since=now)
            ended = None
        except JudgeError as error:
            ended = error.failure
            outcome = self._failed(lane, errand, error, since=now)
        except TimeoutError:
            late = self._too_late(batch)
            ended = late.failure
            self._observe(lane, errand, late, since=now)
            outcome = outcomes.of_failure(self._proceedings, batch, ended)
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            outcome = self._broken(lane, errand, "cancelled itself")
        except Exception as error:  # noqa: BLE001 - plugins raise anything
            what = f"raised {type(error).__name__}: {error}"
            outcome = self._broken(lane, errand, what)
        finally:
            lane.in_flight -= 1
            if ended is None:
                self._budget.settle(estimate, spent)
            else:
                self._budget.settle_failed(estimate, ended)
        return outcome

    def _estimate(self, judge: Judge, request: JudgeRequest) -> Usage:
        """Give what a request may cost, where anybody wants to know."""
        return UNKNOWN if self._limits.max_cost is None else cost_of(judge, request)

    async def _refused(
        self, lane: Lane, batch: Batch, estimate: Usage, refused: Failure
    ) -> Outcome:
        """Deal with a request that the budget has no room for, now or at all."""
        if self._budget.may_fit_later(estimate):
            lane.postpone(batch, self._now() + _FITS_AGAIN)
            return Outcome()
        # Others shall have their turn, however many are refused in a row.
        await asyncio.sleep(0)
        return outcomes.failed(self._proceedings, batch, refused)

    def _count(self, batch: Batch) -> None:
        self._retry_budget.sent()
        self.retries += batch.attempts + batch.repeats > 1
        for account in (self.account, batch.payer.account):
            account.calls += 1

    def _answered(
        self, lane: Lane, batch: Batch, asked: Asked, reply: JudgeReply, *, since: float
    ) -> Outcome:
        now = self._now()
        lane.pace.answered(now - since, now, in_flight=lane.in_flight)
        lane.circuit.answered(now)
        for account in (self.account, batch.payer.account):
            account.spend(reply.usage)
        if self._memory.is_kept:
            self._memory.spend(
                batch.seat,
                reply.usage,
                characters=_characters(batch),
                seconds=now - since,
            )
        return outcomes.of_reply(self._proceedings, batch, asked, reply)

    def _failed(
        self, lane: Lane, errand: Errand, error: JudgeError, *, since: float
    ) -> Outcome:
        """Deal with a request that failed: later again, or not at all."""
        now, batch = self._now(), errand.batch
        self._observe(lane, errand, error, since=since)
        if error.too_long:
            return outcomes.of_too_long(self._proceedings, batch, error)
        if not error.transient:
            return outcomes.of_failure(self._proceedings, batch, error.failure)
        if error.retry_after is not None:
            lane.rest(now + error.retry_after)
        decision = self._policy.decide(
            error,
            batch.attempts,
            now,
            lane.deadline(batch, now),
            is_away=lane.circuit.state is not CircuitState.CLOSED,
        )
        if isinstance(decision, Again):
            if lane.circuit.state is CircuitState.CLOSED:
                lane.postpone(batch, decision.at)
            else:
                # Behind the others: it may be what the judge has died of.
                lane.add(batch)
            return Outcome()
        return outcomes.of_failure(self._proceedings, batch, decision.failure)

    def _observe(
        self, lane: Lane, errand: Errand, error: JudgeError, *, since: float
    ) -> None:
        """Let pace and circuit learn of a failure."""
        now = self._now()
        fresh = errand.batch.attempts == 1
        lane.circuit.failed(error, now, fresh=fresh, probe=errand.probe)
        lane.pace.failed(error, now - since, now)

    @staticmethod
    def _too_late(batch: Batch) -> JudgeError:
        judge = batch.judge
        reason = f"{judge.name} gave no answer within {judge.timeout:g} s"
        if batch.attempts > 1:
            reason = f"{reason}, in {batch.attempts} attempts"
        return JudgeError(FailureKind.TRANSPORT_TIMEOUT, reason, transient=True)

    def _broken(self, lane: Lane, errand: Errand, what: str) -> Outcome:
        """Deal with a backend that did what none may do."""
        lane.circuit.withdrawn(probe=errand.probe)
        judge = errand.batch.judge
        kind = f"{judge.distribution}:error"
        failure = Failure(kind, f"the judge {judge.name} {what}")
        return outcomes.failed(self._proceedings, errand.batch, failure)


def _make_ready(lane: Lane) -> None:
    """Let a judge prepare itself, which is not to be at the cost of a question."""
    if not lane.is_ready:
        backend = lane.judge.backend
        if isinstance(backend, PreparedBackend):
            backend.prepare()
        lane.is_ready = True


def _characters(batch: Batch) -> int:
    """Give the length of what changes from request to request."""
    asked = sum([len(question.text) for question in batch.questions])
    return batch.seen.sight.length + asked
