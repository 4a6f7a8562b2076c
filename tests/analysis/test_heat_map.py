"""Heat maps: like beside like, nothing lost, many responses in few columns."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rubricdsl.analysis.heat_map import cluster_order, heat_map

CELLS = st.sampled_from([0.0, 0.5, 1.0, np.nan])
TABLES = st.tuples(st.integers(1, 6), st.integers(1, 90)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=CELLS)
)


@given(TABLES)
def test_every_response_and_criterion_is_there_once(table) -> None:
    measured = ~np.isnan(table)
    found = heat_map(table, measured, np.zeros(table.shape[1]))
    assert sorted(found.criteria) == list(range(len(table)))
    assert sorted(np.concatenate(found.columns)) == list(range(table.shape[1]))
    assert found.measured.sum() == measured.sum()
    sizes = [len(column) for column in found.columns]
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) <= 60
    assert found.is_grouped == (table.shape[1] > 60)
    for place, number in enumerate(found.criteria):
        for column, rows in enumerate(found.columns):
            known = table[number, rows][measured[number, rows]]
            mean = found.means[place, column]
            if len(known):
                assert np.isclose(mean, known.mean())
            else:
                assert np.isnan(mean)


def test_blocks_of_like_rows_stand_together() -> None:
    rng = np.random.default_rng(3)
    kinds = rng.permutation(np.repeat([0, 1, 2], 7))
    centres = np.array([[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]])
    rows = centres[kinds] * 0.8 + rng.random((21, 6)) * 0.1
    found = kinds[list(cluster_order(rows))]
    assert np.count_nonzero(np.diff(found)) == 2
    # The fullest block comes first.
    assert found[0] == 2


def test_rows_beyond_counting_are_in_the_order_of_their_means() -> None:
    rows = np.linspace(0, 1, 500)[:, None]
    assert cluster_order(rows) == tuple(range(499, -1, -1))
    assert cluster_order(np.zeros((0, 3))) == ()


def test_shared_columns_follow_the_scores_and_those_without_come_last() -> None:
    scores = np.arange(100.0)
    scores[7] = np.nan
    table = np.tile(scores / 100, (2, 1))
    found = heat_map(table, ~np.isnan(table), scores)
    assert found.columns[0].tolist() == [99, 98, 97]
    assert found.columns[-1].tolist()[-1] == 7
    assert len(found.columns) == 40
