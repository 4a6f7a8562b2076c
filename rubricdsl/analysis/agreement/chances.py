"""Probabilities of yes beside what people say: do they tell it apart, and how sure?"""

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from rubricdsl.analysis.agreement.cells import LabelledCell
from rubricdsl.analysis.correlations import auc_of, auc_wins
from rubricdsl.analysis.figures import Figure, Resampling
from rubricdsl.analysis.probabilities import (
    BrierParts,
    CalibrationBin,
    calibration_bins,
)
from rubricdsl.model.ruling import NA, YES, Ruling
from rubricdsl.scoring.arrays.columns import Floats, Truths

_NONE = "the judge gave no probabilities"
_ONE_KIND = "the reference says only one of yes and not yes"


@frozen(kw_only=True)
class ChanceAgreement:
    """How probabilities of yes fit one reference.

    ``auc`` is how likely a yes has a greater probability than a no, ties counting one
    half; ``brier`` the mean squared error, of which ``parts`` tells where it comes
    from, and ``ece`` the mean distance between how likely yes was called and how often
    it was true, over the ``bins`` of the calibration curve.  ``parts`` is None, and
    there are no bins, where no verdict has a probability.
    """

    auc: Figure
    brier: Figure
    ece: Figure
    parts: BrierParts | None
    bins: tuple[CalibrationBin, ...]

    @classmethod
    def missing(cls, reason: str) -> "ChanceAgreement":
        """Give what is known where nothing is."""
        none = Figure.missing(reason)
        return cls(auc=none, brier=none, ece=none, parts=None, bins=())


def chance_agreement(
    cells: Sequence[LabelledCell],
    labels: Sequence[Ruling | None],
    resampling: Resampling,
) -> ChanceAgreement:
    """Hold the probabilities of cells against labels, one for each cell or None.

    Yes is true and no and partly are not; n/a says nothing.
    """
    rows = [
        number
        for number, (cell, label) in enumerate(zip(cells, labels, strict=True))
        if cell.probability is not None and label is not None and label != NA
    ]
    if not rows:
        return ChanceAgreement.missing(_NONE)
    given = [cells[row].probability or 0.0 for row in rows]
    true = [labels[row] == YES for row in rows]
    chances, truths = np.array(given), np.array(true, np.bool_)
    drawn = resampling.among(np.array(rows, np.intp))
    bins = calibration_bins(given, true)
    squares = np.column_stack([(chances - truths) ** 2, np.ones(len(rows))])
    return ChanceAgreement(
        auc=_auc(chances, truths, drawn),
        brier=drawn.figure(drawn.sums(squares), _mean, items=len(rows), lacking=_NONE),
        ece=_ece(chances, truths - chances, bins, drawn),
        parts=BrierParts.of(given, true),
        bins=bins,
    )


def _auc(chances: Floats, truths: Truths, drawn: Resampling) -> Figure:
    wins = auc_wins(chances, truths, drawn.codes)
    clusters = len(wins)
    kinds = np.zeros((2, clusters))
    np.add.at(kinds, (np.where(truths, 0, 1), drawn.codes), 1.0)
    yes, no = kinds
    return drawn.of_clusters(
        lambda weights: auc_of(weights[:, :clusters], wins, yes, no), lacking=_ONE_KIND
    )


def _ece(
    chances: Floats, errors: Floats, bins: Sequence[CalibrationBin], drawn: Resampling
) -> Figure:
    """Give the calibration error, its bins being the same in every draw."""
    number = np.searchsorted([b.high for b in bins], chances)
    terms = np.zeros((len(chances), len(bins) + 1))
    terms[np.arange(len(chances)), number] = errors
    terms[:, -1] = 1.0
    return drawn.figure(drawn.sums(terms), _off, items=len(chances), lacking=_NONE)


def _off(sums: Floats) -> Floats:
    off: Floats = np.abs(sums[:, :-1]).sum(axis=1) / sums[:, -1]
    return off


def _mean(sums: Floats) -> Floats:
    mean: Floats = sums[:, 0] / sums[:, 1]
    return mean
