"""Dead and misaligned criteria."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.discrimination import (
    Discrimination,
    discriminations,
    preference_discriminations,
)

NAN = float("nan")


def _pool(prompts: int, size: int, seed: int):
    """Responses of which the first criterion is good, the second inverted."""
    generator = np.random.default_rng(seed)
    gold = generator.standard_normal(prompts * size)
    names = [str(n // size) for n in range(prompts * size)]
    chance = 1 / (1 + np.exp(-2 * gold))
    drawn = generator.random((3, prompts * size))
    chances = np.array([chance, 1 - chance, np.full(prompts * size, 0.5)])
    values = (drawn < chances).astype(float)
    return names, np.vstack([values, np.ones(prompts * size)]), gold


def _looked_at(prompts, values, gold, **options) -> tuple[Discrimination, ...]:
    return discriminations(prompts, values, gold, **options)


@pytest.mark.parametrize(("prompts", "size"), [(60, 8), (1, 200)])
def test_what_each_criterion_is(prompts, size) -> None:
    good, inverted, noise, always = _looked_at(*_pool(prompts, size, 4))
    for one in (good, inverted):
        assert one.difference is not None
        assert one.correlation is not None
    assert not good.is_misaligned
    assert good.difference is not None
    assert good.difference.is_above_zero
    assert inverted.is_misaligned
    assert inverted.difference is not None
    assert inverted.difference.is_below_zero
    assert not noise.is_misaligned
    assert (always.is_dead, always.tail_pass_rate) == (True, 1.0)
    assert always.correlation is None
    assert not any(one.is_dead for one in (good, inverted, noise))


def test_the_difference_is_that_of_the_halves() -> None:
    # The best 4 of 8: met by both of the better half, and by one of the worse.
    values = [[0, 0, 0, 0, 1, 0, 1, 1]]
    many = [str(n) for n in range(10) for _ in range(8)]
    (found,) = _looked_at(many, [values[0] * 10], list(range(8)) * 10)
    assert found.difference is not None
    assert found.difference.estimate == pytest.approx(0.5)
    assert found.responses == 40
    assert (found.pass_rate, found.tail_pass_rate) == (3 / 8, 3 / 4)
    assert found.correlation is not None
    inside = np.corrcoef([1, 0, 1, 1], [4, 5, 6, 7])[0, 1]
    assert found.correlation.estimate == pytest.approx(inside)


def test_prompts_that_differ_as_wholes_do_not_confuse() -> None:
    # Good prompts meet it always, bad ones never: within prompts it says nothing.
    prompts = [str(n // 10) for n in range(200)]
    gold = [n % 10 + 100 * (n // 10 % 2) for n in range(200)]
    values = [[float(n // 10 % 2) for n in range(200)]]
    (found,) = _looked_at(prompts, values, gold)
    assert found.difference is not None
    assert found.difference.estimate == 0
    assert found.is_dead


def test_from_few_responses_nothing_is_concluded() -> None:
    (few,) = _looked_at(["a"] * 8, [[1, 1, 1, 1, 0, 0, 0, 0]], range(8))
    assert few.difference is None
    assert not few.is_dead
    assert not few.is_misaligned
    # With a few more, all of them are looked at, though half was wanted.
    (wide,) = _looked_at(["a"] * 12, [[1] * 6 + [0] * 6], range(12))
    assert wide.responses == 10
    assert wide.is_misaligned


def test_criteria_of_one_type_are_looked_at_as_one() -> None:
    prompts = [name for name in "abcdefghij" for _ in range(4)]
    (one,) = _looked_at(prompts[:4], [[1, 1, 0, 0]], range(4))
    assert one.difference is None
    (all_,) = _looked_at(prompts, [[1, 1, 0, 0] * 10], list(range(4)) * 10)
    assert all_.is_misaligned


def test_what_is_not_known_is_left_out() -> None:
    prompts, values, gold = _pool(30, 8, 5)
    holes = values.copy()
    holes[0, ::3] = NAN
    kept = [n for n in range(len(gold)) if n % 3]
    blanked = gold.copy()
    found = _looked_at(prompts, holes, blanked)[0]
    assert found.pass_rate == pytest.approx(values[0, kept].mean())
    empty = _looked_at(prompts, np.full_like(values, NAN), gold)[0]
    assert (empty.pass_rate, empty.difference, empty.is_dead) == (None, None, False)


def test_preferences_serve_as_well() -> None:
    prompts, values, gold = _pool(60, 4, 6)
    pairs = [
        (n, n + 1) if gold[n] > gold[n + 1] else (n + 1, n) for n in range(0, 240, 2)
    ]
    good, inverted, _, always = preference_discriminations(prompts, values, pairs)
    assert good.difference is not None
    assert good.difference.is_above_zero
    assert inverted.is_misaligned
    assert always.is_dead
    assert always.difference is not None
    none = preference_discriminations(prompts, values, [])[0]
    assert (none.difference, none.is_dead, none.responses) == (None, False, 0)


@given(st.integers(0, 50))
def test_turning_a_criterion_round_turns_its_figures_round(seed) -> None:
    prompts, values, gold = _pool(12, 6, seed)
    one = _looked_at(prompts, values[:1], gold, seed=seed)[0]
    other = _looked_at(prompts, 1 - values[:1], gold, seed=seed)[0]
    assert one.difference is not None
    assert other.difference is not None
    assert one.difference.estimate == pytest.approx(-other.difference.estimate)
    assert one.difference.low == pytest.approx(-other.difference.high, abs=0.02)


def test_noise_is_rarely_taken_for_misaligned() -> None:
    """With intervals for six criteria at once, in about one of twenty pools."""
    found = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        prompts = [str(n // 8) for n in range(240)]
        values = (generator.random((6, 240)) < 0.6).astype(float)
        looked = _looked_at(
            prompts, values, generator.standard_normal(240), level=1 - 0.05 / 6
        )
        found += any(one.is_misaligned for one in looked)
    assert found <= 7


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="column for each"):
        discriminations(["a", "b"], [[1.0]], [1.0, 2.0])
