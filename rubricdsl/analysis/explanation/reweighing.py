"""The smallest change of effective weights that turns the order of two responses.

Where both scores are sums over criteria, of effective weight times value, so is their
difference.  To bring it to 0 with the least change in all, each step is taken where it
does most: criterion by criterion, by how far the two responses are apart there.  What
speaks for the response behind may grow as far as it takes; what speaks against it can
at most vanish.
"""

from collections.abc import Sequence
from math import floor, fsum, inf, isfinite

from attrs import frozen

from rubricdsl.analysis.explanation.means import MeanNode
from rubricdsl.scoring.leaves import TOLERANCE

# A step beyond the place where scores meet, to see that they have changed places.
_BEYOND = 1e-6


@frozen(kw_only=True)
class Step:
    """The change of one criterion's effective weight, or weight."""

    path: str
    before: float
    after: float


@frozen(kw_only=True)
class SmallestChange:
    """The least change of effective weights, in all, at which two scores meet.

    An effective weight is a criterion's share of the whole score.  ``total`` is the
    sum of all steps; anything beyond it turns the order.  ``whole`` is the smallest
    change in whole steps of the weights themselves that turns it, known where all
    criteria are right below the root.
    """

    steps: tuple[Step, ...]
    total: float
    whole: tuple[Step, ...] | None


@frozen
class _Term:
    """A criterion's effective weight, and the values of both responses."""

    path: str
    weight: float
    values: tuple[float, float]

    @property
    def apart(self) -> float:
        return self.values[0] - self.values[1]


def smallest_change(tree: MeanNode) -> SmallestChange | None:
    """Give the least change of effective weights that turns the order.

    A weight may go down to 0, which drops its criterion.  None where nothing turns it,
    since all that differs speaks for one of the two; and where the scores are no sums
    over criteria, since a gate, clipping or n/a comes in.
    """
    terms = _terms(tree) if tree.children else None
    ahead = tree.difference()
    if terms is None or ahead is None or abs(ahead) <= TOLERANCE:
        return None
    steps = _steps(terms, ahead)
    flat = _flat(terms)
    if steps is None or not _turns(flat, _beyond(steps, terms), ahead):
        return None
    is_flat = not any(child.children for child in tree.children)
    return SmallestChange(
        steps=steps,
        total=fsum(abs(step.after - step.before) for step in steps),
        whole=_whole(tree, ahead) if is_flat else None,
    )


def _terms(tree: MeanNode) -> list[_Term] | None:
    """Give the criteria of which both scores are sums, or None where they are not."""
    found: list[_Term] = []
    stack = [(tree, 1.0)]
    while stack:
        node, share = stack.pop()
        if not node.children:
            one, other = node.values
            if one is not None and other is not None:
                found.append(_Term(node.path, share, (one, other)))
            elif one is not other:
                return None
            continue
        if min(node.caps) < 1:
            return None
        applicable = [c for c in node.children if c.value(0) is not None]
        if any((c.value(0) is None) is not (c.value(1) is None) for c in node.children):
            return None
        weighted = [c.weight for c in applicable if not c.is_bonus]
        total = fsum(abs(w) for w in weighted if w > 0 or not node.positive)
        if not total or any(_is_clipped(node, applicable, total, r) for r in (0, 1)):
            return None
        stack += [(child, share * child.weight / total) for child in applicable]
    return found


def _is_clipped(
    node: MeanNode, applicable: Sequence[MeanNode], total: float, response: int
) -> bool:
    value = fsum(c.weight * (c.value(response) or 0.0) for c in applicable) / total
    if not node.positive:
        value += 1
    return not -TOLERANCE <= value <= 1 + TOLERANCE


def _flat(terms: Sequence[_Term]) -> MeanNode:
    children = [
        MeanNode(path=term.path, weight=term.weight, values=term.values)
        for term in terms
    ]
    return MeanNode(path="", weight=1.0, children=tuple(children))


def _room(term: _Term, ahead: float) -> float:
    """Give how far a weight can move against the one that is ahead."""
    speaks_for_it = term.weight * term.apart * ahead > 0
    return abs(term.weight) if speaks_for_it else inf


def _ordered(terms: Sequence[_Term], ahead: float) -> list[_Term]:
    """Put first where a step does most; of equals, what has room for all of it."""
    moving = [term for term in terms if abs(term.apart) > TOLERANCE and term.weight]
    return sorted(
        moving, key=lambda t: (-abs(t.apart), -_room(t, ahead), -abs(t.weight), t.path)
    )


def _moved(term: _Term, by: float, ahead: float) -> Step:
    """Move a weight against the one that is ahead, its sign kept."""
    sign = -1.0 if term.apart * ahead > 0 else 1.0
    return Step(path=term.path, before=term.weight, after=term.weight + sign * by)


def _steps(terms: Sequence[_Term], ahead: float) -> tuple[Step, ...] | None:
    left = abs(fsum(term.weight * term.apart for term in terms))
    steps: list[Step] = []
    for term in _ordered(terms, ahead):
        room = _room(term, ahead)
        by = min(room, left / abs(term.apart))
        steps.append(_moved(term, by, ahead))
        left -= by * abs(term.apart)
        if by < room - TOLERANCE:
            return tuple(steps)
    return None


def _beyond(steps: Sequence[Step], terms: Sequence[_Term]) -> dict[str, float]:
    """Give the weights a little beyond a change: its last step goes further."""
    weights = {term.path: term.weight for term in terms}
    weights |= {step.path: step.after for step in steps}
    last = steps[-1]
    way = 1.0 if last.after >= last.before else -1.0
    weights[last.path] += way * _BEYOND * max(1.0, abs(last.after))
    return weights


def _turns(flat: MeanNode, weights: dict[str, float], ahead: float) -> bool:
    now = flat.reweighed(weights).difference()
    return now is not None and now * ahead < 0


def _whole(tree: MeanNode, ahead: float) -> tuple[Step, ...] | None:
    """Give the smallest change in whole steps that turns the order of a flat mean."""
    terms = [
        _Term(child.path, child.weight, (one, other))
        for child in tree.children
        for one, other in [child.values]
        if one is not None and other is not None
    ]
    left = abs(fsum(term.weight * term.apart for term in terms))
    steps: list[Step] = []
    for term in _ordered(terms, ahead):
        room = _room(term, ahead)
        # One step more than brings them together.
        by = floor(left / abs(term.apart) + TOLERANCE) + 1
        if isfinite(room):
            by = min(by, floor(room + TOLERANCE))
        if not by:
            continue
        steps.append(_moved(term, float(by), ahead))
        left -= by * abs(term.apart)
        if left < -TOLERANCE:
            weights = {step.path: step.after for step in steps}
            return tuple(steps) if _turns(tree, weights, ahead) else None
    return None
