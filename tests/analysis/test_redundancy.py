"""How far criteria repeat each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.redundancy import redundancy

NAN = float("nan")
TABLES = st.integers(1, 5).flatmap(
    lambda criteria: st.lists(
        st.lists(st.sampled_from([0.0, 1.0]), min_size=12, max_size=12),
        min_size=criteria,
        max_size=criteria,
    )
)


@given(TABLES)
def test_with_one_prompt_it_is_the_phi_of_the_book(table) -> None:
    found = redundancy(["a"] * 12, table)
    rows = np.array(table)
    varying = [n for n in range(len(rows)) if rows[n].std() > 0]
    assert found.constant == tuple(n for n in range(len(rows)) if n not in varying)
    for first in varying:
        for second in varying:
            expected = np.corrcoef(rows[first], rows[second])[0, 1]
            assert found.phi[first, second] == pytest.approx(expected)
    assert 0 <= found.effective <= len(varying) + 1e-9
    assert bool(varying) == (found.effective >= 1 - 1e-9)


def test_copies_count_once() -> None:
    generator = np.random.default_rng(0)
    once = generator.integers(0, 2, 4_000).astype(float)
    other = generator.integers(0, 2, 4_000).astype(float)
    found = redundancy(["a"] * 4_000, [once, once, once, 1 - once])
    assert found.effective == pytest.approx(1)
    assert found.greatest == pytest.approx(1)
    found = redundancy(["a"] * 4_000, [once, other])
    assert found.effective == pytest.approx(2, abs=0.01)
    assert found.greatest == pytest.approx(0, abs=0.05)


def test_what_never_varies_is_listed_and_left_out() -> None:
    found = redundancy(["a"] * 4, [[1, 1, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1]])
    assert found.constant == (0,)
    assert np.isnan(found.phi[0]).all()
    assert [(one.first, one.second) for one in found.pairs()] == [(1, 2)]
    assert found.greatest == pytest.approx(1 / 3**0.5)
    none = redundancy(["a"] * 2, [[1, 1]])
    assert (none.effective, none.greatest) == (0.0, None)


def test_only_what_differs_within_a_prompt_counts() -> None:
    # Both follow the prompt, but within each prompt they disagree.
    prompts = ["a"] * 4 + ["b"] * 4
    values = [[0, 0, 0, 1, 1, 1, 1, 0], [1, 0, 0, 0, 0, 1, 1, 1]]
    assert redundancy(prompts, values).phi[0, 1] == pytest.approx(-1 / 3)


def test_criteria_are_compared_where_both_are_known() -> None:
    found = redundancy(["a"] * 5, [[0.0, 1, 0, 1, NAN], [0.0, 1, 0, 1, 1]])
    assert found.phi[0, 1] > 0.9
    apart = redundancy(["a"] * 4, [[0.0, 1, NAN, NAN], [NAN, NAN, 0.0, 1]])
    assert np.isnan(apart.phi[0, 1])
    assert list(apart.pairs()) == []
