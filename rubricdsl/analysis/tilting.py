"""How far a policy moves towards high scores, and how much of the top that takes.

The optimum of a KL-regularised reward tilts the policy by exp(λ·u), where u in [0, 1]
is the rank of a response by its score among those of the untrained policy.  Its
divergence from that depends on λ alone.
"""

from math import expm1, inf, log

TARGET_KL = 2.0
"""How far a training is taken to go, in nats, where nothing else is said."""

# From here on exp(-λ) no longer counts beside 1.
_LARGE = 700.0
_SMALL = 1e-3
_STEPS = 200


def kl_of_tilt(tilt: float) -> float:
    """Give the KL divergence, in nats, of the policy tilted by λ from the untrained.

    λ/(1 - exp(-λ)) - 1 - log((exp(λ) - 1)/λ).  Raises ValueError for a negative λ.
    """
    if tilt < 0:
        raise ValueError(f"a tilt is at least 0, not {tilt}")
    if tilt < _SMALL:
        return tilt * tilt / 24
    if tilt > _LARGE:
        return log(tilt) - 1
    part = -expm1(-tilt)
    return tilt / part - 1 - (tilt + log(part) - log(tilt))


def tilt_at_kl(divergence: float) -> float:
    """Give the λ by which a policy is tilted at a KL divergence: `kl_of_tilt` reversed.

    Raises ValueError for a divergence that is negative or not finite.
    """
    if not 0 <= divergence < inf:
        raise ValueError(f"a divergence is finite and at least 0, not {divergence}")
    low, high = 0.0, 1.0
    while kl_of_tilt(high) < divergence:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if kl_of_tilt(middle) < divergence:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def tail_share(divergence: float, loss: float = 0.01) -> float:
    """Give the share of the best responses that a score must order rightly.

    A policy at that divergence then loses at most about ``loss`` of its win rate,
    however the others are ordered: log(1/loss)/λ, and all of them where that is more.
    """
    if not 0 < loss < 1:
        raise ValueError(f"a loss lies between 0 and 1, not {loss}")
    tilt = tilt_at_kl(divergence)
    return 1.0 if tilt <= -log(loss) else -log(loss) / tilt
