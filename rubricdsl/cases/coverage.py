"""What the tests of a rubric have shown of it, and what they never did.

Counted are the scorecards of tests that passed or failed: one for each response, and
one for a test without responses.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from rubricdsl.cases.outcomes import CaseResult, Outcome
from rubricdsl.diagnostics import Diagnostic, Severity
from rubricdsl.model.rubric import (
    BoundRubric,
    Cap,
    Criterion,
    Group,
    LevelScale,
    Must,
    Never,
    Node,
    Rubric,
    mark_name,
)
from rubricdsl.model.ruling import RulingWord
from rubricdsl.model.scorecard import CriterionResult, Scorecard
from rubricdsl.model.source import Span
from rubricdsl.scoring.leaves import met


@frozen(kw_only=True)
class NodeCoverage:
    """What was seen of a criterion, or of a group that is a gate.

    ``rulings`` counts verdicts by their words (numbers of checks under ``number``);
    ``yes`` and ``no`` count the scorecards in which it was seen so: for levels, met
    and unmet; a number between 0 and 1 is both.  ``fired`` and ``quiet`` count for
    gates, ``unmet_needs`` those in which a need decided.  ``unseen`` names what was
    never seen.
    """

    path: str
    mark: str
    span: Span
    is_gate: bool
    rulings: Mapping[str, int]
    yes: int
    no: int
    fired: int
    quiet: int
    unmet_needs: int
    unseen: tuple[str, ...]


@frozen(kw_only=True)
class RubricCoverage:
    """What the tests have shown of one rubric; ``orders`` counts `expect order`."""

    rubric: str
    span: Span
    tests: int
    orders: int
    nodes: tuple[NodeCoverage, ...]


def coverage(
    rubrics: Iterable[Rubric], results: Iterable[CaseResult]
) -> tuple[RubricCoverage, ...]:
    """Count what was seen, rubric by rubric; one without tests has no nodes."""
    decided: dict[tuple[str, str], list[CaseResult]] = {}
    for result in results:
        mine = decided.setdefault((result.span.file, result.rubric), [])
        if result.bound and result.outcome in {Outcome.PASSED, Outcome.FAILED}:
            mine.append(result)
    return tuple(
        _covered(rubric, decided.get((rubric.span.file, rubric.name), []))
        for rubric in rubrics
    )


def _covered(rubric: Rubric, results: Sequence[CaseResult]) -> RubricCoverage:
    bound = [result.bound for result in results if result.bound is not None]
    cards = [card for result in results for card in result.cards.values()]
    return RubricCoverage(
        rubric=rubric.name,
        span=rubric.span,
        tests=len(results),
        orders=sum(len(test.orders) for test in rubric.tests),
        nodes=tuple(_nodes(bound[0], cards)) if bound else (),
    )


def findings(covered: Iterable[RubricCoverage]) -> Iterator[Diagnostic]:
    """Give what coverage lacks as warnings: W640, W641 and W642."""
    for rubric in covered:
        for node in rubric.nodes:
            never = [word for word in ("yes", "no") if word in node.unseen]
            if never:
                yield _warning(
                    "W640",
                    f"no test sees `{node.path}` come out {' or '.join(never)}",
                    node.span,
                    f"add a test with `given {node.path}: {never[0]}`, or a response "
                    "that shows it",
                )
            if "fired" in node.unseen:
                yield _warning(
                    "W641",
                    f"no test sees the gate `{node.path}` fire",
                    node.span,
                    "add a test in which it fires, and expect the score it leaves",
                )
        if not rubric.orders:
            yield _warning(
                "W642",
                f"no test of `{rubric.rubric}` expects an order of responses",
                rubric.span,
                "add a test with two responses and `expect order: better > worse`",
            )


def _warning(code: str, message: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic(code, message, span, hint, Severity.WARNING)


def _nodes(bound: BoundRubric, cards: Sequence[Scorecard]) -> Iterator[NodeCoverage]:
    fired = Counter(gate.path for card in cards for gate in card.gates)
    seen: dict[str, list[CriterionResult]] = {}
    values: Counter[str] = Counter()
    for card in cards:
        for result in card.criteria:
            if result.verdict.ruling is not None:
                seen.setdefault(result.path, []).append(result)
        values.update(group.path for group in card.groups if group.value is not None)
    for node in bound.walk():
        if isinstance(node, Criterion):
            results = seen.get(node.path, [])
            yield _criterion(node, results, fired[node.path])
        elif _is_gate(node):
            yield _node(node, fired=fired[node.path], judged=values[node.path])


def _criterion(
    node: Criterion, results: Sequence[CriterionResult], fired: int
) -> NodeCoverage:
    rulings = Counter(_word(result) for result in results)
    unmet = sum(r.verdict.provenance.judge == "needs" for r in results)
    yes = sum(_is_yes(node, result) for result in results)
    no = sum(_is_no(node, result) for result in results)
    unseen = [word for word, count in (("yes", yes), ("no", no)) if not count]
    if isinstance(node.scale, LevelScale):
        levels = [f"level {number:g}" for number in node.scale.numbers]
        unseen += [level for level in levels if level not in rulings]
    elif "partly" in node.scale.answers and "partly" not in rulings:
        unseen.append("partly")
    if node.na is not None and "n/a" not in rulings:
        unseen.append("n/a")
    if node.needs and not unmet:
        unseen.append("unmet need")
    return _node(
        node,
        fired=fired,
        judged=len(results),
        rulings=rulings,
        yes=yes,
        no=no,
        unmet_needs=unmet,
        unseen=unseen,
    )


def _node(  # noqa: PLR0913 - what is counted, by name
    node: Node,
    *,
    fired: int,
    judged: int,
    rulings: Mapping[str, int] | None = None,
    yes: int = 0,
    no: int = 0,
    unmet_needs: int = 0,
    unseen: Sequence[str] = (),
) -> NodeCoverage:
    is_gate = _is_gate(node)
    quiet = judged - fired if is_gate else 0
    gaps = [("fired", fired), ("quiet", quiet)] if is_gate else []
    return NodeCoverage(
        path=node.path,
        mark=mark_name(node.mark),
        span=node.span,
        is_gate=is_gate,
        rulings=dict(rulings or {}),
        yes=yes,
        no=no,
        fired=fired,
        quiet=quiet,
        unmet_needs=unmet_needs,
        unseen=(*unseen, *(word for word, count in gaps if not count)),
    )


def _is_gate(node: Criterion | Group) -> bool:
    return isinstance(node.mark, Must | Never | Cap)


def _word(result: CriterionResult) -> str:
    ruling = result.verdict.ruling
    if ruling is None or ruling.word is RulingWord.NUMBER:
        return "number"
    return str(ruling)


def _is_yes(node: Criterion, result: CriterionResult) -> bool:
    ruling = result.verdict.ruling
    if ruling is None or result.value is None or ruling.word is RulingWord.NA:
        return False
    if ruling.word is RulingWord.NUMBER:
        return result.value > 0
    if ruling.word is RulingWord.LEVEL:
        return met(result.value, node.passing)
    return ruling.word is RulingWord.YES


def _is_no(node: Criterion, result: CriterionResult) -> bool:
    ruling = result.verdict.ruling
    if ruling is None or result.value is None or ruling.word is RulingWord.NA:
        return False
    if ruling.word is RulingWord.NUMBER:
        return result.value < 1
    if ruling.word is RulingWord.LEVEL:
        return not met(result.value, node.passing)
    return ruling.word is RulingWord.NO
