"""What it costs a policy that a score orders responses wrongly: closed forms.

A score rearranges gold: the responses that it puts at the quantile u of the untrained
policy have some other quantile of gold.  Here it moves whole stretches, and orders each
rightly, wrongly or at random.  A policy tilted by exp(λ·u) (`tilting`) then wins
against the untrained one as often as its mean quantile of gold, which is known
exactly, and rises with λ as long as gold and score go together under the policy
itself: dW/dλ = Cov(gold, score).

All of it follows from Chasing the Tail (arXiv 2509.21500), whose figure 2 shows
`Rearrangement.top_right` and `Rearrangement.top_wrong`.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cached_property
from math import exp, expm1, log, sinh
from statistics import NormalDist

from attrs import frozen

from rubricdsl.analysis.tilting import kl_of_tilt, tilt_at_kl

# Below this, series are more exact than the formulas; above, exp(-λ) is nothing.
_SMALL = 1e-2
_LARGE = 700.0
# A tilt of less leaves a policy as it is.
_NOTHING = 1e-12
_NORMAL = NormalDist()
# Beyond so many standard deviations lies nothing that a double could add.
_FAR = 8.25
_STEPS = 2_000
_HALVINGS = 200
_KL_STEP = 0.02
FARTHEST = 8.0
"""The KL divergence, in nats, up to which a peak is looked for."""


def perfect_win_rate(tilt: float) -> float:
    """Give how often a policy tilted by a perfect score beats the untrained one.

    1/(1 - exp(-λ)) - 1/λ, which is also the mean rank under that tilt.
    """
    if tilt < _SMALL:
        return 0.5 + tilt / 12 - tilt**3 / 720
    return -1 / expm1(-tilt) - 1 / tilt


def rank_variance(tilt: float) -> float:
    """Give the variance of the rank by score under a tilt: dW/dλ of a perfect score."""
    if tilt < _SMALL:
        return 1 / 12 - tilt**2 / 240
    if tilt > _LARGE:
        return 1 / tilt**2
    return 1 / tilt**2 - 1 / (2 * sinh(tilt / 2)) ** 2


def tail_mass(tilt: float, share: float) -> float:
    """Give the probability with which a tilted policy answers from the best ``share``.

    Best by score: (1 - exp(-λx))/(1 - exp(-λ)).
    """
    return share if tilt < _NOTHING else expm1(-tilt * share) / expm1(-tilt)


def win_rate(gold: Callable[[float], float], tilt: float) -> float:
    """Give the mean of ``gold``, a function of the rank by score, under a tilt.

    By the midpoint rule over the policy's own quantiles, so that the tail is as fine
    as the policy looks at it.
    """
    ranks = (_rank_at((step + 0.5) / _STEPS, tilt) for step in range(_STEPS))
    return sum(map(gold, ranks)) / _STEPS


def best_of_n_kl(count: float) -> float:
    """Give the KL divergence, in nats, of the best of n: log n - (n-1)/n.

    Such a policy is tilted by the logarithm of the rank, with λ = n - 1.
    """
    return log(count) - (count - 1) / count


def best_of_n_at_kl(divergence: float) -> float:
    """Give the n, rarely a whole number, of which the best has a KL divergence."""
    low, high = 1.0, 2.0
    while best_of_n_kl(high) < divergence:
        low, high = high, 2 * high
    return _bisected(lambda n: best_of_n_kl(n) < divergence, low, high)


def worst_loss(tilt: float, share: float) -> float:
    """Give what is lost at most where just the best ``share`` is ordered rightly.

    All others are then ordered the wrong way: M·m·(2W(λm) - 1), where m = 1 - x and M
    is how often the policy answers from there.
    """
    rest = 1 - share
    lost = (1 - tail_mass(tilt, share)) * rest
    return lost * (2 * perfect_win_rate(tilt * rest) - 1)


def needed_share(divergence: float, loss: float = 0.01) -> float:
    """Give the share of the best that has to be right to lose at most ``loss``.

    At that divergence, in the worst case; `tail_share` is the rule of thumb for it.
    Raises ValueError for a loss outside (0, 1).
    """
    if not 0 < loss < 1:
        raise ValueError(f"a loss lies between 0 and 1, not {loss}")
    tilt = tilt_at_kl(divergence)
    if worst_loss(tilt, 0.0) <= loss:
        return 0.0
    return _bisected(lambda share: worst_loss(tilt, share) > loss, 0.0, 1.0)


class Order(StrEnum):
    """How a score orders the responses of a stretch."""

    RIGHT = "right"
    INVERTED = "inverted"
    RANDOM = "random"


@frozen
class Stretch:
    """Responses that a score puts side by side, a ``share`` of all of them.

    Their gold lies between the quantiles ``low`` and ``low + share``.
    """

    share: float
    low: float
    order: Order = Order.RIGHT


@frozen
class Peak:
    """Where a win rate is highest: what it is, the tilt, and the KL in nats."""

    win_rate: float
    tilt: float
    kl: float


@frozen(eq=False)
class Rearrangement:
    """A score by its ``stretches``, from what it finds worst to what it finds best.

    Raises ValueError where they are not all responses, each once.
    """

    stretches: tuple[Stretch, ...]

    def __attrs_post_init__(self) -> None:
        """See that gold is rearranged, and nothing lost."""
        at = 0.0
        for stretch in sorted(self.stretches, key=lambda one: one.low):
            if stretch.share < 0 or abs(stretch.low - at) > _EXACT:
                raise ValueError("the stretches of gold do not follow each other")
            at += stretch.share
        if abs(at - 1) > _EXACT:
            raise ValueError(f"the stretches are {at:.3f} of all responses, not 1")

    @classmethod
    def perfect(cls) -> "Rearrangement":
        """Give the score that orders as gold does."""
        return cls((Stretch(1.0, 0.0),))

    @classmethod
    def top_right(cls, share: float, rest: Order = Order.INVERTED) -> "Rearrangement":
        """Give a score that is right about just the best ``share``."""
        return cls((Stretch(1 - share, 0.0, rest), Stretch(share, 1 - share)))

    @classmethod
    def top_wrong(cls, share: float, top: Order = Order.INVERTED) -> "Rearrangement":
        """Give a score that is right about all but the best ``share``."""
        return cls((Stretch(1 - share, 0.0), Stretch(share, 1 - share, top)))

    @classmethod
    def leak(cls, share: float) -> "Rearrangement":
        """Give a score that takes the worst ``share`` of responses for the best."""
        return cls((Stretch(1 - share, share), Stretch(share, 0.0)))

    @cached_property
    def _placed(self) -> tuple[tuple[float, Stretch], ...]:
        """Each stretch after the rank at which it begins."""
        placed: list[tuple[float, Stretch]] = []
        at = 0.0
        for stretch in self.stretches:
            if stretch.share > 0:
                placed.append((at, stretch))
            at += stretch.share
        return tuple(placed)

    def win_rate(self, tilt: float) -> float:
        """Give the mean quantile of gold under a tilt."""
        return sum(mass * gold for mass, _, gold, _ in self._moments(tilt))

    def covariance(self, tilt: float) -> float:
        """Give the covariance of the quantile of gold and the rank: dW/dλ."""
        parts = list(self._moments(tilt))
        rank = sum(mass * mean for mass, mean, _, _ in parts)
        gold = sum(mass * mean for mass, _, mean, _ in parts)
        return sum(
            mass * (within + (u - rank) * (r - gold)) for mass, u, r, within in parts
        )

    def best_of_n(self, count: float) -> float:
        """Give how often the best by score of n beats one response."""
        total = 0.0
        for start, stretch in self._placed:
            stop = min(1.0, start + stretch.share)
            mass = stop**count - start**count
            rank = (stop ** (count + 1) - start ** (count + 1)) * count / (count + 1)
            total += _gold_of(stretch, rank - mass * start, mass)
        return total

    def standard_gold(self, tilt: float) -> float:
        """Give the mean of gold under a tilt, if gold is standard normal."""
        return sum(
            _standard_gold(start, stretch, tilt) for start, stretch in self._placed
        )

    def peak(self, farthest: float = FARTHEST) -> Peak | None:
        """Give the first place at which the win rate turns; None up to ``farthest``.

        There gold and score cease to go together under the policy.
        """
        before = 0.0
        for step in range(1, round(farthest / _KL_STEP) + 1):
            tilt = tilt_at_kl(step * _KL_STEP)
            if self.covariance(tilt) < 0:
                at = _bisected(lambda one: self.covariance(one) > 0, before, tilt)
                return Peak(self.win_rate(at), at, kl_of_tilt(at))
            before = tilt
        return None

    def falls_to(self, level: float, farthest: float = FARTHEST) -> float | None:
        """Give the KL at which the win rate is back at a level after its peak.

        None where there is no peak, or it stays above.
        """
        top = self.peak(farthest)
        last = tilt_at_kl(farthest)
        if top is None or self.win_rate(last) > level:
            return None
        at = _bisected(lambda tilt: self.win_rate(tilt) > level, top.tilt, last)
        return kl_of_tilt(at)

    def _moments(self, tilt: float) -> Iterator[tuple[float, float, float, float]]:
        """Give the mass of each stretch, its mean rank and gold, their covariance.

        Within a stretch of the length w, ranks are again tilted, by λw.
        """
        for start, stretch in self._placed:
            width = stretch.share
            mass = _mass(tilt, start, width)
            inside = width * perfect_win_rate(tilt * width)
            spread = width**2 * rank_variance(tilt * width)
            yield (
                mass,
                start + inside,
                _gold_of(stretch, inside, 1.0),
                spread * _SIGNS[stretch.order],
            )


# Sums of shares are as exact as this.
_EXACT = 1e-9
_SIGNS = {Order.RIGHT: 1.0, Order.INVERTED: -1.0, Order.RANDOM: 0.0}


def _gold_of(stretch: Stretch, inside: float, mass: float) -> float:
    """Give gold times mass, from how far inside the stretch ranks are, times mass."""
    match stretch.order:
        case Order.RIGHT:
            return mass * stretch.low + inside
        case Order.INVERTED:
            return mass * (stretch.low + stretch.share) - inside
        case Order.RANDOM:
            return mass * (stretch.low + stretch.share / 2)


def _mass(tilt: float, start: float, width: float) -> float:
    """Give the probability of ranks from ``start`` on, under a tilt."""
    above = max(0.0, 1 - start - width)
    return tail_mass(tilt, above + width) - tail_mass(tilt, above)


def _standard_gold(start: float, stretch: Stretch, tilt: float) -> float:
    """Give the mass of a stretch times its mean gold, which is standard normal."""
    low, high = (
        _normal_quantile(q) for q in (stretch.low, stretch.low + stretch.share)
    )
    if stretch.order is Order.RANDOM:
        mean = (_NORMAL.pdf(low) - _NORMAL.pdf(high)) / stretch.share
        return mean * _mass(tilt, start, stretch.share)
    # The substitution of gold for the rank takes the poles of the quantiles away.
    step = (high - low) / _STEPS
    total = 0.0
    for number in range(_STEPS + 1):
        gold = low + number * step
        inside = _NORMAL.cdf(gold) - stretch.low
        if stretch.order is Order.INVERTED:
            inside = stretch.share - inside
        weight = (1, 2, 4)[_simpson(number)]
        total += weight * gold * _density(start + inside, tilt) * _NORMAL.pdf(gold)
    return total * step / 3


def _simpson(number: int) -> int:
    """Give which weight of Simpson's rule a point has: 1, 2 or 4."""
    return 0 if number in {0, _STEPS} else 1 + number % 2


def _normal_quantile(share: float) -> float:
    if share <= _EXACT:
        return -_FAR
    return _FAR if share >= 1 - _EXACT else _NORMAL.inv_cdf(share)


def _density(rank: float, tilt: float) -> float:
    return exp(-tilt * (1 - rank)) * (tilt / -expm1(-tilt) if tilt > _NOTHING else 1.0)


def _rank_at(share: float, tilt: float) -> float:
    """Give the rank below which a tilted policy answers with a probability."""
    if tilt < _SMALL:
        # exp(λu) is a straight line here.
        return share - tilt * share * (1 - share) / 2
    floor = exp(-tilt)
    return max(0.0, 1 + log(floor + share * (1 - floor)) / tilt)


def _bisected(is_below: Callable[[float], bool], low: float, high: float) -> float:
    """Give where a condition that holds from ``low`` on ceases to hold."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if is_below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2
