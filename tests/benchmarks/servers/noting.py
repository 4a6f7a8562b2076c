"""The server of benchmarks that lose something: it notes every question by itself.

It is `answering` that tells questions apart, by the response and the statement, and
answers each always alike, as if by chance.  What is asked must be one statement a
request.  It runs in a process of its own, on whose clock, `time.monotonic`, everything
is that is noted.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from multiprocessing.connection import Connection as Pipe

from attrs import define, field, frozen

from tests.benchmarks.servers.answering import (
    Connection,
    Counting,
    Counts,
    apart,
    listen,
    reply,
)
from tests.faults.server import read_prompt


@define
class Asked:
    """A question that was put: when, and when it was answered, if it was."""

    at: float
    answered: float | None = None


@frozen
class Noting:
    """A running server: its base address, and what it saw."""

    base: str
    _pipe: Pipe

    def counts(self) -> Counts:
        """Give what was seen since the last time, and begin to count anew."""
        self._pipe.send("counts")
        return Counts(*self._pipe.recv())

    def noted(self) -> Mapping[str, list[Asked]]:
        """Give, for each question, when it was put; what is noted begins anew."""
        self._pipe.send("noted")
        noted: Mapping[str, list[Asked]] = self._pipe.recv()
        return noted


@define
class _Notes:
    counting: Counting = field(factory=Counting)
    asked: dict[str, list[Asked]] = field(factory=dict)

    def told(self, what: object) -> object:
        if what == "counts":
            return self.counting.taken()
        asked, self.asked = self.asked, {}
        return asked


class _Connection(Connection):
    def __init__(self, delay: float, replies: list[bytes], notes: _Notes) -> None:
        super().__init__(delay, replies[0], notes.counting)
        self._replies = replies
        self._notes = notes

    def asked(self, body: bytes) -> None:
        message = json.loads(body)["messages"][-1]["content"]
        texts, statement = read_prompt(message)
        question = "\0".join([*texts.values(), statement])
        name = blake2b(question.encode(), digest_size=8)
        asked = Asked(time.monotonic())
        self._notes.asked.setdefault(name.hexdigest(), []).append(asked)
        said = self._replies[name.digest()[0] % len(self._replies)]
        loop = asyncio.get_running_loop()
        loop.call_later(self._delay, self._answer, asked, said)

    def _answer(self, asked: Asked, said: bytes) -> None:
        if not self._transport.is_closing():
            asked.answered = time.monotonic()
            self._transport.write(said)


def _serve(pipe: Pipe, delay: float) -> None:
    notes = _Notes()
    replies = [reply(json.dumps({"c1": word})) for word in ("yes", "no")]
    listen(pipe, partial(_Connection, delay, replies, notes), notes.told)


@contextmanager
def noting(delay: float) -> Iterator[Noting]:
    """Run a server that says yes or no to each question after ``delay`` seconds."""
    with apart(_serve, delay) as (base, pipe):
        yield Noting(base, pipe)
