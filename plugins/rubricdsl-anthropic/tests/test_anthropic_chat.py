"""The chat model, as proposers use it."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.chat import ChatReply, ChatRequest
from rubricdsl.model.digest import Plain
from rubricdsl.model.rubric import Turn
from rubricdsl.model.ruling import FailureKind
from rubricdsl.testing.backend_suite import LocalServer
from rubricdsl.testing.backend_suite.server import Exchange
from rubricdsl_anthropic.chat import OFFER

SCHEMA: Mapping[str, Plain] = {
    "type": "object",
    "properties": {"edits": {"type": "array", "items": {"type": "string"}}},
    "required": ["edits"],
    "additionalProperties": False,
}
TURNS = (
    Turn("system", "You edit."),
    Turn("user", "Edit."),
    Turn("assistant", "No."),
    Turn("user", "Do."),
)


def complete(
    said: dict[str, Any], *requests: ChatRequest, options: str = ""
) -> tuple[list[ChatReply], list[Any]]:
    async def scenario(base: str) -> list[ChatReply]:
        settings = parse_spec(f"anthropic:m?base_url={base}{options}")
        model = OFFER.create(settings, {})
        try:
            return [await model.complete(request) for request in requests]
        finally:
            await model.close()

    async def act(exchange: Exchange) -> None:
        await exchange.answer(said)

    with LocalServer() as server:
        server.act = act
        replies = asyncio.run(scenario(server.base))
        return replies, [received.document for received in server.received]


def saying(text: str, stop: str = "end_turn") -> dict[str, Any]:
    return {
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop,
        "usage": {"input_tokens": 10, "output_tokens": 2},
    }


def test_turns_go_as_they_are_and_the_systems_apart() -> None:
    request = ChatRequest(messages=TURNS, schema=SCHEMA)
    prices = "&price_prompt=2&price_completion=10"
    (reply,), (body,) = complete(saying('{"edits": []}'), request, options=prices)
    assert json.loads(reply.text) == {"edits": []}
    assert reply.usage.cost == pytest.approx((2 * 10 + 10 * 2) / 1e6)
    assert not reply.truncated
    assert body["system"][0]["text"] == "You edit."
    said = [(turn["role"], turn["content"][0]["text"]) for turn in body["messages"]]
    assert said == [("user", "Edit."), ("assistant", "No."), ("user", "Do.")]
    assert body["output_config"]["format"]["schema"] == SCHEMA
    assert "temperature" not in body
    assert "seed" not in body


def test_without_a_schema_nothing_binds_the_answer() -> None:
    request = ChatRequest(messages=TURNS[1:2])
    _, (body,) = complete(saying("Hello."), request)
    assert "output_config" not in body
    assert "system" not in body


def test_asked_again_there_is_more_room() -> None:
    requests = [ChatRequest(messages=TURNS, attempt=n) for n in (0, 1, 9)]
    replies, bodies = complete(saying("x", "max_tokens"), *requests)
    assert all(reply.truncated for reply in replies)
    assert [body["max_tokens"] for body in bodies] == [8_192, 16_384, 32_768]
    _, bodies = complete(saying("x"), *requests[:2], options="&max_tokens=50")
    assert [body["max_tokens"] for body in bodies] == [50, 100]


def test_a_refusal_is_no_reply() -> None:
    with pytest.raises(JudgeError) as caught:
        complete(saying("", "refusal"), ChatRequest(messages=TURNS))
    assert caught.value.failure.kind == FailureKind.JUDGE_REFUSED
