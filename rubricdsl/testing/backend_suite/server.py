"""An HTTP server on this machine that answers rightly, or wrongly on demand.

It runs in a thread, keeps all that came in, and speaks HTTP down to the byte, so that
it can be wrong down to the byte.  It answers a request with whatever it was told to
say to the request that holds a mark.
"""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self

from attrs import define, frozen

from rubricdsl.model.digest import Plain

_LONGEST_HEAD = 2**20
_START = 20.0
_GATHERING = 5.0


@frozen
class Received:
    """A request as it came in; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Plain:
        """The body, read as JSON; None where it is none."""
        try:
            document: Plain = json.loads(self.body)
        except ValueError:
            return None
        return document

    @property
    def texts(self) -> list[str]:
        """All strings in the body, as the server would read them."""
        return list(_strings(self.document))


@define
class Exchange:
    """A request and the connection on which its answer is awaited.

    ``right`` is the body that answers it.  ``whole`` tells whether the connection can
    be used again.
    """

    received: Received
    right: object
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    whole: bool = False

    @property
    def body(self) -> bytes:
        """The right body, as bytes."""
        return as_bytes(self.right)

    async def send(self, raw: bytes) -> None:
        """Send these bytes."""
        self.writer.write(raw)
        await self.writer.drain()

    async def answer(
        self,
        body: object,
        status: int = 200,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a whole reply: bytes as they are, other things as JSON."""
        raw = as_bytes(body)
        await self.send(head(len(raw), status, content_type, headers) + raw)
        self.whole = True

    async def wait_for_end(self) -> None:
        """Say nothing until the other side has gone."""
        while await self.reader.read(2**16):
            pass

    def reset(self) -> None:
        """Cut the connection as a crash does, with RST."""
        sock = self.writer.get_extra_info("socket")
        linger = struct.pack("ii", 1, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Act = Callable[[Exchange], Awaitable[None]]


class LocalServer:
    """The server: ``with LocalServer() as server``, and then `base` is its address.

    ``act``, if it is set, answers in place of what is right.  ``gathering`` is how
    many requests must be there before any is answered.  ``received`` holds all
    requests, ``in_flight`` counts those not yet answered, and ``peak`` is how many
    there were at once at most.
    """

    def __init__(self) -> None:
        self.base = ""
        self.act: Act | None = None
        self.gathering = 1
        self.received: list[Received] = []
        self.connections = 0
        self.in_flight = self.peak = 0
        self._says: list[tuple[bytes, Callable[[Received], object]]] = []
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._arrival = asyncio.Condition()
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def say(self, mark: str, make: Callable[[Received], object]) -> None:
        """Answer what holds a mark with the body that ``make`` makes of it."""
        self._says.insert(0, (mark.encode(), make))

    # --------------------------------------------------------------------- running

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_START):
            raise RuntimeError("the local server did not start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_START)
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, limit=_LONGEST_HEAD, backlog=256
        )
        self.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while await self._serve_one(reader, writer):
                pass
        except (OSError, EOFError):
            pass  # The client has gone; that is its right.
        finally:
            writer.close()

    async def _serve_one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; tells whether another may follow on the connection."""
        received = await _read_request(reader)
        self.received.append(received)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await self._gathered()
            exchange = Exchange(received, self._right(received), reader, writer)
            if self.act is None:
                await exchange.answer(exchange.right)
            else:
                await self.act(exchange)
            return exchange.whole
        finally:
            self.in_flight -= 1

    async def _gathered(self) -> None:
        async with self._arrival:
            self._arrival.notify_all()
            try:
                async with asyncio.timeout(_GATHERING):
                    await self._arrival.wait_for(lambda: self.peak >= self.gathering)
            except TimeoutError:
                # They do not come together, so nobody need wait for the others again.
                self.gathering = 1
                self._arrival.notify_all()

    def _right(self, received: Received) -> object:
        for mark, make in self._says:
            if mark in received.body:
                return make(received)
        return {}


def head(
    length: int | None,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Give the first lines of a reply; without a length it is in chunks."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}"]
    lines.append(
        "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    )
    lines += [f"{name}: {text}" for name, text in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def as_bytes(body: object) -> bytes:
    """Give bytes as they are, and other things as JSON."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


async def _read_request(reader: asyncio.StreamReader) -> Received:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)


def _strings(value: Plain) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return []
