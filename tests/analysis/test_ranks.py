"""Ranks within prompts, and who is behind whom."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.prompts import ByPrompt
from rubricdsl.analysis.ranks import NOWHERE, Ranks, less_in_both, levels_of

NAN = float("nan")
ROWS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.one_of(st.integers(0, 5).map(float), st.just(NAN))
    ),
    max_size=24,
)


def ranked(rows):
    groups = ByPrompt.of([prompt for prompt, _ in rows])
    return groups, np.array([value for _, value in rows], float)


@given(ROWS)
def test_ranks_count_what_is_behind(rows):
    found = Ranks.of(*ranked(rows))
    for number, (prompt, value) in enumerate(rows):
        here = [v for p, v in rows if p == prompt and not isnan(v)]
        if isnan(value):
            assert not found.known[number]
            assert isnan(found.middle[number])
            continue
        assert found.below[number] == sum(v < value for v in here)
        assert found.tied[number] == here.count(value)
        assert found.count[number] == len(here)


@given(ROWS)
def test_levels_rise_with_the_prompt_and_then_the_value(rows):
    groups, values = ranked(rows)
    levels = levels_of(groups, values)
    known = [n for n in range(len(rows)) if levels[n] != NOWHERE]
    assert known == [n for n, (_, value) in enumerate(rows) if not isnan(value)]
    for one in known:
        for other in known:
            key, of_other = ((groups.codes[n], values[n]) for n in (one, other))
            assert (levels[one] < levels[other]) == (key < of_other)


@given(ROWS, st.floats(0, 1), st.floats(0, 1))
def test_a_stretch_of_ranks_holds_as_much_of_each_prompt(rows, one, other):
    low, high = sorted((one, other))
    groups, values = ranked(rows)
    found = Ranks.of(groups, values)
    inside = found.within(low, high)
    for code in range(len(groups.names)):
        here = found.known & (groups.codes == code)
        held = inside[here].sum()
        assert held == pytest.approx((high - low) * np.count_nonzero(here))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40))
def test_who_is_less_in_both(items):
    one = np.array([a for a, _ in items], np.intp)
    other = np.array([b for _, b in items], np.intp)
    expected = [sum(a < c and b < d for a, b in items) for c, d in items]
    assert less_in_both(one, other).tolist() == expected


def test_values_that_differ_by_rounding_are_equal():
    found = Ranks.of(ByPrompt.of(["a", "a", "a"]), np.array([0.3, 0.1 + 0.2, 0.4]))
    assert found.tied.tolist() == [2, 2, 1]
