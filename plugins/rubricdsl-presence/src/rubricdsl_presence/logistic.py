"""From what the sentences show to a probability: the fitted model.

The model is logistic regression over the features of one sentence; a claim's
probability is that of its best sentence.  What is quoted is the sentence that says
most of the claim: the best one may be no more than the least suspicious, where the
response as a whole carries the claim.  ``coefficients.json`` holds one model
for each way of reading, `rubricdsl_presence.fitting` writes it.
"""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from attrs import frozen

from rubricdsl_presence.features import COVERAGE, Row

COEFFICIENTS_FILE = "coefficients.json"
FORMAT = 1


@frozen
class Coefficient:
    """How one feature counts: ``weight`` by scales from the mean."""

    feature: str
    mean: float
    scale: float
    weight: float


@frozen
class Support:
    """A claim's probability, and the number of the sentence to quote for it."""

    probability: float
    sentence: int | None


@frozen
class Model:
    """A fitted model: one coefficient for each feature, in order."""

    coefficients: tuple[Coefficient, ...]
    intercept: float

    def logit(self, row: Row) -> float:
        """Give the log-odds of one sentence."""
        return self.intercept + math.fsum(
            c.weight * (value - c.mean) / c.scale
            for c, value in zip(self.coefficients, row, strict=True)
        )

    def support(self, rows: Sequence[Row]) -> Support:
        """Weigh the best sentence; nothing supports a claim where there is none."""
        if not rows:
            return Support(0.0, None)
        best = max(self.logit(row) for row in rows)
        covered = [self._coverage(row) for row in rows]
        return Support(
            1.0 / (1.0 + math.exp(-best)),
            max(range(len(rows)), key=covered.__getitem__),
        )

    def _coverage(self, row: Row) -> float:
        """Give the part of the log-odds that is about how much is said."""
        return math.fsum(
            c.weight * value / c.scale
            for c, value in zip(self.coefficients, row, strict=True)
            if c.feature in COVERAGE
        )


@frozen
class Fit:
    """The content of ``coefficients.json``: models by reading, and their digest."""

    models: Mapping[str, Model]
    digest: str


@cache
def load_fit() -> Fit:
    """Read the coefficients in this package."""
    record = json.loads(
        (files("rubricdsl_presence") / COEFFICIENTS_FILE).read_text(encoding="utf-8")
    )
    if record["format"] != FORMAT:
        raise ValueError(f"{COEFFICIENTS_FILE} has format {record['format']!r}, not 1")
    models = {
        name: Model(
            tuple(Coefficient(**row) for row in model["coefficients"]),
            model["intercept"],
        )
        for name, model in record["models"].items()
    }
    return Fit(models, record["digest"])
