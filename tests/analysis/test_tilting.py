"""How far a policy is tilted at a divergence, and which share of the top matters."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.tilting import kl_of_tilt, tail_share, tilt_at_kl


@pytest.mark.parametrize(
    ("divergence", "tilt"), [(0.5, 4.12), (1, 7.35), (2, 20.1), (3, 54.6), (4, 148)]
)
def test_tilts_are_those_of_the_theory(divergence, tilt) -> None:
    assert tilt_at_kl(divergence) == pytest.approx(tilt, rel=0.005)


@pytest.mark.parametrize(
    ("divergence", "share"),
    [(1, 0.63), (1.5, 0.38), (2, 0.23), (3, 0.084), (4, 0.031), (0.1, 1.0)],
)
def test_the_share_that_matters(divergence, share) -> None:
    assert tail_share(divergence) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("beta", [1, 0.3, 0.1, 0.05])
def test_the_divergence_is_that_of_the_paper(beta) -> None:
    tilt = 1 / beta
    power = math.exp(tilt)
    printed = ((1 / beta - 1) * power + 1) / (power - 1)
    printed -= math.log(beta) + math.log(power - 1)
    assert kl_of_tilt(tilt) == pytest.approx(printed, abs=1e-6)


@given(st.floats(1e-3, 12.0))
def test_one_reverses_the_other(divergence) -> None:
    assert kl_of_tilt(tilt_at_kl(divergence)) == pytest.approx(divergence, rel=1e-6)


@given(st.floats(0, 1e4), st.floats(0, 1e4))
def test_more_tilt_diverges_more(one, other) -> None:
    low, high = sorted((one, other))
    assert kl_of_tilt(low) <= kl_of_tilt(high) * (1 + 1e-6)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        kl_of_tilt(-1)
    with pytest.raises(ValueError, match="finite"):
        tilt_at_kl(math.inf)
    with pytest.raises(ValueError, match="between 0 and 1"):
        tail_share(1, loss=0)
