"""What people said of responses, each annotator apart."""

from collections.abc import Iterable

import numpy as np
from attrs import field, frozen

from rubricdsl.analysis.evaluation import Evaluation, Key
from rubricdsl.analysis.pairs import PairCounts, pair_counts, tail_of
from rubricdsl.analysis.prompts import Rows
from rubricdsl.scoring.arrays.columns import Floats, Truths


@frozen(kw_only=True)
class Rating:
    """What somebody gave a response; an ``annotator`` of None is nobody known."""

    key: Key
    value: float
    annotator: str | None = None


@frozen(eq=False, kw_only=True)
class Ratings:
    """Ratings of the responses of an evaluation, in columns of their own.

    ``rows`` are the numbers of the responses, ``annotators`` those of ``names``, of
    which None is nobody known; two ratings of one response by one annotator are one,
    their mean.  ``strangers`` counts ratings of responses that were not judged.
    """

    names: tuple[str | None, ...]
    rows: Rows = field(repr=False)
    annotators: Rows = field(repr=False)
    values: Floats = field(repr=False)
    strangers: int
    size: int

    @classmethod
    def of(cls, evaluation: Evaluation, ratings: Iterable[Rating]) -> "Ratings":
        """Find the responses that ratings are of."""
        places: dict[Key, list[int]] = {}
        for row, key in enumerate(evaluation.keys()):
            places.setdefault(key, []).append(row)
        cells: dict[tuple[int, int], list[float]] = {}
        names: dict[str | None, int] = {}
        strangers = 0
        for rating in ratings:
            found = places.get(rating.key, ())
            strangers += not found
            for row in found:
                number = names.setdefault(rating.annotator, len(names))
                cells.setdefault((row, number), []).append(rating.value)
        table = np.array(list(cells), np.intp).reshape(-1, 2)
        means = [sum(values) / len(values) for values in cells.values()]
        return cls(
            names=tuple(names),
            rows=table[:, 0],
            annotators=table[:, 1],
            values=np.array(means, np.float64),
            strangers=strangers,
            size=len(evaluation),
        )

    @property
    def means(self) -> Floats:
        """The mean over annotators for each response; NaN where nobody said a thing."""
        sums, counts = self._sums()
        return _per(sums, counts)

    def _sums(self) -> tuple[Floats, Floats]:
        sums, counts = (
            np.bincount(self.rows, weights, self.size).astype(np.float64)
            for weights in (self.values, np.ones(len(self.rows)))
        )
        return sums, counts

    def against_others(
        self, prompts: tuple[str, ...], scores: Floats, share: float | None
    ) -> tuple[PairCounts, PairCounts] | None:
        """Count how each annotator orders pairs as the others do, and how scores do.

        On the same pairs: of responses with a score that the annotator rated and
        somebody else as well, and, with a ``share``, that are among the best so many
        of these by the others.  Gold is the mean of the others.  Pairs are counted
        for each annotator, and added up by prompt.  None where no two annotators
        rated one response.
        """
        sums, counts = self._sums()
        added: tuple[PairCounts, PairCounts] | None = None
        for number, name in enumerate(self.names):
            mine = self.annotators == number
            rows, values = self.rows[mine], self.values[mine]
            kept = (counts[rows] > 1) & ~np.isnan(scores[rows])
            if name is None or not kept.any():
                continue
            rows, values = rows[kept], values[kept]
            others = (sums[rows] - values) / (counts[rows] - 1)
            asked = [prompts[row] for row in rows.tolist()]
            among: Truths | None = None
            if share is not None:
                among = tail_of(asked, others, share).members
            both = (
                pair_counts(asked, others, values, among=among),
                pair_counts(asked, others, scores[rows], among=among),
            )
            added = both if added is None else _added(added, both)
        return added


def _added(
    one: tuple[PairCounts, PairCounts], other: tuple[PairCounts, PairCounts]
) -> tuple[PairCounts, PairCounts]:
    first, second = (a.plus(b) for a, b in zip(one, other, strict=True))
    return first, second


def _per(part: Floats, whole: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        per: Floats = part / whole
    return per
