"""Requests to chat models: retried, bounded, and never raised through."""

import asyncio
import time
from typing import Any

import pytest

from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.chat import ChatModel, ChatReply, ChatRequest
from rubricdsl.model.ruling import FailureKind
from rubricdsl.refinement.proposing.carrying import Carried, Carrier
from tests.refinement.proposing.material import Parrot

REQUEST = ChatRequest(messages=())
BUSY = JudgeError(FailureKind.RATE_LIMITED, "slow down", transient=True)
REFUSED = JudgeError(FailureKind.REQUEST_REJECTED, "no such model")


def carry(model: ChatModel, **options: Any) -> Carried:
    async def scenario() -> Carried:
        carrier = Carrier(model, name="m", first_wait=0.01, **options)
        return await carrier.carry(REQUEST)

    return asyncio.run(scenario())


def test_what_may_pass_is_sent_again() -> None:
    model = Parrot(BUSY, BUSY, "fine")
    carried = carry(model)
    assert carried.reply is not None
    assert carried.reply.text == "fine"
    assert carried.calls == len(model.requests) == 3


def test_what_cannot_pass_is_not() -> None:
    carried = carry(Parrot(REFUSED))
    assert carried.failure is not None
    assert carried.failure.kind == FailureKind.REQUEST_REJECTED
    assert carried.calls == 1


def test_there_is_an_end_to_retries() -> None:
    carried = carry(Parrot(BUSY))
    assert carried.failure is not None
    assert "given up after 5 attempts" in carried.failure.reason
    assert carried.calls == 5


def test_it_is_left_alone_as_long_as_it_asks() -> None:
    wait = JudgeError(FailureKind.RATE_LIMITED, "x", transient=True, retry_after=0.3)
    model = Parrot(wait, "fine")
    started = time.monotonic()
    assert carry(model).calls == 2
    assert time.monotonic() - started >= 0.3


def test_to_be_left_alone_beyond_the_deadline_is_to_fail_at_once() -> None:
    wait = JudgeError(FailureKind.RATE_LIMITED, "x", transient=True, retry_after=999)
    carried = carry(Parrot(wait), timeout=5.0)
    assert carried.failure is not None
    assert "beyond the deadline" in carried.failure.reason


class Asleep(Parrot):
    """Never answers; knows how many ask at once."""

    now = most = 0

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Take a while, or for ever."""
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.05 if self.answers else 3600)
        finally:
            self.now -= 1
        return await super().complete(request)


def test_the_deadline_ends_a_request() -> None:
    carried = carry(Asleep(), timeout=0.05)
    assert carried.failure is not None
    assert carried.failure.kind == FailureKind.TRANSPORT_TIMEOUT
    assert carried.failure.reason == "m gave no answer within 0.05 s"


def test_so_many_at_once_and_no_more() -> None:
    model = Asleep("fine")

    async def scenario() -> list[Carried]:
        carrier = Carrier(model, name="m", concurrency=3, timeout=30.0)
        return await asyncio.gather(*(carrier.carry(REQUEST) for _ in range(10)))

    carried = asyncio.run(scenario())
    assert all(one.reply is not None for one in carried)
    assert model.most == 3


class Cancelling(Parrot):
    """Raises what only whoever waits for it may raise."""

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Cancel itself."""
        del request
        raise asyncio.CancelledError


def test_a_model_that_breaks_the_rules_is_a_failure() -> None:
    carried = carry(Parrot(KeyError("oh")), distribution="acme-models")
    assert carried.failure is not None
    assert carried.failure.kind == "acme-models:error"
    assert carried.failure.reason == "the model m raised KeyError: 'oh'"
    carried = carry(Cancelling())
    assert carried.failure is not None


def test_cancelling_ends_it() -> None:
    async def scenario() -> None:
        carrier = Carrier(Asleep(), name="m")
        task = asyncio.create_task(carrier.carry(REQUEST))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


def test_secrets_are_cut_out_of_answers_and_failures() -> None:
    def redact(text: str) -> str:
        return text.replace("sk-secret", "[redacted]")

    said = carry(Parrot("the key is sk-secret"), redact=redact)
    assert said.reply is not None
    assert said.reply.text == "the key is [redacted]"
    failed = carry(Parrot(RuntimeError("sk-secret")), redact=redact)
    assert failed.failure is not None
    assert "sk-secret" not in failed.failure.reason
