"""The 2PL model finds what made the verdicts, and its qualities rank better."""

import numpy as np
import pytest

from rubricdsl.analysis.item_response import fit_item_response
from rubricdsl.analysis.pairs import PairAccuracy, pair_counts, tail_accuracy

NAN = float("nan")


def _answers(discrimination, difficulty, responses: int, seed: int):
    generator = np.random.default_rng(seed)
    quality = generator.standard_normal(responses)
    slope, hard = np.array(discrimination)[:, None], np.array(difficulty)[:, None]
    chance = 1 / (1 + np.exp(-slope * (quality - hard)))
    drawn = generator.random(chance.shape)
    return (drawn < chance).astype(float), quality


def test_parameters_are_found_again() -> None:
    slopes, hard = [0.5, 1.0, 1.5, 2.0, 1.0, 0.8], [0.0, -1.0, 1.0, 0.5, 0.0, 1.5]
    values, _ = _answers(slopes, hard, 4_000, 1)
    model = fit_item_response(values)
    assert model.discrimination == pytest.approx(slopes, abs=0.2)
    assert model.difficulty == pytest.approx(hard, abs=0.2)


def test_a_criterion_that_says_nothing_and_one_that_is_inverted() -> None:
    values, _ = _answers([1.5, 1.5, 1.5, 1.5, 0.0, -1.0], [0.0] * 6, 1_500, 2)
    model = fit_item_response(values)
    assert abs(model.discrimination[4]) < 0.15
    assert model.discrimination[5] < -0.8
    assert (model.discrimination[:4] > 1.2).all()


def test_what_is_not_known_is_left_out() -> None:
    values, quality = _answers([1.0, 2.0, 1.0, 1.5], [0.0, 0.5, -0.5, 0.0], 2_000, 3)
    holes = values.copy()
    holes[np.random.default_rng(0).random(values.shape) < 0.3] = NAN
    model = fit_item_response(holes)
    assert model.discrimination == pytest.approx([1.0, 2.0, 1.0, 1.5], abs=0.3)
    found = model.qualities(holes)
    assert np.corrcoef(found, quality)[0, 1] > 0.6
    nothing = np.full((4, 2), NAN)
    assert model.qualities(nothing).tolist() == [0, 0]


def test_a_constant_criterion_breaks_nothing() -> None:
    values, _ = _answers([1.0, 1.0], [0.0, 0.0], 50, 4)
    model = fit_item_response(np.vstack([values, np.ones(50)]))
    assert np.isfinite(model.discrimination).all()
    assert np.isfinite(model.qualities(np.ones((3, 1)))).all()


def test_half_a_yes_counts_as_half() -> None:
    values, _ = _answers([1.0, 1.5, 0.7], [0.0, 0.0, 0.0], 400, 5)
    halved = values.copy()
    halved[0] *= 0.5
    whole, half = fit_item_response(values), fit_item_response(halved)
    assert half.intercept[0] < whole.intercept[0] - 0.5
    with pytest.raises(ValueError, match="from 0 to 1"):
        fit_item_response([[1.5]])


def test_the_most_probable_quality_ranks_better_than_sums() -> None:
    """12 criteria with log-normal discriminations and normal difficulties.

    The figures are those of the design to 0.01: all pairs .828 against .809 for equal
    weights and .798 for random ones from 1 to 3; ties .002, .104, .051; pairs of the
    best 10 % .626, .614, .608.
    """
    found = []
    for seed in range(8):
        generator = np.random.default_rng(seed)
        slopes = generator.lognormal(0, 0.5, 12)
        hard = generator.standard_normal(12)
        values, quality = _answers(slopes, hard, 1_000, 100 + seed)
        model = fit_item_response(values)
        figures = []
        for scores in (
            model.qualities(values),
            values.sum(axis=0),
            generator.integers(1, 4, 12) @ values,
        ):
            prompts = ["p"] * 1_000
            whole = PairAccuracy.of(pair_counts(prompts, quality, scores))
            top = tail_accuracy(prompts, quality, scores, 0.1).accuracy
            figures.append((whole.half, whole.tie_rate, top.half))
        found.append(figures)
    irt, equal, random = np.array(found, float).mean(axis=0)
    assert irt == pytest.approx([0.828, 0.002, 0.626], abs=0.01)
    assert equal == pytest.approx([0.809, 0.104, 0.614], abs=0.01)
    assert random == pytest.approx([0.798, 0.051, 0.608], abs=0.01)
    assert irt[0] > equal[0] > random[0]
    assert irt[2] > equal[2]
