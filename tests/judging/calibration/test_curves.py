"""Curves rise, fit what they should, and are the best of their kind."""

import math
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.probabilities import Fitness
from rubricdsl.judging.calibration.curves import (
    FITS,
    Isotonic,
    Observation,
    Platt,
    logit,
    sigmoid,
)
from rubricdsl.judging.calibration.fitting import (
    FEWEST_LABELS,
    TooFewLabelsError,
    fit,
)

PROBABILITIES = st.one_of(
    st.floats(0, 1), st.sampled_from([0.0, 0.1, 0.5, 0.5000001, 0.9, 1.0])
)
OBSERVATIONS = st.lists(
    st.builds(Observation, PROBABILITIES, st.booleans(), st.sampled_from("abcdefgh")),
    min_size=1,
    max_size=60,
)


def drawn(slope: float, intercept: float, *, n: int, seed: int) -> list[Observation]:
    """Observations of a judge whose odds are off by a straight line."""
    random = Random(seed)  # noqa: S311 - no secret
    found = []
    for number in range(n):
        said = random.random()
        true = sigmoid(slope * logit(said) + intercept)
        found.append(Observation(said, random.random() < true, f"p{number % 40}"))
    return found


@given(OBSERVATIONS, st.sampled_from(sorted(FITS)), PROBABILITIES, PROBABILITIES)
def test_every_curve_rises_within_0_and_1(
    observations: Sequence[Observation], method: str, one: float, other: float
) -> None:
    curve = FITS[method](observations)
    low, high = sorted((one, other))
    assert 0 <= curve(low) <= curve(high) + 1e-12
    assert curve(high) <= 1


@given(OBSERVATIONS)
def test_isotonic_is_the_least_squares_rising_fit(
    observations: Sequence[Observation],
) -> None:
    """By the minimax formula; kept off 0 and 1."""
    curve = Isotonic.fit(observations)
    n = len(observations)
    xs = sorted({o.probability for o in observations})
    at = {x: [o.truth for o in observations if o.probability == x] for x in xs}
    for place in range(len(xs)):
        best = max(
            min(
                _mean([t for other in xs[a : b + 1] for t in at[other]])
                for b in range(place, len(xs))
            )
            for a in range(place + 1)
        )
        kept = min(max(best, 1 / (n + 2)), 1 - 1 / (n + 2))
        assert curve(xs[place]) == pytest.approx(kept, abs=1e-12)


def _mean(truths: Sequence[bool]) -> float:
    return sum(truths) / len(truths)


@given(OBSERVATIONS)
def test_platt_is_where_no_step_makes_the_labels_likelier(
    observations: Sequence[Observation],
) -> None:
    curve = Platt.fit(observations)
    yes = sum(o.truth for o in observations)
    high, low = (yes + 1) / (yes + 2), 1 / (len(observations) - yes + 2)

    def loss(slope: float, intercept: float) -> float:
        total = 0.0
        for o in observations:
            t = high if o.truth else low
            p = Platt(slope, intercept)(o.probability)
            p = min(max(p, 1e-300), 1 - 1e-16)
            total -= t * math.log(p) + (1 - t) * math.log(1 - p)
        return total

    best = loss(curve.slope, curve.intercept)
    for step in (1e-2, -1e-2):
        assert best <= loss(curve.slope, curve.intercept + step) + 1e-9
        if curve.slope + step >= 0:
            assert best <= loss(curve.slope + step, curve.intercept) + 1e-6


def test_platt_finds_the_line_that_was_drawn() -> None:
    curve = Platt.fit(drawn(0.5, -1.0, n=20_000, seed=1))
    assert curve.slope == pytest.approx(0.5, abs=0.03)
    assert curve.intercept == pytest.approx(-1.0, abs=0.05)


def test_a_judge_that_is_wrong_the_surer_it_is_gets_a_flat_curve() -> None:
    curve = Platt.fit(drawn(-1.0, 0.0, n=2_000, seed=1))
    assert curve.slope == 0.0
    assert curve(0.9) == pytest.approx(0.5, abs=0.05)


def test_fitness_by_hand() -> None:
    fitness = Fitness.of([0.8, 0.4], [True, False])
    assert fitness.log_loss == pytest.approx(-(math.log(0.8) + math.log(0.6)) / 2)
    assert fitness.brier == pytest.approx((0.04 + 0.16) / 2)
    assert fitness.ece == pytest.approx((0.2 + 0.4) / 2)
    assert Fitness.of([1.0, 0.0], [True, False]).brier == 0.0
    assert math.isfinite(Fitness.of([0.0], [True]).log_loss)


# ---------------------------------------------------------------- choosing one


def test_the_curve_is_chosen_on_unseen_labels() -> None:
    overconfident = fit(drawn(0.3, -0.5, n=400, seed=2))
    assert overconfident.curve.method == "platt"
    assert overconfident.after.log_loss < overconfident.before.log_loss
    assert overconfident.after.brier < overconfident.before.brier
    assert overconfident.after.ece < overconfident.before.ece
    honest = fit(drawn(1.0, 0.0, n=400, seed=2))
    assert honest.after.log_loss <= honest.before.log_loss


def test_a_step_is_fitted_by_the_isotonic_curve() -> None:
    random = Random(3)  # noqa: S311 - no secret
    steps = [
        Observation(p, random.random() < (0.1 if p < 0.7 else 0.6), f"p{n}")
        for n, p in enumerate(random.random() for _ in range(3_000))
    ]
    found = fit(steps)
    assert found.curve.method == "isotonic"
    assert found.curve(0.3) == pytest.approx(0.1, abs=0.05)
    assert found.curve(0.9) == pytest.approx(0.6, abs=0.05)


def test_a_judge_that_cannot_be_improved_is_left_alone() -> None:
    """Probabilities of a well calibrated judge, each as often true as it says."""
    honest = [
        Observation(k / 10, number < k, f"p{number}")
        for k in range(1, 10)
        for number in range(10)
    ]
    found = fit(honest)
    assert found.curve.method == "identity"
    assert found.before == found.after


@pytest.mark.parametrize(
    "observations",
    [
        [],
        drawn(1.0, 0.0, n=FEWEST_LABELS - 1, seed=1),
        [Observation(0.9, truth=True) for _ in range(100)],
        [Observation(0.9, truth=n > 3) for n in range(100)],
    ],
)
def test_too_few_labels_are_refused(observations: Sequence[Observation]) -> None:
    with pytest.raises(TooFewLabelsError, match="at least 40, and 5 each"):
        fit(observations)


@given(st.integers(0, 5), st.randoms(use_true_random=False))
def test_the_order_of_labels_makes_no_difference(seed: int, random: Random) -> None:
    observations = drawn(0.5, 0.3, n=60, seed=4)
    shuffled = list(observations)
    random.shuffle(shuffled)
    assert fit(shuffled, seed=seed) == fit(observations, seed=seed)


def test_labels_of_one_prompt_are_on_one_side() -> None:
    """Were they on both, repeating each label would make a curve look better."""
    observations = [
        Observation(o.probability, o.truth, f"p{n % 20}")
        for n, o in enumerate(drawn(0.0, 0.0, n=60, seed=5))
    ]
    repeated = [o for o in observations for _ in range(5)]
    found = fit(repeated)
    assert found.curve.method != "isotonic"
