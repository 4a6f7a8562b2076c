"""The judge against a server that takes what Messages takes, and nothing else."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import define, field, frozen

from rubricdsl.cli import main
from rubricdsl.diagnostics import JudgeError, RubricError
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.judgement import JudgeReply, JudgeRequest, Question
from rubricdsl.model.response import Response
from rubricdsl.model.ruling import NO, YES, FailureKind
from rubricdsl.testing.backend_suite import LocalServer, Received
from rubricdsl.testing.backend_suite.server import Act, Exchange
from rubricdsl_anthropic.judge import OFFER

KEY = "sk-ant-test-0123456789/+abc"
BOTH = '{"c1": "yes", "c2": "no"}'
PRICES = "&price_prompt=4&price_completion=20"


def message(*blocks: object, **changes: object) -> dict[str, object]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test-20260101",
        "content": list(blocks),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 10},
        **changes,
    }


def text(said: object) -> dict[str, object]:
    return {"type": "text", "text": said}


def error(kind: str, said: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": said}}


@define
class Service:
    """Checks requests as the service does, and gives answers, the last for ever."""

    answers: Sequence[Any] = (message(text(BOTH)),)
    bodies: list[dict[str, Any]] = field(factory=list)
    headers: list[Mapping[str, str]] = field(factory=list)

    async def act(self, exchange: Exchange) -> None:
        """Answer one request."""
        body: Any = exchange.received.document
        self.bodies.append(body)
        self.headers.append(exchange.received.headers)
        fault = _fault(exchange.received, body)
        if fault is not None:
            await exchange.answer(error("invalid_request_error", fault), 400)
            return
        answer = self.answers[min(len(self.bodies), len(self.answers)) - 1]
        status, answer = answer if isinstance(answer, tuple) else (200, answer)
        await exchange.answer(answer, status)


_KNOWN = {
    *("model", "max_tokens", "system", "messages"),
    *("temperature", "output_config"),
}


_CLOSED = {"additionalProperties": False}


def _fault(received: Received, body: dict[str, Any]) -> str | None:
    turns = body["messages"]
    blocks = [*body.get("system", ()), *(b for turn in turns for b in turn["content"])]
    form = body.get("output_config", {}).get("format", {"schema": _CLOSED})
    closed = form["schema"].get("additionalProperties") is False
    for holds, fault in (
        (received.target == "/v1/messages", f"no such path: {received.target}"),
        (received.headers.get("anthropic-version") == "2023-06-01", "no version"),
        (body.keys() <= _KNOWN, "Extra inputs are not permitted"),
        (isinstance(body.get("max_tokens"), int), "max_tokens: Field required"),
        (turns[0]["role"] == "user", "first message must use the user role"),
        (all(b["text"].strip() for b in blocks), "text blocks must be non-empty"),
        (sum("cache_control" in b for b in blocks) <= 4, "over 4 cache_control"),
        (closed, "output_config.format.schema: additionalProperties must be false"),
    ):
        if not holds:
            return fault
    return None


def request_of(
    *questions: Question | str,
    seen: Mapping[str, str] | None = None,
    repeats: int = 0,
    instructions: str | None = None,
) -> JudgeRequest:
    asked = questions or ("Is one.", "Is two.")
    return JudgeRequest(
        questions={
            f"c{n}": Question(text=question) if isinstance(question, str) else question
            for n, question in enumerate(asked, 1)
        },
        seen=seen or {"prompt": "Why?", "response": "Because."},
        response=Response(text="Because.", prompt_id="p", response_id="r"),
        repeats=repeats,
        instructions=instructions,
    )


def ask(act: Act, *requests: JudgeRequest, options: str = "") -> list[JudgeReply]:
    async def scenario(base: str) -> list[JudgeReply]:
        settings = parse_spec(f"anthropic:claude-test?base_url={base}{options}")
        judge = OFFER.create(settings, {"ANTHROPIC_API_KEY": KEY})
        try:
            return [await judge.judge(request) for request in requests]
        finally:
            await judge.close()

    requests = requests or (request_of(),)
    with LocalServer() as server:
        server.act = act
        return asyncio.run(scenario(server.base))


def failed(act: Act) -> JudgeError:
    with pytest.raises(JudgeError) as caught:
        ask(act)
    return caught.value


# ------------------------------------------------------------------ what is sent


def test_what_is_sent_and_what_is_read() -> None:
    service = Service()
    (reply,) = ask(service.act, options=PRICES)
    assert [answer.ruling for answer in reply.answers] == [YES, NO]
    assert reply.model == "claude-test-20260101"
    assert reply.notices == ()
    assert reply.usage.prompt_tokens == 100
    assert reply.usage.cost == pytest.approx((4 * 100 + 20 * 10) / 1e6)
    (body,), (headers,) = service.bodies, service.headers
    assert headers["x-api-key"] == KEY
    assert "Authorization" not in headers
    assert body["model"] == "claude-test"
    assert body["temperature"] == 0
    schema = body["output_config"]["format"]["schema"]
    assert schema["required"] == ["c1", "c2"]
    texts = [block["text"] for block in body["messages"][0]["content"]]
    assert "Because." in texts[0]
    assert "c1: Is one." not in texts[0]
    assert texts[1].startswith("c1: Is one.")


def test_the_room_for_an_answer_grows_with_questions_and_cuts() -> None:
    service = Service((message(text('{"c1": "yes"}')),))
    many = request_of(*(Question(text="Is.", evidence=True) for _ in range(50)))
    ask(service.act, request_of("Is."), many, request_of("Is.", repeats=1))
    few, lots, again = (body["max_tokens"] for body in service.bodies)
    assert few > 2_000
    assert lots > few + 50 * 40
    assert again == 2 * few
    service.bodies.clear()
    ask(service.act, request_of("Is.", repeats=1), options="&max_tokens=70")
    assert service.bodies[0]["max_tokens"] == 140


def test_an_effort_is_asked_for_beside_the_schema() -> None:
    service = Service()
    ask(service.act, options="&effort=low")
    assert service.bodies[0]["output_config"]["effort"] == "low"
    assert "format" in service.bodies[0]["output_config"]
    with pytest.raises(RubricError) as caught:
        OFFER.create(parse_spec("anthropic:m?effort=huge"), {"ANTHROPIC_API_KEY": KEY})
    assert caught.value.diagnostics[0].code == "D203"


# --------------------------------------------------------------------- the cache


def marks(body: Mapping[str, Any]) -> list[bool]:
    blocks = [*body["system"], *body["messages"][0]["content"]]
    return ["cache_control" in block for block in blocks]


def test_texts_are_cached_once_they_come_up_again() -> None:
    service = Service((message(text('{"c1": "yes"}')),))
    one, two = {"response": "One."}, {"response": "Two."}
    requests = [
        request_of("A.", seen=one),
        request_of("A.", seen=two),
        # Nothing recurs: it was only answered badly.
        request_of("A.", seen=two, repeats=1),
        request_of("B.", seen=one),
        request_of("A.", seen={"response": "Three."}),
    ]
    ask(service.act, *requests)
    assert [marks(body) for body in service.bodies] == [
        [True, False, False],
        [True, False, False],
        [True, False, False],
        [True, True, False],
        [True, True, False],
    ]


def test_all_questions_about_one_response_share_their_beginning() -> None:
    service = Service((message(text('{"c1": "yes"}')),))
    seen = {"response": "One."}
    ask(
        service.act,
        *(request_of(said, seen=seen) for said in ("A.", "B.", "C.")),
    )
    _, second, third = service.bodies
    assert second["system"] == third["system"]
    opening = second["messages"][0]["content"][0]
    assert opening["cache_control"] == {"type": "ephemeral"}
    assert opening == third["messages"][0]["content"][0]


def test_tokens_of_the_cache_have_their_own_price() -> None:
    usage = {
        "input_tokens": 100,
        "cache_creation_input_tokens": 1_000,
        "cache_read_input_tokens": 10_000,
        "output_tokens": 10,
    }
    service = Service((message(text(BOTH), usage=usage),))
    (reply,) = ask(service.act, options=PRICES)
    assert reply.usage.prompt_tokens == 11_100
    read = 100 + 1.25 * 1_000 + 0.1 * 10_000
    assert reply.usage.cost == pytest.approx((4 * read + 20 * 10) / 1e6)


# ------------------------------------------------------------------ what is read

_WHOLE = {
    "two blocks": message(text('{"c1": "yes",'), text(' "c2": "no"}')),
    "thoughts": message(
        {"type": "thinking", "thinking": '{"c1": "no"}', "signature": "x"},
        {"type": "redacted_thinking", "data": "x"},
        text(BOTH),
    ),
    "a stop that is new": message(text(BOTH), stop_reason="satisfied"),
    "no usage": message(text(BOTH), usage=None),
    "a code fence": message(text(f"```json\n{BOTH}\n```")),
}


@pytest.mark.parametrize("name", _WHOLE)
def test_messages_that_are_read(name: str) -> None:
    (reply,) = ask(Service((_WHOLE[name],)).act)
    assert [answer.ruling for answer in reply.answers] == [YES, NO]
    assert reply.notices == ()


def test_unknown_content_and_another_model_are_noted() -> None:
    said = message({"type": "hologram", "data": "x"}, text(BOTH), model="other-1")
    (reply,) = ask(Service((said,)).act)
    assert [answer.ruling for answer in reply.answers] == [YES, NO]
    assert reply.notices == (
        "content of type 'hologram' was not read",
        "the server answered as model 'other-1'",
    )


def test_what_is_missing_is_left_out_and_what_is_wrong_has_failed() -> None:
    service = Service((message(text('{"c2": "perhaps"}')),))
    (reply,) = ask(service.act)
    (answer,) = reply.answers
    assert (answer.id, answer.ruling) == ("c2", None)
    assert answer.failure is not None
    assert answer.failure.kind == FailureKind.JUDGE_UNPARSEABLE


@frozen
class Fault:
    """A reply, the kind of failure it is, and a piece of the reason.

    ``passes`` says that the same request may succeed later.
    """

    kind: FailureKind
    reason: str
    body: object
    status: int = 200
    passes: bool = False
    too_long: bool = False


_UNREADABLE = FailureKind.JUDGE_UNPARSEABLE
_TOOL = {"type": "tool_use", "id": "t", "name": "answer", "input": {"c1": "yes"}}
FAULTS = {
    "a list": Fault(_UNREADABLE, "no JSON object", []),
    "an error as a success": Fault(
        _UNREADABLE, "is no message", error("api_error", "oops")
    ),
    "content that is text": Fault(_UNREADABLE, "is no message", message(content=BOTH)),
    "no content": Fault(_UNREADABLE, "has no text", message()),
    "blank": Fault(_UNREADABLE, "has no text", message(text(" \n"))),
    "no text": Fault(_UNREADABLE, "has no text", message(text(None))),
    "no blocks": Fault(_UNREADABLE, "has no text", message(1, None, {"type": 2})),
    "thoughts only": Fault(
        _UNREADABLE, "has no text", message({"type": "thinking", "thinking": BOTH})
    ),
    "tool": Fault(_UNREADABLE, "calls a tool", message(_TOOL, stop_reason="tool_use")),
    "text and tool": Fault(_UNREADABLE, "calls a tool", message(text(BOTH), _TOOL)),
    "pause": Fault(
        _UNREADABLE, "paused", message(text(BOTH), stop_reason="pause_turn")
    ),
    "two objects": Fault(
        _UNREADABLE, "not one JSON object", message(text(BOTH), text(BOTH))
    ),
    "reasoning": Fault(
        _UNREADABLE, "not one JSON object", message(text("So: "), text(BOTH))
    ),
    "duplicate keys": Fault(
        _UNREADABLE, "duplicate key", message(text('{"c1":"yes","c1":"no","c2":"no"}'))
    ),
    "NaN": Fault(_UNREADABLE, "NaN", message(text('{"c1":NaN,"c2":"no"}'))),
    "cut": Fault(
        FailureKind.JUDGE_TRUNCATED,
        "max_tokens",
        message(text('{"c1": "ye'), stop_reason="max_tokens"),
    ),
    "cut after all": Fault(
        FailureKind.JUDGE_TRUNCATED,
        "max_tokens",
        message(text(BOTH), stop_reason="max_tokens"),
    ),
    "cut before all": Fault(
        FailureKind.JUDGE_TRUNCATED, "max_tokens", message(stop_reason="max_tokens")
    ),
    "the context is full": Fault(
        FailureKind.JUDGE_TRUNCATED,
        "max_tokens",
        message(text(BOTH), stop_reason="model_context_window_exceeded"),
    ),
    "refusal": Fault(
        FailureKind.JUDGE_REFUSED, "no reason", message(stop_reason="refusal")
    ),
    "refusal with a category": Fault(
        FailureKind.JUDGE_REFUSED,
        "refused to answer: bio",
        message(
            text(BOTH),
            stop_reason="refusal",
            stop_details={"type": "refusal", "category": "bio", "explanation": None},
        ),
    ),
    "refusal in words": Fault(
        FailureKind.JUDGE_REFUSED,
        "refused to answer: I must not.",
        message(
            stop_reason="refusal",
            stop_details={"type": "refusal", "explanation": "I must not."},
        ),
    ),
    "400": Fault(
        FailureKind.REQUEST_REJECTED,
        "400: top_k: nonsense",
        error("invalid_request_error", "top_k: nonsense"),
        400,
    ),
    "no credit": Fault(
        FailureKind.QUOTA_EXHAUSTED,
        "credit balance",
        error("invalid_request_error", "Your credit balance is too low to access it."),
        400,
    ),
    "401": Fault(
        FailureKind.AUTH_FAILED,
        "invalid x-api-key; check the key in ANTHROPIC_API_KEY",
        error("authentication_error", "invalid x-api-key"),
        401,
    ),
    "402": Fault(
        FailureKind.QUOTA_EXHAUSTED, "pay", error("billing_error", "pay"), 402
    ),
    "403": Fault(FailureKind.AUTH_FAILED, "no", error("permission_error", "no"), 403),
    "404": Fault(
        FailureKind.REQUEST_REJECTED,
        "model: claude-test",
        error("not_found_error", "model: claude-test"),
        404,
    ),
    "413": Fault(
        FailureKind.REQUEST_REJECTED,
        "Request exceeds the maximum size",
        error("request_too_large", "Request exceeds the maximum size"),
        413,
    ),
    "prompt too long": Fault(
        FailureKind.REQUEST_REJECTED,
        "205000 tokens > 200000 maximum",
        error(
            "invalid_request_error",
            "prompt is too long: 205000 tokens > 200000 maximum",
        ),
        400,
        too_long=True,
    ),
    "no room for the answer": Fault(
        FailureKind.REQUEST_REJECTED,
        "the prompt is too long",
        error(
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 199 + 2 > 200",
        ),
        400,
        too_long=True,
    ),
    "429": Fault(
        FailureKind.RATE_LIMITED,
        "tokens per minute",
        error("rate_limit_error", "exceeds 40,000 input tokens per minute"),
        429,
        passes=True,
    ),
    "500": Fault(
        FailureKind.PROVIDER_UNAVAILABLE,
        "500: Internal",
        error("api_error", "Internal server error"),
        500,
        passes=True,
    ),
    "504": Fault(
        FailureKind.PROVIDER_UNAVAILABLE,
        "504",
        error("timeout_error", "timed out"),
        504,
        passes=True,
    ),
    "529": Fault(
        FailureKind.PROVIDER_UNAVAILABLE,
        "529: Overloaded",
        error("overloaded_error", "Overloaded"),
        529,
        passes=True,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_its_kind(name: str) -> None:
    fault = FAULTS[name]
    service = Service([(fault.status, fault.body)])
    caught = failed(service.act)
    kind, reason = caught.failure.kind, caught.failure.reason
    assert (kind, fault.reason in reason) == (fault.kind, True), reason
    assert (caught.transient, caught.too_long) == (fault.passes, fault.too_long)
    # Not retried here, whatever it is: that is the engine's.
    assert len(service.bodies) == 1


def test_the_key_is_in_no_reason() -> None:
    details = {"type": "refusal", "explanation": f"not for {KEY}"}
    for answer in (
        (401, error("authentication_error", f"invalid: {KEY}")),
        message(stop_reason="refusal", stop_details=details),
    ):
        reason = failed(Service([answer]).act).failure.reason
        assert KEY not in reason
        assert "[redacted]" in reason


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("output_config",), "output_config: Extra inputs are not permitted"),
        (("output_config",), "'claude-test' does not support output format"),
        (("temperature",), "`temperature` is deprecated for this model."),
        (("system", 0, "cache_control"), "system.0.cache_control: not permitted"),
    ],
)
def test_what_is_refused_once_is_not_asked_again(
    path: Sequence[str | int], said: str
) -> None:
    bodies: list[Any] = []

    def holds(body: Any) -> bool:
        for step in path:
            if isinstance(body, dict) and step not in body:
                return False
            body = body[step]
        return True

    async def act(exchange: Exchange) -> None:
        bodies.append(exchange.received.document)
        if holds(bodies[-1]):
            await exchange.answer(error("invalid_request_error", said), 400)
        else:
            await exchange.answer(message(text(BOTH)))

    for reply in ask(act, request_of(), request_of()):
        assert [answer.ruling for answer in reply.answers] == [YES, NO]
    assert [holds(body) for body in bodies] == [True, False, False]


def test_a_chosen_temperature_is_not_dropped() -> None:
    service = Service([(400, error("invalid_request_error", "temperature: 0 to 1"))])
    with pytest.raises(JudgeError) as caught:
        ask(service.act, options="&temperature=0.5")
    assert caught.value.failure.kind == FailureKind.REQUEST_REJECTED
    assert len(service.bodies) == 1


# ------------------------------------------------------------ before it is asked


def test_an_estimate_needs_no_key_and_is_near() -> None:
    assert OFFER.estimator is not None
    judge = OFFER.estimator(parse_spec(f"anthropic:m?base_url=http://h{PRICES}"), {})
    usage = judge.estimate(request_of())  # type: ignore[attr-defined]
    assert 200 < usage.prompt_tokens < 600
    assert 8 < usage.completion_tokens < 40
    assert usage.cost == pytest.approx(
        (4 * usage.prompt_tokens + 20 * usage.completion_tokens) / 1e6
    )
    assert judge.price(1_000_000, 0) == 4  # type: ignore[attr-defined]


def test_a_judge_is_checked_from_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with LocalServer() as server:
        server.act = Service((message(text('{"c1": "yes"}')),)).act
        spec = f"anthropic:claude-test?base_url={server.base}"
        assert main(["judges", "--check", spec, "--json"]) == 0
    (checked,) = json.loads(capsys.readouterr().out)["checked"]
    assert (checked["ready"], checked["detail"]) == (True, "said yes")
