"""The server of the benchmarks: it answers every request alike, as fast as it can.

It runs in a process of its own, and counts requests and connections.
"""

import asyncio
import json
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe

from attrs import define, frozen

Tell = Callable[[object], object]
"""What is answered to a question that came on the pipe."""


@define
class Counting:
    """What was seen, as it is being counted."""

    requests: int = 0
    connections: int = 0
    open: int = 0
    peak: int = 0

    def taken(self) -> tuple[int, int, int]:
        """Give requests, connections and their peak, and begin to count anew."""
        counted = (self.requests, self.connections, self.peak)
        self.requests = self.connections = 0
        self.peak = self.open
        return counted


@frozen
class Counts:
    """What the server saw since it was last asked; ``peak`` is of open connections."""

    requests: int
    connections: int
    peak: int


@frozen
class Answering:
    """A running server: its base address, and what it saw."""

    base: str
    _pipe: Pipe

    def counts(self) -> Counts:
        """Give what was seen since the last time, and begin to count anew."""
        self._pipe.send(None)
        return Counts(*self._pipe.recv())


class Connection(asyncio.Protocol):
    """Answers every request on a connection alike, after a delay."""

    def __init__(self, delay: float, reply: bytes, counting: Counting) -> None:
        self._delay = delay
        self._reply = reply
        self._counting = counting
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        counting = self._counting
        counting.connections += 1
        counting.open += 1
        counting.peak = max(counting.peak, counting.open)

    def connection_lost(self, _: Exception | None) -> None:
        """Count that it has gone."""
        self._counting.open -= 1

    def data_received(self, data: bytes) -> None:
        """Count the requests that are whole, and take them."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end]).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self._received) < end + 4 + length:
                return
            body = bytes(self._received[end + 4 : end + 4 + length])
            del self._received[: end + 4 + length]
            self._counting.requests += 1
            self.asked(body)

    def asked(self, _: bytes) -> None:
        """Answer a request."""
        if self._delay:
            loop = asyncio.get_running_loop()
            loop.call_later(self._delay, self._transport.write, self._reply)
        else:
            self._transport.write(self._reply)


def reply(content: str) -> bytes:
    """Give the whole reply that says ``content``."""
    body = json.dumps(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": "bench",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": content},
                }
            ],
            "usage": {
                "prompt_tokens": 300,
                "completion_tokens": 5,
                "total_tokens": 305,
            },
        }
    ).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )


def listen(pipe: Pipe, connection: Callable[[], Connection], tell: Tell) -> None:
    """Serve, say on the pipe at which port, and answer what comes on the pipe."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(connection, "127.0.0.1", 0, backlog=4096)
        loop.add_reader(pipe.fileno(), lambda: pipe.send(tell(pipe.recv())))
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def apart(serve: Callable[..., None], *arguments: object) -> Iterator[tuple[str, Pipe]]:
    """Run a server in a process of its own; gives its base address and its pipe."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, *arguments), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1", ours
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Pipe, delay: float, content: str) -> None:
    whole, counting = reply(content), Counting()
    listen(pipe, lambda: Connection(delay, whole, counting), lambda _: counting.taken())


@contextmanager
def answering(delay: float, content: str) -> Iterator[Answering]:
    """Run a server that says ``content`` after ``delay`` seconds."""
    with apart(_serve, delay, content) as (base, pipe):
        yield Answering(base, pipe)
