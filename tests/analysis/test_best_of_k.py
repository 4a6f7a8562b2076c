"""The best of k: as if all ways to draw and to order were gone through."""

from itertools import combinations
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.best_of_k import best_of_k

ROWS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 3).map(float) | st.just(nan),
        st.integers(0, 3).map(float) | st.just(nan),
    ),
    min_size=1,
    max_size=9,
)


@given(ROWS, st.integers(1, 4))
def test_all_draws_are_gone_through(rows, k):
    prompts, gold, scores = zip(*rows, strict=True)
    found = best_of_k(prompts, gold, scores, k)
    for number, prompt in enumerate(dict.fromkeys(prompts)):
        pool = [
            (g, s) for p, g, s in rows if p == prompt and not isnan(g) and not isnan(s)
        ]
        if len(pool) < k:
            assert isnan(found.hit[number])
            continue
        hits, kept, regrets, blind = [], [], [], []
        for drawn in combinations(pool, k):
            top = [g for g, s in drawn if s == max(s for _, s in drawn)]
            best = max(g for g, _ in drawn)
            hits.append(top.count(best) / len(top))
            kept.append(np.mean(top))
            regrets.append(best - kept[-1])
            blind.append(sum(g == best for g, _ in drawn) / k)
        assert found.hit[number] == pytest.approx(np.mean(hits))
        assert found.gold[number] == pytest.approx(np.mean(kept))
        assert found.regret[number] == pytest.approx(np.mean(regrets))
        assert found.random[number] == pytest.approx(np.mean(blind))


@pytest.mark.parametrize(
    ("rho", "hit", "quantile"),
    [(0.9, 0.602, 0.910), (0.7, 0.373, 0.832), (0.5, 0.241, 0.741)],
)
def test_the_best_of_sixteen_of_a_gaussian_copula(rho, hit, quantile):
    generator = np.random.default_rng(3)
    size = 480_000
    gold, noise = generator.standard_normal((2, size))
    scores = rho * gold + np.sqrt(1 - rho**2) * noise
    prompts = [str(n // 300) for n in range(size)]
    found = best_of_k(prompts, gold, scores, 16)
    assert found.hit.mean() == pytest.approx(hit, abs=0.01)
    assert found.quantile.mean() == pytest.approx(quantile, abs=0.01)
    assert found.random.mean() == pytest.approx(1 / 16)
    assert found.kl == pytest.approx(np.log(16) - 15 / 16)


def test_a_single_response_is_kept_whatever_it_scores():
    found = best_of_k(["a", "a"], [1, 3], [2, 1], 1)
    assert (found.hit[0], found.regret[0], found.gold[0]) == (1, 0, 2)
    assert found.quantile[0] == 0.5
    with pytest.raises(ValueError, match="at least one"):
        best_of_k(["a"], [1], [1], 0)
