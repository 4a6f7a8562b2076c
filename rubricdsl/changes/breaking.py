"""Which changes break those who hold on to the older version of a rubric."""

from collections.abc import Mapping

from rubricdsl.changes.comparing import difference
from rubricdsl.changes.detecting import find, find_causes
from rubricdsl.changes.findings import Finding, Impact, Level
from rubricdsl.changes.orders import OrderDecision, Ranking, decide_order
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.changes.versions import is_stable
from rubricdsl.diagnostics import Diagnostic, Severity
from rubricdsl.model.ruling import Ruling

_MOST_NAMED = 6


def breaking(
    old: Snapshot, new: Snapshot, level: Level = Level.SCORES, *, seed: int = 0
) -> tuple[Diagnostic, ...]:
    """Report what breaks at a level; see `Level` for what each one covers.

    Findings are errors once the old version is 1.0.0 or later, and warnings before.
    ``seed`` is for the search that level ``order`` may need; where it finds nothing,
    a diagnostic of severity ``info`` says that this is no proof.
    """
    compared = difference(old, new)
    severity = severity_for(old)
    if level is not Level.ORDER:
        return tuple(
            diagnostic(finding, severity)
            for finding in find(compared)
            if level.reports(finding.level)
        )
    decision = decide_order(old, new, difference(old, new).matching.stated(), seed=seed)
    return _order_diagnostics(decision, find_causes(compared), severity, new)


def severity_for(old: Snapshot) -> Severity:
    """Give how much it matters to break a version: it promises much from 1.0.0 on."""
    stable = is_stable(old.rubric.version)
    return Severity.ERROR if stable else Severity.WARNING


def diagnostic(finding: Finding, severity: Severity) -> Diagnostic:
    """Give a finding as it is printed."""
    return Diagnostic(
        finding.code, finding.message, finding.span, finding.hint, severity
    )


def _order_diagnostics(
    decision: OrderDecision,
    causes: tuple[Finding, ...],
    severity: Severity,
    new: Snapshot,
) -> tuple[Diagnostic, ...]:
    span = new.rubric.span
    name = new.rubric.name
    if decision.ranking is Ranking.SAME:
        return ()
    if decision.ranking is Ranking.NOT_FOUND_CHANGED:
        message = (
            f"`{name}`: {decision.tried} verdict vectors were tried, and no two "
            "change their order; this is no proof that none do"
        )
        hint = "try another --seed, or look at --level scores"
        return (Diagnostic("B717", message, span, hint, Severity.INFO),)
    message = f"`{name}` ranks verdict vectors in another order"
    if decision.reordering is not None:
        one, other = decision.reordering.one, decision.reordering.other
        message += f", such as {_unlike(one, other)} against {_unlike(other, one)}"
    hint = "what was preferred may not be any more; judge preference data again"
    order = Finding("B717", message, hint, span, Level.ORDER, Impact.MINOR)
    return tuple(diagnostic(finding, severity) for finding in (order, *causes))


def _unlike(one: Mapping[str, Ruling], other: Mapping[str, Ruling]) -> str:
    """Write the verdicts in which one vector is unlike another."""
    parts = [f"{n}: {r}" for n, r in one.items() if other.get(n) != r]
    more = f", and {len(parts) - _MOST_NAMED} more" if len(parts) > _MOST_NAMED else ""
    return f"({', '.join(parts[:_MOST_NAMED])}{more})"
