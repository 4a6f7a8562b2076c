"""Why an expectation failed: which criteria moved the score, and by how much.

A criterion moves the score by its share times the difference of its values; what
gates, n/a and other kinds of groups than means do on top is given as a rest, so that
the lines add up to the whole difference.
"""

from collections.abc import Iterator
from math import fsum

from rubricdsl.analysis.explanation.differences import Part, parts
from rubricdsl.cases.outcomes import Comparison
from rubricdsl.cases.trials import Trial
from rubricdsl.expressions.printing import print_expression
from rubricdsl.model.scorecard import CriterionResult, Gate, Scorecard

_MOST_SHOWN = 8
_MOST_IN_HINT = 3
_MOST_QUOTED = 200
# Below half of the last digit that is printed, a difference is none.
_VISIBLE = 0.5e-4


def explanation(comparison: Comparison) -> Iterator[str]:
    """Give the lines of a breakdown: gates first, then criteria, then the rest."""
    card, reference = comparison.card, comparison.reference
    if card.score is None or reference.score is None:
        return
    gap = card.score - reference.score
    yield (
        f"{comparison.label} {card.score:.4f}, {comparison.reference_label} "
        f"{reference.score:.4f}: {gap:+.4f}"
    )
    for gate, label in _gates(comparison):
        yield f"  gate {_gate(gate)} holds {label} at {gate.cap:g} or less"
    moving = parts(card, reference)
    width = max((len(part.best.path) for part in moving[:_MOST_SHOWN]), default=0)
    for part in moving[:_MOST_SHOWN]:
        words = f"{part.best.verdict.ruling} against {part.other.verdict.ruling}"
        yield f"  {part.difference:+.4f}  {part.best.path.ljust(width)}  {words}"
        said = _said(part.best)
        if said:
            yield f"           {said}"
    hidden = moving[_MOST_SHOWN:]
    if hidden:
        rest = fsum(part.difference for part in hidden)
        yield f"  {rest:+.4f}  {len(hidden)} more"
    rest = gap - fsum(part.difference for part in moving)
    if abs(rest) >= _VISIBLE:
        yield f"  {rest:+.4f}  n/a, gates, clipping and kinds of groups"


def hint_of(comparison: Comparison) -> str:
    """Say in one sentence what moved the score most."""
    gates = [
        f"{_gate(gate)} holds {label} at {gate.cap:g} or less"
        for gate, label in _gates(comparison)
    ]
    moving = parts(comparison.card, comparison.reference)
    # What speaks for a response explains nothing while something speaks against it.
    against = [_effect(part) for part in moving if part.difference < 0]
    named = [*gates, *against] or [_effect(part) for part in moving]
    return "; ".join(named[:_MOST_IN_HINT]) or (
        f"no criterion differs from {comparison.reference_label}"
    )


def origin(trial: Trial, target: str, card: Scorecard) -> str:
    """Say where the value of a criterion or a group comes from."""
    path = trial.path(target)
    below = [r for r in card.criteria if r.path.startswith(f"{path}.")]
    if below:
        parts_of_it = [f"`{r.path}` {r.verdict.ruling or 'unknown'}" for r in below]
        hidden = len(parts_of_it) - _MOST_SHOWN
        more = f" and {hidden} more" if hidden > 0 else ""
        return f"it comes from {', '.join(parts_of_it[:_MOST_SHOWN])}{more}"
    result = next(r for r in card.criteria if r.path == path)
    criterion = trial.criteria[path]
    match result.verdict.provenance.judge:
        case "given":
            return "a `given` line of the test fixes it"
        case "check" if criterion.check is not None:
            return f"its check decides: {print_expression(criterion.check)}"
        case "needs":
            return result.verdict.reason or "what it needs is not met"
        case judge:
            said = _said(result)
            return f"{judge} says: {said}" if said else f"{judge} says so"


def _effect(part: Part) -> str:
    verb = "costs" if part.difference < 0 else "earns"
    return f"`{part.best.path}` {verb} {abs(part.difference):.3g}"


def _gates(comparison: Comparison) -> Iterator[tuple[Gate, str]]:
    """Give the gates that fired for just one of the two."""
    one, two = comparison.card, comparison.reference
    sides = ((one, two, comparison.label), (two, one, comparison.reference_label))
    for card, opposite, label in sides:
        fired = {gate.path for gate in opposite.gates}
        yield from ((gate, label) for gate in card.gates if gate.path not in fired)


def _gate(gate: Gate) -> str:
    """Name a gate, and what it bounds if that is not the whole score."""
    group, _, _ = gate.path.rpartition(".")
    bounded = f", of the group `{group}`" if group else ""
    return f"`{gate.path}` ({gate.mark}{bounded})"


def _said(result: CriterionResult) -> str:
    """Give what a judge said for its verdict."""
    verdict = result.verdict
    text = f'"{verdict.evidence}"' if verdict.evidence else verdict.reason or ""
    flat = " ".join(text.split())
    return flat if len(flat) <= _MOST_QUOTED else flat[: _MOST_QUOTED - 1] + "…"
