"""Pair accuracy, everywhere and in the tail: laws, edge cases and stated figures."""

from itertools import combinations
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.pairs import (
    PairAccuracy,
    pair_counts,
    preference_counts,
    tail_accuracy,
    tail_of,
)

NAN = float("nan")
_PROMPTS = st.sampled_from(["a", "b", "c"])
_NUMBERS = st.one_of(st.integers(0, 4).map(float), st.just(NAN))
ROWS = st.lists(st.tuples(_PROMPTS, _NUMBERS, _NUMBERS), max_size=16)


def _columns(rows):
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]


def _accuracy(rows):
    return PairAccuracy.of(pair_counts(*_columns(rows)))


@given(ROWS)
def test_every_pair_of_a_prompt_is_counted_once(rows) -> None:
    counts = pair_counts(*_columns(rows))
    for number, prompt in enumerate(counts.prompts):
        known = sum(p == prompt and not isnan(g) for p, g, _ in rows)
        total = counts.known + counts.equal + counts.unscored
        assert total[number] == known * (known - 1) / 2


@given(ROWS)
def test_the_four_figures_belong_together(rows) -> None:
    found = _accuracy(rows)
    if found.strict is None:
        assert (found.half, found.tie_rate, found.decisive) == (None, None, None)
        assert found.pairs == found.prompts == 0
        return
    assert found.half is not None
    assert found.tie_rate is not None
    assert found.half == pytest.approx(found.strict + found.tie_rate / 2)
    assert 0 <= found.strict <= found.half <= found.strict + found.tie_rate <= 1
    if found.decisive is None:
        assert found.tie_rate == 1


@given(ROWS, st.permutations(range(16)))
def test_the_order_of_responses_does_not_matter(rows, order) -> None:
    shuffled = [rows[n] for n in order if n < len(rows)]
    one, other = _accuracy(rows), _accuracy(shuffled)
    assert (one.pairs, one.equal, one.unscored) == (
        other.pairs,
        other.equal,
        other.unscored,
    )
    if one.half is not None:
        assert one.half == pytest.approx(other.half)


@given(ROWS)
def test_turning_scores_round_turns_the_figures_round(rows) -> None:
    one = _accuracy(rows)
    other = _accuracy([(p, g, -s) for p, g, s in rows])
    if one.half is not None and other.half is not None:
        assert one.half + other.half == pytest.approx(1)
        assert one.tie_rate == other.tie_rate


def test_prompts_are_averaged_and_not_pairs() -> None:
    # Three pairs right in one prompt, one wrong in the other.
    rows = [("a", 1, 1), ("a", 2, 2), ("a", 3, 3), ("b", 1, 2), ("b", 2, 1)]
    found = _accuracy(rows)
    assert (found.strict, found.pairs, found.prompts) == (0.5, 4, 2)


def test_no_pair_gives_no_figure() -> None:
    found = _accuracy([("a", 1, 1), ("a", 1, 2), ("b", 3, 3)])
    assert found.strict is None
    assert found.equal == 1


def test_a_score_that_is_missing_is_no_mistake() -> None:
    found = _accuracy([("a", 1, 1), ("a", 2, 2), ("a", 3, NAN)])
    assert (found.strict, found.pairs, found.unscored) == (1.0, 1, 2)


def test_preferences_are_pairs_too() -> None:
    prompts, scores = ["a", "a", "a", "b"], [0.1, 0.9, 0.1, NAN]
    found = PairAccuracy.of(preference_counts(prompts, [(1, 0), (0, 2)], scores))
    assert (found.strict, found.half, found.tie_rate) == (0.5, 0.75, 0.5)
    with pytest.raises(ValueError, match="one prompt"):
        preference_counts(prompts, [(0, 3)], scores)


def test_only_some_responses_are_looked_at() -> None:
    prompts, gold, scores = ["a"] * 4, [1, 2, 3, 4], [4, 3, 1, 2]
    everywhere = PairAccuracy.of(pair_counts(prompts, gold, scores))
    strong = pair_counts(prompts, gold, scores, among=[False, False, True, True])
    assert everywhere.strict == pytest.approx(1 / 6)
    assert PairAccuracy.of(strong).strict == 1.0


@given(ROWS)
def test_pairs_are_counted_as_if_one_by_one(rows) -> None:
    prompts, gold, scores = _columns(rows)
    counts = pair_counts(prompts, gold, scores)
    for number, prompt in enumerate(counts.prompts):
        found = dict.fromkeys(("right", "tied", "wrong", "equal", "unscored"), 0)
        here = [row for row in rows if row[0] == prompt and not isnan(row[1])]
        for (_, one, first), (_, other, second) in combinations(here, 2):
            if one == other:
                found["equal"] += 1
            elif isnan(first) or isnan(second):
                found["unscored"] += 1
            elif first == second:
                found["tied"] += 1
            else:
                found["right" if (first > second) == (one > other) else "wrong"] += 1
        assert found == {name: getattr(counts, name)[number] for name in found}


def test_one_prompt_may_have_very_many_responses() -> None:
    generator = np.random.default_rng(0)
    size = 200_000
    gold = generator.standard_normal(size)
    order = generator.permutation(size)
    found = PairAccuracy.of(pair_counts(["a"] * size, order, -order))
    assert found.pairs == size * (size - 1) // 2
    assert found.strict == 0
    noisy = 0.9 * gold + np.sqrt(1 - 0.81) * generator.standard_normal(size)
    found = PairAccuracy.of(pair_counts(["a"] * size, gold, noisy))
    assert found.half == pytest.approx(0.857, abs=0.002)


# -------------------------------------------------------------------- the tail


@given(ROWS, st.floats(0.05, 1.0))
def test_the_tail_holds_the_best(rows, share) -> None:
    prompts, gold, _ = _columns(rows)
    tail = tail_of(prompts, gold, share)
    for prompt in set(prompts):
        here = [
            (g, bool(m))
            for p, g, m in zip(prompts, gold, tail.members, strict=True)
            if p == prompt and not isnan(g)
        ]
        inside = [g for g, member in here if member]
        outside = [g for g, member in here if not member]
        assert len(inside) >= min(2, len(here))
        assert len(inside) >= share * len(here) - 1e-6
        assert not outside or min(inside) > max(outside)
    assert not any(m and isnan(g) for g, m in zip(gold, tail.members, strict=True))


def test_a_small_pool_widens_the_tail_and_says_so() -> None:
    small = tail_accuracy(["a"] * 5, [1, 2, 3, 4, 5], [1, 2, 3, 5, 4], 0.1)
    assert (small.tail.widened, small.tail.widest) == (1, 0.4)
    assert small.tail.notice is not None
    assert "best 40%" in small.tail.notice
    assert (small.accuracy.strict, small.accuracy.pairs) == (0.0, 1)
    large = tail_accuracy(["a"] * 20, range(20), range(20), 0.1)
    assert (large.tail.widened, large.tail.notice) == (0, None)
    assert large.accuracy.pairs == 1


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_is_a_part(share) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        tail_of(["a"], [1.0], share)


@pytest.mark.parametrize(
    ("rho", "everywhere", "by_share"),
    [
        (0.9, 0.857, {0.4: 0.762, 0.2: 0.728, 0.1: 0.706}),
        (0.7, 0.745, {0.4: 0.652, 0.2: 0.627, 0.1: 0.613}),
        (0.5, 0.665, {0.4: 0.595, 0.2: 0.580, 0.1: 0.571}),
        (0.3, 0.596, {0.4: 0.552, 0.2: 0.541, 0.1: 0.534}),
    ],
)
def test_the_accuracy_of_a_gaussian_copula(rho, everywhere, by_share) -> None:
    generator = np.random.default_rng(int(rho * 10))
    pools, size = 300, 240
    gold = generator.standard_normal(pools * size)
    noise = generator.standard_normal(pools * size)
    scores = rho * gold + np.sqrt(1 - rho**2) * noise
    prompts = [str(n // size) for n in range(pools * size)]
    some = slice(0, 30 * size)
    whole = PairAccuracy.of(pair_counts(prompts[some], gold[some], scores[some]))
    assert whole.half == pytest.approx(everywhere, abs=0.01)
    for share, expected in by_share.items():
        found = tail_accuracy(prompts, gold, scores, share)
        assert found.accuracy.half == pytest.approx(expected, abs=0.01)
        assert found.tail.widened == 0
