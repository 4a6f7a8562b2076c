"""Whether a judge says the same when it is asked the same again.

A unit is one criterion of one response, with all answers that one judge gave to it.
Units with less than two answers say nothing; where there are no others, what is
asked for is not known, and never 0.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from attrs import frozen

from rubricdsl.analysis.alpha import krippendorff_alpha
from rubricdsl.model.ruling import Ruling

Units: TypeAlias = Sequence[Sequence[Ruling]]


@frozen
class Consistency:
    """How consistent answers are.

    ``units`` were answered at least twice, ``answers`` times in all.  ``flip_rate``
    is the probability that two answers to one question differ, the mean over units;
    ``unstable`` the share of units in which not all answers are the same.  ``alpha``
    is Krippendorff's, for nominal data: 1 for answers that agree always, 0 for those
    that agree as often as answers to different questions do.  It is None where all
    answers are the same, which leaves nothing to tell apart.
    """

    units: int
    answers: int
    flip_rate: float
    unstable: float
    alpha: float | None


def consistency(units: Units) -> Consistency | None:
    """Measure repeated answers; None where no question was answered twice."""
    counts = [Counter(unit) for unit in units if len(unit) > 1]
    if not counts:
        return None
    sizes = [count.total() for count in counts]
    differing = [
        _differing_pairs(count) / (size * (size - 1))
        for count, size in zip(counts, sizes, strict=True)
    ]
    return Consistency(
        units=len(counts),
        answers=sum(sizes),
        flip_rate=math.fsum(differing) / len(counts),
        unstable=sum(len(count) > 1 for count in counts) / len(counts),
        alpha=_alpha(counts),
    )


def _differing_pairs(count: Counter[Ruling]) -> int:
    """Count the ordered pairs of answers that are not the same."""
    size = count.total()
    return size * size - sum(n * n for n in count.values())


def _alpha(counts: Sequence[Counter[Ruling]]) -> float | None:
    """Give Krippendorff's alpha of answers that are the same or not."""
    numbers: dict[Ruling, float] = {}
    return krippendorff_alpha(
        [numbers.setdefault(ruling, len(numbers)) for ruling in count.elements()]
        for count in counts
    )


@frozen
class ScoreNoise:
    """How much of the differences between scores is the judge's own wavering.

    ``within`` is the standard deviation of one response's score from one repeat to
    another, ``between`` that of the responses' mean scores; ``ratio`` is the one
    over the other, None where all responses score the same.
    """

    within: float
    between: float
    ratio: float | None


def score_noise(scores: Sequence[Sequence[float]]) -> ScoreNoise | None:
    """Measure repeated scores, by response; None without two responses of two each."""
    repeated = [list(row) for row in scores if len(row) > 1]
    if len(repeated) < 2:  # noqa: PLR2004 - a deviation takes two
        return None
    freedom = sum(len(row) - 1 for row in repeated)
    means = [math.fsum(row) / len(row) for row in repeated]
    squares = [
        (score - mean) ** 2
        for row, mean in zip(repeated, means, strict=True)
        for score in row
    ]
    within = math.sqrt(math.fsum(squares) / freedom)
    middle = math.fsum(means) / len(means)
    between = math.sqrt(math.fsum((m - middle) ** 2 for m in means) / (len(means) - 1))
    return ScoreNoise(within, between, within / between if between > 0 else None)
