"""How sure a share is that was counted: exact bounds of a binomial proportion.

Clopper and Pearson (Biometrika 26, 1934): the shares under which what was counted, or
what is further out, is not too unlikely.  They need the inverse of the regularised
incomplete beta function, which is found by bisection; nothing beyond Python is needed.
"""

from math import exp, inf, lgamma, log

from attrs import frozen

_MOST_STEPS = 10_000
_BISECTIONS = 100
_SMALLEST = 1e-300
_PRECISION = 1e-15
# "Rule of three" (Hanley and Lippman-Hand, JAMA 249, 1983): after none of n, at most
# 3/n at 95 %.
_RULE_OF_THREE = 3


@frozen
class Interval:
    """A share is at least ``low`` and at most ``high``, both in [0, 1]."""

    low: float
    high: float


def regularised_beta(a: float, b: float, x: float) -> float:
    """Give the regularised incomplete beta function I_x(a, b).

    By its continued fraction (modified Lentz).  Raises ValueError unless both a and b
    are positive and x lies in [0, 1].
    """
    if not (0 < a < inf and 0 < b < inf and 0 <= x <= 1):
        raise ValueError(f"no incomplete beta function of a={a}, b={b} at x={x}")
    if x in {0.0, 1.0}:
        return x
    if x > (a + 1) / (a + b + 2):  # where the fraction of the mirror converges faster
        return 1.0 - regularised_beta(b, a, 1.0 - x)
    front = a * log(x) + b * log(1.0 - x) + lgamma(a + b) - lgamma(a) - lgamma(b)
    return exp(front) / a / _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """Give the denominator of the continued fraction."""
    value, upper, lower = 1.0, 1.0, 0.0
    for step in range(1, _MOST_STEPS):
        half = step // 2
        if step % 2:
            part = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + step))
        else:
            part = half * (b - half) * x / ((a + step - 1) * (a + step))
        lower = 1.0 / (_off_zero(1.0 + part * lower))
        upper = _off_zero(1.0 + part / upper)
        value *= lower * upper
        if abs(lower * upper - 1.0) < _PRECISION:
            break
    return value


def _off_zero(number: float) -> float:
    return number if abs(number) > _SMALLEST else _SMALLEST


def upper_bound(count: int, total: int, confidence: float = 0.95) -> float:
    """Give the share below which the true one lies, one-sided and exact.

    Raises ValueError unless 0 <= count <= total, total > 0 and 0 < confidence < 1.
    """
    _check(count, total, confidence)
    if count == total:
        return 1.0
    # P(at most count | p) = I_{1-p}(total - count, count + 1) falls as p rises.
    low, high = count / total, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if regularised_beta(total - count, count + 1, 1.0 - middle) > 1.0 - confidence:
            low = middle
        else:
            high = middle
    return high


def lower_bound(count: int, total: int, confidence: float = 0.95) -> float:
    """Give the share above which the true one lies; raises as `upper_bound`."""
    return 1.0 - upper_bound(total - count, total, confidence)


def clopper_pearson(count: int, total: int, confidence: float = 0.95) -> Interval:
    """Give the exact two-sided interval; raises as `upper_bound`."""
    _check(count, total, confidence)
    each = 1.0 - (1.0 - confidence) / 2
    return Interval(lower_bound(count, total, each), upper_bound(count, total, each))


def leak_bound(count: int, total: int) -> float:
    """Give what share may get through at most, at 95 %, after ``count`` of ``total``.

    3/n where none did, the exact bound where some did; raises as `upper_bound`.
    """
    _check(count, total, 0.95)
    if count == 0:
        return min(1.0, _RULE_OF_THREE / total)
    return upper_bound(count, total)


@frozen
class Proportion:
    """How many of ``total`` were found, and in what 95 % interval their share lies.

    It is exact; where none was found it ends at 3/n, as `leak_bound` does.  There is
    none where there was nothing to count.
    """

    count: int
    total: int
    interval: Interval | None

    @classmethod
    def of(cls, count: int, total: int) -> "Proportion":
        """Find the interval; raises ValueError for more than there are."""
        if count == total == 0:
            return cls(count, total, None)
        interval = clopper_pearson(count, total)
        if count == 0:
            interval = Interval(0.0, leak_bound(count, total))
        return cls(count, total, interval)

    @property
    def share(self) -> float | None:
        """The share that was found."""
        return self.count / self.total if self.total else None


def _check(count: int, total: int, confidence: float) -> None:
    if not (0 <= count <= total and total > 0 and 0 < confidence < 1):
        raise ValueError(f"no bound of {count} of {total} at {confidence}")
