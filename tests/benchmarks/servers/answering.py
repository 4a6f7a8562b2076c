"""The server of the benchmarks: it answers every request alike, as fast as it can.

It runs in a process of its own, and counts requests and connections.
"""

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from attrs import define, frozen


@define
class _Counts:
    requests: int = 0
    connections: int = 0
    open: int = 0
    peak: int = 0


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
    _pipe: Connection

    def counts(self) -> Counts:
        """Give what was seen since the last time, and begin to count anew."""
        self._pipe.send(None)
        return Counts(*self._pipe.recv())


class _Protocol(asyncio.Protocol):
    """Answers every request on a connection alike, after a delay."""

    def __init__(self, delay: float, reply: bytes, counts: _Counts) -> None:
        self._delay = delay
        self._reply = reply
        self._counts = counts
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        counts = self._counts
        counts.connections += 1
        counts.open += 1
        counts.peak = max(counts.peak, counts.open)

    def connection_lost(self, _: Exception | None) -> None:
        self._counts.open -= 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end]).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self._received) < end + 4 + length:
                return
            del self._received[: end + 4 + length]
            self._counts.requests += 1
            if self._delay:
                loop = asyncio.get_running_loop()
                loop.call_later(self._delay, self._transport.write, self._reply)
            else:
                self._transport.write(self._reply)


def _serve(delay: float, pipe: Connection, content: str) -> None:
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
    reply = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )
    counts = _Counts()

    def tell() -> None:
        pipe.recv()
        pipe.send((counts.requests, counts.connections, counts.peak))
        counts.requests = counts.connections = 0
        counts.peak = counts.open

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Protocol(delay, reply, counts), "127.0.0.1", 0, backlog=4096
        )
        loop.add_reader(pipe.fileno(), tell)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def answering(delay: float, content: str) -> Iterator[Answering]:
    """Run a server that says ``content`` after ``delay`` seconds."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(delay, theirs, content), daemon=True)
    process.start()
    try:
        yield Answering(f"http://127.0.0.1:{ours.recv()}/v1", ours)
    finally:
        process.terminate()
        process.join()
