"""The highest scores, and what they cap."""

from math import log, nan

import numpy as np
import pytest

from rubricdsl.analysis.saturation import kl_ceiling, saturation, win_ceiling


def test_full_scores_are_counted_by_prompt():
    found = saturation(["a"] * 4 + ["b"] * 2 + ["c"], [1, 1, 0.5, nan, 0.2, 0.2, nan])
    assert found.full[:2].tolist() == [pytest.approx(2 / 3), 0]
    assert np.isnan(found.full[2])
    assert found.best[:2].tolist() == [pytest.approx(2 / 3), 1]
    assert found.reaches_full
    assert found.at_ceiling is found.full


def test_where_no_score_is_full_the_best_count():
    found = saturation(["a"] * 4 + ["b"] * 2, [0.8, 0.8, 0.8, 0.1, 0.3, 0.4])
    assert not found.reaches_full
    assert found.at_ceiling.tolist() == [0.75, 0]


@pytest.mark.parametrize(("share", "most"), [(0.05, 0.975), (0.2, 0.9), (0.4, 0.8)])
def test_ceilings(share, most):
    assert win_ceiling(share) == pytest.approx(most)
    assert kl_ceiling(share) == pytest.approx(log(1 / share))
    assert kl_ceiling(0.0) is None
