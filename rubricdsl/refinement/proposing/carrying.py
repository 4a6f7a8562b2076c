"""Carrying requests to a chat model: how many at once, how long, and how often again.

What helps is decided where judges' requests are retried, by the same policy; models
themselves neither wait nor retry.
"""

import asyncio
import random
from collections.abc import Callable

import attrs
from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.flow import Again, RetryBudget, RetryPolicy
from rubricdsl.judging.loops import is_being_cancelled
from rubricdsl.model.chat import ChatModel, ChatReply, ChatRequest
from rubricdsl.model.ruling import Failure, FailureKind

DEFAULT_TIMEOUT = 300.0
"""Seconds for one answer, with all retries: models that think first take long."""

DEFAULT_CONCURRENCY = 16


@frozen(kw_only=True)
class Carried:
    """What came of a request; just one of ``reply`` and ``failure`` is set.

    ``calls`` counts what was sent, retries too.
    """

    reply: ChatReply | None = None
    failure: Failure | None = None
    calls: int


class Carrier:
    """Sends requests to one model, and raises nothing but cancellation.

    ``name`` is what failures call the model, ``distribution`` where it is from.
    ``timeout`` is in seconds, from when a request is first sent.  ``redact`` cuts
    secrets out of whatever the model says.  ``seed`` makes waits random.
    """

    def __init__(  # noqa: PLR0913 - all that comes from outside, by name
        self,
        model: ChatModel,
        *,
        name: str,
        distribution: str = "rubricdsl",
        timeout: float = DEFAULT_TIMEOUT,
        concurrency: int = DEFAULT_CONCURRENCY,
        redact: Callable[[str], str] = str,
        seed: int = 0,
        first_wait: float = 1.0,
    ) -> None:
        self.name = name
        self._model = model
        self._distribution = distribution
        self._timeout = timeout
        self._redact = redact
        self._slots = asyncio.Semaphore(concurrency)
        self._budget = RetryBudget()
        # Waits are no secrets.
        rng = random.Random(seed)  # noqa: S311
        self._policy = RetryPolicy(self._budget, rng, first_wait=first_wait)
        self._rests_until = float("-inf")

    async def carry(self, request: ChatRequest) -> Carried:
        """Send a request, and again what may pass, until there is an answer or none."""
        now = asyncio.get_running_loop().time
        deadline: float | None = None
        calls = 0
        while True:
            async with self._slots:
                await asyncio.sleep(max(0.0, self._rests_until - now()))
                deadline = now() + self._timeout if deadline is None else deadline
                calls += 1
                self._budget.sent()
                came = await self._send(request, deadline)
            if isinstance(came, ChatReply):
                text = self._redact(came.text)
                return Carried(reply=attrs.evolve(came, text=text), calls=calls)
            # The slot is free while it is waited.
            if came.transient and came.retry_after is not None:
                rest = min(now() + came.retry_after, deadline)
                self._rests_until = max(self._rests_until, rest)
            decision = self._policy.decide(came, calls, now(), deadline)
            if not isinstance(decision, Again):
                kind, reason = decision.failure.kind, decision.failure.reason
                failure = Failure(kind, self._redact(reason))
                return Carried(failure=failure, calls=calls)
            await asyncio.sleep(max(0.0, decision.at - now()))

    async def close(self) -> None:
        """Close the model."""
        await self._model.close()

    async def _send(
        self, request: ChatRequest, deadline: float
    ) -> ChatReply | JudgeError:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._model.complete(request)
        except JudgeError as error:
            return error
        except TimeoutError:
            reason = f"{self.name} gave no answer within {self._timeout:g} s"
            return JudgeError(FailureKind.TRANSPORT_TIMEOUT, reason)
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            return self._broken("cancelled itself")
        except Exception as error:  # noqa: BLE001 - plugins raise anything
            return self._broken(f"raised {type(error).__name__}: {error}")

    def _broken(self, what: str) -> JudgeError:
        """Tell of a model that did what none may do."""
        kind = f"{self._distribution}:error"
        return JudgeError(kind, f"the model {self.name} {what}")
