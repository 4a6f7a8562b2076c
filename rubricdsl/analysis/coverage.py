"""How much of a reference rubric another one asks for, given which criteria match.

What matches what is for people or a model to say.
"""

from collections.abc import Iterable, Sequence
from math import fsum, isfinite

from attrs import frozen


@frozen(kw_only=True)
class Coverage:
    """The parts of a reference rubric that are covered, by weight and by count.

    ``present`` is by weight the covered part of what a response shall have, and
    ``absent`` of what it shall not have, which penalties ask for; ``absence`` is the
    part of penalties in the weight of the reference.  None where it has no such
    criterion.
    """

    share: float | None
    present: float | None
    absent: float | None
    absence: float | None
    matched: int
    criteria: int


def coverage(weights: Sequence[float], matched: Iterable[int]) -> Coverage:
    """Weigh the criteria of a reference rubric that ``matched`` holds the numbers of.

    Weights are the reference's, negative for penalties.  Raises ValueError for one
    that is not finite, or a number without a criterion.
    """
    if not all(map(isfinite, weights)):
        raise ValueError("weights must be finite")
    numbers = set(matched)
    if not numbers <= set(range(len(weights))):
        raise ValueError(f"criteria are numbered from 0 to {len(weights) - 1}")
    penalties = {number for number, weight in enumerate(weights) if weight < 0}
    wanted = set(range(len(weights))) - penalties
    return Coverage(
        share=_share(weights, numbers, wanted | penalties),
        present=_share(weights, numbers, wanted),
        absent=_share(weights, numbers, penalties),
        absence=_share(weights, penalties, wanted | penalties),
        matched=len(numbers),
        criteria=len(weights),
    )


def _share(weights: Sequence[float], part: set[int], whole: set[int]) -> float | None:
    total = fsum(abs(weights[number]) for number in whole)
    covered = fsum(abs(weights[number]) for number in whole & part)
    return covered / total if total else None
