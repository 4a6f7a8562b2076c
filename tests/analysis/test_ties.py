"""Ties at the top."""

import numpy as np
import pytest

from rubricdsl.analysis.ties import top_ties


def test_ties_are_counted_by_prompt() -> None:
    prompts = ["a", "a", "a", "b", "b", "c"]
    found = top_ties(prompts, [0.9, 0.5, 0.9, 0.3, 0.4, 1.0])
    assert (found.tied, found.levels, found.prompts) == (0.5, 2.0, 2)


def test_only_the_top_is_looked_at() -> None:
    scores = [1.0, 0.9, 0.9, 0.2, 0.1]
    assert top_ties(["a"] * 5, scores, top=3).levels == 2
    assert top_ties(["a"] * 5, scores, top=5).levels == 4
    assert top_ties(["a"] * 5, scores, top=5).tied == 0


def test_what_has_no_score_is_not_tied() -> None:
    nan = float("nan")
    found = top_ties(["a", "a", "b", "b", "b"], [1.0, nan, 0.5, 0.5, nan])
    assert (found.tied, found.prompts) == (1.0, 1)
    nothing = top_ties(["a", "b"], [1.0, nan])
    assert (nothing.tied, nothing.levels, nothing.prompts) == (None, None, 0)


def test_one_response_is_not_tied() -> None:
    with pytest.raises(ValueError, match="two responses"):
        top_ties(["a"], [1.0], top=1)


@pytest.mark.parametrize(
    ("chance", "expected"), [(0.5, 0.176), (0.8, 0.224), (0.95, 0.463)]
)
def test_equal_criteria_tie_as_often_as_binomials_do(chance, expected) -> None:
    generator = np.random.default_rng(int(100 * chance))
    prompts = [str(n // 2) for n in range(80_000)]
    scores = generator.binomial(10, chance, 80_000) / 10
    assert top_ties(prompts, scores).tied == pytest.approx(expected, abs=0.01)


def test_weights_break_ties() -> None:
    generator = np.random.default_rng(0)
    prompts = [str(n // 2) for n in range(80_000)]
    weights = np.repeat(generator.integers(1, 4, (40_000, 10)), 2, axis=0)
    met = generator.random((80_000, 10)) < 0.8
    scores = (weights * met).sum(axis=1) / weights.sum(axis=1)
    assert top_ties(prompts, scores).tied == pytest.approx(0.112, abs=0.01)
