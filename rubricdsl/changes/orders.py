"""Whether two versions of a rubric rank all verdict vectors alike.

Decided exactly where the scores are equal, for flat means, and where the vectors are
few enough to try them all; elsewhere a seeded search looks for two vectors that change
their order.  A search that finds none proves nothing, and says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from attrs import frozen

from rubricdsl.changes.flat_means import Reordering, decide_flat_order
from rubricdsl.changes.forms import same_scores
from rubricdsl.changes.matching import Matching
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.changes.vectors import Vector, Vectors, choices
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.leaves import TOLERANCE, Worth

_MOST_VECTORS = 4_096
_MOST_VALUES = 400_000


class Ranking(StrEnum):
    """What is known of the order of verdict vectors."""

    SAME = "same"
    CHANGED = "changed"
    NOT_FOUND_CHANGED = "not found changed"


@frozen(eq=False)
class OrderDecision:
    """Whether the order changed; ``reordering`` shows it, ``tried`` counts vectors."""

    ranking: Ranking
    reordering: Reordering | None = None
    tried: int = 0


@frozen(eq=False)
class _Scored:
    chosen: Mapping[str, Ruling]
    before: float
    now: float


def decide_order(
    old: Snapshot, new: Snapshot, matching: Matching, *, seed: int = 0
) -> OrderDecision:
    """Decide whether the versions rank all verdict vectors alike.

    Verdicts carry over between the criteria that ``matching`` pairs.
    """
    if same_scores(old, new, matching):
        return OrderDecision(Ranking.SAME)
    vectors = Vectors(*choices(old, new, matching))
    if not vectors.possible:
        # No verdict is legal in both versions: what was ranked cannot be any more.
        return OrderDecision(Ranking.CHANGED)
    flat = decide_flat_order(old, new, matching)
    if flat is not None:
        ranking = Ranking.SAME if flat.reordering is None else Ranking.CHANGED
        return OrderDecision(ranking, flat.reordering)
    return _try(old, new, vectors, seed)


def _try(old: Snapshot, new: Snapshot, vectors: Vectors, seed: int) -> OrderDecision:
    count = vectors.count
    size = len(old.nodes) + len(new.nodes)
    most = max(200, min(_MOST_VECTORS, _MOST_VALUES // size))
    everything = count is not None and count <= most
    tried = list(vectors.all() if everything else vectors.drawn(most, seed))
    reordering = _find(old, new, tried)
    if reordering is not None:
        return OrderDecision(Ranking.CHANGED, reordering, len(tried))
    ranking = Ranking.SAME if everything else Ranking.NOT_FOUND_CHANGED
    return OrderDecision(ranking, None, len(tried))


def _find(old: Snapshot, new: Snapshot, vectors: Sequence[Vector]) -> Reordering | None:
    """Find two vectors whose order differs; one without a score has none."""
    scored: list[_Scored] = []
    unlike: list[tuple[Vector, Worth]] = []
    for vector in vectors:
        before = old.meaning.score(vector.old)
        now = new.meaning.score(vector.new)
        if before is not None and now is not None:
            scored.append(_Scored(vector.chosen, before, now))
        elif before is not now:
            unlike.append((vector, before))
    if unlike:
        # Beside any other that has a score, one that gains or loses its own does.
        vector = unlike[0][0]
        others = (v.chosen for v in vectors if v.chosen != vector.chosen)
        other = next((s.chosen for s in scored), next(others, vector.chosen))
        return Reordering(vector.chosen, other)
    return _first_inversion(sorted(scored, key=lambda s: s.before))


def _first_inversion(scored: Iterable[_Scored]) -> Reordering | None:
    """Compare each, in rising order, with those that scored less or the same."""
    best_below: _Scored | None = None
    tied: list[_Scored] = []
    for one in scored:
        if tied and one.before > tied[-1].before + TOLERANCE:
            best = max(tied, key=lambda s: s.now)
            if best_below is None or best.now > best_below.now:
                best_below = best
            tied = []
        for other in tied[:1]:
            if abs(other.now - one.now) > TOLERANCE:
                return Reordering(one.chosen, other.chosen)
        if best_below is not None and one.now <= best_below.now + TOLERANCE:
            return Reordering(one.chosen, best_below.chosen)
        tied.append(one)
    return None
