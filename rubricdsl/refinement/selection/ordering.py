"""In which order scored responses stand: by score, and by lot where scores tie.

The order of the input decides nothing: whoever wrote the pool would decide, and a
model that comes first in every pool would be compared in every round.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from attrs import frozen

from rubricdsl.model.refinement import Candidate, Pair, SelectionRequest
from rubricdsl.refinement.pools import draw
from rubricdsl.scoring.leaves import TOLERANCE

#: How many of the best a rule chooses from that chooses from a few, and the most.
FEW = 4
MOST = 1_000


@frozen
class Ranked:
    """A response in its place; ``level`` counts the scores above it, ties as one."""

    candidate: Candidate
    score: float
    level: int


def ranked(request: SelectionRequest) -> tuple[Ranked, ...]:
    """Rank the candidates, the best first.

    All within 1e-9 of the best score of a level are on that level.  What has no score
    is left out.
    """
    scored = [(one.score, one) for one in request.candidates if one.score is not None]
    found: list[Ranked] = []
    best, level = 0.0, -1
    for score, one in sorted(scored, key=lambda pair: -pair[0]):
        if level < 0 or score < best - TOLERANCE:
            best, level = score, level + 1
        found.append(Ranked(one, score, level))
    return tuple(
        sorted(found, key=lambda r: (r.level, lot(request, "tie", r.candidate)))
    )


def by_level(ranking: Sequence[Ranked]) -> Iterator[tuple[Ranked, ...]]:
    """Give those that tie, the best first."""
    for _, group in groupby(ranking, key=lambda one: one.level):
        yield tuple(group)


def lot(request: SelectionRequest, purpose: str, candidate: Candidate) -> bytes:
    """Draw a lot for a response, another for each purpose and round."""
    return draw(request.seed, purpose, request.round, *candidate.key)


def pair_of(first: Ranked, second: Ranked, why: str) -> Pair:
    """Make a pair, with the scores in the reason."""
    scores = f"{first.score:.4g} and {second.score:.4g}"
    return Pair(first=first.candidate, second=second.candidate, why=f"{why}: {scores}")
