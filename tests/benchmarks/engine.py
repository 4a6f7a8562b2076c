"""What the engine costs over the bare HTTP client, as ratios within one run.

2,000 judgements (100 responses, 20 criteria, one request each) at concurrency 64,
against a local server in a process of its own that answers at once or after 50 ms.
In each round the clients run in turn; printed are medians and the spread of the
rounds.  Run it with ``python tests/benchmarks/engine.py [--rounds N]``.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import statistics
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import aiohttp
from attrs import frozen

from rubricdsl.judging.backends.openai import OFFER
from rubricdsl.judging.book import JudgeBook, JudgeChoice
from rubricdsl.judging.engine import Evaluation, Job
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.protocols import Facts
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion, Group, Weight

RESPONSES = 100
CRITERIA = 20
CONCURRENCY = 64
WORDS = 120


# ------------------------------------------------------------------ the server


class _Answering(asyncio.Protocol):
    """Answers every request on a connection alike, after a delay."""

    def __init__(self, delay: float, reply: bytes) -> None:
        self._delay = delay
        self._reply = reply
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end]).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self._received) < end + 4 + length:
                return
            del self._received[: end + 4 + length]
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
            "model": "bench",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": content},
                }
            ],
            "usage": {"prompt_tokens": 300, "completion_tokens": 5},
        }
    ).encode()
    reply = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Answering(delay, reply), "127.0.0.1", 0, backlog=1024
        )
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def server(delay: float, content: str) -> Iterator[str]:
    """Run a server in a process of its own, and give its base address."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(delay, theirs, content), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/v1"
    finally:
        process.terminate()
        process.join()


# ----------------------------------------------------------------- the clients


def _text(place: int) -> str:
    return f"Response {place}. " + "Some words that a judge will have to read. " * (
        WORDS // 9
    )


async def bare(base: str) -> None:
    """One session, 64 workers, the standard library's JSON, and nothing else."""
    queue = deque((r, c) for r in range(RESPONSES) for c in range(CRITERIA))
    answers: dict[tuple[int, int], str] = {}

    async def work(session: aiohttp.ClientSession) -> None:
        while queue:
            response, criterion = queue.popleft()
            body = {
                "model": "bench",
                "temperature": 0,
                "messages": [
                    {"role": "system", "content": "Answer yes or no."},
                    {
                        "role": "user",
                        "content": f"{_text(response)}\n\nStates fact {criterion}.",
                    },
                ],
            }
            async with session.post(f"{base}/chat/completions", json=body) as reply:
                document = json.loads(await reply.read())
            content = json.loads(document["choices"][0]["message"]["content"])
            answers[response, criterion] = content["c1"]

    connector = aiohttp.TCPConnector(limit=CONCURRENCY)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(CONCURRENCY):
            group.create_task(work(session))
    assert len(answers) == RESPONSES * CRITERIA


def _rubric() -> BoundRubric:
    criteria = tuple(
        Criterion(
            name=f"fact_{n}",
            path=f"fact_{n}",
            mark=Weight(float(n % 3 + 1)),
            text=f"States fact {n}.",
            sees=("prompt", "response"),
        )
        for n in range(CRITERIA)
    )
    root = Group(name="bench", mark=Weight(1.0), items=criteria)
    return BoundRubric(name="bench", root=root, digest="bench")


def _no_facts(response: Response) -> Facts:
    raise LookupError(f"no check asks for facts of {response.response_id}")


async def engine(base: str, ask: str = "each") -> None:
    """Plan, ask, parse, validate and score with the engine and its judge."""
    rubric = _rubric()
    jobs = [
        Job(rubric, Response(text=_text(n), prompt_id="p", response_id=f"r{n}"))
        for n in range(RESPONSES)
    ]
    book = JudgeBook(
        {OFFER.name: OFFER},
        environ={},
        choice=JudgeChoice(
            override=parse_spec(
                f"openai:bench?base_url={base}&ask={ask}&concurrency={CONCURRENCY}"
            )
        ),
    )
    evaluation = Evaluation(jobs, book, functions={}, facts=_no_facts)
    result = await evaluation.run()
    await book.close()
    assert all(s.score == 1.0 for s in result.scorecards), result.scorecards[0]
    assert max(result.peaks.values()) == CONCURRENCY


# ----------------------------------------------------------------- measurement


@frozen
class Cost:
    """What one run of a client took."""

    cpu: float
    wall: float


def measure(client: Callable[[str], Awaitable[None]], base: str) -> Cost:
    """Run a client once."""

    async def run() -> None:
        await client(base)

    cpu, wall = time.process_time(), time.perf_counter()
    asyncio.run(run())
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def _spread(values: list[float]) -> str:
    middle = statistics.median(values)
    return f"{middle:.2f} [{min(values):.2f}, {max(values):.2f}]"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    for delay in (0.0, 0.05):
        ours: list[Cost] = []
        theirs: list[Cost] = []
        with server(delay, '{"c1":"yes"}') as base:
            measure(bare, base)
            measure(engine, base)
            for _ in range(rounds):
                theirs.append(measure(bare, base))
                ours.append(measure(engine, base))
        _report(delay, ours, theirs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"peak memory of the clients' process: {peak:.0f} MB\n")


def _report(delay: float, ours: list[Cost], theirs: list[Cost]) -> None:
    judgements = RESPONSES * CRITERIA
    pairs = list(zip(ours, theirs, strict=True))
    each = {
        "CPU, engine / bare aiohttp": [a.cpu / b.cpu for a, b in pairs],
        "wall, engine / bare aiohttp": [a.wall / b.wall for a, b in pairs],
        "CPU a judgement, µs, engine": [a.cpu / judgements * 1e6 for a in ours],
        "CPU a judgement, µs, bare": [b.cpu / judgements * 1e6 for b in theirs],
    }
    if delay:
        ideal = judgements * delay / CONCURRENCY
        each["ideal / wall, engine"] = [ideal / a.wall for a in ours]
    sys.stdout.write(
        f"{delay * 1000:.0f} ms, {judgements} judgements, {len(pairs)} rounds\n"
    )
    for name, values in each.items():
        sys.stdout.write(f"  {name}: {_spread(values)}\n")


if __name__ == "__main__":
    main()
