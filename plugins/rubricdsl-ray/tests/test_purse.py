"""Budgets that are lent out by the block are kept, whatever becomes of a block."""

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.execution import Limits
from rubricdsl.model.judgement import Usage
from rubricdsl_ray.purse import Purse


@given(
    st.integers(1, 50),
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 8), st.floats(0, 1), st.booleans()),
        max_size=40,
    ),
)
def test_blocks_never_spend_more_than_there_is(
    budget: int, steps: list[tuple[int, int, float, bool]]
) -> None:
    purse = Purse(Limits(max_calls=budget, max_cost=1.0), slots=4, clock=lambda: 0.0)
    spent, cost = 0, 0.0
    held: dict[int, tuple[int, float]] = {}
    for block, share, part, is_lost in steps:
        if block in held:
            calls, money = held.pop(block)
            if is_lost:
                # It may have spent all, and nobody knows.
                purse.forfeit(block)
            else:
                calls, money = int(part * calls), part * money
                purse.settle(block, calls, Usage(cost=money))
            spent += calls
            cost += money
        elif (lease := purse.lease(block, share)) is not None:
            assert lease.limits.max_calls is not None
            assert lease.limits.max_cost is not None
            held[block] = lease.limits.max_calls, lease.limits.max_cost
    assert spent + sum(calls for calls, _ in held.values()) <= budget
    assert cost + sum(money for _, money in held.values()) <= 1.0 + 1e-9


def test_what_was_given_back_can_be_lent_again_to_the_last() -> None:
    purse = Purse(Limits(max_calls=10), slots=2, clock=lambda: 0.0)
    first, second = purse.lease(0, 2), purse.lease(1, 1)
    assert first is not None
    assert second is not None
    assert (first.limits.max_calls, second.limits.max_calls) == (5, 5)
    assert purse.lease(2, 1) is None
    purse.settle(0, 2, Usage())
    purse.settle(1, 5, Usage())
    last = purse.lease(2, 1)
    assert last is not None
    assert last.limits.max_calls == 3
    assert last.is_last


def test_time_is_the_same_for_all() -> None:
    now = 100.0
    purse = Purse(Limits(max_seconds=8.0), slots=2, clock=lambda: now)
    now = 105.0
    lease = purse.lease(0, 4)
    assert lease is not None
    assert lease.limits == Limits(max_seconds=3.0)
    now = 110.0
    late = purse.lease(1, 4)
    assert late is not None
    assert late.limits.max_seconds == 0.0
    assert late.is_last


def test_a_purse_that_was_lost_is_empty() -> None:
    purse = Purse(
        Limits(max_calls=10, max_cost=1.0), slots=2, empty=True, clock=lambda: 0.0
    )
    lease = purse.lease(0, 1)
    assert lease is not None
    assert lease.is_last
    assert (lease.limits.max_calls, lease.limits.max_cost) == (0, 0.0)
