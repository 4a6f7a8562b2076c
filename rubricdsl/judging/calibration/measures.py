"""How well probabilities of yes fit what was true."""

import math
from collections.abc import Sequence

from attrs import frozen

_BINS = 10
_EDGE = 1e-6


@frozen
class Fitness:
    """How far probabilities are off; all are 0 at best.

    ``log_loss`` is in nats (probabilities are kept 1e-6 off 0 and 1), ``brier`` the
    mean squared error.  ``ece`` is the expected calibration error: in ten bins of
    equal size, by probability, the mean distance between how likely yes was called
    and how often it was true.
    """

    log_loss: float
    brier: float
    ece: float

    @classmethod
    def of(cls, probabilities: Sequence[float], truths: Sequence[bool]) -> "Fitness":
        """Measure probabilities, at least one, against what was true."""
        pairs = sorted(zip(probabilities, truths, strict=True))
        n = len(pairs)
        losses = [
            -math.log(min(max(p if truth else 1 - p, _EDGE), 1 - _EDGE))
            for p, truth in pairs
        ]
        squares = [(p - truth) ** 2 for p, truth in pairs]
        bins = [pairs[n * k // _BINS : n * (k + 1) // _BINS] for k in range(_BINS)]
        gaps = [abs(math.fsum(p - truth for p, truth in bin_)) for bin_ in bins]
        return cls(math.fsum(losses) / n, math.fsum(squares) / n, math.fsum(gaps) / n)
