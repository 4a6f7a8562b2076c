"""Which requests are sent again, when, and what is said of those that are not."""

import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.flow import Again, GiveUp, RetryBudget, RetryPolicy
from rubricdsl.model.ruling import FailureKind

NOW = 1_000.0
DEADLINE = NOW + 120


def dice(seed: int = 0) -> random.Random:
    return random.Random(seed)  # noqa: S311 - waits, not secrets


def policy(**options: float) -> RetryPolicy:
    return RetryPolicy(RetryBudget(), dice(), **options)  # type: ignore[arg-type]


def dropped(retry_after: float | None = None) -> JudgeError:
    return JudgeError(
        FailureKind.TRANSPORT_PEER_DROP,
        "h:1 closed the connection",
        transient=True,
        retry_after=retry_after,
    )


def again(decision: Again | GiveUp) -> float:
    assert isinstance(decision, Again), decision
    return decision.at


def given_up(decision: Again | GiveUp) -> tuple[str, str]:
    assert isinstance(decision, GiveUp), decision
    return decision.failure.kind, decision.failure.reason


def test_waits_double_and_are_random_in_their_upper_half() -> None:
    decide = policy().decide
    for attempt, window in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)):
        waits = {again(decide(dropped(), attempt, NOW, DEADLINE)) - NOW for _ in "12"}
        assert all(window / 2 <= wait <= window for wait in waits)
        assert len(waits) == 2


def test_waits_are_the_same_with_the_same_seed() -> None:
    one, two = policy(), policy()
    random.seed(1)
    first = [one.decide(dropped(), n, NOW, DEADLINE) for n in (1, 2, 3)]
    random.seed(2)
    state = random.getstate()
    assert first == [two.decide(dropped(), n, NOW, DEADLINE) for n in (1, 2, 3)]
    assert random.getstate() == state


def test_a_lasting_failure_is_final_at_once() -> None:
    error = JudgeError(FailureKind.REQUEST_REJECTED, "h:1 answered 400")
    assert policy().decide(error, 1, NOW, DEADLINE) == GiveUp(error.failure)
    kind, reason = given_up(policy().decide(error, 3, NOW, DEADLINE))
    assert (kind, reason) == ("request_rejected", "h:1 answered 400 (attempt 3)")


def test_attempts_come_to_an_end() -> None:
    assert given_up(policy().decide(dropped(), 5, NOW, DEADLINE)) == (
        "transport_peer_drop",
        "h:1 closed the connection; given up after 5 attempts",
    )
    decision = policy(attempts=1).decide(dropped(), 1, NOW, DEADLINE)
    assert given_up(decision)[1].endswith("; given up after 1 attempt")


def test_no_attempt_begins_after_the_deadline() -> None:
    kind, reason = given_up(policy().decide(dropped(), 4, NOW, NOW + 2))
    assert kind == "transport_peer_drop"
    assert reason.endswith(
        "given up after 4 attempts: the next would come after the deadline"
    )
    assert isinstance(policy().decide(dropped(), 4, NOW, NOW), GiveUp)


def test_what_the_judge_asks_for_is_given_and_a_little_more() -> None:
    waits = [
        again(policy_.decide(dropped(30), 1, NOW, DEADLINE)) - NOW
        for policy_ in [policy()]
        for _ in range(8)
    ]
    assert all(30 <= wait <= 33 for wait in waits)
    assert len(set(waits)) == 8
    # Just before the deadline there is no room for more.
    assert again(policy().decide(dropped(119.9), 1, NOW, DEADLINE)) >= NOW + 119.9


def test_who_asks_for_more_than_there_is_time_is_not_waited_for() -> None:
    kind, reason = given_up(policy().decide(dropped(3600), 1, NOW, DEADLINE))
    assert kind == "transport_peer_drop"
    assert reason.endswith(
        "given up after 1 attempt: it asked to be left alone for 3600 s, "
        "beyond the deadline"
    )


@pytest.mark.parametrize("garbage", [0.0, -5.0, float("nan")])
def test_a_wait_that_is_none_is_ours_to_choose(garbage: float) -> None:
    wait = again(policy().decide(dropped(garbage), 1, NOW, DEADLINE)) - NOW
    assert 0.5 <= wait <= 1.0


def test_questions_are_not_to_blame_while_the_judge_is_away() -> None:
    budget = RetryBudget(constant=0, trickle=0)
    decide = RetryPolicy(budget, dice()).decide
    assert decide(dropped(), 5, NOW, DEADLINE, is_away=True) == Again(NOW)
    assert isinstance(decide(dropped(), 1, NOW, DEADLINE), GiveUp)
    assert isinstance(decide(dropped(), 1, NOW, NOW, is_away=True), GiveUp)


def test_the_budget_is_a_share_of_what_was_sent_and_a_few_more() -> None:
    budget = RetryBudget(trickle=0)
    decide = RetryPolicy(budget, dice()).decide
    for _ in range(50):
        budget.sent()
    decisions = [decide(dropped(), 1, NOW, DEADLINE) for _ in range(30)]
    assert [type(decision) for decision in decisions] == [Again] * 20 + [GiveUp] * 10
    assert given_up(decisions[-1])[1].endswith(
        "given up after 1 attempt: too many requests of this run had to be sent again"
    )
    for _ in range(5):
        budget.sent()
    assert isinstance(decide(dropped(), 1, NOW, DEADLINE), Again)


def test_beyond_the_budget_retries_are_lined_up_until_the_deadline() -> None:
    decide = RetryPolicy(RetryBudget(constant=0), dice()).decide
    decisions = [decide(dropped(), 1, NOW, NOW + 10) for _ in range(20)]
    times = [decision.at for decision in decisions if isinstance(decision, Again)]
    assert [round(at - NOW) for at in times[1:]] == list(range(1, 10))
    assert len(times) == 10


@given(
    st.integers(1, 8),
    st.floats(0, 1e6),
    st.floats(-100, 1e4),
    st.none() | st.floats(),
    st.integers(0, 40),
)
def test_a_retry_is_never_before_now_nor_after_the_deadline(
    attempt: int, now: float, left: float, retry_after: float | None, used: int
) -> None:
    budget = RetryBudget()
    decide = RetryPolicy(budget, dice(attempt)).decide
    for _ in range(used):
        decide(dropped(), 1, now, now + 1e6)
    decision = decide(dropped(retry_after), attempt, now, now + left)
    if isinstance(decision, Again):
        assert now <= decision.at < now + left
        assert attempt < 5
        if retry_after is not None and retry_after > 0:
            assert decision.at >= now + retry_after
    else:
        assert decision.failure.reason.startswith("h:1 closed the connection; ")


@given(st.lists(st.sampled_from(["sent", "failed"]), max_size=200))
def test_the_budget_is_never_overdrawn(events: list[str]) -> None:
    budget = RetryBudget(trickle=0)
    decide = RetryPolicy(budget, dice()).decide
    sent = retries = 0
    for event in events:
        if event == "sent":
            budget.sent()
            sent += 1
        else:
            decision = decide(dropped(), 1, NOW, DEADLINE)
            may = retries < 10 + 0.2 * sent
            assert isinstance(decision, Again) == may
            retries += may


def test_tenacity_is_not_imported_before_the_first_failure() -> None:
    code = (
        "import random, sys\n"
        "from rubricdsl.judging.flow import RetryBudget, RetryPolicy\n"
        "policy = RetryPolicy(RetryBudget(), random.Random(0))\n"
        "print('tenacity' in sys.modules, 'asyncio' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
