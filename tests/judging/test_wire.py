"""The wire against a server that says just what it is told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from rubricdsl.judging.backends.wire import BodyTooLargeError, Wire

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
_CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"b\r\n12345678901\r\n0\r\n\r\n"
)
_LARGE = 64 * 1024 * 1024

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers each connection; remembers heads, bodies and connections."""

    def __init__(self) -> None:
        self.address = ""
        self.connections = 0
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []

    async def take(self, reader: asyncio.StreamReader) -> None:
        """Read one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(length))


@asynccontextmanager
async def serving(reply: bytes, *, early: bool = False) -> AsyncIterator[Server]:
    """Run a server that answers every request alike, ``early`` before its body."""
    server = Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            while not early:
                await server.take(reader)
                writer.write(reply)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply)
            await asyncio.sleep(60)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    server.address = f"http://127.0.0.1:{port}/v1/judge?a=b%20c"
    try:
        yield server
    finally:
        listening.close()


def run(
    reply: bytes,
    work: Callable[[Wire, Server], Awaitable[None]],
    *,
    early: bool = False,
) -> None:
    """Let ``work`` use a wire to such a server."""

    async def both() -> None:
        async with serving(reply, early=early) as server, asyncio.timeout(30):
            wire = Wire(server.address, headers={"X-Key": "k"}, connections=1)
            try:
                await work(wire, server)
            finally:
                await wire.close()

    asyncio.run(both())


def test_requests_differ_in_their_bodies_and_share_a_connection() -> None:
    async def work(wire: Wire, server: Server) -> None:
        replies = [await wire.post(body, most=10) for body in (b"one", b"", b"three")]
        assert [(r.status, r.body) for r in replies] == [(200, b"{}")] * 3
        assert server.bodies == [b"one", b"", b"three"]
        assert server.connections == 1
        head, *_ = server.heads
        assert head.startswith(b"POST /v1/judge?a=b%20c HTTP/1.1\r\nHost: 127.0.0.1:")
        assert b"\r\nX-Key: k\r\n" in head
        assert head.lower().count(b"content-length") == 1

    run(_OK, work)


def test_what_only_informs_is_no_reply() -> None:
    async def work(wire: Wire, _: Server) -> None:
        assert (await wire.post(b"{}", most=10)).body == b"{}"

    run(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + _OK, work)


def test_a_connection_with_an_unread_request_is_not_used_again() -> None:
    async def work(wire: Wire, server: Server) -> None:
        for expected in (1, 2):
            assert (await wire.post(b"x" * _LARGE, most=10)).status == 200
            assert server.connections == expected

    run(_OK, work, early=True)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901",
        _CHUNKED,
        b"HTTP/1.1 200 OK\r\n\r\n12345678901",
    ],
)
def test_a_body_that_is_too_large_ends_its_connection(reply: bytes) -> None:
    async def work(wire: Wire, server: Server) -> None:
        for expected in (1, 2):
            with pytest.raises(BodyTooLargeError):
                await wire.post(b"{}", most=10)
            assert server.connections == expected

    run(reply, work)


def test_a_request_given_up_ends_its_connection() -> None:
    async def work(wire: Wire, server: Server) -> None:
        for expected in (1, 2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(wire.post(b"{}", most=10), 0.05)
            assert server.connections == expected

    run(b"", work)


def test_what_is_no_http_is_an_error_of_the_reply() -> None:
    async def work(wire: Wire, _: Server) -> None:
        with pytest.raises(aiohttp.ClientResponseError):
            await wire.post(b"{}", most=10)

    run(b"SMTP ready\r\n\r\n", work)


@pytest.mark.parametrize("address", ["http://", "ftp://host/", "http://[::1"])
def test_an_address_to_which_nothing_can_be_sent(address: str) -> None:
    async def make() -> None:
        with pytest.raises(aiohttp.InvalidURL):
            Wire(address, headers={}, connections=1)

    asyncio.run(make())


def test_a_header_cannot_bring_in_another() -> None:
    async def make() -> None:
        with pytest.raises(ValueError, match="no header can hold"):
            Wire("http://host/", headers={"X": "a\r\nY: b"}, connections=1)

    asyncio.run(make())
