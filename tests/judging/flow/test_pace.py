"""The pace against simulated servers: it finds, backs off, recovers, never storms."""

import heapq
import random
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from math import exp, inf
from statistics import median

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.flow import Pace
from rubricdsl.model.ruling import FailureKind

MOST = 256
REFUSAL = 0.01


@define
class Server:
    """Answers ``capacity(now)`` requests at once, each in about ``service`` seconds.

    What is beyond is refused with 429 where it ``refuses``, else queued.  ``rate``
    is the greatest number of requests in any second; what is beyond is refused.
    ``noise`` is the standard deviation of the logarithm of the service time.
    """

    capacity: Callable[[float], int]
    service: float = 1.0
    refuses: bool = False
    rate: int | None = None
    noise: float = 0.0


@define
class Record:
    """What happened: times of answers and refusals, and the limit after each."""

    answers: list[float] = field(factory=list)
    refusals: list[float] = field(factory=list)
    limits: list[tuple[float, int]] = field(factory=list)
    sent_before_first_end: int = 0

    def limits_after(self, start: float, end: float = inf) -> list[int]:
        """Give the limits in a span of time."""
        return [limit for at, limit in self.limits if start <= at < end]

    def throughput(self, start: float, end: float) -> float:
        """Give the answers in a second."""
        return sum(start <= at < end for at in self.answers) / (end - start)


class Simulation:
    """A server and a client that sends what the pace allows, event by event."""

    def __init__(self, pace: Pace, server: Server, seed: int) -> None:
        self._pace, self._server = pace, server
        self._rng = random.Random(seed)  # noqa: S311 - latencies, not secrets
        self._now, self._serial = 0.0, 0
        self._served = self._in_flight = 0
        # When a request ends, its number, when it was sent, and whether it is answered.
        self._ends: list[tuple[float, int, float, bool]] = []
        self._queue: deque[tuple[int, float]] = deque()
        self._accepted: deque[float] = deque()
        self._record = Record()

    def run(self, seconds: float, supply: int) -> Record:
        """Send as many requests as pace and supply allow."""
        record = self._record
        while self._now < seconds:
            while self._in_flight < min(self._pace.limit, supply):
                self._send()
                record.sent_before_first_end += not record.limits
            self._now, _, sent, is_answer = heapq.heappop(self._ends)
            latency = self._now - sent
            if is_answer:
                self._served -= 1
                while self._queue and self._served < self._server.capacity(self._now):
                    self._serve(*self._queue.popleft())
                self._pace.answered(latency, self._now, in_flight=self._in_flight)
                record.answers.append(self._now)
            else:
                self._pace.failed(limited(), latency, self._now)
                record.refusals.append(self._now)
            self._in_flight -= 1
            record.limits.append((self._now, self._pace.limit))
        return record

    def _send(self) -> None:
        server, now = self._server, self._now
        self._serial += 1
        self._in_flight += 1
        while self._accepted and self._accepted[0] <= now - 1:
            self._accepted.popleft()
        is_full = self._served >= server.capacity(now)
        is_too_fast = server.rate is not None and len(self._accepted) >= server.rate
        if is_too_fast or (is_full and server.refuses):
            heapq.heappush(self._ends, (now + REFUSAL, self._serial, now, False))
            return
        self._accepted.append(now)
        if is_full:
            self._queue.append((self._serial, now))
        else:
            self._serve(self._serial, now)

    def _serve(self, number: int, sent: float) -> None:
        self._served += 1
        took = self._server.service * self._rng.lognormvariate(0, self._server.noise)
        heapq.heappush(self._ends, (self._now + took, number, sent, True))


def simulate(
    pace: Pace, server: Server, *, seconds: float, seed: int = 0, supply: int = 10**9
) -> Record:
    return Simulation(pace, server, seed).run(seconds, supply)


def find(server: Server, *, seed: int = 0, seconds: float = 120) -> Record:
    return simulate(Pace(MOST, adaptive=True), server, seconds=seconds, seed=seed)


@pytest.mark.parametrize("noise", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("capacity", [4, 10, 40, 100])
def test_capacity_is_found_where_the_server_queues(capacity: int, noise: float) -> None:
    for seed in range(3):
        record = find(Server(lambda _: capacity, noise=noise), seed=seed)
        assert 0.7 * capacity <= median(record.limits_after(60)) <= 2 * capacity
        # A log-normal latency is longer in the mean than in the median.
        best = capacity / exp(noise**2 / 2)
        assert record.throughput(60, 120) >= 0.8 * best


@pytest.mark.parametrize("noise", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("capacity", [1, 4, 10, 40, 100])
def test_capacity_is_found_where_the_server_refuses(
    capacity: int, noise: float
) -> None:
    for seed in range(3):
        record = find(Server(lambda _: capacity, refuses=True, noise=noise), seed=seed)
        assert 0.7 * capacity <= median(record.limits_after(60)) <= 1.1 * capacity
        assert len(record.refusals) <= 4 + 0.03 * len(record.answers)


def test_a_limit_of_requests_in_a_second_is_found() -> None:
    for seed in range(3):
        server = Server(lambda _: 1000, rate=20, noise=0.3)
        record = find(server, seed=seed, seconds=200)
        assert 20 / 2.5 <= record.throughput(60, 200) <= 20
        assert len(record.refusals) <= 0.05 * len(record.answers)


@pytest.mark.parametrize("adaptive", [True, False])
def test_a_loss_of_capacity_is_followed_and_its_return_used(*, adaptive: bool) -> None:
    def capacity(now: float) -> int:
        return 8 if 100 <= now < 200 else 64

    server = Server(capacity, refuses=True, noise=0.3)
    record = simulate(Pace(128, adaptive=adaptive), server, seconds=320, seed=2)
    assert median(record.limits_after(60, 100)) >= 40
    # Two windows, of one second each, are enough to come down.
    assert max(record.limits_after(104, 200)) <= 16
    assert record.throughput(110, 200) >= 0.75 * 7
    assert median(record.limits_after(270)) >= 40


def test_a_loss_of_capacity_is_followed_where_nothing_is_refused() -> None:
    def capacity(now: float) -> int:
        return 8 if 100 <= now < 400 else 64

    server = Server(capacity, noise=0.3)
    record = simulate(Pace(128, adaptive=True), server, seconds=500, seed=1)
    assert median(record.limits_after(250, 400)) <= 20
    assert median(record.limits_after(450)) >= 40


def test_there_is_no_storm_at_the_start() -> None:
    record = find(Server(lambda _: 1000), seconds=5)
    assert record.sent_before_first_end == 4
    limits = [4, *record.limits_after(0)]
    assert all(after <= 2 * before for before, after in pairwise(limits))
    few = simulate(Pace(2, adaptive=True), Server(lambda _: 1000), seconds=5)
    assert few.sent_before_first_end == 2


def test_a_fixed_limit_is_used_from_the_start_and_kept() -> None:
    record = simulate(Pace(64, adaptive=False), Server(lambda _: 8), seconds=60)
    assert record.sent_before_first_end == 64
    assert set(record.limits_after(0)) == {64}


def test_a_limit_that_is_not_used_is_not_raised() -> None:
    server = Server(lambda _: 1000)
    record = simulate(Pace(128, adaptive=True), server, seconds=120, supply=6)
    assert max(record.limits_after(0)) <= 8


def limited() -> JudgeError:
    return JudgeError(FailureKind.RATE_LIMITED, "429", transient=True)


def unavailable(*, transient: bool = True) -> JudgeError:
    return JudgeError(FailureKind.PROVIDER_UNAVAILABLE, "503", transient=transient)


def test_an_overload_halves_once_for_all_that_was_in_flight() -> None:
    pace = Pace(64, adaptive=False)
    for n in range(60):
        pace.failed(limited(), 0.01, 1 + n / 10_000)
    assert pace.limit == 32
    # Those that were sent since then, and were many, halve again.
    for n in range(33):
        pace.failed(limited(), 0.01, 2 + n / 10_000)
    assert pace.limit == 16


def test_halvings_without_latencies_keep_a_round_trip_between_them() -> None:
    pace = Pace(64, adaptive=False)
    for n in range(50):
        pace.answered(2.0, 10 + n / 100)
    for n in range(50):
        pace.overloaded(11 + n / 100)
    assert pace.limit == 32
    pace.overloaded(13.5)
    assert pace.limit == 16


def test_a_question_that_always_fails_slows_nothing_down() -> None:
    pace = Pace(64, adaptive=False)
    for n in range(2_000):
        if n % 5:
            pace.answered(1.0, n / 10)
        else:
            pace.failed(unavailable(), 1.0, n / 10)
    assert pace.limit == 64


def test_many_errors_are_an_overload_and_lasting_ones_are_none() -> None:
    pace = Pace(64, adaptive=False)
    for n in range(20):
        pace.failed(unavailable(transient=False), 0.1, float(n))
    assert pace.limit == 64
    for n in range(20, 30):
        pace.failed(unavailable(), 0.1, float(n))
    assert pace.limit == 32


@given(
    st.integers(1, 300),
    st.booleans(),
    st.lists(
        st.tuples(
            st.sampled_from(["answered", "limited", "unavailable", "overloaded"]),
            st.floats(0, 5),
            st.floats(0, 100),
            st.none() | st.integers(1, 300),
        ),
        max_size=300,
    ),
)
def test_the_limit_is_always_from_one_to_the_most(
    most: int,
    adaptive: bool,  # noqa: FBT001 - drawn
    events: list[tuple[str, float, float, int | None]],
) -> None:
    pace = Pace(most, adaptive=adaptive)
    assert pace.limit == (min(most, 4) if adaptive else most)
    now, bad = 0.0, False
    for what, step, latency, in_flight in events:
        now += step
        match what:
            case "answered":
                pace.answered(latency, now, in_flight=in_flight)
            case "limited":
                pace.failed(limited(), latency, now)
            case "unavailable":
                pace.failed(unavailable(), latency, now)
            case _:
                pace.overloaded(now)
        bad |= what != "answered"
        assert 1 <= pace.limit <= most
        assert adaptive or bad or pace.limit == most
