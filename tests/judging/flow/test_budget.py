"""Budgets are kept whatever the order in which requests are sent and end."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rubricdsl.judging.flow import Budget
from rubricdsl.model.judgement import Usage
from rubricdsl.model.ruling import Failure, FailureKind

FREE = Usage(cost=0.0)
UNKNOWN = Usage(prompt_tokens=100)


def cost(amount: float) -> Usage:
    return Usage(cost=amount)


def refusal(failure: Failure | None) -> str:
    assert failure is not None
    assert failure.kind == FailureKind.BUDGET_EXHAUSTED
    return failure.reason


def test_without_bounds_everything_may_be_sent() -> None:
    budget = Budget()
    for _ in range(100):
        assert budget.may_send(UNKNOWN, 1e9) is None
    budget.settle(UNKNOWN, cost(1e9))
    assert budget.may_send(cost(1e9), 1e9) is None
    assert budget.ends_at is None


def test_calls_are_counted_whatever_comes_of_them() -> None:
    budget = Budget(max_calls=2)
    assert budget.may_send(UNKNOWN, 0.0) is None
    budget.settle_failed(UNKNOWN, Failure(FailureKind.RATE_LIMITED, "429"))
    assert budget.may_send(UNKNOWN, 0.0) is None
    assert refusal(budget.may_send(UNKNOWN, 0.0)) == (
        "the budget of 2 calls (--max-calls) leaves no room"
    )
    assert not budget.may_fit_later(UNKNOWN)


def test_time_is_up_when_it_is_up() -> None:
    budget = Budget(max_seconds=60, started=100.0)
    assert budget.ends_at == 160.0
    assert budget.may_send(UNKNOWN, 159.9) is None
    assert "the budget of 60 s (--max-seconds)" in refusal(
        budget.may_send(UNKNOWN, 160.0)
    )


def test_ten_times_a_tenth_is_one() -> None:
    budget = Budget(max_cost=1.0)
    for _ in range(10):
        assert budget.may_send(cost(0.1), 0.0) is None
    assert budget.may_send(cost(0.1), 0.0) is not None


def test_every_refusal_is_in_the_same_words_whatever_it_would_have_cost() -> None:
    budget = Budget(max_cost=1.0)
    for _ in range(3):
        assert budget.may_send(cost(0.3), 0.0) is None
    budget.settle(cost(0.3), cost(0.3))
    assert {refusal(budget.may_send(cost(more), 0.0)) for more in (0.3, 0.4, 7.0)} == {
        "the budget of 1 (--max-cost) leaves no room"
    }


def test_what_others_did_not_need_may_be_had_later() -> None:
    budget = Budget(max_cost=1.0)
    assert budget.may_send(cost(0.9), 0.0) is None
    assert budget.may_send(cost(0.2), 0.0) is not None
    assert budget.may_fit_later(cost(0.2))
    assert not budget.may_fit_later(cost(1.1))
    budget.settle(cost(0.9), cost(0.1))
    assert not budget.may_fit_later(cost(0.95))
    assert budget.may_send(cost(0.2), 0.0) is None


@pytest.mark.parametrize("amount", [None, math.nan, math.inf, -1.0])
def test_a_request_of_unknown_cost_is_not_sent_under_a_bound(
    amount: float | None,
) -> None:
    budget = Budget(max_cost=1.0)
    reason = refusal(budget.may_send(Usage(cost=amount), 0.0))
    assert "its cost is not known" in reason
    assert "price_prompt and price_completion" in reason
    assert not budget.may_fit_later(Usage(cost=amount))
    # A judge that costs nothing is asked even when all is spent.
    assert budget.may_send(cost(1.0), 0.0) is None
    assert budget.may_send(FREE, 0.0) is None


@pytest.mark.parametrize(
    ("kind", "spent"),
    [
        (FailureKind.TRANSPORT_TIMEOUT, 0.6),
        (FailureKind.TRANSPORT_PEER_DROP, 0.6),
        (FailureKind.JUDGE_UNPARSEABLE, 0.6),
        (FailureKind.RATE_LIMITED, 0.0),
        (FailureKind.TRANSPORT_UNREACHABLE, 0.0),
        (FailureKind.REQUEST_REJECTED, 0.0),
    ],
)
def test_a_failure_counts_where_work_may_have_been_done(
    kind: FailureKind, spent: float
) -> None:
    budget = Budget(max_cost=1.0)
    assert budget.may_send(cost(0.6), 0.0) is None
    budget.settle_failed(cost(0.6), Failure(kind, "x"))
    assert budget.may_send(cost(1 - spent), 0.0) is None
    assert budget.may_send(cost(0.01), 0.0) is not None


def test_an_untold_cost_is_the_estimate() -> None:
    budget = Budget(max_cost=1.0)
    for told in (None, math.nan):
        assert budget.may_send(cost(0.5), 0.0) is None
        budget.settle(cost(0.5), Usage(cost=told))
    assert budget.may_send(cost(0.01), 0.0) is not None


def test_estimates_that_are_too_low_on_the_whole_are_raised() -> None:
    budget, spent = Budget(max_cost=10.0), 0.0
    in_flight = 0
    while budget.may_send(cost(0.1), 0.0) is None:
        in_flight += 1
        if in_flight == 8:
            budget.settle(cost(0.1), cost(0.2))
            spent += 0.2
            in_flight -= 1
    # With seven in flight, each twice as dear as thought, nothing is overspent.
    assert spent + in_flight * 0.2 == pytest.approx(10)


# What happens: a request is to be sent, or the n-th in flight ends.
EVENTS = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(0, 50),
        st.floats(0, 3),
        st.floats(0, 2),
        st.sampled_from(["told", "untold", "refused", "dropped"]),
    ),
    max_size=200,
)


@given(
    events=EVENTS,
    max_calls=st.integers(0, 40),
    max_cost=st.floats(0, 20),
    exact=st.booleans(),
)
@example(
    events=[(True, 0, 0.1, 1.0, "told")] * 200, max_calls=40, max_cost=1.0, exact=True
)
def test_budgets_are_kept_in_any_order(
    *,
    events: list[tuple[bool, int, float, float, str]],
    max_calls: int,
    max_cost: float,
    exact: bool,
) -> None:
    budget = Budget(max_calls=max_calls, max_cost=max_cost)
    in_flight: list[tuple[float, float]] = []
    calls, spent, excess = 0, 0.0, 0.0
    for sends, place, thought, factor, end in events:
        if sends:
            if budget.may_send(cost(thought), 0.0) is None:
                calls += 1
                in_flight.append((thought, thought if exact else thought * factor))
                excess = sum(max(0.0, t - e) for e, t in in_flight)
        elif in_flight:
            estimate, true = in_flight.pop(place % len(in_flight))
            match end:
                case "told":
                    budget.settle(cost(estimate), cost(true))
                    spent += true
                case "untold":
                    budget.settle(cost(estimate), UNKNOWN)
                    spent += estimate
                case "refused":
                    failure = Failure(FailureKind.RATE_LIMITED, "x")
                    budget.settle_failed(cost(estimate), failure)
                case _:
                    failure = Failure(FailureKind.TRANSPORT_PEER_DROP, "x")
                    budget.settle_failed(cost(estimate), failure)
                    spent += estimate
        assert calls <= max_calls
        if exact:
            assert spent + sum(t for _, t in in_flight) <= max_cost * (1 + 1e-8)
        assert spent <= max_cost * (1 + 1e-8) + excess + 1e-9
