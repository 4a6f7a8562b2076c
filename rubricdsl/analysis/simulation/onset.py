"""The onset of over-optimization: from when on a policy only loses what it had.

Steps are not comparable between learning rates, batches or noise, the KL divergence
from the base policy is; so both are told.
"""

from attrs import frozen

STEP_BACK = 0.02
"""How far gold has to fall for a loss to be one: two points of a hundred."""


@frozen(kw_only=True)
class Curve:
    """A training as it was looked at: what was measured at each of the ``steps``.

    ``gold`` is what the policy is really worth, ``proxy`` its score, ``kl`` its
    divergence from the base policy in nats; all in the order of ``steps``, which
    rise.  The last two are empty where they are not known.
    """

    steps: tuple[float, ...]
    gold: tuple[float, ...]
    proxy: tuple[float, ...] = ()
    kl: tuple[float, ...] = ()

    def __attrs_post_init__(self) -> None:
        """See that all are of one length; raises ValueError."""
        count = len(self.steps)
        if not count or any(
            later <= sooner
            for sooner, later in zip(self.steps, self.steps[1:], strict=False)
        ):
            raise ValueError("the steps of a curve are one or more, and rise")
        for row in (self.gold, self.proxy or self.gold, self.kl or self.gold):
            if len(row) != count:
                raise ValueError(f"{count} steps, but {len(row)} figures")


@frozen(kw_only=True)
class Onset:
    """Where over-optimization begins; ``kl`` and ``proxy`` None where not known."""

    step: float
    kl: float | None
    proxy: float | None


@frozen(kw_only=True)
class Peak:
    """Where gold is highest, the first time if more than once."""

    step: float
    gold: float
    kl: float | None


def peak(curve: Curve) -> Peak:
    """Give the highest point of a curve."""
    place = _peak(curve)
    return Peak(
        step=curve.steps[place], gold=curve.gold[place], kl=_at(curve.kl, place)
    )


def onset(curve: Curve, step_back: float = STEP_BACK) -> Onset | None:
    """Give the first point after the peak from which gold never comes back.

    That is, from which on it stays ``step_back`` or more below the peak.  None where
    there is none up to the end of the curve.
    """
    top = _peak(curve)
    bar = curve.gold[top] - step_back
    place = None
    for later in reversed(range(top + 1, len(curve.steps))):
        if curve.gold[later] > bar:
            break
        place = later
    if place is None:
        return None
    return Onset(
        step=curve.steps[place],
        kl=_at(curve.kl, place),
        proxy=_at(curve.proxy, place),
    )


def loss(curve: Curve) -> float:
    """Give how much less the last point is worth than the peak."""
    return curve.gold[_peak(curve)] - curve.gold[-1]


def gold_at_kl(curve: Curve, kl: float) -> float | None:
    """Give gold where the divergence first comes to ``kl``; None where it never does.

    The only fair comparison of trainings of different speed.  Between two points gold
    is taken to be a straight line.
    """
    for place, far in enumerate(curve.kl):
        if far >= kl:
            gold = curve.gold[place]
            if place == 0:
                return gold
            near, before = curve.kl[place - 1], curve.gold[place - 1]
            return before + (kl - near) / (far - near) * (gold - before)
    return None


def _peak(curve: Curve) -> int:
    return max(range(len(curve.steps)), key=lambda place: curve.gold[place])


def _at(row: tuple[float, ...], place: int) -> float | None:
    return row[place] if row else None
