"""How well probabilities of yes fit what was true: losses, and the calibration curve.

Bins hold equally many observations, as far as that goes: those with one probability
are never parted, since a judge that says 0.9 to everything has one bin and no more.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from attrs import frozen

BINS = 10
"""How many bins there are at most."""

_EDGE = 1e-6


@frozen
class CalibrationBin:
    """Observations of neighbouring probabilities.

    ``low`` and ``high`` are the least and the greatest probability among ``count`` of
    them, ``probability`` their mean, and ``frequency`` how often yes was true.
    """

    low: float
    high: float
    probability: float
    frequency: float
    count: int


def calibration_bins(
    probabilities: Sequence[float], truths: Sequence[bool], *, most: int = BINS
) -> tuple[CalibrationBin, ...]:
    """Part observations into at most ``most`` bins of nearly equal size.

    The order of observations makes no difference.
    """
    pairs = sorted(zip(probabilities, truths, strict=True))
    return tuple(_bin(part) for part in _parts(pairs, most))


def _parts(
    pairs: Sequence[tuple[float, bool]], most: int
) -> Iterator[list[tuple[float, bool]]]:
    """Close a bin once it and those before it hold their share of observations."""
    part: list[tuple[float, bool]] = []
    done = closed = 0
    for _, equal in groupby(pairs, key=lambda pair: pair[0]):
        part += equal
        if (done + len(part)) * most >= (closed + 1) * len(pairs):
            yield part
            done += len(part)
            closed = done * most // len(pairs)
            part = []


def _bin(part: Sequence[tuple[float, bool]]) -> CalibrationBin:
    count = len(part)
    return CalibrationBin(
        low=part[0][0],
        high=part[-1][0],
        probability=math.fsum(p for p, _ in part) / count,
        frequency=sum(truth for _, truth in part) / count,
        count=count,
    )


@frozen
class BrierParts:
    """Where a Brier score comes from (Murphy, J. Appl. Meteor. 12, 1973).

    ``brier = reliability - resolution + uncertainty + within``: ``reliability`` is how
    far bins are off (0 at best), ``resolution`` how far they part yes from no,
    ``uncertainty`` what the share of yes alone would leave, and ``within`` what is lost
    or won inside of bins, 0 where each holds one probability only.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float

    @classmethod
    def of(
        cls, probabilities: Sequence[float], truths: Sequence[bool], *, most: int = BINS
    ) -> "BrierParts":
        """Take the Brier score of probabilities, at least one, apart."""
        bins = calibration_bins(probabilities, truths, most=most)
        n = len(truths)
        base = sum(truths) / n
        brier = _brier(probabilities, truths)
        reliability = math.fsum(
            b.count * (b.probability - b.frequency) ** 2 / n for b in bins
        )
        resolution = math.fsum(b.count * (b.frequency - base) ** 2 / n for b in bins)
        uncertainty = base * (1 - base)
        within = brier - (reliability - resolution + uncertainty)
        return cls(brier, reliability, resolution, uncertainty, within)


@frozen
class Fitness:
    """How far probabilities are off; all are 0 at best.

    ``log_loss`` is in nats (probabilities are kept 1e-6 off 0 and 1), ``brier`` the
    mean squared error.  ``ece`` is the expected calibration error: over the bins of
    the calibration curve, the mean distance between how likely yes was called and how
    often it was true.
    """

    log_loss: float
    brier: float
    ece: float

    @classmethod
    def of(cls, probabilities: Sequence[float], truths: Sequence[bool]) -> "Fitness":
        """Measure probabilities, at least one, against what was true."""
        n = len(truths)
        losses = [
            -math.log(min(max(p if truth else 1 - p, _EDGE), 1 - _EDGE))
            for p, truth in zip(probabilities, truths, strict=True)
        ]
        ece = math.fsum(
            b.count * abs(b.probability - b.frequency) / n
            for b in calibration_bins(probabilities, truths)
        )
        return cls(math.fsum(losses) / n, _brier(probabilities, truths), ece)


def _brier(probabilities: Sequence[float], truths: Sequence[bool]) -> float:
    squares = [(p - t) ** 2 for p, t in zip(probabilities, truths, strict=True)]
    return math.fsum(squares) / len(squares)
