"""The ways in which a chat server can go wrong, one function for each.

A mode is named in a plan of faults, perhaps with an argument: ``http=503``,
``limited=2``, ``say={"c1": "yes"} {"c1": "no"}``.  It answers one request, down to the
byte where that is what is wrong; what it leaves unsaid, the server does not say.
"""

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from http import HTTPStatus

from attrs import define

Mode = Callable[["Exchange"], Awaitable[None]]

MODES: dict[str, Mode] = {}
# These act on a connection before a request is read from it.
CONNECTION_MODES = frozenset({"reset_at_accept", "closed_at_accept"})

ANSI = "\x1b[31mred\x1b[0m\r\n::error file=a.py::pwned\n\u202eevil \x07"
_BOMB = 64 * 1024**2
_HUGE = 12 * 1024**2
_DEEP = 100_000


@define
class Exchange:
    """One request, and the connection on which its answer is awaited.

    ``right`` is the message that answers it rightly, ``given`` the same as an
    object, ``statements`` what was asked, by id, and ``headers`` those of the request
    in lower case.  ``whole`` tells whether the connection can be used again.
    """

    writer: asyncio.StreamWriter
    statements: Mapping[str, str]
    given: Mapping[str, object]
    headers: Mapping[str, str]
    model: str
    argument: str | None = None
    whole: bool = False

    @property
    def right(self) -> str:
        """The message that answers rightly."""
        return json.dumps(self.given)

    def document(self, content: object, **changes: object) -> dict[str, object]:
        """Give a completion that says ``content``."""
        message = {"role": "assistant", "content": content}
        return self.about({"message": message}, **changes)

    def about(
        self, choice: Mapping[str, object], **changes: object
    ) -> dict[str, object]:
        """Give a completion with one choice, changed."""
        whole = {"index": 0, "finish_reason": "stop", **choice}
        usage = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": self.model,
            "choices": [whole],
            "usage": usage,
            **changes,
        }

    async def send(self, raw: bytes) -> None:
        """Send these bytes."""
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(
        self,
        body: object,
        status: int = 200,
        content_type: str = "application/json",
        **headers: str,
    ) -> None:
        """Send a whole reply: bytes as they are, other things as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.send(head(len(raw), status, content_type, **headers) + raw)
        self.whole = True

    async def say(self, content: object, **changes: object) -> None:
        """Send a whole completion with this message."""
        await self.answer(self.document(content, **changes))

    async def refuse(self, status: int, message: str, code: str = "x") -> None:
        """Send an error in the form that most servers have."""
        await self.answer({"error": {"message": message, "code": code}}, status)

    def reset(self) -> None:
        """Cut the connection as a crash does, with RST."""
        reset(self.writer)


def head(
    length: int | None,
    status: int = 200,
    content_type: str = "application/json",
    **headers: str,
) -> bytes:
    """Give the first lines of a reply; without a length it ends with the connection."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase if status < 520 else 'x'}"]
    lines.append(f"Content-Type: {content_type}")
    if length is not None:
        lines.append(f"Content-Length: {length}")
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def reset(writer: asyncio.StreamWriter) -> None:
    """Cut a connection with RST: it is closed with nothing let through."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def mode(name: str) -> Callable[[Mode], Mode]:
    """Enter a function as the mode of this name."""

    def enter(function: Mode) -> Mode:
        MODES[name] = function
        return function

    return enter


def sent(name: str, reply: Callable[[Exchange], object]) -> None:
    """Enter a mode that sends one body with status 200."""

    @mode(name)
    async def _(exchange: Exchange) -> None:
        await exchange.answer(reply(exchange))


def said(name: str, content: Callable[[Exchange], object]) -> None:
    """Enter a mode that sends a sound completion whose message is wrong."""
    sent(name, lambda exchange: exchange.document(content(exchange)))


# ------------------------------------------------------------------- transport


@mode("closed")
async def _closed(_: Exchange) -> None:
    """Close the connection without a byte."""


@mode("reset")
async def _reset(exchange: Exchange) -> None:
    exchange.reset()


@mode("reset_mid_body")
async def _reset_mid_body(exchange: Exchange) -> None:
    raw = json.dumps(exchange.document(exchange.right)).encode()
    await exchange.send(head(len(raw)) + raw[: len(raw) // 2])
    await asyncio.sleep(0.05)
    exchange.reset()


@mode("short_body")
async def _short_body(exchange: Exchange) -> None:
    # What is there is a whole document; only its length says that more was meant.
    raw = json.dumps(exchange.document(exchange.right)).encode()
    await exchange.send(head(len(raw) + 7) + raw)


@mode("lost_chunk")
async def _lost_chunk(exchange: Exchange) -> None:
    raw = json.dumps(exchange.document(exchange.right)).encode()
    chunk = f"{len(raw):x}\r\n".encode() + raw + b"\r\n"
    await exchange.send(head(None, Transfer_Encoding="chunked") + chunk)


@mode("bad_gzip")
async def _bad_gzip(exchange: Exchange) -> None:
    raw = json.dumps(exchange.document(exchange.right)).encode()
    packed = bytearray(gzip.compress(raw, mtime=0))
    packed[20:30] = b"\0" * 10
    await exchange.send(head(len(packed), Content_Encoding="gzip") + packed)


@mode("not_http")
async def _not_http(exchange: Exchange) -> None:
    await exchange.send(b"220 mail.example ESMTP\r\n\r\n")


@mode("huge_header")
async def _huge_header(exchange: Exchange) -> None:
    await exchange.send(head(0, X_Long="x" * 200_000))


@mode("two_replies")
async def _two_replies(exchange: Exchange) -> None:
    """Answer rightly, and with the same packet what nobody asked."""
    raw = json.dumps(exchange.document(exchange.right)).encode()
    other = json.dumps(exchange.document(json.dumps(_opposite(exchange)))).encode()
    await exchange.send(head(len(raw)) + raw + head(len(other)) + other)
    exchange.whole = True


@mode("hang")
async def _hang(_: Exchange) -> None:
    await asyncio.sleep(3600)


@mode("slow_headers")
async def _slow_headers(exchange: Exchange) -> None:
    for byte in head(10) * 1000:
        await exchange.send(bytes([byte]))
        await asyncio.sleep(0.2)


@mode("slow_body")
async def _slow_body(exchange: Exchange) -> None:
    """Send a byte at a time, each well within any limit on one read."""
    raw = json.dumps(exchange.document(exchange.right)).encode()
    await exchange.send(head(len(raw)))
    for byte in raw:
        await exchange.send(bytes([byte]))
        await asyncio.sleep(0.2)


@mode("huge_body")
async def _huge_body(exchange: Exchange) -> None:
    await exchange.send(head(_HUGE))
    for _ in range(_HUGE // 2**16):
        await exchange.send(b" " * 2**16)


@mode("endless_body")
async def _endless_body(exchange: Exchange) -> None:
    await exchange.send(head(None, Transfer_Encoding="chunked"))
    while True:
        await exchange.send(b"10000\r\n" + b" " * 2**16 + b"\r\n")


@cache
def _bomb() -> bytes:
    # Packed once and loosely: it is not the server that is to be slow.
    return gzip.compress(b" " * _BOMB, compresslevel=1, mtime=0)


@mode("gzip_bomb")
async def _gzip_bomb(exchange: Exchange) -> None:
    packed = _bomb()
    await exchange.send(head(len(packed), Content_Encoding="gzip") + packed)


# --------------------------------------------------------------------- statuses


@mode("http")
async def _http(exchange: Exchange) -> None:
    status = int(exchange.argument or 500)
    await exchange.refuse(status, f"this is {status}")


@mode("limited")
async def _limited(exchange: Exchange) -> None:
    """429; the argument is its Retry-After."""
    headers = {} if exchange.argument is None else {"Retry_After": exchange.argument}
    body = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}
    await exchange.answer(body, 429, **headers)


@mode("quota")
async def _quota(exchange: Exchange) -> None:
    await exchange.refuse(429, "you exceeded your quota", "insufficient_quota")


@mode("context")
async def _context(exchange: Exchange) -> None:
    message = (
        "This model's maximum context length is 4096 tokens, but you sent 9000 tokens"
    )
    await exchange.refuse(400, message, "context_length_exceeded")


@mode("echoes_key")
async def _echoes_key(exchange: Exchange) -> None:
    """Refuse with what was sent as the key; the argument is the status."""
    given = exchange.headers.get("authorization", "")
    await exchange.refuse(int(exchange.argument or 401), f"Incorrect key: {given}")


@mode("says_key")
async def _says_key(exchange: Exchange) -> None:
    """Show the key as the words of a refusal, and as the model's name."""
    given = exchange.headers.get("authorization", "")
    message = {"content": None, "refusal": f"I will not work for {given}"}
    await exchange.answer(exchange.about({"message": message}, model=given))


@mode("terminal_codes")
async def _terminal_codes(exchange: Exchange) -> None:
    await exchange.refuse(400, ANSI)


@mode("refuses_in_colour")
async def _refuses_in_colour(exchange: Exchange) -> None:
    message = {"content": None, "refusal": ANSI}
    await exchange.answer(exchange.about({"message": message}, model=ANSI))


@mode("redirect")
async def _redirect(exchange: Exchange) -> None:
    """Send on, to the same address unless the argument says where."""
    target = exchange.argument or "/v1/chat/completions"
    await exchange.answer(b"", 307, Location=target)


# ----------------------------------------------------------------------- bodies


@mode("html")
async def _html(exchange: Exchange) -> None:
    await exchange.answer(b"<html>sign in</html>", content_type="text/html")


@mode("other_content_type")
async def _other_content_type(exchange: Exchange) -> None:
    raw = json.dumps(exchange.document(exchange.right)).encode()
    await exchange.answer(raw, content_type="text/plain")


sent("empty_body", lambda _: b"")
sent("bad_json", lambda _: b'{"choices": [}')
sent("cut_body", lambda x: json.dumps(x.document(x.right)).encode()[:-9])
sent("list_body", lambda x: [x.document(x.right)])
sent("deep_body", lambda _: b"[" * _DEEP + b"]" * _DEEP)
sent("byte_order_mark", lambda x: _bom(x.document(x.right)))
sent(
    "not_utf8", lambda x: json.dumps(x.document(x.right)).encode()[:-1] + b',"\xff":1}'
)
sent("no_choices", lambda x: {**x.document(x.right), "choices": []})
sent(
    "two_choices",
    lambda x: {**x.document(x.right), "choices": [x.document(x.right)["choices"]] * 2},
)
sent("no_message", lambda x: x.about({"message": None}))
sent("other_model", lambda x: x.document(x.right, model="another-model"))
sent("no_usage", lambda x: x.document(x.right, usage=None))


def _bom(document: object) -> bytes:
    return b"\xef\xbb\xbf" + json.dumps(document).encode()


@mode("usage")
async def _usage(exchange: Exchange) -> None:
    """Answer rightly, with the argument as both counts of tokens."""
    raw = json.dumps(exchange.document(exchange.right, usage="USAGE"))
    count = exchange.argument or "-5"
    usage = f'{{"prompt_tokens": {count}, "completion_tokens": {count}}}'
    await exchange.answer(raw.replace('"USAGE"', usage).encode())


@mode("logprobs")
async def _logprobs(exchange: Exchange) -> None:
    """Answer rightly, with the argument as every log-probability."""
    number = exchange.argument or "NaN"
    logprobs = ", ".join(
        f'{{"token": {json.dumps(token)}, "logprob": {number}, "top_logprobs": ['
        f'{{"token": "yes", "logprob": {number}}}, '
        f'{{"token": "no", "logprob": {number}}}]}}'
        for token in _pieces(exchange.right)
    )
    message = {"role": "assistant", "content": exchange.right}
    document = exchange.about({"message": message, "logprobs": {"content": "TOKENS"}})
    raw = json.dumps(document).replace('"TOKENS"', f"[{logprobs}]")
    await exchange.answer(raw.encode())


def _pieces(text: str) -> list[str]:
    """Cut a message into tokens, the answers each one of their own."""
    pieces = text.split('"')
    return [t for n, p in enumerate(pieces) for t in (('"', p) if n else (p,)) if t]


# --------------------------------------------------------------------- messages

said("null_content", lambda _: None)
said("blank_content", lambda _: "  ")
sent("refusal", lambda x: x.about({"message": {"refusal": "I cannot do that"}}))
sent(
    "content_filter",
    lambda x: x.about({"message": {"content": ""}, "finish_reason": "content_filter"}),
)
sent("tool_call", lambda x: x.about({"message": {"tool_calls": [{"id": "t"}]}}))
sent(
    "length",
    lambda x: x.about({"message": {"content": x.right[:5]}, "finish_reason": "length"}),
)
# A whole answer, which its own server says was cut: there may have been more.
sent(
    "length_after_all",
    lambda x: x.about({"message": {"content": x.right}, "finish_reason": "length"}),
)


# --------------------------------------------------------------------- contents


def _each(exchange: Exchange, value: str) -> str:
    """Answer every question with this piece of JSON."""
    return "{" + ", ".join(f'"{name}": {value}' for name in exchange.given) + "}"


@mode("say")
async def _say(exchange: Exchange) -> None:
    await exchange.say(exchange.argument)


@mode("value")
async def _value(exchange: Exchange) -> None:
    """Answer every question with the argument, a piece of JSON."""
    await exchange.say(_each(exchange, exchange.argument or "null"))


@mode("lacks")
async def _lacks(exchange: Exchange) -> None:
    """Leave out the statement that holds the argument."""
    wanted = exchange.argument or ""
    kept = {
        n: g for n, g in exchange.given.items() if wanted not in _asked(exchange, n)
    }
    await exchange.say(json.dumps(kept))


def _asked(exchange: Exchange, name: str) -> str:
    return exchange.statements.get(name, "")


def _opposite(exchange: Exchange) -> dict[str, object]:
    return {n: "no" if g == "yes" else "yes" for n, g in exchange.given.items()}


said("cut_verdict", lambda x: x.right[:-2])
said("wrong_schema", lambda x: json.dumps({"verdict": [*x.given.values()]}))
said("bare_word", lambda x: str(next(iter(x.given.values()))))
said("missing_field", lambda _: "{}")
said("case_of_words", lambda x: x.right.upper())
said("fenced", lambda x: f"```json\n{x.right}\n```")
said("two_fences", lambda x: f"```json\n{x.right}\n```\n```json\n{x.right}\n```")
said("extra_fields", lambda x: json.dumps({**x.given, "c99": "no", "why": "so"}))
said(
    "duplicate_keys",
    lambda x: x.right[:-1] + ", " + json.dumps(_opposite(x))[1:],
)
said("two_objects", lambda x: f"{x.right}\n{json.dumps(_opposite(x))}")
said(
    "quoted_verdict",
    lambda x: f"The response claims {json.dumps(_opposite(x))}, but I say {x.right}",
)
said("deep_content", lambda _: '{"c1":' * _DEEP)
