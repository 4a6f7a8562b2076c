"""Whether a judge's answer depends on where in the list the statement stands.

The same questions are asked again in orders that were drawn at random.  Then, if
position makes no difference, any order would have brought the same answers, so the
effect that was seen is held against those that orders drawn anew would have shown:
a randomisation test, which assumes nothing about the judge or about how its answers
in one reply hang together.

The effect is the slope of the answers' truth (yes 1, no 0) on their position (first
0, last 1), each question compared only with itself: how much likelier a yes is at
the end of the list than at its beginning.  Its interval is the middle 95 % of a
bootstrap over responses.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from random import Random
from typing import TypeAlias

from attrs import field, frozen

DRAWS = 1_000
"""Orders drawn anew for the test, and samples of the bootstrap."""

_FEWEST_RESPONSES = 3
_CLOSE = 1e-12


@frozen
class Listing:
    """One request: the response it was about, and what was answered in its order.

    ``answers`` are each question with the truth of its answer in [0, 1], or None
    where there was none.
    """

    response: Hashable
    answers: tuple[tuple[Hashable, float | None], ...]


@frozen
class PositionEffect:
    """How answers depend on position.

    ``effect`` is the difference in truth between last and first place, within
    ``interval`` at 95 % (None for less than three responses); ``p_value`` that of
    an effect as large, either way, by chance.  ``by_third`` is the mean truth in
    the first, middle and last third of the list, and ``answers`` how many counted.
    """

    effect: float
    interval: tuple[float, float] | None
    p_value: float
    by_third: tuple[float | None, float | None, float | None]
    answers: int


def position_effect(
    listings: Sequence[Listing], *, seed: int = 0, draws: int = DRAWS
) -> PositionEffect | None:
    """Measure the effect of position; None where no question changed its place.

    Requests of a single question say nothing.
    """
    long = [listing for listing in listings if len(listing.answers) > 1]
    clusters = _by_response(long)
    sums = {response: _sums(group) for response, group in clusters.items()}
    effect = _slope(list(sums.values()))
    if effect is None:
        return None
    random = Random(seed)  # noqa: S311 - no secret
    as_large = 0
    for _ in range(draws):
        drawn = [
            _sums([_redrawn(listing, random) for listing in group])
            for group in clusters.values()
        ]
        slope = _slope(drawn) or 0.0
        as_large += abs(slope) >= abs(effect) - _CLOSE
    return PositionEffect(
        effect=effect,
        interval=_interval(list(sums.values()), random, draws),
        p_value=(1 + as_large) / (1 + draws),
        by_third=_by_third(long),
        answers=sum(truth is not None for li in long for _, truth in li.answers),
    )


# Covariance and variance within questions, each times the number of answers.
_Sums: TypeAlias = tuple[float, float]


@frozen(eq=False)
class _Series:
    """Positions of one question, and the truth of its answer there."""

    places: list[float] = field(factory=list)
    truths: list[float] = field(factory=list)


def _by_response(listings: Sequence[Listing]) -> Mapping[Hashable, list[Listing]]:
    found: dict[Hashable, list[Listing]] = defaultdict(list)
    for listing in listings:
        found[listing.response].append(listing)
    return found


def _sums(listings: Sequence[Listing]) -> _Sums:
    series: dict[Hashable, _Series] = defaultdict(_Series)
    for listing in listings:
        last = len(listing.answers) - 1
        for place, (question, truth) in enumerate(listing.answers):
            if truth is not None:
                series[question].places.append(place / last)
                series[question].truths.append(truth)
    covariances, variances = [], []
    for one in series.values():
        mean = math.fsum(one.places) / len(one.places)
        middle = math.fsum(one.truths) / len(one.truths)
        covariances += [
            (place - mean) * (truth - middle)
            for place, truth in zip(one.places, one.truths, strict=True)
        ]
        variances += [(place - mean) ** 2 for place in one.places]
    return math.fsum(covariances), math.fsum(variances)


def _slope(sums: Sequence[_Sums]) -> float | None:
    variance = math.fsum(v for _, v in sums)
    if variance <= _CLOSE:
        return None
    return math.fsum(c for c, _ in sums) / variance


def _redrawn(listing: Listing, random: Random) -> Listing:
    answers = list(listing.answers)
    random.shuffle(answers)
    return Listing(listing.response, tuple(answers))


def _interval(
    sums: Sequence[_Sums], random: Random, draws: int
) -> tuple[float, float] | None:
    if len(sums) < _FEWEST_RESPONSES:
        return None
    slopes = sorted(
        slope
        for _ in range(draws)
        if (slope := _slope(random.choices(sums, k=len(sums)))) is not None
    )
    edge = len(slopes) // 40
    return slopes[edge], slopes[-1 - edge]


def _by_third(
    listings: Sequence[Listing],
) -> tuple[float | None, float | None, float | None]:
    thirds: tuple[list[float], list[float], list[float]] = ([], [], [])
    for listing in listings:
        size = len(listing.answers)
        for place, (_, truth) in enumerate(listing.answers):
            if truth is not None:
                thirds[3 * place // size].append(truth)
    first, middle, last = (math.fsum(t) / len(t) if t else None for t in thirds)
    return first, middle, last
