r"""Whether two weightings of one flat mean order all verdict vectors alike, exactly.

Let criterion i with verdict r be worth a_i(r) with weight w_i before, b_i(r) with u_i
now.  A flat mean orders two vectors v, v' as the sign of

    x = Σ w_i (a_i(v_i) - a_i(v'_i))        (now: y = Σ u_i (b_i(v_i) - b_i(v'_i)))

as long as nothing is clipped, since dividing by the positive weights and adding a
constant keep the order.  So the orders are equal just where sign(x) = sign(y) for every
pair of vectors.  A pair adds to (x, y) one term for each criterion, whatever it does
elsewhere: the reachable (x, y) are the sums of one term of each.  Terms are added one
criterion after the other.  For each reachable x only the least and the greatest y are
kept, which is enough: whatever is added later is added to all of them alike, and a sum
with the wrong sign exists just where one of the two extremes has it.

A mean with positive and negative weights is clipped at 0 (never at 1).  Say that all
signs stay, and that each criterion can be worth 0, so that the vector of zeros scores 0
either way.  The vectors that score 0 are the least of their order, hence equal orders
have the same: (a) Σ w_i a_i > 0 just where Σ u_i b_i > 0.  Given (a), vectors of which
one scores 0 are ordered alike, and what is left is (b): sign(x) = sign(y) for pairs of
which both score more than 0.  Of the ways to a term, the one with the greatest
w_i a_i(v'_i) makes both scores greatest; their sum m is kept beside x, and a pair
counts where m > 0 and m + x > 0.

Scores are equal where they differ by no more than `TOLERANCE`, as everywhere else; so a
sum has a sign only beyond it, and in a mean that is clipped a score up to it is 0.

Deciding this is a subset sum problem, hard for weights of many digits; with whole
numbers up to 10 there are never more than a few thousand sums.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import floor, lcm

from attrs import frozen

from rubricdsl.changes.forms import Forms, exact, keys_of
from rubricdsl.changes.matching import Matching
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.changes.vectors import Choice, choices, exact_worth
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.leaves import TOLERANCE

_MOST_SUMS = 400_000


@frozen
class Term:
    """What one criterion adds to the sums when it gets two verdicts.

    ``x`` and ``y`` are differences of weighted worths before and now, in units that
    make them whole; ``below`` is the weighted worth of the lesser vector's verdict.
    """

    x: int
    y: int
    below: int
    verdicts: tuple[Ruling, Ruling]


@frozen(eq=False)
class Reordering:
    """Two vectors, as verdicts by name, that the versions order differently."""

    one: Mapping[str, Ruling]
    other: Mapping[str, Ruling]


@frozen(eq=False)
class FlatDecision:
    """What was decided: the orders are equal where there is no reordering."""

    reordering: Reordering | None


@frozen
class _Weighted:
    """A criterion with the weighted worths of its verdicts, before and now."""

    name: str
    worths: tuple[tuple[Ruling, int, int], ...]

    @property
    def zero(self) -> Ruling | None:
        """A verdict that is worth 0 in both versions, if there is one."""
        zeros = (ruling for ruling, x, y in self.worths if x == y == 0)
        return next(zeros, None)


@frozen(eq=False)
class _Weights:
    """The criteria in whole units, and the units by which scores are told apart.

    ``tolerance_x`` and ``tolerance_y`` are the most by which equal scores differ,
    before and now.
    """

    criteria: Sequence[_Weighted]
    tolerance_x: int
    tolerance_y: int

    def order_differs(self, x: int, _: int, y: int) -> bool:
        """Say whether two vectors change their order, given how they differ."""
        return _sign(x, self.tolerance_x) != _sign(y, self.tolerance_y)

    def clipped_order_differs(self, x: int, below: int, y: int) -> bool:
        """Say so of two vectors that both score more than 0."""
        both = min(below, below + x) > self.tolerance_x
        return both and self.order_differs(x, below, y)

    def zero_differs(self, x: int, _: int, y: int) -> bool:
        """Say whether a vector scores more than 0 in just one of the versions."""
        return (x > self.tolerance_x) is not (y > self.tolerance_y)


def _sign(difference: int, tolerance: int) -> int:
    return (difference > tolerance) - (difference < -tolerance)


_Sum = tuple[int, int]
_Extremes = dict[_Sum, tuple[int, int]]


def decide_flat_order(
    old: Snapshot, new: Snapshot, matching: Matching
) -> FlatDecision | None:
    """Decide whether two flat means order all vectors alike.

    None where they are not flat means of the same criteria, where some verdict may
    be any number, or where there are too many sums.
    """
    old_keys, new_keys = keys_of(old, new, matching)
    forms = Forms()
    before = forms.flat_mean(forms.of(old, old_keys))
    after = forms.flat_mean(forms.of(new, new_keys))
    if before is None or after is None or before.keys() != after.keys():
        return None
    moving, _ = choices(old, new, matching)
    if any(choice.measured for choice in moving):
        return None
    shares = [(before[f"={c.new_path}"], after[f"={c.new_path}"]) for c in moving]
    weights = _in_whole_units(moving, shares, old, new)
    weighted = weights.criteria
    if not (_is_clipped(before) or _is_clipped(after)):
        return _decide([_pair_terms(one) for one in weighted], weights.order_differs)
    signs_stay = all((w > 0) is (u > 0) for w, u in shares)
    if not signs_stay or any(one.zero is None for one in weighted):
        return None
    zeros = _decide([_zero_terms(one) for one in weighted], weights.zero_differs)
    if zeros is None or zeros.reordering is not None:
        return zeros
    terms = [_clipped_terms(one) for one in weighted]
    return _decide(terms, weights.clipped_order_differs)


def _is_clipped(shares: Mapping[str, Fraction]) -> bool:
    return min(shares.values()) < 0 < max(shares.values())


def _in_whole_units(
    moving: Sequence[Choice],
    shares: Sequence[tuple[Fraction, Fraction]],
    old: Snapshot,
    new: Snapshot,
) -> _Weights:
    """Weigh all worths, in units that make them whole, before and now."""
    rows = [
        [
            (
                ruling,
                w * (exact_worth(old.worths[choice.old_path or ""], ruling) or 0),
                u * (exact_worth(new.worths[choice.new_path or ""], ruling) or 0),
            )
            for ruling in choice.rulings
        ]
        for choice, (w, u) in zip(moving, shares, strict=True)
    ]
    unit_x = lcm(*(x.denominator for row in rows for _, x, _ in row))
    unit_y = lcm(*(y.denominator for row in rows for _, _, y in row))
    criteria = [
        _Weighted(
            choice.name,
            tuple((ruling, int(x * unit_x), int(y * unit_y)) for ruling, x, y in row),
        )
        for choice, row in zip(moving, rows, strict=True)
    ]
    tolerance = exact(TOLERANCE)
    return _Weights(criteria, floor(tolerance * unit_x), floor(tolerance * unit_y))


# ------------------------------------------------------------------- terms and tests


def _pair_terms(one: _Weighted) -> "_Terms":
    """Give the terms of all pairs of verdicts."""
    found = {
        (x - x_below, y - y_below): Term(x - x_below, y - y_below, 0, (upper, lower))
        for upper, x, y in one.worths
        for lower, x_below, y_below in one.worths
    }
    return _Terms(one.name, tuple(found.values()))


def _clipped_terms(one: _Weighted) -> "_Terms":
    """Give the terms of all pairs, each by verdicts of the greatest worth."""
    found: dict[tuple[int, int], Term] = {}
    for upper, x, y in one.worths:
        for lower, x_below, y_below in one.worths:
            term = Term(x - x_below, y - y_below, x_below, (upper, lower))
            known = found.get((term.x, term.y))
            if known is None or known.below < term.below:
                found[term.x, term.y] = term
    return _Terms(one.name, tuple(found.values()))


def _zero_terms(one: _Weighted) -> "_Terms":
    """Give the terms of pairs of which one verdict is worth 0."""
    zero = one.zero
    if zero is None:
        raise ValueError(f"{one.name} cannot be worth 0")
    terms = (Term(x, y, 0, (ruling, zero)) for ruling, x, y in one.worths)
    return _Terms(one.name, tuple(terms))


# --------------------------------------------------------------------------- sums


@frozen
class _Terms:
    name: str
    terms: tuple[Term, ...]


_Test = Callable[[int, int, int], bool]


def _decide(rows: Sequence[_Terms], differs: _Test) -> FlatDecision | None:
    """Look for a sum of one term of each row that passes the test."""
    stages: list[_Extremes] = [{(0, 0): (0, 0)}]
    sums = 1
    for row in rows:
        stage: _Extremes = {}
        for (x, below), (least, greatest) in stages[-1].items():
            for term in row.terms:
                key = (x + term.x, below + term.below)
                low, high = least + term.y, greatest + term.y
                known = stage.get(key)
                if known is not None:
                    low, high = min(low, known[0]), max(high, known[1])
                stage[key] = (low, high)
            if sums + len(stage) > _MOST_SUMS:
                return None
        sums += len(stage)
        stages.append(stage)
    for key, extremes in stages[-1].items():
        for y in extremes:
            if differs(*key, y):
                return FlatDecision(_trace(rows, stages, key, y))
    return FlatDecision(None)


def _trace(
    rows: Sequence[_Terms], stages: Sequence[_Extremes], key: _Sum, y: int
) -> Reordering:
    """Find the verdicts that led to a sum, from the last criterion back."""
    one: dict[str, Ruling] = {}
    other: dict[str, Ruling] = {}
    for row, stage in zip(reversed(rows), reversed(stages[:-1]), strict=True):
        term = next(
            term
            for term in row.terms
            if y - term.y in stage.get((key[0] - term.x, key[1] - term.below), ())
        )
        one[row.name], other[row.name] = term.verdicts
        key, y = (key[0] - term.x, key[1] - term.below), y - term.y
    return Reordering(one, other)
