"""A chat server that answers rightly, and goes wrong as planned.

A plan of faults is a list of ``MODE[=ARGUMENT][~TEXT][@N]``, parted by blanks: the mode
(see ``modes.py``), only for requests whose body holds TEXT, and of them only for the
first N, or, with ``@N-``, for all after the first N.  The first fault that holds for a
request is what happens to it; a request for which none does is answered rightly.
Everything that came in is kept, to be counted.

``with FaultyServer(...)`` runs in a thread of this process; `running_apart`, and
``python -m tests.faults.server``, in a process of its own, whose record is a file.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import re
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO
from urllib.parse import unquote

from attrs import define, frozen

from tests.faults.modes import CONNECTION_MODES, MODES, Exchange, reset

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATE = Path(__file__).with_name("self_signed.pem")

# What is right: from a statement and the response to a verdict, word or number.
Answers = Callable[[str, str], object]
# From the whole message, the statements by id and the response to verdicts by id.
Judge = Callable[[str, Mapping[str, str], str], Mapping[str, object]]

_FAULT = re.compile(
    r"(?P<mode>\w+)(?:=(?P<argument>[^~@]*))?(?:~(?P<where>[^@]*))?(?:@(?P<first>\d+)(?P<after>-)?)?"
)
_STATEMENT = re.compile(r"^(c\d+): (.*)$", re.MULTILINE)


def by_statement(table: Mapping[str, object]) -> Answers:
    """Answer from a table of statements, whatever the response."""
    return lambda statement, _: table[statement]


def each(answers: Answers) -> Judge:
    """Judge each statement by itself, and the message not at all."""
    return lambda _, statements, response: {
        name: answers(statement, response) for name, statement in statements.items()
    }


def first_words(response: str) -> str:
    """Quote the beginning of a response."""
    return response[:60]


def by_digest(statement: str, response: str) -> str:
    """Answer yes or no, as if by chance, and always alike."""
    hashed = hashlib.blake2b(f"{statement}\0{response}".encode(), digest_size=1)
    return "yes" if hashed.digest()[0] % 2 else "no"


@define
class Fault:
    """One entry of a plan; ``met`` counts the requests that it was meant for."""

    mode: str
    argument: str | None = None
    where: str = ""
    first: int | None = None
    after: bool = False
    met: int = 0

    def holds_for(self, body: str) -> bool:
        """Tell whether it is this request's turn to go wrong."""
        if self.where not in body:
            return False
        self.met += 1
        return self.first is None or (self.met <= self.first) is not self.after


def plan(text: str) -> list[Fault]:
    """Read a plan of faults; blanks within one are written ``%20``."""
    faults = []
    for word in text.split():
        found = _FAULT.fullmatch(word)
        assert found is not None, f"not a fault: {word}"
        assert found["mode"] in MODES.keys() | CONNECTION_MODES, f"no mode: {word}"
        argument, first = found["argument"], found["first"]
        faults.append(
            Fault(
                mode=found["mode"],
                argument=None if argument is None else unquote(argument),
                where=unquote(found["where"] or ""),
                first=None if first is None else int(first),
                after=found["after"] is not None,
            )
        )
    return faults


@frozen
class Asked:
    """A request as it came in: what it asked of which response, and what it got."""

    at: float
    path: str
    headers: Mapping[str, str]
    body: bytes
    prompt: str
    response: str
    statements: Mapping[str, str]
    fault: str | None

    @property
    def questions(self) -> list[tuple[str, str]]:
        """The pairs of response and statement."""
        return [(self.response, statement) for statement in self.statements.values()]


def read_prompt(message: str) -> tuple[dict[str, str], str]:
    """Give the fenced texts by the line before each, and what comes after the last."""
    fence = message.splitlines()[1]
    pieces = message.split(fence)[1:]
    headings = [piece.strip().splitlines()[-1] for piece in pieces[:-1:2]]
    texts = [piece[1:-1] for piece in pieces[1::2]]
    return dict(zip(headings, texts, strict=True)), pieces[-1]


class FaultyServer:
    """The server, and its record of what happened to it."""

    def __init__(  # noqa: PLR0913 - how a server can be, by name
        self,
        answers: Answers = by_digest,
        faults: str = "",
        *,
        delay: float = 0.0,
        capacity: int | None = None,
        retry_after: str | None = None,
        tls: bool = False,
        log: TextIO | None = None,
        judge: Judge | None = None,
        quote: Callable[[str], str] = first_words,
    ) -> None:
        self.judge = judge or each(answers)
        self.quote = quote
        self.faults = plan(faults)
        self.delay = delay
        self.capacity = capacity
        self.retry_after = retry_after
        self.asked: list[Asked] = []
        self.answered: list[Asked] = []
        self.connections = 0
        self.in_flight = self.peak = self.open = self.peak_open = 0
        self.turned_away = 0
        self.base = ""
        self._tls = tls
        self._log = log
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    # ---------------------------------------------------------------- record

    def counts(self) -> Counter[tuple[str, str]]:
        """Tell how often each pair of response and statement was asked."""
        return Counter(pair for asked in self.asked for pair in asked.questions)

    def asked_of(self, text: str) -> list[Asked]:
        """Give the requests of which a statement or the response holds this text."""
        return [
            asked
            for asked in self.asked
            if any(text in piece for pair in asked.questions for piece in pair)
        ]

    # --------------------------------------------------------------- running

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        self._loop.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self.serve())

    async def serve(self) -> None:
        """Listen on a free port of this machine until stopped."""
        context = None
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
        server = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, ssl=context, backlog=1024
        )
        port = server.sockets[0].getsockname()[1]
        self.base = f"http{'s' * self._tls}://127.0.0.1:{port}/v1"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ------------------------------------------------------------ connections

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        self.peak_open = max(self.peak_open, self.open)
        try:
            if not self._cut_at_once(writer):
                while await self._serve_one(reader, writer):
                    pass
        except (OSError, EOFError):
            pass  # The client has gone; that is its right.
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()

    def _cut_at_once(self, writer: asyncio.StreamWriter) -> bool:
        for fault in self.faults:
            if fault.mode in CONNECTION_MODES and fault.holds_for(""):
                if fault.mode == "reset_at_accept":
                    reset(writer)
                return True
        return False

    async def _serve_one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; tells whether another may follow on the connection."""
        path, headers, body = await _read_request(reader)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            asked, exchange, fault = self._understand(path, headers, body, writer)
            if self.capacity is not None and self.in_flight > self.capacity:
                self.turned_away += 1
                exchange.argument = self.retry_after
                await MODES["limited"](exchange)
                return exchange.whole
            self.asked.append(asked)
            self._note("asked", asked)
            if self.delay:
                await asyncio.sleep(self.delay)
            if fault is None:
                self.answered.append(asked)
                self._note("answered", asked)
                await exchange.say(exchange.right)
            else:
                exchange.argument = fault.argument
                await MODES[fault.mode](exchange)
            return exchange.whole
        finally:
            self.in_flight -= 1

    def _understand(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        writer: asyncio.StreamWriter,
    ) -> tuple[Asked, Exchange, Fault | None]:
        document = json.loads(body)
        message = document["messages"][-1]["content"]
        texts, rest = read_prompt(message)
        response = texts.get("The response to be judged:", "")
        statements = dict(_STATEMENT.findall(rest))
        given = self.judge(message, statements, response)
        form = rest.rpartition("\n")[2]
        given = {
            name: {"quote": self.quote(response), "answer": verdict}
            if f'"{name}": {{"quote"' in form
            else verdict
            for name, verdict in given.items()
        }
        text = body.decode()
        fault = next(
            (
                fault
                for fault in self.faults
                if fault.mode not in CONNECTION_MODES and fault.holds_for(text)
            ),
            None,
        )
        asked = Asked(
            at=time.monotonic(),
            path=path,
            headers=headers,
            body=body,
            prompt=message,
            response=response,
            statements=statements,
            fault=fault.mode if fault else None,
        )
        exchange = Exchange(
            writer=writer,
            statements=statements,
            given=given,
            headers=headers,
            model=document["model"],
        )
        return asked, exchange, fault

    def _note(self, event: str, asked: Asked) -> None:
        if self._log is not None:
            line = {"event": event, "questions": asked.questions}
            self._log.write(json.dumps(line) + "\n")
            self._log.flush()


async def _read_request(
    reader: asyncio.StreamReader,
) -> tuple[str, Mapping[str, str], bytes]:
    first = await reader.readexactly(1)
    if not first.isalpha():
        raise EOFError  # TLS, or something else that is no HTTP.
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    path = lines[0].split(" ")[1]
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return path, headers, await reader.readexactly(int(headers["content-length"]))


# ---------------------------------------------------------- a process of its own


@frozen
class Apart:
    """A server in another process: its address, and what it has noted so far."""

    base: str
    log: Path

    def noted(self, event: str) -> Counter[tuple[str, str]]:
        """Count the pairs of response and statement that were asked, or answered."""
        counts: Counter[tuple[str, str]] = Counter()
        with self.log.open(encoding="utf-8") as file:
            for line in file:
                if (
                    line.endswith("\n")
                    and (entry := json.loads(line))["event"] == event
                ):
                    counts.update(map(tuple, entry["questions"]))
        return counts


@contextmanager
def running_apart(
    log: Path, *, delay: float = 0.0, faults: str = ""
) -> Iterator[Apart]:
    """Run a server that answers `by_digest` in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.server", "--log", str(log),
         "--delay", str(delay), "--faults", faults],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Apart(process.stdout.readline().strip(), log)
        finally:
            process.kill()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends, so never longer than whoever started it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", default="")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        log = None
        if options.log:
            log = stack.enter_context(options.log.open("a", encoding="utf-8"))
        server = FaultyServer(by_digest, options.faults, delay=options.delay, log=log)
        stack.enter_context(server)
        sys.stdout.write(server.base + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
