"""The judge ``openai`` and the engine against a real model server.

The model is far too small to judge; what is tested is the protocol.
"""

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from typing import Protocol

import aiohttp
import pytest

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.openai import OFFER, OpenAIJudge
from rubricdsl.judging.book import JudgeBook, JudgeChoice
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.flow import Patience
from rubricdsl.judging.listening import Silence
from rubricdsl.judging.prompting import PromptWriter
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.events import VerdictReached
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.judgement import JudgeReply, JudgeRequest, Question
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import (
    BoundRubric,
    Criterion,
    Group,
    Level,
    LevelScale,
    Weight,
)
from rubricdsl.model.ruling import FailureKind, RulingWord

pytestmark = pytest.mark.model


class Server(Protocol):
    """Where the model is, and its key."""

    base: str
    key: str


PARIS = Response(
    text="Paris is the capital of France.",
    prompt_id="p",
    response_id="r",
    prompt="What is the capital of France?",
)


def request_of(*questions: Question, text: str = PARIS.text) -> JudgeRequest:
    return JudgeRequest(
        questions={f"c{n}": question for n, question in enumerate(questions, 1)},
        seen={"prompt": PARIS.prompt or "", "response": text},
        response=PARIS,
    )


def ask(server: Server, request: JudgeRequest, *, key: str | None = None) -> JudgeReply:
    async def scenario() -> JudgeReply:
        spec = parse_spec(f"openai:judge?base_url={server.base}")
        judge = OFFER.create(spec, {"OPENAI_API_KEY": key or server.key})
        try:
            return await judge.judge(request)
        finally:
            await judge.close()

    return asyncio.run(scenario())


def test_answers_are_bound_to_the_schema(model_server: Server) -> None:
    levels = LevelScale(
        0.0, 2.0, (Level(0.0, None, "No city."), Level(2.0, "full", "A capital."))
    )
    reply = ask(
        model_server,
        request_of(
            Question(text="Names a city."),
            Question(text="Names a river.", may_abstain=True),
            Question(text="How precise is it?", scale=levels),
        ),
    )
    assert [answer.id for answer in reply.answers] == ["c1", "c2", "c3"]
    assert all(answer.failure is None for answer in reply.answers)
    assert reply.answers[2].ruling is not None
    assert reply.answers[2].ruling.word is RulingWord.LEVEL
    assert reply.answers[2].probability is None
    assert reply.usage.prompt_tokens > 100
    assert reply.usage.completion_tokens > 5
    assert reply.model == "judge"


def test_probabilities_are_renormalised_over_the_answers(model_server: Server) -> None:
    question = Question(text="States that Paris is the capital of France.")
    request = request_of(question)
    # One secret, so that both see the same fence.
    writer = PromptWriter(secret=lambda: b"fence")

    async def scenario() -> tuple[JudgeReply, Mapping[str, float]]:
        settings = parse_spec(f"openai:judge?base_url={model_server.base}")
        judge = OpenAIJudge(settings, key=model_server.key, writer=writer)
        try:
            reply = await judge.judge(request)
        finally:
            await judge.close()
        return reply, await _masses(model_server, request, writer)

    reply, masses = asyncio.run(scenario())
    assert masses["no"] > 0
    assert reply.answers[0].probability == pytest.approx(
        masses["yes"] / (masses["yes"] + masses["no"]), abs=0.005
    )


async def _masses(
    server: Server, request: JudgeRequest, writer: PromptWriter
) -> Mapping[str, float]:
    """Ask for the same by hand, and add up the choices where the answer begins."""
    prompt = writer.write(request)
    body = {
        "model": "judge",
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ],
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 20,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"schema": writer.schema(request.questions)},
        },
    }
    headers = {"Authorization": f"Bearer {server.key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{server.base}/chat/completions", json=body) as reply,
    ):
        document = json.loads(await reply.read())
    masses = {"yes": 0.0, "no": 0.0}
    for token in document["choices"][0]["logprobs"]["content"]:
        if token["token"].strip(' "') in masses:
            for choice in token["top_logprobs"]:
                word = choice["token"].casefold().strip(' "')
                for answer in masses:
                    if word and answer.startswith(word):
                        masses[answer] += math.exp(choice["logprob"])
            break
    return masses


def test_a_wrong_key_is_named_and_not_shown(model_server: Server) -> None:
    with pytest.raises(JudgeError) as caught:
        ask(model_server, request_of(Question(text="Is true.")), key="sk-wrong-987654")
    assert caught.value.failure.kind == FailureKind.AUTH_FAILED
    assert "OPENAI_API_KEY" in caught.value.failure.reason
    assert "987654" not in caught.value.failure.reason


def test_a_prompt_that_is_too_long_fails_with_both_numbers(
    model_server: Server,
) -> None:
    request = request_of(Question(text="Is true."), text="word " * 6_000)
    with pytest.raises(JudgeError) as caught:
        ask(model_server, request)
    assert caught.value.failure.kind == FailureKind.REQUEST_REJECTED
    numbers = [int(n) for n in caught.value.failure.reason.split() if n.isdigit()]
    assert len(numbers) == 2
    assert numbers[0] > 6_000 > numbers[1]


def test_a_server_that_stops_keeps_the_verdicts_so_far(
    start_model_server: Callable[[], tuple[object, Server]],
) -> None:
    running, server = start_model_server()
    holder = [running]
    del running

    class Stopper(Silence):
        def verdict_reached(self, event: VerdictReached) -> None:
            del event
            # The server stops when nobody holds it any longer.
            holder.clear()

    criteria = tuple(
        Criterion(
            name=f"c{n}",
            path=f"c{n}",
            mark=Weight(1.0),
            text=f"Names {thing}.",
            sees=("prompt", "response"),
        )
        for n, thing in enumerate(["a city", "a river", "a king"])
    )
    root = Group(name="r", mark=Weight(1.0), items=criteria)
    rubric = BoundRubric(name="r", root=root, digest="0")

    async def scenario() -> EvaluationResult:
        spec = parse_spec(f"openai:judge?base_url={server.base}&ask=each")
        book = JudgeBook(
            {"openai": OFFER},
            environ={"OPENAI_API_KEY": server.key},
            choice=JudgeChoice(override=spec, concurrency=1),
        )
        evaluation = Evaluation(
            [Job(rubric, PARIS)],
            book,
            functions={},
            facts=ResponseFacts,
            listener=Stopper(),
            patience=Patience(outage=3.0),
        )
        try:
            return await evaluation.run()
        finally:
            await book.close()

    (scorecard,) = asyncio.run(scenario()).scorecards
    first, *rest = [result.verdict for result in scorecard.criteria]
    assert first.ruling is not None
    for verdict in rest:
        assert verdict.failure is not None
        assert verdict.failure.kind.startswith("transport_")
    assert scorecard.score is None
    assert 0 < scorecard.coverage < 1
