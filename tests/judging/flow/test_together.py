"""Pace, retries, circuit and budget together, as a lane of the engine uses them."""

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable

import pytest
from attrs import define, field

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.flow import (
    Again,
    Budget,
    Circuit,
    CircuitState,
    Pace,
    RetryBudget,
    RetryPolicy,
    Way,
)
from rubricdsl.model.judgement import Usage
from rubricdsl.model.ruling import Failure, FailureKind

TIMEOUT = 120.0
FREE = Usage(cost=0.0)
# Gives how long a request takes, and its error if it has one: by question, time, and
# how many others the server works on.
Serve = Callable[[int, float, int], tuple[float, JudgeError | None]]


def error(kind: FailureKind, retry_after: float | None = None) -> JudgeError:
    return JudgeError(kind, "x", transient=True, retry_after=retry_after)


@define
class Question:
    """A question on its way; ``deadline`` is as if the judge had never been away."""

    number: int
    attempt: int = 1
    deadline: float | None = None


@define
class Flight:
    """A request on its way, and what will come of it."""

    question: Question
    sent: float
    is_probe: bool
    error: JudgeError | None


@define
class Lane:
    """Sends questions to a server, in simulated time."""

    serve: Serve
    pace: Pace
    circuit: Circuit = field(factory=lambda: Circuit("judge"))
    budget: Budget = field(factory=Budget)
    policy: RetryPolicy = field(init=False)
    sent: list[float] = field(factory=list)
    answered: dict[int, float] = field(factory=dict)
    failed: dict[int, Failure] = field(factory=dict)
    now: float = 0.0
    retry_budget: RetryBudget = field(factory=RetryBudget)
    queue: deque[Question] = field(factory=deque)
    delayed: list[tuple[float, int, Question]] = field(factory=list)
    ends: list[tuple[float, int, Flight]] = field(factory=list)
    served: int = 0

    def __attrs_post_init__(self) -> None:
        rng = random.Random(0)  # noqa: S311 - waits, not secrets
        self.policy = RetryPolicy(self.retry_budget, rng)

    def run(self, count: int) -> "Lane":
        """Ask so many questions, until each is answered or has failed."""
        self.queue.extend(Question(number) for number in range(count))
        while self.queue or self.delayed or self.ends:
            while self.delayed and self.delayed[0][0] <= self.now:
                self.queue.appendleft(heapq.heappop(self.delayed)[2])
            if self.circuit.failure is not None:
                waiting = [*self.queue, *(question for *_, question in self.delayed)]
                for question in waiting:
                    self.failed[question.number] = self.circuit.failure
                self.queue.clear()
                self.delayed.clear()
            while self.queue and len(self.ends) < self.pace.limit:
                way = self.circuit.admit(self.now)
                if way is Way.SHUT:
                    break
                self.send(self.queue.popleft(), is_probe=way is Way.PROBE)
            self.pass_time()
            if self.ends and self.ends[0][0] <= self.now:
                self.end(heapq.heappop(self.ends)[2])
        return self

    def send(self, question: Question, *, is_probe: bool) -> None:
        """Send a request, if the budget allows."""
        spent = self.budget.may_send(FREE, self.now)
        if spent is not None:
            self.circuit.withdrawn(probe=is_probe)
            self.failed[question.number] = spent
            return
        held = self.circuit.held(self.now)
        if question.deadline is None:
            question.deadline = self.now + TIMEOUT - held
        self.sent.append(self.now)
        self.retry_budget.sent()
        took, failing = self.serve(question.number, self.now, self.served)
        self.served += failing is None
        end = self.now + took
        if end > question.deadline + held:
            end = question.deadline + held
            failing = error(FailureKind.TRANSPORT_TIMEOUT)
        flight = Flight(question, self.now, is_probe, failing)
        heapq.heappush(self.ends, (end, len(self.sent), flight))

    def pass_time(self) -> None:
        """Go on to when something happens next."""
        times = [self.ends[0][0]] if self.ends else []
        if len(self.ends) < self.pace.limit:
            times += [self.delayed[0][0]] if self.delayed else []
            probe_at = self.circuit.next_probe
            times += [probe_at] if self.queue and probe_at is not None else []
        self.now = max(self.now, min(times, default=self.now))

    def end(self, flight: Flight) -> None:
        """Take in what came of a request."""
        question, failing, now = flight.question, flight.error, self.now
        if failing is None:
            self.served -= 1
            self.pace.answered(now - flight.sent, now)
            self.circuit.answered(now)
            self.budget.settle(FREE, FREE)
            self.answered[question.number] = now
            return
        self.budget.settle_failed(FREE, failing.failure)
        self.pace.failed(failing, now - flight.sent, now)
        is_fresh = question.attempt == 1
        self.circuit.failed(failing, now, fresh=is_fresh, probe=flight.is_probe)
        is_away = self.circuit.state is not CircuitState.CLOSED
        assert question.deadline is not None
        deadline = question.deadline + self.circuit.held(now)
        decision = self.policy.decide(
            failing, question.attempt, now, deadline, is_away=is_away
        )
        if not isinstance(decision, Again):
            self.failed[question.number] = decision.failure
        elif is_away:
            # The next probe is another one: this one may be what the judge dies of.
            self.queue.append(question)
        else:
            question.attempt += 1
            heapq.heappush(self.delayed, (decision.at, len(self.sent), question))

    @property
    def kinds(self) -> Counter[str]:
        """How many questions failed, by kind."""
        return Counter(failure.kind for failure in self.failed.values())


PACES = {
    "fixed": lambda: Pace(16, adaptive=False),
    "auto": lambda: Pace(64, adaptive=True),
}


@pytest.fixture(params=PACES)
def pace(request: pytest.FixtureRequest) -> Pace:
    return PACES[request.param]()


def between(start: float, end: float, failing: JudgeError) -> Serve:
    """Serve in a second, but for a while fail at once."""

    def serve(_: int, now: float, __: int) -> tuple[float, JudgeError | None]:
        return (0.01, failing) if start <= now < end else (1.0, None)

    return serve


def test_without_faults_each_question_is_sent_once(pace: Pace) -> None:
    lane = Lane(between(0, 0, error(FailureKind.RATE_LIMITED)), pace).run(400)
    assert len(lane.answered) == len(lane.sent) == 400


@pytest.mark.parametrize("kind", ["provider_unavailable", "transport_peer_drop"])
def test_a_burst_of_errors_costs_nothing_but_time(pace: Pace, kind: str) -> None:
    failing = error(FailureKind(kind))
    lane = Lane(between(3, 6, failing), pace).run(400)
    assert len(lane.answered) == 400
    lane = Lane(between(0, 3, failing), Pace(16, adaptive=False)).run(40)
    assert len(lane.answered) == 40
    assert len(lane.sent) <= 40 + 25


def test_an_outage_of_minutes_costs_nothing_but_time(pace: Pace) -> None:
    failing = error(FailureKind.TRANSPORT_UNREACHABLE)
    lane = Lane(between(10, 210, failing), pace).run(1000)
    assert len(lane.answered) == 1000
    in_outage = [at for at in lane.sent if 10 <= at < 210]
    assert len(in_outage) <= 64 + 8 + 12


def test_a_server_that_was_never_there_ends_the_run_in_seconds(pace: Pace) -> None:
    failing = error(FailureKind.TRANSPORT_UNREACHABLE)
    lane = Lane(between(0, 1e9, failing), pace).run(1000)
    assert lane.kinds == {"transport_unreachable": 1000}
    assert lane.now <= 6
    assert len(lane.sent) <= 16 + 3


def test_an_outage_without_end_ends_the_run_when_patience_does(pace: Pace) -> None:
    failing = error(FailureKind.PROVIDER_UNAVAILABLE)
    lane = Lane(between(10, 1e9, failing), pace).run(1000)
    assert set(lane.kinds) == {"provider_unavailable"}
    assert lane.now <= 10 + 300 + 5
    assert len(lane.answered) + len(lane.failed) == 1000


def test_questions_that_always_fail_hold_up_no_others(pace: Pace) -> None:
    def serve(number: int, _: float, __: int) -> tuple[float, JudgeError | None]:
        failing = error(FailureKind.PROVIDER_UNAVAILABLE) if number % 20 == 7 else None
        return 1.0, failing

    lane = Lane(serve, pace).run(400)
    assert len(lane.answered) == 380
    assert lane.kinds == {"provider_unavailable": 20}
    assert max(lane.answered.values()) <= 400 / 16 * 1.5 + 10


@pytest.mark.parametrize("retry_after", [None, 2.0])
def test_a_server_with_less_capacity_than_asked_of_it_answers_all(
    retry_after: float | None,
) -> None:
    def serve(_: int, __: float, served: int) -> tuple[float, JudgeError | None]:
        if served < 8:
            return 1.0, None
        return 0.01, error(FailureKind.RATE_LIMITED, retry_after)

    for pace in (Pace(64, adaptive=False), Pace(64, adaptive=True)):
        lane = Lane(serve, pace).run(800)
        assert len(lane.answered) == 800
        assert len(lane.sent) <= 800 * 1.2
        assert lane.now <= 800 / 8 * 2


def test_a_question_that_the_server_dies_of_takes_no_other_with_it(pace: Pace) -> None:
    back = 0.0

    def serve(number: int, now: float, _: int) -> tuple[float, JudgeError | None]:
        nonlocal back
        if now < back:
            return 0.01, error(FailureKind.TRANSPORT_UNREACHABLE)
        if number == 50:
            back = now + 40
            return 0.01, error(FailureKind.TRANSPORT_PEER_DROP)
        return 1.0, None

    lane = Lane(serve, pace).run(200)
    assert len(lane.answered) == 199
    assert list(lane.failed) == [50]


def test_no_money_stops_the_run_at_once(pace: Pace) -> None:
    failing = JudgeError(FailureKind.QUOTA_EXHAUSTED, "pay first")
    lane = Lane(between(10, 1e9, failing), pace).run(1000)
    assert set(lane.kinds) == {"quota_exhausted"}
    assert sum(at >= 10 for at in lane.sent) <= 64


def test_a_judge_that_hangs_is_left_at_the_deadline() -> None:
    def serve(*_: object) -> tuple[float, JudgeError | None]:
        return 1e9, None

    lane = Lane(serve, Pace(16, adaptive=False)).run(100)
    assert set(lane.kinds) == {"transport_timeout"}
    assert lane.now <= TIMEOUT + 400


def test_calls_are_bounded_with_all_that_is_sent_again(pace: Pace) -> None:
    def serve(number: int, now: float, _: int) -> tuple[float, JudgeError | None]:
        fails = (number + int(now)) % 5 == 0
        return 1.0, error(FailureKind.TRANSPORT_PEER_DROP) if fails else None

    lane = Lane(serve, pace, budget=Budget(max_calls=150)).run(400)
    assert len(lane.sent) == 150
    assert "budget_exhausted" in lane.kinds
    assert len(lane.answered) + len(lane.failed) == 400
