"""Closed forms: the tables of the theory, and the identities behind them."""

import math
from itertools import pairwise
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.analysis.rearrangements import (
    Order,
    Rearrangement,
    Stretch,
    best_of_n_at_kl,
    best_of_n_kl,
    needed_share,
    perfect_win_rate,
    rank_variance,
    tail_mass,
    win_rate,
    worst_loss,
)
from rubricdsl.analysis.tilting import kl_of_tilt, tail_share, tilt_at_kl

SHARES = (0.1, 0.2, 0.4, 0.6)
KLS = (1, 2, 4)
TILTS = st.floats(0.05, 300)
PERFECT = Rearrangement.perfect()


@st.composite
def rearrangements(draw) -> Rearrangement:
    """Stretches of gold in any order, each ordered in some way."""
    cuts = draw(st.lists(st.integers(1, 99), max_size=4, unique=True))
    edges = [0.0, *(cut / 100 for cut in sorted(cuts)), 1.0]
    stretches = [
        Stretch(high - low, low, draw(st.sampled_from(Order)))
        for low, high in pairwise(edges)
    ]
    return Rearrangement(tuple(draw(st.permutations(stretches))))


# ------------------------------------------------------- the tables of theory


@pytest.mark.parametrize(
    ("kl", "masses", "perfect", "count", "best"),
    [
        (0.5, (0.041, 0.189, 0.343, 0.570, 0.821), 0.774, 3.3, 0.768),
        (1, (0.071, 0.308, 0.521, 0.771, 0.948), 0.865, 6.3, 0.863),
        (2, (0.182, 0.634, 0.866, 0.982, 1.00), 0.950, 19.1, 0.950),
        (3, (0.421, 0.935, 0.996, 1.00, 1.00), 0.982, 53.6, 0.982),
        (4, (0.773, 0.999, 1.00, 1.00, 1.00), 0.993, 147, 0.993),
    ],
)
def test_the_tail_holds_most_of_a_tilted_policy(kl, masses, perfect, count, best):
    tilt = tilt_at_kl(kl)
    for share, mass in zip((0.01, 0.05, 0.1, 0.2, 0.4), masses, strict=True):
        assert tail_mass(tilt, share) == pytest.approx(mass, abs=0.005)
    assert perfect_win_rate(tilt) == pytest.approx(perfect, abs=0.005)
    found = best_of_n_at_kl(kl)
    assert found == pytest.approx(count, abs=0.5)
    assert PERFECT.best_of_n(found) == pytest.approx(best, abs=0.005)


_RANDOM_REST = {
    0.1: ((0.714, 0.86), (0.897, 1.69), (0.993, 2.64)),
    0.2: ((0.804, 1.14), (0.944, 1.84), (0.993, 2.64)),
    0.4: ((0.856, 1.30), (0.950, 1.86), (0.993, 2.64)),
    0.6: ((0.864, 1.32), (0.950, 1.86), (0.993, 2.64)),
}
_INVERTED_REST = {
    0.1: ((0.563, 0.32), (0.843, 1.46), (0.993, 2.64)),
    0.2: ((0.742, 0.92), (0.938, 1.81), (0.993, 2.64)),
    0.4: ((0.847, 1.26), (0.950, 1.86), (0.993, 2.64)),
    0.6: ((0.863, 1.32), (0.950, 1.86), (0.993, 2.64)),
}
_RANDOM_TOP = {
    0.1: ((0.861, 1.28), (0.937, 1.66), (0.950, 1.75)),
    0.2: ((0.846, 1.18), (0.897, 1.39), (0.900, 1.40)),
    0.4: ((0.783, 0.91), (0.800, 0.97), (0.800, 0.97)),
    0.6: ((0.695, 0.63), (0.700, 0.64), (0.700, 0.64)),
}
_INVERTED_TOP = {
    0.1: ((0.858, 1.24), (0.923, 1.50), (0.907, 1.32)),
    0.2: ((0.828, 1.05), (0.844, 1.04), (0.807, 0.87)),
    0.4: ((0.701, 0.57), (0.650, 0.39), (0.607, 0.27)),
    0.6: ((0.526, 0.08), (0.450, -0.13), (0.407, -0.24)),
}
_LEAK = {
    0.1: ((0.444, -0.24), (0.184, -1.11), (0.093, -1.32)),
    0.2: ((0.294, -0.64), (0.168, -0.99), (0.193, -0.87)),
    0.4: ((0.317, -0.50), (0.351, -0.39), (0.393, -0.27)),
}


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (lambda x: Rearrangement.top_right(x, Order.RANDOM), _RANDOM_REST),
        (Rearrangement.top_right, _INVERTED_REST),
        (lambda x: Rearrangement.top_wrong(x, Order.RANDOM), _RANDOM_TOP),
        (Rearrangement.top_wrong, _INVERTED_TOP),
        (Rearrangement.leak, _LEAK),
    ],
    ids=["rest-random", "rest-inverted", "top-random", "top-inverted", "leak"],
)
def test_what_wrong_orders_cost(kind, table):
    for share, row in table.items():
        for kl, (wins, gold) in zip(KLS, row, strict=True):
            tilt = tilt_at_kl(kl)
            assert kind(share).win_rate(tilt) == pytest.approx(wins, abs=0.005)
            # Printed to two digits: half of one more than of the win rates.
            found = kind(share).standard_gold(tilt)
            assert found == pytest.approx(gold, abs=0.0055)


def test_a_perfect_score():
    for kl, wins, gold in zip(
        KLS, (0.865, 0.950, 0.993), (1.33, 1.86, 2.64), strict=True
    ):
        tilt = tilt_at_kl(kl)
        assert PERFECT.win_rate(tilt) == pytest.approx(wins, abs=0.005)
        assert PERFECT.standard_gold(tilt) == pytest.approx(gold, abs=0.005)


@pytest.mark.parametrize(
    ("share", "kl", "wins", "back"),
    [(0.001, 2.470, 0.938, 5.6), (0.01, 1.354, 0.815, 3.24), (0.05, 0.57, 0.635, 1.56)],
)
def test_a_leak_turns_the_curve(share, kl, wins, back):
    leak = Rearrangement.leak(share)
    top = leak.peak()
    assert top is not None
    assert top.kl == pytest.approx(kl, abs=0.0055)
    assert top.win_rate == pytest.approx(wins, abs=0.005)
    # Told of a grid of divergences there, which is as fine as this.
    assert leak.falls_to(0.5) == pytest.approx(back, rel=0.015)


@pytest.mark.parametrize(("share", "kl"), [(0.25, 1.368), (0.1, 2.286)])
def test_an_inverted_top_turns_the_curve(share, kl):
    top = Rearrangement.top_wrong(share).peak()
    assert top is not None
    assert top.kl == pytest.approx(kl, abs=0.005)
    # Permuting the top never loses more than the top.
    assert Rearrangement.top_wrong(share).falls_to(1 - share - 0.01) is None


def test_a_curve_that_never_turns_has_no_peak():
    assert PERFECT.peak() is None
    assert PERFECT.falls_to(0.5) is None
    assert Rearrangement.top_right(0.4, Order.RANDOM).peak() is None


# ------------------------------------------------------------- the design law


@pytest.mark.parametrize(
    ("kl", "share"),
    [(0.5, 0.57), (1, 0.46), (1.5, 0.32), (2, 0.21), (3, 0.082), (4, 0.031)],
)
def test_the_share_that_has_to_be_right(kl, share):
    found = needed_share(kl)
    assert found == pytest.approx(share, abs=0.005)
    assert worst_loss(tilt_at_kl(kl), found) == pytest.approx(0.01, abs=1e-6)
    assert found <= tail_share(kl)


@pytest.mark.parametrize(
    ("share", "most", "at", "small_from"),
    [(0.4, 0.0454, 0.28, 1.22), (0.2, 0.162, None, 2.06), (0.1, 0.316, 0.74, 2.81)],
)
def test_how_right_the_top_has_to_be(share, most, at, small_from):
    losses = {kl / 100: worst_loss(tilt_at_kl(kl / 100), share) for kl in range(2, 400)}
    worst = max(losses, key=losses.__getitem__)
    assert losses[worst] == pytest.approx(most, abs=0.0005)
    assert at is None or worst == pytest.approx(at, abs=0.011)
    late = min(kl for kl in losses if kl > worst and losses[kl] < 0.01)
    assert late == pytest.approx(small_from, abs=0.011)


def test_nothing_has_to_be_right_where_the_policy_stays():
    assert needed_share(1e-6) == 0.0
    with pytest.raises(ValueError, match="between 0 and 1"):
        needed_share(1, loss=0)


# ------------------------------------------------------------------------ laws


@given(rearrangements(), TILTS)
def test_the_win_rate_rises_with_the_covariance(score, tilt):
    step = 1e-4 * tilt
    rise = score.win_rate(tilt + step) - score.win_rate(tilt - step)
    assert rise / (2 * step) == pytest.approx(score.covariance(tilt), abs=1e-6)


@given(TILTS)
def test_the_divergence_rises_with_the_variance(tilt):
    step = 1e-4 * tilt
    rise = kl_of_tilt(tilt + step) - kl_of_tilt(tilt - step)
    expected = tilt * rank_variance(tilt)
    assert rise / (2 * step) == pytest.approx(expected, rel=1e-4)
    assert PERFECT.covariance(tilt) == pytest.approx(rank_variance(tilt))


@given(st.floats(0.01, 0.99), TILTS)
def test_gaps_in_closed_form(share, tilt):
    perfect = perfect_win_rate(tilt)
    rest = perfect - Rearrangement.top_right(share).win_rate(tilt)
    assert rest == pytest.approx(worst_loss(tilt, share), abs=1e-9)
    mass = tail_mass(tilt, share)
    top = mass * share * (2 * perfect_win_rate(tilt * share) - 1)
    found = perfect - Rearrangement.top_wrong(share).win_rate(tilt)
    assert found == pytest.approx(top, abs=1e-9)


@given(st.floats(0.01, 0.99), TILTS)
def test_random_loses_half_of_what_inverted_does(share, tilt):
    for kind in (Rearrangement.top_right, Rearrangement.top_wrong):
        worst, half = (
            PERFECT.win_rate(tilt) - kind(share, order).win_rate(tilt)
            for order in (Order.INVERTED, Order.RANDOM)
        )
        assert worst == pytest.approx(2 * half, abs=1e-9)


@given(rearrangements(), st.floats(0, 1e4))
def test_no_score_beats_a_perfect_one(score, tilt):
    assert 0 <= score.win_rate(tilt) <= perfect_win_rate(tilt) + 1e-9


@settings(max_examples=25)
@given(rearrangements())
def test_an_untrained_policy_wins_half(score):
    assert score.win_rate(0) == pytest.approx(0.5)
    assert score.best_of_n(1) == pytest.approx(0.5)
    assert score.standard_gold(0) == pytest.approx(0, abs=1e-3)


@given(st.floats(1.01, 1e4))
def test_a_tilt_is_the_best_policy_at_its_divergence(count):
    tilt = tilt_at_kl(best_of_n_kl(count))
    assert PERFECT.best_of_n(count) == pytest.approx(count / (count + 1))
    assert perfect_win_rate(tilt) >= PERFECT.best_of_n(count) - 1e-9
    assert best_of_n_at_kl(best_of_n_kl(count)) == pytest.approx(count, rel=1e-6)


@settings(max_examples=20)
@given(rearrangements(), st.floats(0, 300))
def test_the_exact_win_rate_is_that_of_the_function(score, tilt):
    def gold(rank):
        at = 0.0
        for stretch in score.stretches:
            inside = rank - at
            at += stretch.share
            if rank <= at:
                break
        else:
            inside = stretch.share
        return (
            stretch.low
            + {
                Order.RIGHT: inside,
                Order.INVERTED: stretch.share - inside,
                Order.RANDOM: stretch.share / 2,
            }[stretch.order]
        )

    assert win_rate(gold, tilt) == pytest.approx(score.win_rate(tilt), abs=2e-3)


@pytest.mark.parametrize(
    ("rho", "wins"), [(0.3, 0.716), (0.5, 0.838), (0.7, 0.929), (0.9, 0.981)]
)
def test_noise_caps_and_does_not_collapse(rho, wins):
    normal = NormalDist()

    def gold(rank):
        # The mean quantile of gold, given how far the score is from its mean.
        score = normal.inv_cdf(min(max(rank, 1e-15), 1 - 1e-15))
        return normal.cdf(rho * score / math.sqrt(2 - rho**2))

    curve = [win_rate(gold, tilt_at_kl(kl)) for kl in (0.5, 1, 2, 4)]
    assert curve == sorted(curve)
    assert curve[-1] == pytest.approx(wins, abs=0.005)


@pytest.mark.parametrize(
    "stretches",
    [
        (Stretch(0.5, 0.0),),
        (Stretch(0.5, 0.0), Stretch(0.5, 0.4)),
        (Stretch(0.6, 0.0), Stretch(0.6, 0.6)),
    ],
)
def test_gold_is_rearranged_and_not_lost(stretches):
    with pytest.raises(ValueError, match="stretches"):
        Rearrangement(stretches)
