"""Which verdicts can still move a score, and which of them can move it most.

A criterion that is not judged yet bears on the score as long as no group above it is
decided: the second `no` under ``all of`` changes nothing, nor does anything once an
unmet ``must`` has fired.
"""

from collections.abc import Iterator, Mapping

from attrs import frozen

from rubricdsl.model.rubric import Kind
from rubricdsl.scoring.bounds import Prospect, Range, Ranges, firing, prospect
from rubricdsl.scoring.meaning import Branch, GatePart, Leaf, Meaning, Part

_COUNTING = (Kind.ALL, Kind.ANY, Kind.AT_LEAST)


@frozen(eq=False)
class Relevance:
    """What bears on the score of one rubric.

    ``influence`` is by path: the most that one verdict can add to the score or take
    from it, roughly, while nothing else is known.  A weight counts as its share of
    the score, a gate as all that it can take away, one of several parts that must
    all be met as their whole, and what others need as all of them together, too.
    """

    meaning: Meaning
    influence: Mapping[str, float]

    @classmethod
    def of(cls, meaning: Meaning) -> "Relevance":
        """Work out what does not depend on verdicts."""
        influence = [0.0] * len(meaning.steps)
        influence[0] = 1.0
        for step in reversed(meaning.steps):
            above = influence[step.number]
            if isinstance(step, Leaf):
                for need in step.needs:
                    influence[need.number] += above
                continue
            for number, part in _parts_of_group(step):
                influence[number] += above * part
        return cls(
            meaning,
            {
                leaf.path: influence[leaf.number]
                for leaf in meaning.nodes
                if isinstance(leaf, Leaf)
            },
        )

    def bearing(self, ranges: Ranges) -> frozenset[str]:
        """Give the paths of the criteria whose verdicts can still move the score.

        ``ranges`` are those of `rubricdsl.scoring.bounds.Bounds`.  Criteria that
        only decide whether another is asked are among them.
        """
        live = [False] * len(ranges)
        live[0] = not ranges[0].known
        for step in reversed(self.meaning.steps):
            if not live[step.number]:
                continue
            for number in _undecided(step, ranges):
                live[number] = True
        return frozenset(
            step.path
            for step in self.meaning.nodes
            if isinstance(step, Leaf) and live[step.number]
        )


def _parts_of_group(branch: Branch) -> Iterator[tuple[int, float]]:
    """Give for each child the part of its group's value that it can decide."""
    parts = {number: 1.0 for _, number in branch.operands}
    for part in (*branch.weighted, *branch.bonuses):
        parts[part.number] = max(parts.get(part.number, 0.0), _part(branch, part))
    for gate in branch.gates:
        parts[gate.number] = max(parts.get(gate.number, 0.0), 1.0 - gate.cap)
    return iter(parts.items())


def _part(branch: Branch, part: Part) -> float:
    match branch.group.kind:
        case Kind.MEAN:
            return abs(part.weight) / branch.divisor if branch.divisor else 1.0
        case Kind.AT_LEAST:
            # So many of them, met or unmet, decide the group together.
            wanted = min(branch.group.count or 1, len(branch.weighted))
            return 1.0 / min(wanted, len(branch.weighted) - wanted + 1)
        case _:
            return 1.0


def _undecided(step: Leaf | Branch, ranges: Ranges) -> Iterator[int]:
    """Give the nodes on which a node's value directly still depends."""
    if isinstance(step, Leaf):
        for need in step.needs:
            if prospect(ranges[need.number], need.passing) is Prospect.OPEN:
                yield need.number
        return
    for _, number in step.operands:
        if not ranges[number].known:
            yield number
    for gate in step.gates:
        if _is_gate_undecided(step, gate, ranges):
            yield gate.number
    for part in (*step.weighted, *step.bonuses):
        if _is_part_undecided(step, part, ranges[part.number]):
            yield part.number


def _is_part_undecided(branch: Branch, part: Part, reach: Range) -> bool:
    if branch.group.kind in _COUNTING and not reach.na:
        return prospect(reach, part.passing) is Prospect.OPEN
    return not reach.known


def _is_gate_undecided(branch: Branch, gate: GatePart, ranges: Ranges) -> bool:
    reach = ranges[gate.number]
    if firing(gate, reach) is Prospect.OPEN:
        return True
    # A group of gates alone has a value as soon as one of them applies.
    alone = not branch.weighted and not branch.bonuses
    return alone and reach.na and not reach.known
