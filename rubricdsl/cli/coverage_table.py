"""What tests have shown of rubrics, as a table for people and a record for scripts."""

from collections.abc import Iterator, Sequence

from rubricdsl.cases.coverage import NodeCoverage, RubricCoverage
from rubricdsl.cli.output import plural
from rubricdsl.formats.terminal import harmless, left, right, width_of
from rubricdsl.model.digest import Plain

_HEAD = ("criterion", "mark", "yes", "no", "partly", "n/a", "levels", "fired", "never")
_NUMERIC = range(2, len(_HEAD) - 1)
_NONE = "·"


def coverage_lines(covered: Sequence[RubricCoverage]) -> Iterator[str]:
    """Give a table for each rubric, with what was never seen in its last column."""
    for rubric in covered:
        yield ""
        yield _heading(rubric)
        if not rubric.nodes:
            continue
        rows = [_HEAD, *(_row(node) for node in rubric.nodes)]
        # A column in which nothing can be seen says nothing.
        shown = [
            column
            for column in range(len(_HEAD))
            if any(row[column] != _NONE for row in rows[1:])
        ]
        widths = {c: max(width_of(row[c]) for row in rows) for c in shown}
        for row in rows:
            cells = [
                right(row[c], widths[c]) if c in _NUMERIC else left(row[c], widths[c])
                for c in shown
            ]
            yield f"  {'  '.join(cells)}".rstrip()


def _heading(rubric: RubricCoverage) -> str:
    head = f"coverage of {harmless(rubric.rubric)} ({harmless(rubric.span.file)})"
    if not rubric.nodes:
        return f"{head}: no test was decided"
    full = sum(not node.unseen for node in rubric.nodes)
    of_all = plural(len(rubric.nodes), "row")
    tests, orders = plural(rubric.tests, "test"), plural(rubric.orders, "order")
    return f"{head}: {tests}, {orders} expected, {full} of {of_all} fully seen"


def _row(node: NodeCoverage) -> tuple[str, ...]:
    levels = sum(word.startswith("level ") for word in node.rulings)
    unseen_levels = sum(word.startswith("level ") for word in node.unseen)
    total = levels + unseen_levels
    counts = node.rulings
    is_criterion = bool(counts) or "yes" in node.unseen
    return (
        harmless(node.path),
        node.mark,
        str(node.yes) if is_criterion else _NONE,
        str(node.no) if is_criterion else _NONE,
        _count(node, "partly"),
        _count(node, "n/a"),
        f"{levels}/{total}" if total else _NONE,
        f"{node.fired}/{node.fired + node.quiet}" if node.is_gate else _NONE,
        ", ".join(node.unseen) or _NONE,
    )


def _count(node: NodeCoverage, word: str) -> str:
    if word in node.rulings or word in node.unseen:
        return str(node.rulings.get(word, 0))
    return _NONE


def coverage_record(rubric: RubricCoverage) -> dict[str, Plain]:
    """Give the coverage of a rubric with stable keys."""
    return {
        "rubric": rubric.rubric,
        "file": rubric.span.file,
        "tests": rubric.tests,
        "orders": rubric.orders,
        "criteria": [
            {
                "path": node.path,
                "mark": node.mark,
                "verdicts": dict(sorted(node.rulings.items())),
                "yes": node.yes,
                "no": node.no,
                "fired": node.fired if node.is_gate else None,
                "quiet": node.quiet if node.is_gate else None,
                "unmet_needs": node.unmet_needs,
                "unseen": list(node.unseen),
            }
            for node in rubric.nodes
        ],
    }
