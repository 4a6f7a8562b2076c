"""A fast judge is not held up by a slow one, and memory stays bounded."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.flow import Load, may_open, most_open

FAST, SLOW = 0, 1
TIMES = (1, 10)


def run(
    needs: Sequence[tuple[int, ...]], most: int, *, by_queue: int | None
) -> list[int]:
    """Give when the judges ended and how many responses were open at most.

    ``needs`` are the judges that each response needs, once each.  With ``by_queue``
    the rule is another: open only while all judges have fewer than that waiting.
    """
    waiting: list[list[int]] = [[], []]
    ends: list[list[tuple[int, int]]] = [[], []]
    missing = [len(judges) for judges in needs]
    opened = now = peak = place = 0
    ended = [0, 0]
    while place < len(needs) or opened:
        while place < len(needs):
            loads = [Load(len(queue), most) for queue in waiting]
            if by_queue is None:
                may = may_open(loads, opened)
            else:
                may = all(load.waiting < by_queue for load in loads)
            if not may:
                break
            for judge in needs[place]:
                waiting[judge].append(place)
            place, opened = place + 1, opened + 1
        peak = max(peak, opened)
        for judge in (FAST, SLOW):
            while waiting[judge] and len(ends[judge]) < most:
                ends[judge].append((now + TIMES[judge], waiting[judge].pop(0)))
        now += 1
        for judge in (FAST, SLOW):
            for end in [end for end in ends[judge] if end[0] <= now]:
                ends[judge].remove(end)
                ended[judge] = now
                missing[end[1]] -= 1
                opened -= missing[end[1]] == 0
    return [*ended, peak]


def test_a_fast_judge_goes_on_where_the_slow_one_is_not_needed() -> None:
    # Sixty responses that the slow one is needed for, and then 1,000 without.
    needs = [(SLOW,)] * 60 + [(FAST,)] * 1000
    fast, slow, peak = run(needs, 8, by_queue=None)
    assert slow == 80
    assert fast <= 130
    assert peak <= 64
    # The obvious rule makes it wait until the slow one has nearly ended.
    assert run(needs, 8, by_queue=8)[0] >= 180


def test_two_judges_of_all_responses_end_as_soon_as_the_slow_one_can() -> None:
    fast, slow, peak = run([(FAST, SLOW)] * 400, 8, by_queue=None)
    assert slow == 400 // 8 * 10
    assert fast < slow
    assert peak == most_open([Load(0, 8), Load(0, 8)]) == 64


def test_the_bound_grows_with_what_may_be_in_flight() -> None:
    assert most_open([]) == 64
    assert most_open([Load(0, 256), Load(0, 16)]) == 4 * 272


@given(
    st.lists(st.sampled_from([(FAST,), (SLOW,), (FAST, SLOW)]), max_size=300),
    st.integers(1, 20),
)
def test_no_order_of_responses_breaks_the_bound_or_stops_the_run(
    needs: list[tuple[int, ...]], most: int
) -> None:
    *_, peak = run(needs, most, by_queue=None)
    assert peak <= most_open([Load(0, most), Load(0, most)])


@given(
    st.lists(st.builds(Load, st.integers(0, 50), st.integers(1, 20))),
    st.integers(0, 500),
)
def test_nothing_is_opened_while_every_judge_has_enough_waiting(
    loads: list[Load], opened: int
) -> None:
    idle = not loads or any(load.waiting < load.most for load in loads)
    assert may_open(loads, opened) == (idle and opened < most_open(loads))
