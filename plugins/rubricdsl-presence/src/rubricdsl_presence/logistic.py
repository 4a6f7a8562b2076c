"""From what the sentences show to a probability: the fitted model.

The model is logistic regression over the features of one sentence; a claim's
probability is that of its best sentence.  ``coefficients.json`` holds one model
for each way of reading, `rubricdsl_presence.fitting` writes it.
"""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from attrs import frozen

from rubricdsl_presence.features import Row

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
    """The best sentence for a claim, by number, and the claim's probability."""

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
        """Find the best sentence; nothing supports a claim where there is none."""
        if not rows:
            return Support(0.0, None)
        logits = [self.logit(row) for row in rows]
        best = max(range(len(rows)), key=logits.__getitem__)
        return Support(1.0 / (1.0 + math.exp(-logits[best])), best)


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
