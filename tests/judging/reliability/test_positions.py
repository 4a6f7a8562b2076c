"""The effect of position is found where there is one, and else not."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.reliability.positions import Listing, position_effect

SIZE = 8


def listings(
    bias: float, *, seed: int, responses: int = 25, repeats: int = 4
) -> list[Listing]:
    """A judge that says yes the likelier the later a statement stands."""
    random = Random(seed)  # noqa: S311 - no secret
    found = []
    for response in range(responses):
        chances = [random.uniform(0.2, 0.8) for _ in range(SIZE)]
        for _ in range(repeats):
            order = random.sample(range(SIZE), k=SIZE)
            answers = []
            for place, question in enumerate(order):
                chance = chances[question] + bias * (place / (SIZE - 1) - 0.5)
                answers.append((question, float(random.random() < chance)))
            found.append(Listing(response, tuple(answers)))
    return found


def test_a_bias_is_found() -> None:
    for bias in (0.3, -0.3):
        found = position_effect(listings(bias, seed=1), draws=500)
        assert found is not None
        assert found.effect == pytest.approx(bias, abs=0.12)
        assert found.p_value < 0.01
        assert found.interval is not None
        low, high = found.interval
        assert low < bias < high
        assert not low < 0 < high
        first, _, last = found.by_third
        assert first is not None
        assert last is not None
        assert (last > first) is (bias > 0)
        assert found.answers == 25 * 4 * SIZE


def test_without_a_bias_chance_finds_one_as_often_as_it_says() -> None:
    values = [
        found.p_value
        for seed in range(40)
        if (found := position_effect(listings(0.0, seed=seed, responses=8), draws=99))
    ]
    assert len(values) == 40
    assert sum(p <= 0.1 for p in values) <= 9
    assert sum(p > 0.5 for p in values) >= 11


def test_answers_that_hang_together_are_no_effect() -> None:
    """A judge that says yes to all in one reply and no to all in the next."""
    random = Random(3)  # noqa: S311 - no secret
    moody = []
    for number in range(60):
        order = random.sample(range(SIZE), k=SIZE)
        mood = float(number % 2)
        moody.append(Listing(number // 2, tuple((q, mood) for q in order)))
    found = position_effect(moody, draws=300)
    assert found is not None
    assert found.p_value > 0.05


@given(st.integers(0, 5))
def test_the_seed_decides_all(seed: int) -> None:
    drawn = listings(0.1, seed=seed, responses=4)
    one = position_effect(drawn, seed=seed, draws=50)
    assert one == position_effect(drawn, seed=seed, draws=50)


def test_where_nothing_moved_nothing_is_known() -> None:
    same = tuple((question, 1.0) for question in range(3))
    assert position_effect([Listing(0, same), Listing(0, same)]) is None
    assert position_effect([Listing(0, ((1, 1.0),))]) is None
    assert position_effect([]) is None


def test_answers_that_are_missing_do_not_count() -> None:
    there = [
        Listing(0, (("a", 1.0), ("b", None), ("c", 0.0))),
        Listing(0, (("c", 0.0), ("b", None), ("a", 1.0))),
    ]
    found = position_effect(there, draws=10)
    assert found is not None
    assert (found.answers, found.effect, found.interval) == (4, 0.0, None)
    assert found.by_third[1] is None
