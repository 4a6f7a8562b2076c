"""All that `rub explain` has to say, as one record."""

from collections.abc import Iterator, Mapping
from math import fsum

from attrs import evolve, frozen

from rubricdsl.analysis.explanation.differences import Part, parts
from rubricdsl.analysis.explanation.means import MeanNode, flat_tree, mean_tree
from rubricdsl.analysis.explanation.reweighing import SmallestChange, smallest_change
from rubricdsl.analysis.explanation.suppositions import (
    Improvement,
    Suppositions,
    rulings_of,
)
from rubricdsl.analysis.explanation.turning import WeightTurn, weight_turns
from rubricdsl.model.rubric import BoundRubric, Group, Kind
from rubricdsl.model.ruling import Failure, Ruling
from rubricdsl.model.scorecard import CriterionResult, Gate, GroupResult, Scorecard
from rubricdsl.scoring.leaves import TOLERANCE


class WrongRubricError(ValueError):
    """A rubric that is not the one by which a response was scored."""


@frozen(kw_only=True)
class NodePart:
    """A criterion or group, and its part in the score.

    ``kind`` is how a group makes one value of what is in it; None for a criterion, and
    for a group of which no rubric tells it.  ``contribution`` is value times share, the
    points that it brings to a score out of 1; None for gates and info, for what has no
    value, and for what is in them or in a group that is not known to be a mean.
    ``failure`` says why there is no verdict.
    """

    path: str
    name: str
    mark: str
    is_group: bool
    kind: str | None
    ruling: Ruling | None
    failure: Failure | None
    value: float | None
    weight: float | None
    share: float | None
    contribution: float | None
    reason: str | None


@frozen(kw_only=True)
class GateEffect:
    """A gate that fired, and what the score would be without it, if that is known."""

    gate: Gate
    without: float | None


@frozen(kw_only=True)
class Comparison:
    """A response beside another to the same prompt.

    ``difference`` is how far the first is ahead; ``parts`` are the criteria in which
    they differ and ``rest`` what gates, clipping, n/a and kinds of groups do.
    ``turns`` are the weights that can turn the order alone, the smallest change first,
    and ``change`` is the smallest change of effective weights.  ``unknown`` says why
    neither is known, ``unturnable`` why there is none.
    """

    other: Scorecard
    difference: float
    parts: tuple[Part, ...]
    rest: float
    turns: tuple[WeightTurn, ...]
    change: SmallestChange | None
    unknown: str | None
    unturnable: str | None


@frozen(kw_only=True)
class Explanation:
    """Why a response scored as it did.

    ``nodes`` are in the order of the rubric, and ``rest`` is what their contributions
    leave of the score.  ``gates`` fired; ``ungated`` is the score as if none had.
    ``improvements`` are what turning a single verdict is worth, the most first.  What
    takes the rubric is None without it, and ``unknown`` says so, or what else is
    missing.
    """

    card: Scorecard
    nodes: tuple[NodePart, ...]
    rest: float | None
    gates: tuple[GateEffect, ...]
    ungated: float | None
    improvements: tuple[Improvement, ...] | None
    unknown: str | None
    comparison: Comparison | None


NO_RUBRIC = "the results do not hold how groups count, nor what needs what"
"""Why something is not known without the rubric."""


def explain(
    card: Scorecard, rubric: BoundRubric | None, other: Scorecard | None = None
) -> Explanation:
    """Explain a score, and how it stands to that of another response.

    Without a rubric, what a row of results does not hold is left out.  Raises
    WrongRubricError where scoring by the rubric gives another score.
    """
    suppositions = None if rubric is None else Suppositions(rubric)
    if suppositions is not None:
        for one in (card, *(() if other is None else (other,))):
            _check(suppositions, one)
    nodes = tuple(_nodes(card, rubric))
    if card.score is None:
        unknown: str | None = _without_score(card)
    else:
        unknown = NO_RUBRIC if suppositions is None else None
    known = suppositions if card.score is not None else None
    fired = frozenset(gate.path for gate in card.gates)
    return Explanation(
        card=card,
        nodes=nodes,
        rest=None if card.score is None else card.score - _sum(nodes),
        gates=tuple(
            GateEffect(
                gate=gate,
                without=None
                if known is None
                else known.without(card, frozenset({gate.path})),
            )
            for gate in card.gates
        ),
        ungated=known.without(card, fired) if known is not None and fired else None,
        improvements=None if known is None else known.improvements(card),
        unknown=unknown,
        comparison=None if other is None else _compared(card, other, suppositions),
    )


def _check(suppositions: Suppositions, card: Scorecard) -> None:
    """See that a rubric gives a scorecard its score."""
    if card.score is None:
        return
    paths = {criterion.path for criterion in suppositions.rubric.criteria()}
    if paths != {result.path for result in card.criteria}:
        raise WrongRubricError("it has other criteria")
    found = suppositions.meaning.score(rulings_of(card))
    if found is None or abs(found - card.score) > TOLERANCE:
        told = "none" if found is None else f"{found:.4f}"
        raise WrongRubricError(f"by it the score is {told}, not {card.score:.4f}")


def _without_score(card: Scorecard) -> str:
    missing = sum(result.verdict.ruling is None for result in card.criteria)
    if missing:
        verdicts = "verdict is" if missing == 1 else "verdicts are"
        return f"there is no score: {missing} {verdicts} missing"
    return f"there is no score: the row is {card.status}"


# ----------------------------------------------------------------------- parts


def _nodes(card: Scorecard, rubric: BoundRubric | None) -> Iterator[NodePart]:
    """Give all nodes, groups before what is in them."""
    groups = {group.path: group for group in card.groups}
    kinds: dict[str, Group] = {}
    if rubric is not None:
        kinds = {n.path: n for n in rubric.walk() if isinstance(n, Group)}
    shares = _shares(card, kinds)
    told: set[str] = set()
    for result in card.criteria:
        for path in _above(result.path):
            if path in groups and path not in told:
                told.add(path)
                yield _group_part(groups[path], kinds.get(path), shares)
        yield _criterion_part(result, shares)


def _above(path: str) -> Iterator[str]:
    names = path.split(".")
    return (".".join(names[:depth]) for depth in range(1, len(names)))


def _shares(card: Scorecard, kinds: Mapping[str, Group]) -> Mapping[str, float]:
    """Give the part of this score that each node decides.

    Weights of what is n/a are none; what is in a gate, in info or in a group that is
    not known to be a mean has no share of its own.
    """
    children: dict[str, list[CriterionResult | GroupResult]] = {}
    nodes: list[CriterionResult | GroupResult] = [*card.criteria, *card.groups]
    for node in nodes:
        children.setdefault(node.path.rpartition(".")[0], []).append(node)
    shares: dict[str, float] = {}
    stack = [("", 1.0)]
    while stack:
        path, share = stack.pop()
        held = [c for c in children.get(path, ()) if c.weight is not None]
        # The root is a mean in any rubric.
        if path and (path not in kinds or kinds[path].kind is not Kind.MEAN):
            continue
        positive = any(_weight(c) > 0 for c in held if c.mark != "bonus")
        total = fsum(
            abs(_weight(c))
            for c in held
            if c.mark != "bonus"
            and c.value is not None
            and (_weight(c) > 0 or not positive)
        )
        for child in held:
            if child.value is not None and total:
                shares[child.path] = share * _weight(child) / total
                stack.append((child.path, shares[child.path]))
    return shares


def _weight(node: CriterionResult | GroupResult) -> float:
    return node.weight or 0.0


def _criterion_part(result: CriterionResult, shares: Mapping[str, float]) -> NodePart:
    verdict = result.verdict
    return NodePart(
        path=result.path,
        name=result.name,
        mark=result.mark,
        is_group=False,
        kind=None,
        ruling=verdict.ruling,
        failure=verdict.failure,
        value=result.value,
        weight=result.weight,
        share=shares.get(result.path),
        contribution=_contribution(result, shares),
        reason=verdict.evidence or verdict.reason,
    )


def _group_part(
    result: GroupResult, group: Group | None, shares: Mapping[str, float]
) -> NodePart:
    kind = None
    if group is not None:
        kind = f"at least {group.count}" if group.count else str(group.kind)
    return NodePart(
        path=result.path,
        name=result.name,
        mark=result.mark,
        is_group=True,
        kind=kind,
        ruling=None,
        failure=None,
        value=result.value,
        weight=result.weight,
        share=shares.get(result.path),
        contribution=_contribution(result, shares),
        reason=None,
    )


def _contribution(
    node: CriterionResult | GroupResult, shares: Mapping[str, float]
) -> float | None:
    share = shares.get(node.path)
    if share is None or node.value is None:
        return None
    # No -0.0 for a penalty that was not incurred.
    return share * node.value + 0.0


def _sum(nodes: tuple[NodePart, ...]) -> float:
    """Sum what stands right below the root, groups with all that is in them."""
    return fsum(
        node.contribution
        for node in nodes
        if "." not in node.path and node.contribution is not None
    )


# ------------------------------------------------------------------- two of them


def _compared(
    card: Scorecard, other: Scorecard, suppositions: Suppositions | None
) -> Comparison | None:
    if card.score is None or other.score is None:
        return None
    difference = card.score - other.score
    differing = tuple(parts(card, other))
    found = Comparison(
        other=other,
        difference=difference,
        parts=differing,
        rest=difference - fsum(part.difference for part in differing),
        turns=(),
        change=None,
        unknown=None,
        unturnable=None,
    )
    if abs(difference) <= TOLERANCE:
        return evolve(found, unturnable="they score the same: there is no order")
    tree = _tree(card, other, suppositions)
    if tree is None:
        return evolve(found, unknown=NO_RUBRIC)
    turns, change = weight_turns(tree), smallest_change(tree)
    reason = None if turns or change else _unturnable(card, other)
    return evolve(found, turns=turns, change=change, unturnable=reason)


def _tree(
    card: Scorecard, other: Scorecard, suppositions: Suppositions | None
) -> MeanNode | None:
    if suppositions is None:
        return flat_tree(card, other)
    return mean_tree(suppositions.meaning, rulings_of(card), rulings_of(other))


def _unturnable(card: Scorecard, other: Scorecard) -> str:
    behind = min((card, other), key=lambda one: one.score or 0.0)
    if behind.gates:
        names = ", ".join(gate.path for gate in behind.gates)
        return f"a gate holds {behind.response_id} down ({names}), whatever the weights"
    return f"nothing that has a weight speaks for {behind.response_id}"
