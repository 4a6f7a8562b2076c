"""When a judge is asked, probed and given up; and the laws of that as a machine."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.flow import Circuit, CircuitState, Patience, Way
from rubricdsl.model.ruling import FailureKind

REFUSED = "no connection to 127.0.0.1:9: Connection refused"


def unreachable(*, transient: bool = True) -> JudgeError:
    kind = FailureKind.TRANSPORT_UNREACHABLE
    return JudgeError(kind, REFUSED, transient=transient)


def unavailable(retry_after: float | None = None) -> JudgeError:
    return JudgeError(
        FailureKind.PROVIDER_UNAVAILABLE,
        "h:1 answered 503",
        transient=True,
        retry_after=retry_after,
    )


def error(kind: FailureKind) -> JudgeError:
    return JudgeError(kind, "h:1 said no")


def working(patience: Patience | None = None) -> Circuit:
    circuit = Circuit("openai:m", patience)
    assert circuit.admit(0.0) is Way.FREE
    circuit.answered(0.5)
    return circuit


def opened(at: float = 10.0, patience: Patience | None = None) -> Circuit:
    circuit = working(patience)
    for _ in range(8):
        assert circuit.state is CircuitState.CLOSED
        circuit.failed(unavailable(), at)
    assert circuit.state is CircuitState.OPEN
    return circuit


def probe_until_the_end(circuit: Circuit, failing: JudgeError) -> list[float]:
    """Fail each probe at once, and give the times of all."""
    times = []
    while (at := circuit.next_probe) is not None:
        assert circuit.admit(at - 0.001) is Way.SHUT
        assert circuit.admit(at) is Way.PROBE
        assert circuit.admit(at) is Way.SHUT
        circuit.failed(failing, at, probe=True)
        times.append(at)
    return times


def reason(circuit: Circuit) -> tuple[str, str]:
    assert circuit.state is CircuitState.GIVEN_UP
    assert circuit.admit(1e9) is Way.SHUT
    assert circuit.failure is not None
    return circuit.failure.kind, circuit.failure.reason


@pytest.mark.parametrize("has_answered", [False, True])
def test_without_money_the_judge_is_given_up_at_once(*, has_answered: bool) -> None:
    circuit = working() if has_answered else Circuit("openai:m")
    circuit.failed(error(FailureKind.QUOTA_EXHAUSTED), 1.0)
    assert reason(circuit) == (
        "quota_exhausted",
        "openai:m is asked no more in this run: h:1 said no",
    )


def test_a_key_that_was_never_good_is_not_tried_twice() -> None:
    circuit = Circuit("openai:m")
    circuit.failed(error(FailureKind.AUTH_FAILED), 1.0)
    assert reason(circuit)[0] == "auth_failed"


def test_a_key_that_was_good_may_be_refused_for_one_text() -> None:
    circuit = working()
    for _ in range(4):
        circuit.failed(error(FailureKind.AUTH_FAILED), 1.0)
        circuit.failed(error(FailureKind.AUTH_FAILED), 1.0)
        assert circuit.admit(1.0) is Way.FREE
        circuit.answered(1.0)
    for _ in range(3):
        circuit.failed(error(FailureKind.AUTH_FAILED), 2.0)
    assert reason(circuit)[0] == "auth_failed"


def test_a_server_that_is_not_there_at_first_ends_the_run_in_seconds() -> None:
    circuit = Circuit("openai:m")
    for _ in range(4):
        assert circuit.admit(100.0) is Way.FREE
    for n in range(4):
        circuit.failed(unreachable(), 100.0 + n / 1000)
    assert probe_until_the_end(circuit, unreachable()) == [101.0, 103.0, 105.0]
    kind, text = reason(circuit)
    assert kind == "transport_unreachable"
    assert text == (
        f"openai:m is asked no more in this run: {REFUSED}; no answer to 7 attempts "
        "in 5 s"
    )


def test_what_cannot_be_reached_for_good_is_not_tried_twice() -> None:
    circuit = Circuit("openai:m")
    circuit.failed(unreachable(transient=False), 1.0)
    assert reason(circuit)[0] == "transport_unreachable"
    circuit = working()
    circuit.failed(unreachable(transient=False), 1.0)
    assert circuit.state is CircuitState.OPEN


def test_a_server_that_starts_while_it_is_probed_is_used() -> None:
    circuit = Circuit("openai:m")
    circuit.failed(unreachable(), 0.0)
    assert circuit.admit(1.0) is Way.PROBE
    circuit.answered(1.2)
    assert circuit.admit(1.2) is Way.FREE
    # From now on it is one that has answered, and is waited for longer.
    circuit.failed(unreachable(), 2.0)
    assert probe_until_the_end(circuit, unreachable())[-1] == 302.0


def test_an_outage_is_probed_ever_more_rarely_until_patience_ends() -> None:
    circuit = opened(10.0)
    times = probe_until_the_end(circuit, unavailable())
    assert times[:7] == [11.0, 13.0, 17.0, 25.0, 41.0, 71.0, 101.0]
    assert times[-1] == 310.0
    kind, text = reason(circuit)
    assert kind == "provider_unavailable"
    assert text.endswith("h:1 answered 503; no answer to 22 attempts in 300 s")


def test_answers_close_the_circuit_and_the_wait_is_known() -> None:
    circuit = opened(10.0)
    assert circuit.held(12.0) == 2.0
    assert circuit.admit(11.0) is Way.PROBE
    assert circuit.admit(60.0) is Way.SHUT
    circuit.answered(14.0)
    assert circuit.admit(14.0) is Way.FREE
    assert circuit.held(100.0) == 4.0
    # The next outage begins from the start.
    for _ in range(8):
        circuit.failed(unavailable(), 100.0)
    assert circuit.next_probe == 101.0
    assert circuit.held(101.0) == 5.0


def test_answers_in_between_keep_the_circuit_closed() -> None:
    circuit = working()
    for n in range(50):
        for _ in range(7):
            circuit.failed(unavailable(), float(n))
        if n % 2:
            circuit.answered(float(n))
        else:
            circuit.failed(error(FailureKind.REQUEST_REJECTED), float(n))
    assert circuit.state is CircuitState.CLOSED


def test_questions_that_always_fail_do_not_open_it() -> None:
    circuit = working()
    for n in range(50):
        circuit.failed(unavailable(), float(n), fresh=n % 10 == 0)
    assert circuit.state is CircuitState.CLOSED


def test_without_a_connection_it_opens_at_once() -> None:
    circuit = working()
    circuit.failed(unreachable(), 50.0, fresh=False)
    assert circuit.state is CircuitState.OPEN


def test_a_probe_comes_not_before_the_judge_asked_for_it() -> None:
    circuit = working()
    for n in range(8):
        circuit.failed(unavailable(retry_after=20 if n == 7 else None), 10.0)
    assert circuit.next_probe == 30.0
    # One that was in flight heard of more.
    circuit.failed(unavailable(retry_after=40), 11.0)
    assert circuit.next_probe == 51.0


def test_who_asks_for_more_than_patience_is_given_up() -> None:
    circuit = working()
    for _ in range(8):
        circuit.failed(unavailable(retry_after=3600), 10.0)
    assert "and it asks to be left alone for 3600 s" in reason(circuit)[1]


def test_a_probe_that_was_not_sent_is_made_up_for() -> None:
    circuit = opened(10.0)
    assert circuit.admit(11.0) is Way.PROBE
    circuit.withdrawn(probe=False)
    assert circuit.admit(11.0) is Way.SHUT
    circuit.withdrawn(probe=True)
    assert circuit.admit(11.0) is Way.PROBE
    circuit.failed(error(FailureKind.TRANSPORT_LOCAL_RESOURCE), 11.0, probe=True)
    assert circuit.admit(11.0) is Way.PROBE
    circuit.failed(error(FailureKind.AUTH_FAILED), 11.0, probe=True)
    assert circuit.admit(11.0) is Way.PROBE


class Laws(RuleBasedStateMachine):
    """Requests that end in every way, in any order, some long after they were sent."""

    def __init__(self) -> None:
        super().__init__()
        self.patience = Patience(first=3, outage=20, longest_probe=8, failures=3)
        self.circuit = Circuit("j", self.patience)
        self.now = 0.0
        self.in_flight: list[Way] = []
        self.held = 0.0
        self.last_answer = 0.0
        self.given_up = False

    @rule(seconds=st.floats(0, 15))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @rule()
    def send(self) -> None:
        """Send a request if that may be."""
        before = self.circuit.state
        way = self.circuit.admit(self.now)
        assert (way is Way.FREE) == (before is CircuitState.CLOSED)
        if way is Way.PROBE:
            assert before is CircuitState.OPEN
            assert self.circuit.state is CircuitState.PROBING
        if way is not Way.SHUT:
            self.in_flight.append(way)

    def end(self, place: int) -> bool:
        """Take a request out of flight; true if it is a probe."""
        return self.in_flight.pop(place % len(self.in_flight)) is Way.PROBE

    @precondition(lambda self: self.in_flight)
    @rule(place=st.integers(0, 99))
    def answer(self, place: int) -> None:
        """Answer a request."""
        self.end(place)
        self.circuit.answered(self.now)
        self.last_answer = self.now
        assert self.given_up or self.circuit.state is CircuitState.CLOSED

    @precondition(lambda self: self.in_flight)
    @rule(place=st.integers(0, 99))
    def withdraw(self, place: int) -> None:
        """Drop a request."""
        self.circuit.withdrawn(probe=self.end(place))

    @precondition(lambda self: self.in_flight)
    @rule(
        place=st.integers(0, 99),
        kind=st.sampled_from(list(FailureKind)),
        transient=st.booleans(),
        fresh=st.booleans(),
        retry_after=st.none() | st.floats(0, 30),
    )
    def fail(
        self,
        place: int,
        kind: FailureKind,
        *,
        transient: bool,
        fresh: bool,
        retry_after: float | None,
    ) -> None:
        """Fail a request in some way."""
        probe, was = self.end(place), self.circuit.state
        failing = JudgeError(kind, "x", transient=transient, retry_after=retry_after)
        self.circuit.failed(failing, self.now, fresh=fresh, probe=probe)
        if kind is FailureKind.QUOTA_EXHAUSTED:
            assert self.circuit.state is CircuitState.GIVEN_UP
        if probe and was is CircuitState.PROBING:
            assert self.circuit.state is not CircuitState.PROBING

    @invariant()
    def it_is_given_up_for_good_and_with_a_reason(self) -> None:
        """A judge once given up stays so."""
        circuit = self.circuit
        is_given_up = circuit.state is CircuitState.GIVEN_UP
        assert is_given_up == (circuit.failure is not None)
        assert is_given_up or not self.given_up
        self.given_up = is_given_up
        if circuit.failure is not None:
            assert circuit.failure.reason.startswith("j is asked no more in this run")

    @invariant()
    def there_is_at_most_one_probe_and_always_a_way_on(self) -> None:
        """Somebody is to come back, or a time is set."""
        circuit = self.circuit
        if circuit.state is CircuitState.PROBING:
            assert self.in_flight.count(Way.PROBE) >= 1
        assert (circuit.next_probe is not None) == (circuit.state is CircuitState.OPEN)
        if circuit.next_probe is not None:
            assert circuit.next_probe <= self.now + self.patience.outage

    @invariant()
    def what_was_held_only_grows_while_it_is_not_closed(self) -> None:
        """Time held is time passed."""
        held = self.circuit.held(self.now)
        assert self.held <= held <= self.now
        self.held = held


TestLaws = Laws.TestCase
