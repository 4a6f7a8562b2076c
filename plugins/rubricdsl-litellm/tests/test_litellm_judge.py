"""What LiteLLM is asked, what it says, and what is made of it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from importlib.util import find_spec
from typing import Any, TypeVar

import attrs
import pytest

from rubricdsl.diagnostics import JudgeError, RubricError
from rubricdsl.model.chat import ChatRequest
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import JudgeReply
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import Turn
from rubricdsl.model.ruling import FailureKind
from rubricdsl.testing.backend_suite import LocalServer, Received, sample_request
from rubricdsl.testing.backend_suite.server import Exchange

# It is slow to import, and not every worker of a test run needs it.
if find_spec("litellm") is None:
    pytest.skip("litellm is not installed", allow_module_level=True)

from rubricdsl_litellm import chat, judge
from rubricdsl_litellm.library import library
from rubricdsl_litellm.route import Route, resolve

pytestmark = pytest.mark.filterwarnings("ignore:.*`ReadOnly` qualifier:UserWarning")

T = TypeVar("T")
KEY = "sk-local-0123456789"
ENVIRON = {"OPENAI_API_KEY": KEY, "DEEPSEEK_API_KEY": KEY}


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer() as server:
        server.say("capital", lambda _: completion('{"c1": "yes"}'))
        yield server


def completion(text: str, **fields: object) -> dict[str, object]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    usage = {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010}
    return {"id": "x", "model": "m", "choices": [choice], "usage": usage, **fields}


def settings_of(server: LocalServer, model: str, **options: float) -> JudgeSettings:
    address: dict[str, str | float | bool] = {"base_url": f"{server.base}/v1"}
    address |= options
    return JudgeSettings(backend="litellm", model=model, options=address)


def ask(server: LocalServer, model: str = "openai/m", **options: float) -> JudgeReply:
    settings = settings_of(server, model, **options)
    return with_judge(settings, lambda made: made.judge(sample_request()))


def with_judge(
    settings: JudgeSettings, talk: Callable[[judge.LiteLLMJudge], Awaitable[T]]
) -> T:
    async def scenario() -> T:
        made = judge.create(settings, ENVIRON)
        try:
            return await talk(made)
        finally:
            await made.close()

    return asyncio.run(scenario())


def refusing(message: str, status: int, *words: str) -> Callable[..., Awaitable[None]]:
    """Refuse a request that holds one of some words."""

    async def act(exchange: Exchange) -> None:
        if any(word.encode() in exchange.received.body for word in words):
            body = {"error": {"message": message, "type": "invalid_request_error"}}
            await exchange.answer(body, status)
        else:
            await exchange.answer(exchange.right)

    return act


def test_what_a_known_model_costs_is_known(server: LocalServer) -> None:
    usage = ask(server, "openai/gpt-4.1-mini").usage
    read, written = library().cost_per_token(
        model="openai/gpt-4.1-mini", prompt_tokens=1000, completion_tokens=10
    )
    assert usage.cost == pytest.approx(read + written)
    assert usage.prompt_tokens == 1000
    made = judge.create(settings_of(server, "openai/gpt-4.1-mini"), ENVIRON)
    assert made.price(1000, 10) == pytest.approx(read + written)
    estimate = made.estimate(sample_request())
    assert estimate.cost is not None
    assert estimate.cost > 0


def test_an_unknown_model_costs_what_options_say(server: LocalServer) -> None:
    assert ask(server).usage.cost is None
    cost = ask(server, price_prompt=2.0, price_completion=100.0).usage.cost
    assert cost == pytest.approx(0.003)


def test_answers_are_bound_to_a_schema(server: LocalServer) -> None:
    ask(server)
    (received,) = server.received
    document = sent(received)
    assert document["temperature"] == 0
    schema = document["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["c1"]["enum"] == ["yes", "no"]
    assert document["logprobs"] is True


def test_what_was_refused_once_is_not_sent_again(server: LocalServer) -> None:
    server.act = refusing("response_format is not supported", 400, "json_schema")
    settings = settings_of(server, "openai/m")

    async def talk(made: judge.LiteLLMJudge) -> None:
        for _ in range(2):
            reply = await made.judge(sample_request())
            assert str(reply.answers[0].ruling) == "yes"

    with_judge(settings, talk)
    held = [b"json_schema" in received.body for received in server.received]
    assert held == [True, False, False]


def test_a_chosen_temperature_is_not_dropped(server: LocalServer) -> None:
    server.act = refusing("temperature is not supported", 400, "temperature")
    with pytest.raises(JudgeError) as caught:
        ask(server, temperature=0.5)
    assert caught.value.failure.kind == FailureKind.REQUEST_REJECTED
    assert str(ask(server).answers[0].ruling) == "yes"


def test_a_prompt_that_is_too_long_is_told_as_such(server: LocalServer) -> None:
    said = "This model's maximum context length is 10 tokens"
    server.act = refusing(said, 400, "capital")
    with pytest.raises(JudgeError) as caught:
        ask(server)
    assert caught.value.failure.kind == FailureKind.REQUEST_REJECTED
    assert caught.value.too_long


def test_no_quota_is_no_patience(server: LocalServer) -> None:
    server.act = refusing("You exceeded your current quota", 429, "capital")
    with pytest.raises(JudgeError) as caught:
        ask(server)
    assert caught.value.failure.kind == FailureKind.QUOTA_EXHAUSTED
    assert not caught.value.transient


def test_a_refused_key_is_named_by_its_variable(server: LocalServer) -> None:
    server.act = refusing(f"Incorrect API key: {KEY}", 401, "capital")
    with pytest.raises(JudgeError) as caught:
        ask(server)
    assert "OPENAI_API_KEY" in caught.value.failure.reason
    assert KEY not in str(caught.value)


def test_what_a_content_filter_holds_back_is_a_refusal(server: LocalServer) -> None:
    said = "invalid_request_error: content_policy_violation"
    server.act = refusing(said, 400, "capital")
    with pytest.raises(JudgeError) as caught:
        ask(server)
    assert caught.value.failure.kind == FailureKind.JUDGE_REFUSED


def test_a_compressed_reply_is_not_inflated(server: LocalServer) -> None:
    async def act(exchange: Exchange) -> None:
        headers = {"Content-Encoding": "gzip"}
        await exchange.answer(b"\x1f\x8b" + bytes(100), headers=headers)

    server.act = act
    with pytest.raises(JudgeError) as caught:
        ask(server)
    assert caught.value.failure.kind == FailureKind.TRANSPORT_PEER_DROP
    (received,) = server.received
    assert received.headers["accept-encoding"] == "identity"


def test_a_provider_that_takes_no_client_of_ours_answers_too(
    server: LocalServer,
) -> None:
    """Most of LiteLLM's providers are such; its own client asks them."""
    reply = ask(server, "deepseek/m")
    assert str(reply.answers[0].ruling) == "yes"
    (received,) = server.received
    assert received.headers["authorization"] == f"Bearer {KEY}"


def test_messages_are_completed(server: LocalServer) -> None:
    schema: dict[str, Plain] = {
        "type": "object",
        "properties": {"a": {"enum": ["b"]}},
    }
    server.say("letter", lambda _: completion('{"a": "b"}'))
    messages = (Turn("system", "Be brief."), Turn("user", "Give \ud800 a letter."))
    first = ChatRequest(messages=messages, schema=schema, seed=7)

    async def talk(made: chat.LiteLLMChat) -> list[str]:
        again = attrs.evolve(first, attempt=1)
        return [(await made.complete(request)).text for request in (first, again)]

    settings = settings_of(server, "openai/m", max_tokens=50.0)

    async def scenario() -> list[str]:
        made = chat.create(settings, ENVIRON)
        try:
            return await talk(made)
        finally:
            await made.close()

    assert asyncio.run(scenario()) == ['{"a": "b"}'] * 2
    bodies = [sent(received) for received in server.received]
    assert [body["seed"] for body in bodies] == [7, 8]
    assert [body["max_tokens"] for body in bodies] == [50, 100]
    assert ["temperature" in body for body in bodies] == [False, True]


def sent(received: Received) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(received.body)
    return document


def test_an_address_in_the_environment_is_part_of_the_judge() -> None:
    settings = JudgeSettings(backend="litellm", model="hosted-vllm/m")
    found = resolve(settings, {"HOSTED_VLLM_API_BASE": "http://127.0.0.1:8000/v1/"})
    assert found.options["base_url"] == "http://127.0.0.1:8000/v1"
    chosen = {"base_url": "http://127.0.0.1:9/v1"}
    settings = attrs.evolve(settings, options=chosen)
    assert (
        dict(resolve(settings, {"HOSTED_VLLM_API_BASE": "http://x"}).options) == chosen
    )


def test_a_key_shows_in_no_repr() -> None:
    route = Route.of(
        JudgeSettings(backend="litellm", model="openai/m"), ENVIRON, "judge"
    )
    assert route.key == KEY
    assert KEY not in repr(route)


def test_a_chat_model_needs_a_provider_too() -> None:
    with pytest.raises(RubricError) as caught:
        chat.create(JudgeSettings(backend="litellm", model="m"), {})
    assert caught.value.diagnostics[0].code == "D205"


@pytest.mark.parametrize("provider", ["anthropic", "bedrock", "ollama"])
def test_who_tells_no_probabilities_is_known_rightly(provider: str) -> None:
    """It is declared before LiteLLM is loaded, which knows it."""
    known = library().get_supported_openai_params("m", provider)
    assert "logprobs" not in (known or ())


_OFFLINE = """\
import socket
def refuse(*_): raise OSError("no connection while it is imported")
socket.socket.connect = socket.getaddrinfo = refuse
from rubricdsl_litellm.library import library, price
library()
print(price("openai/gpt-4.1-mini", 1000, 10) is not None)
"""


def test_it_is_loaded_without_network_and_without_a_word() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _OFFLINE], capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n", done.stderr
    assert not done.stderr
