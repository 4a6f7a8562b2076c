"""What the engine costs over the bare HTTP client, as ratios within one run.

2,000 judgements (100 responses, 20 criteria), one request each or one for each
response, against a local server in a process of its own that answers at once or after
50 ms.  In each round the clients run in turn; printed are medians and the spread of
the rounds.  Then the same again from a verdict store, and the memory of 2,000 and of
100,000 judgements, each in a fresh process.

Run it with ``python tests/benchmarks/engine.py [--rounds N] [--only PART]``.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

import aiohttp
from attrs import frozen

from rubricdsl.judging.backends import completions
from rubricdsl.judging.backends.openai import OFFER
from rubricdsl.judging.book import JudgeBook, JudgeChoice
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.listening import Silence
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.spec import parse_spec
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.events import Progress
from rubricdsl.model.execution import Job
from rubricdsl.model.protocols import Facts
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion, Group, Weight
from tests.benchmarks.servers.answering import Answering, answering

RESPONSES = 100
CRITERIA = 20
CONCURRENCY = 64
WORDS = 120

EACH = '{"c1":"yes"}'
TOGETHER = json.dumps({f"c{n}": "yes" for n in range(1, CRITERIA + 1)})

Client = Callable[[str], Awaitable[None]]


# ----------------------------------------------------------------- the clients


def _text(place: int) -> str:
    return f"Response {place}. " + "Some words that a judge will have to read. " * (
        WORDS // 9
    )


def bare(*, concurrency: int = CONCURRENCY, together: bool = False) -> Client:
    """One session, some workers, the standard library's JSON, and nothing else."""

    async def run(base: str) -> None:
        criteria = 1 if together else CRITERIA
        queue = deque((r, c) for r in range(RESPONSES) for c in range(criteria))
        answers: dict[tuple[int, int], Mapping[str, str]] = {}
        asked = "\n".join(f"c{n}: States fact {n}." for n in range(CRITERIA))

        async def work(session: aiohttp.ClientSession) -> None:
            while queue:
                response, criterion = queue.popleft()
                statement = asked if together else f"States fact {criterion}."
                body = {
                    "model": "bench",
                    "temperature": 0,
                    "messages": [
                        {"role": "system", "content": "Answer yes or no."},
                        {
                            "role": "user",
                            "content": f"{_text(response)}\n\n{statement}",
                        },
                    ],
                }
                async with session.post(f"{base}/chat/completions", json=body) as reply:
                    document = json.loads(await reply.read())
                content = json.loads(document["choices"][0]["message"]["content"])
                answers[response, criterion] = content

        connector = aiohttp.TCPConnector(limit=concurrency)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(concurrency):
                group.create_task(work(session))
        assert len(answers) == RESPONSES * criteria

    return run


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


def engine(
    *,
    ask: str = "each",
    concurrency: int = CONCURRENCY,
    store: Path | None = None,
    responses: int = RESPONSES,
    listener: Silence | None = None,
) -> Client:
    """Plan, ask, parse, validate, keep and score with the engine and its judge."""

    async def run(base: str) -> None:
        rubric = _rubric()
        jobs = [
            Job(rubric, Response(text=_text(n), prompt_id="p", response_id=f"r{n}"))
            for n in range(responses)
        ]
        book = JudgeBook(
            {OFFER.name: OFFER},
            environ={},
            choice=JudgeChoice(
                override=parse_spec(
                    f"openai:bench?base_url={base}&ask={ask}&concurrency={concurrency}"
                )
            ),
        )
        kept = None if store is None else VerdictStore.open(store)
        evaluation = Evaluation(
            jobs, book, functions={}, facts=_no_facts, store=kept, listener=listener
        )
        result = await evaluation.run()
        await book.close()
        if kept is not None:
            kept.close()
        assert all(s.score == 1.0 for s in result.scorecards), result.scorecards[0]

    return run


# ----------------------------------------------------------------- measurement


@frozen
class Cost:
    """What one run of a client took."""

    cpu: float
    wall: float


def measure(client: Client, base: str, *, fast: bool = False) -> Cost:
    """Run a client once; ``fast`` is with what the extra ``speed`` brings."""

    async def run() -> None:
        await client(base)

    cpu, wall = time.process_time(), time.perf_counter()
    if fast:
        run_async(run())
    else:
        with patch.object(completions, "_fast_loads", None):
            asyncio.run(run())
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def say(name: str, values: Sequence[float], digits: int = 2) -> None:
    """Print a median and its spread."""
    middle = statistics.median(values)
    low, high = min(values), max(values)
    spread = f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
    sys.stdout.write(f"  {name}: {spread}\n")
    sys.stdout.flush()


def head(text: str) -> None:
    """Print what the next figures are of."""
    sys.stdout.write(f"{text}\n")


def compare(  # noqa: PLR0913 - what is compared, and how
    title: str,
    server: Answering,
    ours: Client,
    theirs: Client,
    rounds: int,
    *,
    ideal: float | None = None,
    fast: bool = False,
) -> None:
    """Run two clients in turn and print their ratios."""
    head(f"{title}, {rounds} rounds")
    measure(theirs, server.base)
    measure(ours, server.base, fast=fast)
    server.counts()
    pairs, peaks = [], []
    for _ in range(rounds):
        bare_cost = measure(theirs, server.base)
        server.counts()
        pairs.append((measure(ours, server.base, fast=fast), bare_cost))
        peaks.append(server.counts())
    say("CPU, engine / bare aiohttp", [a.cpu / b.cpu for a, b in pairs])
    say("wall, engine / bare aiohttp", [a.wall / b.wall for a, b in pairs])
    requests = peaks[0].requests
    say("CPU a request, µs, engine", [a.cpu / requests * 1e6 for a, _ in pairs], 0)
    say("CPU a request, µs, bare", [b.cpu / requests * 1e6 for _, b in pairs], 0)
    if ideal is not None:
        say("ideal / wall, engine", [ideal / a.wall for a, _ in pairs])
        say("ideal / wall, bare", [ideal / b.wall for _, b in pairs])
    say("connections at most, engine", [p.peak for p in peaks], 0)
    say("requests, engine", [p.requests for p in peaks], 0)


def ratios(rounds: int) -> None:
    """Print the engine beside the bare client."""
    judgements = RESPONSES * CRITERIA
    with answering(0.0, EACH) as server:
        compare(
            f"0 ms, {judgements} judgements, {CONCURRENCY} at once",
            server, engine(), bare(), rounds,
        )  # fmt: skip
        compare(
            "the same with the extra speed",
            server, engine(), bare(), rounds, fast=True,
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            names = iter(range(1_000_000))

            async def storing(base: str) -> None:
                await engine(store=Path(folder) / f"{next(names)}.sqlite")(base)

            compare("the same with a store", server, storing, bare(), rounds)
    with answering(0.05, EACH) as server:
        for concurrency in (CONCURRENCY, 256):
            compare(
                f"50 ms, {judgements} judgements, {concurrency} at once",
                server,
                engine(concurrency=concurrency),
                bare(concurrency=concurrency),
                rounds,
                ideal=judgements * 0.05 / concurrency,
            )
    with answering(0.0, TOGETHER) as server:
        compare(
            f"0 ms, one request for each of {RESPONSES} responses",
            server, engine(ask="together"), bare(together=True), rounds,
        )  # fmt: skip


def second_pass(rounds: int) -> None:
    """Print what a verdict costs that the store has."""
    head(f"a second pass over {RESPONSES * CRITERIA} verdicts in the store")
    with answering(0.0, EACH) as server, tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "verdicts.sqlite"
        measure(engine(store=store), server.base)
        server.counts()
        pairs, asked = [], 0
        for _ in range(rounds):
            bare_cost = measure(bare(), server.base)
            server.counts()
            pairs.append((measure(engine(store=store), server.base), bare_cost))
            asked += server.counts().requests
    say("CPU a verdict, µs", [a.cpu / RESPONSES / CRITERIA * 1e6 for a, _ in pairs])
    # Microseconds carry over to no other machine; a call takes as many of each.
    say("CPU a verdict / a call, bare aiohttp", [a.cpu / b.cpu for a, b in pairs], 3)
    head(f"  requests: {asked}")


# --------------------------------------------------------------------- memory


def _resident(field: str) -> float:
    """Read the memory of this process, in MB: ``VmRSS`` now, ``VmHWM`` at most."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


class _Sampler(Silence):
    """Samples memory as verdicts come in."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._next = every
        self.curve: list[tuple[int, float]] = []

    def progressed(self, event: Progress) -> None:
        """Look at the memory now and then."""
        if event.verdicts >= self._next:
            self._next += self._every
            self.curve.append((event.verdicts, _resident("VmRSS")))


def _remember(pipe: Connection, base: str, responses: int, store: Path | None) -> None:
    sampler = _Sampler(responses * CRITERIA // 10)
    before = _resident("VmRSS")
    cost = measure(engine(responses=responses, store=store, listener=sampler), base)
    pipe.send((before, sampler.curve, _resident("VmHWM"), cost))


def memory() -> None:
    """Print how much memory judgements take, and how it grows."""
    if not Path("/proc/self/status").exists():
        head("memory is left out: there is no /proc")
        return
    context = multiprocessing.get_context("spawn")
    with answering(0.0, EACH) as server, tempfile.TemporaryDirectory() as folder:
        for responses in (RESPONSES, 5_000):
            store = Path(folder) / f"{responses}.sqlite"
            for title in ("first pass", "second pass, from the store"):
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=_remember, args=(theirs, server.base, responses, store)
                )
                process.start()
                before, curve, peak, cost = ours.recv()
                process.join()
                judgements = responses * CRITERIA
                head(
                    f"{judgements} judgements, {title}: {before:.0f} MB before, "
                    f"{peak:.0f} MB at most, {cost.wall:.1f} s, "
                    f"{judgements / cost.wall:.0f} a second, "
                    f"{server.counts().requests} requests"
                )
                samples = ", ".join(f"{n}: {mb:.0f}" for n, mb in curve)
                head(f"  MB by verdicts: {samples}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=("ratios", "second-pass", "memory"))
    options = parser.parse_args()
    if options.only in {None, "ratios"}:
        ratios(options.rounds)
    if options.only in {None, "second-pass"}:
        second_pass(options.rounds)
    if options.only in {None, "memory"}:
        memory()


if __name__ == "__main__":
    main()
