"""The judge ``openai`` against a server that does wrong on purpose."""

import asyncio
import errno
import gzip
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from aiohttp import web
from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.openai import OFFER
from rubricdsl.judging.backends.transport import MAX_BODY
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.judgement import JudgeReply, JudgeRequest, Question
from rubricdsl.model.response import Response
from rubricdsl.model.ruling import NO, YES, FailureKind

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], AbstractAsyncContextManager[str]]

KEY = "sk-test-0123456789/+abc"


def completion(content: object, **changes: object) -> dict[str, object]:
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": content},
    }
    return {"model": "m", "choices": [choice], **changes}


def choice(**changes: object) -> dict[str, object]:
    whole = {
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": '{"c1": "yes", "c2": "no"}'},
    }
    return {"model": "m", "choices": [{**whole, **changes}]}


def request_of(*questions: Question) -> JudgeRequest:
    asked = questions or (Question(text="Is one."), Question(text="Is two."))
    return JudgeRequest(
        questions={f"c{n}": question for n, question in enumerate(asked, 1)},
        seen={"prompt": "Why?", "response": "Because."},
        response=Response(text="Because.", prompt_id="p", response_id="r"),
    )


async def ask(
    base: str, request: JudgeRequest | None = None, options: str = ""
) -> JudgeReply:
    spec = parse_spec(f"openai:m?base_url={base}{options}")
    judge = OFFER.create(spec, {"OPENAI_API_KEY": KEY})
    try:
        return await judge.judge(request or request_of())
    finally:
        await judge.close()


def failed(serve: Serve, handler: Handler) -> JudgeError:
    async def scenario() -> JudgeError:
        async with serve(handler) as base:
            with pytest.raises(JudgeError) as caught:
                await asyncio.wait_for(ask(base), 20)
        return caught.value

    return asyncio.run(scenario())


def failure(serve: Serve, handler: Handler) -> tuple[str, str]:
    caught = failed(serve, handler).failure
    return caught.kind, caught.reason


def replying(
    body: object,
    *,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(
            body=raw, status=status, content_type=content_type, headers=headers
        )

    return handler


def error(code: str, message: str, **more: object) -> dict[str, object]:
    return {"error": {"code": code, "message": message, **more}}


def test_good_answers_are_read(serve: Serve) -> None:
    seen: list[web.Request] = []
    bodies: list[dict[str, object]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        bodies.append(await request.json())
        usage = {"prompt_tokens": 100, "completion_tokens": 10}
        return web.json_response(completion('{"c1": "yes", "c2": "No."}', usage=usage))

    async def scenario() -> JudgeReply:
        async with serve(handler) as base:
            return await ask(base, options="&price_prompt=2&price_completion=30")

    reply = asyncio.run(scenario())
    assert [a.ruling for a in reply.answers] == [YES, NO]
    assert reply.usage.prompt_tokens == 100
    assert reply.usage.cost == pytest.approx((2 * 100 + 30 * 10) / 1e6)
    assert reply.notices == ()
    assert seen[0].path == "/v1/chat/completions"
    assert seen[0].headers["Authorization"] == f"Bearer {KEY}"
    assert bodies[0]["model"] == "m"
    assert bodies[0]["temperature"] == 0
    assert bodies[0]["top_logprobs"] == 20


@frozen
class Fault:
    """A reply, the kind of failure it is, and a piece of the reason.

    ``passes`` says that the same request may succeed later.
    """

    kind: FailureKind
    reason: str
    body: object
    status: int = 200
    content_type: str = "application/json"
    passes: bool = False


_UNREADABLE = FailureKind.JUDGE_UNPARSEABLE
FAULTS = {
    "html": Fault(_UNREADABLE, "(text/html)", b"<html>", content_type="text/html"),
    "empty": Fault(_UNREADABLE, "an empty body", b""),
    "bad json": Fault(_UNREADABLE, "no JSON", b'{"choices": [}'),
    "cut json": Fault(
        _UNREADABLE, "no JSON", json.dumps(completion('{"c1":"yes"}')).encode()[:-9]
    ),
    "not utf-8": Fault(_UNREADABLE, "no JSON", b'{"choices": "\xff"}'),
    "deep body": Fault(_UNREADABLE, "no JSON", b"[" * 100_000),
    "a list": Fault(_UNREADABLE, "no JSON object", []),
    "no choices": Fault(_UNREADABLE, "no choices", {"choices": []}),
    "two choices": Fault(
        _UNREADABLE,
        "not just one choice",
        {"choices": choice()["choices"] * 2},  # type: ignore[operator]
    ),
    "no message": Fault(_UNREADABLE, "no message", choice(message=None)),
    "null content": Fault(_UNREADABLE, "has no content", completion(None)),
    "empty content": Fault(_UNREADABLE, "has no content", completion("  ")),
    "tool call": Fault(
        _UNREADABLE,
        "calls a tool",
        choice(message={"content": None, "tool_calls": [{"id": "x"}]}),
    ),
    "cut verdict": Fault(_UNREADABLE, "not one JSON object", completion('{"c1": "ye')),
    "duplicate keys": Fault(
        _UNREADABLE, "duplicate key", completion('{"c1":"yes","c1":"no","c2":"no"}')
    ),
    "two objects": Fault(
        _UNREADABLE,
        "not one JSON object",
        completion('{"c1":"yes","c2":"no"} {"c1":"no","c2":"no"}'),
    ),
    "reasoning": Fault(
        _UNREADABLE,
        "not one JSON object",
        completion('I think {so}. {"c1":"yes","c2":"no"}'),
    ),
    "NaN": Fault(_UNREADABLE, "NaN", completion('{"c1":NaN,"c2":"no"}')),
    "deep content": Fault(_UNREADABLE, "nesting", completion("[" * 100_000)),
    "length": Fault(
        FailureKind.JUDGE_TRUNCATED, "max_tokens", choice(finish_reason="length")
    ),
    "refusal": Fault(
        FailureKind.JUDGE_REFUSED,
        "I cannot do that",
        choice(message={"content": None, "refusal": "I cannot do that"}),
    ),
    "content filter": Fault(
        FailureKind.JUDGE_REFUSED, "filter", choice(finish_reason="content_filter")
    ),
    "401": Fault(FailureKind.AUTH_FAILED, "check the key in OPENAI_API_KEY", {}, 401),
    "402": Fault(FailureKind.QUOTA_EXHAUSTED, "402", {}, 402),
    "403": Fault(FailureKind.AUTH_FAILED, "403", {}, 403),
    "404": Fault(
        FailureKind.REQUEST_REJECTED, "no such model", error("x", "no such model"), 404
    ),
    "408": Fault(FailureKind.TRANSPORT_TIMEOUT, "408", {}, 408, passes=True),
    "413": Fault(FailureKind.REQUEST_REJECTED, "413", b"too large", 413),
    "429": Fault(
        FailureKind.RATE_LIMITED, "slow down", error("x", "slow down"), 429, passes=True
    ),
    "quota": Fault(
        FailureKind.QUOTA_EXHAUSTED,
        "pay first",
        error("insufficient_quota", "pay first"),
        429,
    ),
    "quota of a minute": Fault(
        FailureKind.RATE_LIMITED,
        "per minute",
        error("RESOURCE_EXHAUSTED", "Quota exceeded: 60 requests per minute"),
        429,
        passes=True,
    ),
    "no credit": Fault(
        FailureKind.QUOTA_EXHAUSTED,
        "credit balance",
        error("x", "your credit balance is too low for this rate limit"),
        429,
    ),
    "context": Fault(
        FailureKind.REQUEST_REJECTED,
        "it has 9000 tokens, and the model takes 4096",
        error(
            "x",
            "too long",
            type="exceed_context_size_error",
            n_prompt_tokens=9000,
            n_ctx=4096,
        ),
        400,
    ),
    "context in words": Fault(
        FailureKind.REQUEST_REJECTED,
        "maximum context length is 128000 tokens, but you sent 130000",
        error(
            "context_length_exceeded",
            "This model's maximum context length is 128000 tokens, but you sent 130000",
        ),
        400,
    ),
    "context limit": Fault(
        FailureKind.REQUEST_REJECTED,
        "the prompt is too long for the model: input length and `max_tokens` exceed",
        error("x", "input length and `max_tokens` exceed context limit: 199 + 2 > 200"),
        400,
    ),
    "no credit, as a bad request": Fault(
        FailureKind.QUOTA_EXHAUSTED,
        "credit balance",
        error("invalid_request_error", "Your credit balance is too low"),
        400,
    ),
    "what validators found": Fault(
        FailureKind.REQUEST_REJECTED,
        "422: body.model: Field required; body.n: Too large",
        {
            "detail": [
                {"loc": ["body", "model"], "msg": "Field required", "input": "secret"},
                {"loc": ["body", "n"], "msg": "Too large"},
            ]
        },
        422,
    ),
    "409": Fault(FailureKind.PROVIDER_UNAVAILABLE, "409", {}, 409, passes=True),
    "422": Fault(FailureKind.REQUEST_REJECTED, "422", {}, 422),
    "425": Fault(FailureKind.PROVIDER_UNAVAILABLE, "425", {}, 425, passes=True),
    "500": Fault(
        FailureKind.PROVIDER_UNAVAILABLE,
        "500: oops",
        error("", "oops"),
        500,
        passes=True,
    ),
    "503 html": Fault(
        FailureKind.PROVIDER_UNAVAILABLE,
        "503",
        b"<html>",
        503,
        "text/html",
        passes=True,
    ),
    "501": Fault(FailureKind.PROVIDER_UNAVAILABLE, "501", {}, 501),
    "502": Fault(FailureKind.PROVIDER_UNAVAILABLE, "502", {}, 502, passes=True),
    "504": Fault(FailureKind.PROVIDER_UNAVAILABLE, "504", {}, 504, passes=True),
    "522": Fault(FailureKind.PROVIDER_UNAVAILABLE, "522", {}, 522, passes=True),
    "529": Fault(FailureKind.PROVIDER_UNAVAILABLE, "529", {}, 529, passes=True),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_its_kind(serve: Serve, name: str) -> None:
    fault = FAULTS[name]
    handler = replying(fault.body, status=fault.status, content_type=fault.content_type)
    caught = failed(serve, handler)
    kind, reason = caught.failure.kind, caught.failure.reason
    assert (kind, fault.reason in reason) == (fault.kind, True), reason
    assert (caught.transient, caught.retry_after) == (fault.passes, None)
    assert "\n" not in reason
    assert len(reason) < 500


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (503, {"Retry-After": "0.5"}, 0.5),
        (429, {"retry-after-ms": "1500", "Retry-After": "2"}, 1.5),
        (429, {"x-ratelimit-reset-requests": "1m30s"}, 90.0),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": "-1"}, None),
        (429, {"Retry-After": "NaN"}, None),
        (400, {"Retry-After": "7"}, None),
    ],
)
def test_how_long_the_server_asks_to_be_left_alone(
    serve: Serve, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    caught = failed(serve, replying({}, status=status, headers=headers))
    assert caught.retry_after == seconds


def test_a_quota_is_not_waited_for(serve: Serve) -> None:
    body = error("insufficient_quota", "pay first")
    headers = {"Retry-After": "7"}
    caught = failed(serve, replying(body, status=429, headers=headers))
    assert caught.failure.kind == FailureKind.QUOTA_EXHAUSTED
    assert (caught.transient, caught.retry_after) == (False, None)


def test_extra_things_around_good_answers_are_tolerated(serve: Serve) -> None:
    body = completion(
        '```json\n{"C1": true, "c2": "NO", "c9": "yes"}\n```',
        model="another",
        usage={"prompt_tokens": -5, "completion_tokens": "many"},
        extra=1,
    )
    raw = b"\xef\xbb\xbf" + json.dumps(body).encode()

    async def scenario() -> JudgeReply:
        async with serve(replying(raw, content_type="text/plain")) as base:
            return await ask(base)

    reply = asyncio.run(scenario())
    assert [a.ruling for a in reply.answers] == [YES, NO]
    assert reply.usage.prompt_tokens == reply.usage.completion_tokens == 0
    assert reply.notices == (
        "an answer to 'c9', which was not asked",
        "the server answered as model 'another'",
    )


def test_a_missing_answer_is_left_out_and_a_wrong_one_has_failed(serve: Serve) -> None:
    async def scenario() -> JudgeReply:
        async with serve(replying(completion('{"c2": "perhaps"}'))) as base:
            return await ask(base)

    (answer,) = asyncio.run(scenario()).answers
    assert answer.id == "c2"
    assert answer.ruling is None
    assert answer.failure is not None
    assert answer.failure.kind == _UNREADABLE


def test_a_long_response_is_sent_whole(serve: Serve) -> None:
    text = "word " * 600_000

    async def handler(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        held = text in body["messages"][1]["content"]
        answer = "yes" if held else "no"
        return web.json_response(completion(json.dumps({"c1": answer})))

    async def scenario() -> JudgeReply:
        request = JudgeRequest(
            questions={"c1": Question(text="Is long.")},
            seen={"response": text},
            response=Response(text=text, prompt_id="p", response_id="r"),
        )
        async with serve(handler) as base:
            return await ask(base, request)

    assert [a.ruling for a in asyncio.run(scenario()).answers] == [YES]


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("response_format", "response_format json_schema is not supported"),
        ("logprobs", "logprobs are not supported with reasoning models"),
        ("temperature", "Unsupported value: 'temperature' does not support 0"),
    ],
)
def test_what_a_server_refuses_once_is_not_asked_again(
    serve: Serve, parameter: str, message: str
) -> None:
    bodies: list[dict[str, object]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.json())
        if parameter in bodies[-1]:
            return web.json_response(error("unsupported", message), status=400)
        return web.json_response(completion('{"c1":"yes","c2":"no"}'))

    async def scenario() -> None:
        async with serve(handler) as base:
            spec = parse_spec(f"openai:m?base_url={base}")
            judge = OFFER.create(spec, {})
            for _ in range(2):
                reply = await judge.judge(request_of())
                assert [a.ruling for a in reply.answers] == [YES, NO]
            await judge.close()

    asyncio.run(scenario())
    assert [parameter in body for body in bodies] == [True, False, False]


def test_a_bound_goes_by_the_name_that_a_model_wants(serve: Serve) -> None:
    bodies: list[dict[str, object]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.json())
        if "max_tokens" in bodies[-1]:
            message = (
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead."
            )
            return web.json_response(error("unsupported", message), status=400)
        return web.json_response(completion('{"c1":"yes","c2":"no"}'))

    async def scenario() -> None:
        async with serve(handler) as base:
            judge = OFFER.create(
                parse_spec(f"openai:m?base_url={base}&max_tokens=7"), {}
            )
            for _ in range(2):
                reply = await judge.judge(request_of())
                assert [a.ruling for a in reply.answers] == [YES, NO]
            await judge.close()

    asyncio.run(scenario())
    assert [body.get("max_tokens") for body in bodies] == [7, None, None]
    assert [body.get("max_completion_tokens") for body in bodies] == [None, 7, 7]


def test_a_chosen_temperature_is_not_dropped(serve: Serve) -> None:
    async def scenario() -> str:
        handler = replying(error("x", "temperature must be 1"), status=400)
        async with serve(handler) as base:
            with pytest.raises(JudgeError) as caught:
                await ask(base, options="&temperature=0.5")
        return caught.value.failure.kind

    assert asyncio.run(scenario()) == FailureKind.REQUEST_REJECTED


def test_redirects_are_not_followed(serve: Serve) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        target = "http://user:pw@other.example/v1"
        return web.Response(status=307, headers={"Location": target})

    caught = failed(serve, handler)
    assert caught.failure.kind == FailureKind.REQUEST_REJECTED
    assert "redirects to other.example," in caught.failure.reason
    assert not caught.transient
    assert len(asked) == 1


def test_the_key_is_in_no_reason(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        given = request.headers["Authorization"]
        return web.json_response(error("x", f"Incorrect key: {given}"), status=401)

    _, reason = failure(serve, handler)
    assert KEY not in reason
    assert "[redacted]" in reason

    async def refusing(request: web.Request) -> web.StreamResponse:
        message = {"refusal": request.headers["Authorization"]}
        return web.json_response(choice(message=message))

    assert KEY not in failure(serve, refusing)[1]


def test_huge_bodies_are_not_read(serve: Serve) -> None:
    async def declared(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b" " * (MAX_BODY + 1))

    caught = failed(serve, declared)
    assert caught.failure.kind == FailureKind.TRANSPORT_LOCAL_RESOURCE
    assert caught.failure.reason.endswith("is larger than 8 MiB")
    assert not caught.transient

    async def chunked(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(40):
            await response.write(b" " * 1024**2)
        return response

    assert failure(serve, chunked)[0] == FailureKind.TRANSPORT_LOCAL_RESOURCE


def test_a_gzip_bomb_is_not_inflated(serve: Serve) -> None:
    bomb = gzip.compress(b" " * (64 * 1024**2))

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    assert failure(serve, handler)[0] == FailureKind.TRANSPORT_LOCAL_RESOURCE


# ------------------------------------------------------------------- transport


def raw_failure(reply: bytes | None) -> JudgeError:
    """Answer every connection with these bytes and hang up; None resets it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if reply is None:
            option = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        else:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply)
        writer.close()

    async def scenario() -> JudgeError:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            with pytest.raises(JudgeError) as caught:
                await ask(f"http://127.0.0.1:{port}/v1")
        finally:
            server.close()
        return caught.value

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        b"not http at all\r\n\r\n",
    ],
)
def test_half_a_reply_is_none(reply: bytes | None) -> None:
    caught = raw_failure(reply)
    assert caught.failure.kind == FailureKind.TRANSPORT_PEER_DROP
    assert "127.0.0.1" in caught.failure.reason
    assert caught.transient


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_closed_port_is_unreachable_by_name(closed_port: int) -> None:
    with pytest.raises(JudgeError) as caught:
        asyncio.run(ask(f"http://127.0.0.1:{closed_port}/v1"))
    assert caught.value.failure.kind == FailureKind.TRANSPORT_UNREACHABLE
    assert f"127.0.0.1:{closed_port}" in caught.value.failure.reason
    assert caught.value.transient


@pytest.fixture
def untrusted(tmp_path: Path) -> ssl.SSLContext:
    """A certificate that nobody trusts, made for this test."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [*command.split(), "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not there")
def test_a_certificate_that_is_not_trusted_stays_so(untrusted: ssl.SSLContext) -> None:
    caught = tls_failure(untrusted)
    assert caught.failure.kind == FailureKind.TRANSPORT_UNREACHABLE
    assert "the certificate of 127.0.0.1:" in caught.failure.reason
    assert not caught.transient


def test_a_server_that_speaks_no_tls_stays_so() -> None:
    caught = tls_failure(None)
    assert caught.failure.kind == FailureKind.TRANSPORT_UNREACHABLE
    assert "no TLS connection to 127.0.0.1:" in caught.failure.reason
    assert not caught.transient


def tls_failure(context: ssl.SSLContext | None) -> JudgeError:
    """Speak TLS to a server with this context; None answers in clear."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def scenario() -> JudgeError:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        try:
            with pytest.raises(JudgeError) as caught:
                await ask(f"https://127.0.0.1:{port}/v1")
        finally:
            server.close()
        return caught.value

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("number", "passes"),
    [(socket.EAI_AGAIN, True), (socket.EAI_NONAME, False), (None, True)],
)
def test_only_a_name_that_does_not_exist_is_not_looked_up_again(
    monkeypatch: pytest.MonkeyPatch, number: int | None, *, passes: bool
) -> None:
    def lookup(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "the name server said so")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(JudgeError) as caught:
        asyncio.run(ask("http://judge.example/v1"))
    assert caught.value.failure.kind == FailureKind.TRANSPORT_UNREACHABLE
    assert "no address was found for judge.example:80: the name server said so" in (
        caught.value.failure.reason
    )
    assert caught.value.transient is passes


def test_too_many_open_files_here_are_no_fault_of_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    async def scenario() -> JudgeError:
        monkeypatch.setattr(socket, "socket", refuse)
        with pytest.raises(JudgeError) as caught:
            await ask("http://127.0.0.1:9/v1")
        return caught.value

    caught = asyncio.run(scenario())
    assert caught.failure.kind == FailureKind.TRANSPORT_LOCAL_RESOURCE
    assert "could be made here: Too many open files" in caught.failure.reason
    assert caught.transient


def test_an_unknown_host_is_unreachable_by_name() -> None:
    with pytest.raises(JudgeError) as caught:
        asyncio.run(ask("http://no-such-host.invalid/v1"))
    assert caught.value.failure.kind == FailureKind.TRANSPORT_UNREACHABLE
    assert "no address was found for no-such-host.invalid:80" in (
        caught.value.failure.reason
    )


def test_a_hanging_server_can_be_left(serve: Serve) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async def scenario() -> None:
        async with serve(handler) as base:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await ask(base)

    asyncio.run(scenario())
