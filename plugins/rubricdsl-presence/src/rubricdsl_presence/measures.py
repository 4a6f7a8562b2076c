"""How good probabilities are against labels."""

import math
from collections.abc import Sequence

from attrs import frozen

_BINS = 5


def auc(labels: Sequence[bool], probabilities: Sequence[float]) -> float | None:
    """Give the area under the ROC curve; ties count one half.

    None where all labels are the same.
    """
    met = [p for label, p in zip(labels, probabilities, strict=True) if label]
    unmet = [p for label, p in zip(labels, probabilities, strict=True) if not label]
    if not met or not unmet:
        return None
    won = sum((p > q) + (p == q) / 2 for p in met for q in unmet)
    return won / (len(met) * len(unmet))


@frozen
class Quality:
    """How well probabilities match labels.

    ``brier`` is the mean squared error and ``calibration_error`` the mean distance
    between the probabilities and the share of met labels over five equal bins,
    weighted by their size; ``mean_probability`` and ``share_met`` show bias.
    """

    count: int
    accuracy: float
    brier: float
    calibration_error: float
    mean_probability: float
    share_met: float
    auc: float | None

    @classmethod
    def of(cls, labels: Sequence[bool], probabilities: Sequence[float]) -> "Quality":
        """Measure; decisions are at one half."""
        pairs = list(zip(probabilities, labels, strict=True))
        count = len(pairs)
        bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
        for pair in pairs:
            bins[min(int(pair[0] * _BINS), _BINS - 1)].append(pair)
        return cls(
            count=count,
            accuracy=sum((p >= 0.5) == y for p, y in pairs) / count,  # noqa: PLR2004
            brier=math.fsum((p - y) ** 2 for p, y in pairs) / count,
            calibration_error=math.fsum(
                abs(math.fsum(p for p, _ in b) - sum(y for _, y in b)) for b in bins
            )
            / count,
            mean_probability=math.fsum(p for p, _ in pairs) / count,
            share_met=sum(y for _, y in pairs) / count,
            auc=auc(labels, probabilities),
        )
