"""The ways in which a server can go wrong, and what a judge must make of each."""

import asyncio
from collections.abc import Callable, Mapping

from attrs import field, frozen

from rubricdsl.model.ruling import FailureKind as Kind
from rubricdsl.testing.backend_suite.server import Act, Exchange, head

_HUGE = 12 * 1024**2
_CHUNK = b"10000\r\n" + b" " * 2**16 + b"\r\n"


@frozen(kw_only=True)
class Fault:
    """One thing that goes wrong, and what must come of it.

    ``kinds`` are those that fit; ``transient`` says whether the same request may
    succeed later, None where either may be said.  ``retry_after`` are the seconds that
    the server asked for.
    """

    name: str
    act: Act = field(repr=False)
    kinds: frozenset[str]
    transient: bool | None = None
    retry_after: float | None = None


def _status(  # noqa: PLR0913 - all that an error status may mean
    status: int,
    kind: Kind,
    *,
    transient: bool,
    name: str = "",
    headers: Mapping[str, str] | None = None,
    retry_after: float | None = None,
) -> Fault:
    async def act(exchange: Exchange) -> None:
        body = {"error": {"message": f"this is {status}", "type": "test"}}
        await exchange.answer(body, status, headers=headers)

    return Fault(
        name=name or str(status),
        act=act,
        kinds=frozenset({kind}),
        transient=transient,
        retry_after=retry_after,
    )


def _limited(asked: str, seconds: float | None) -> Fault:
    return _status(
        429,
        Kind.RATE_LIMITED,
        transient=True,
        name=f"429, Retry-After {asked}",
        headers={"Retry-After": asked},
        retry_after=seconds,
    )


def _body(name: str, make: Callable[[Exchange], object], kind: str = "") -> Fault:
    """Make a fault of a whole reply with status 200, and a body that is none."""

    async def act(exchange: Exchange) -> None:
        await exchange.answer(
            make(exchange), content_type=kind or "application/json; charset=utf-8"
        )

    return Fault(name=name, act=act, kinds=frozenset({Kind.JUDGE_UNPARSEABLE}))


def _drop(name: str, act: Act) -> Fault:
    kinds = frozenset({Kind.TRANSPORT_PEER_DROP})
    return Fault(name=name, act=act, kinds=kinds, transient=True)


async def _closed(_: Exchange) -> None:
    """Close the connection without a byte."""


async def _reset(exchange: Exchange) -> None:
    exchange.reset()


async def _short(exchange: Exchange) -> None:
    # What is there is a whole document; only its length says that more was meant.
    raw = exchange.body
    await exchange.send(head(len(raw) + 7) + raw)


async def _lost_chunk(exchange: Exchange) -> None:
    raw = exchange.body
    await exchange.send(head(None) + f"{len(raw):x}\r\n".encode() + raw + b"\r\n")


async def _reset_halfway(exchange: Exchange) -> None:
    raw = exchange.body
    await exchange.send(head(len(raw)) + raw[: len(raw) // 2])
    await asyncio.sleep(0.05)
    exchange.reset()


async def _not_http(exchange: Exchange) -> None:
    await exchange.send(b"220 mail.example ESMTP\r\n\r\n")


async def _huge(exchange: Exchange) -> None:
    await exchange.send(head(_HUGE))
    for _ in range(_HUGE // 2**16):
        await exchange.send(b" " * 2**16)


async def _endless(exchange: Exchange) -> None:
    await exchange.send(head(None))
    while True:
        await exchange.send(_CHUNK)


async def _redirect(exchange: Exchange) -> None:
    target = exchange.received.target
    await exchange.answer(b"", 307, headers={"Location": f"{target}?elsewhere"})


def _large(name: str, act: Act) -> Fault:
    return Fault(name=name, act=act, kinds=frozenset({Kind.TRANSPORT_LOCAL_RESOURCE}))


FAULTS: tuple[Fault, ...] = (
    _status(400, Kind.REQUEST_REJECTED, transient=False),
    _status(401, Kind.AUTH_FAILED, transient=False),
    _status(403, Kind.AUTH_FAILED, transient=False),
    _status(404, Kind.REQUEST_REJECTED, transient=False),
    _status(429, Kind.RATE_LIMITED, transient=True),
    _limited("7", 7.0),
    _limited("nan", None),
    _limited("-5", None),
    _limited("soon", None),
    _status(500, Kind.PROVIDER_UNAVAILABLE, transient=True),
    _status(502, Kind.PROVIDER_UNAVAILABLE, transient=True),
    _status(
        503,
        Kind.PROVIDER_UNAVAILABLE,
        transient=True,
        headers={"Retry-After": "3"},
        retry_after=3.0,
    ),
    _status(529, Kind.PROVIDER_UNAVAILABLE, transient=True),
    Fault(
        name="redirect",
        act=_redirect,
        kinds=frozenset({Kind.REQUEST_REJECTED}),
        transient=False,
    ),
    _drop("closed", _closed),
    _drop("reset", _reset),
    _drop("reset halfway", _reset_halfway),
    _drop("short body", _short),
    _drop("lost chunk", _lost_chunk),
    _drop("no HTTP", _not_http),
    _large("huge body", _huge),
    _large("endless body", _endless),
    _body("empty body", lambda _: b""),
    _body("blank body", lambda _: b" \n"),
    _body("HTML", lambda _: b"<html>sign in</html>", "text/html"),
    _body("cut JSON", lambda x: x.body[: len(x.body) // 2]),
    _body("a list", lambda x: [x.right]),
    _body("an empty object", lambda _: {}),
    _body("null", lambda _: None),
    _body("deep JSON", lambda _: b"[" * 100_000 + b"]" * 100_000),
    _body("no UTF-8", lambda x: x.body[:-1] + b',"\xff":1}'),
)
"""All faults of a single reply."""

# What a chat model may say that is no set of answers, or more than one.
NO_ANSWERS: Mapping[str, str] = {
    "nothing": "",
    "a bare word": "yes",
    "cut JSON": '{"c1": "ye',
    "an id twice": '{"c1": "yes", "c1": "no"}',
    "two objects": '{"c1": "yes"}\n{"c1": "no"}',
    "prose before": 'The response says {"c1": "no"}, I say {"c1": "yes"}',
    "another form": '{"verdict": "yes"}',
    "a word that is no answer": '{"c1": "maybe"}',
    "null": '{"c1": null}',
    "a list": '{"c1": ["yes"]}',
    "NaN": '{"c1": NaN}',
    "deep JSON": '{"c1":' * 100_000,
}
"""Messages of a chat model that must give no ruling on ``c1``."""
