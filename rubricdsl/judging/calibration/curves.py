"""Curves from a judge's probability of yes to the one that it turned out to mean.

* Platt: a logistic curve over the logit of the probability (Platt, 1999, with his
  targets, which keep a perfect fit finite).  Two numbers, so few labels suffice.
* Isotonic: the best rising curve there is, found by pooling adjacent violators, and
  straight from pool to pool.  Bends to any shape, and takes more labels for it.
* Identity: nothing to correct.

All rise, so that no calibration turns the order of two answers around.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import ClassVar, Protocol, TypeAlias

from attrs import frozen

_EDGE = 1e-6
_STEPS = 100
_RIDGE = 1e-9
_CLOSE = 1e-10


@frozen
class Observation:
    """A judge's probability of yes, and whether yes it was.

    ``group`` names what belongs together, such as the prompt: verdicts of one group
    are never on both sides of a cross-validation.
    """

    probability: float
    truth: bool
    group: str = ""


Observations: TypeAlias = Sequence[Observation]


class Curve(Protocol):
    """Gives the calibrated probability."""

    @property
    def method(self) -> str:
        """The name of the kind of curve."""
        ...

    def __call__(self, probability: float, /) -> float:
        """Give the calibrated probability of a probability of yes."""
        ...


@frozen
class Identity:
    """The curve of a judge whose probabilities are best as they are."""

    method: ClassVar[str] = "identity"

    def __call__(self, probability: float) -> float:
        """Give the probability itself."""
        return probability

    @classmethod
    def fit(cls, _: Observations) -> "Identity":
        """Give the one curve there is."""
        return cls()


@frozen
class Platt:
    """``sigmoid(slope * logit(p) + intercept)``; ``slope`` is not negative."""

    slope: float
    intercept: float
    method: ClassVar[str] = "platt"

    def __call__(self, probability: float) -> float:
        """Give the calibrated probability, strictly between 0 and 1."""
        return sigmoid(self.slope * logit(probability) + self.intercept)

    @classmethod
    def fit(cls, observations: Observations) -> "Platt":
        """Find the curve that makes the labels most likely, by Newton's method.

        Where the judge says yes the more often the less it is true, the best rising
        curve is flat.
        """
        xs = [logit(o.probability) for o in observations]
        yes = sum(o.truth for o in observations)
        no = len(observations) - yes
        high, low = (yes + 1) / (yes + 2), 1 / (no + 2)
        ts = [high if o.truth else low for o in observations]
        slope, intercept = _newton(xs, ts)
        if slope < 0:
            return cls(0.0, logit(math.fsum(ts) / len(ts)))
        return cls(slope, intercept)


def _newton(xs: Sequence[float], ts: Sequence[float]) -> tuple[float, float]:
    """Minimise the log loss, with halved steps where a whole one does not help."""
    slope, intercept = 1.0, 0.0
    loss = _loss(xs, ts, slope, intercept)
    for _ in range(_STEPS):
        ps = [sigmoid(slope * x + intercept) for x in xs]
        d_slope = math.fsum((p - t) * x for p, t, x in zip(ps, ts, xs, strict=True))
        d_intercept = math.fsum(p - t for p, t in zip(ps, ts, strict=True))
        weights = [p * (1 - p) for p in ps]
        h_aa = math.fsum(w * x * x for w, x in zip(weights, xs, strict=True)) + _RIDGE
        h_ab = math.fsum(w * x for w, x in zip(weights, xs, strict=True))
        h_bb = math.fsum(weights) + _RIDGE
        determinant = h_aa * h_bb - h_ab * h_ab
        step_a = (h_bb * d_slope - h_ab * d_intercept) / determinant
        step_b = (h_aa * d_intercept - h_ab * d_slope) / determinant
        size = 1.0
        new_loss = _loss(xs, ts, slope - step_a, intercept - step_b)
        while new_loss > loss and size > _CLOSE:
            size /= 2
            new_loss = _loss(xs, ts, slope - size * step_a, intercept - size * step_b)
        if new_loss > loss:
            break
        slope, intercept = slope - size * step_a, intercept - size * step_b
        loss = new_loss
        if size * (abs(step_a) + abs(step_b)) < _CLOSE:
            break
    return slope, intercept


def _loss(
    xs: Sequence[float], ts: Sequence[float], slope: float, intercept: float
) -> float:
    return math.fsum(
        _softplus(z) - t * z
        for z, t in ((slope * x + intercept, t) for x, t in zip(xs, ts, strict=True))
    )


@frozen
class Isotonic:
    """Straight lines between rising ``points``; level before the first and after."""

    points: tuple[tuple[float, float], ...]
    method: ClassVar[str] = "isotonic"

    def __call__(self, probability: float) -> float:
        """Give the calibrated probability."""
        place = bisect_right(self.points, (probability, math.inf))
        if place == 0:
            return self.points[0][1]
        if place == len(self.points):
            return self.points[-1][1]
        (x0, y0), (x1, y1) = self.points[place - 1 : place + 1]
        return y0 + (y1 - y0) * (probability - x0) / (x1 - x0)

    @classmethod
    def fit(cls, observations: Observations) -> "Isotonic":
        """Pool adjacent violators; no pool is called surer than all labels make it."""
        pools: list[_Pool] = []
        ordered = sorted(observations, key=lambda o: o.probability)
        for _, equal in groupby(ordered, key=lambda o: o.probability):
            pool = _Pool.of(list(equal))
            while pools and pools[-1].mean >= pool.mean:
                pool = pools.pop() + pool
            pools.append(pool)
        least = 1 / (len(observations) + 2)
        points = [
            (end, min(max(pool.mean, least), 1 - least))
            for pool in pools
            for end in dict.fromkeys((pool.low, pool.high))
        ]
        return cls(tuple(points))


@frozen
class _Pool:
    """Observations with one calibrated probability, and between which they lie."""

    count: int
    truths: int
    low: float
    high: float

    @classmethod
    def of(cls, observations: Observations) -> "_Pool":
        place = observations[0].probability
        truths = sum(o.truth for o in observations)
        return cls(len(observations), truths, place, place)

    def __add__(self, other: "_Pool") -> "_Pool":
        return _Pool(
            self.count + other.count, self.truths + other.truths, self.low, other.high
        )

    @property
    def mean(self) -> float:
        return self.truths / self.count


# Simplest first: of two that do equally well, the simpler one is taken.
FITS: Mapping[str, Callable[[Observations], Curve]] = {
    Identity.method: Identity.fit,
    Platt.method: Platt.fit,
    Isotonic.method: Isotonic.fit,
}


def logit(probability: float) -> float:
    """Give the log odds of a probability, which is kept off 0 and 1."""
    p = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(p / (1 - p))


def sigmoid(x: float) -> float:
    """Give the probability of log odds."""
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    power = math.exp(x)
    return power / (1 + power)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
