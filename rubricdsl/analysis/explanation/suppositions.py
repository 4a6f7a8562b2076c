"""A response scored again, as if a verdict or a gate were another.

Scores come from the reference evaluator, so they are exact whatever the kinds of the
groups, and whatever needs what.
"""

from collections.abc import Iterator, Mapping

from attrs import evolve, field, frozen

from rubricdsl.model.rubric import (
    BoundRubric,
    Criterion,
    Group,
    Info,
    LevelScale,
    Never,
    Node,
    Weight,
)
from rubricdsl.model.ruling import NO, PARTLY, YES, Ruling
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.scoring.leaves import TOLERANCE, RulingWorths, Worth
from rubricdsl.scoring.meaning import Meaning


@frozen(kw_only=True)
class Improvement:
    """What a score would be if one verdict were the best that it could be."""

    path: str
    before: Ruling
    after: Ruling
    score: float
    gain: float


@frozen(eq=False)
class Suppositions:
    """One rubric, under which a response is scored as if things were otherwise."""

    rubric: BoundRubric
    meaning: Meaning = field(init=False)

    @meaning.default
    def _meaning_of_rubric(self) -> Meaning:
        return Meaning.of(self.rubric)

    def improvements(self, card: Scorecard) -> tuple[Improvement, ...]:
        """Turn one verdict after the other to the best, the most helpful first.

        The best is what the mark calls for: no where a criterion, or a group around it,
        counts against, else yes or the highest level.  Of criteria that are there
        already there is nothing to tell.  A gain is 0 where a gate holds the score down
        or a need is not met.  The scorecard must have a score, and rulings of this
        rubric.
        """
        rulings = rulings_of(card)
        score = card.score or 0.0
        found: list[Improvement] = []
        for criterion, helps in _criteria(self.rubric.root, helps=True):
            before, after = rulings[criterion.path], _best(criterion, helps=helps)
            worths = RulingWorths.of(criterion)
            if worths.worth(before) == worths.worth(after):
                continue
            better = self.meaning.score({**rulings, criterion.path: after})
            if better is None:
                continue
            gain = better - score
            found.append(
                Improvement(
                    path=criterion.path,
                    before=before,
                    after=after,
                    score=better,
                    gain=gain if abs(gain) > TOLERANCE else 0.0,
                )
            )
        return tuple(sorted(found, key=lambda one: -one.gain))

    def without(self, card: Scorecard, paths: frozenset[str]) -> Worth:
        """Give the score as if some gates were not there."""
        root = _ungated(self.rubric.root, paths)
        return Meaning.of(evolve(self.rubric, root=root)).score(rulings_of(card))


def rulings_of(card: Scorecard) -> Mapping[str, Ruling]:
    """Give the rulings of a scorecard by path."""
    return {
        result.path: result.verdict.ruling
        for result in card.criteria
        if result.verdict.ruling is not None
    }


def _criteria(group: Group, *, helps: bool) -> Iterator[tuple[Criterion, bool]]:
    """Give all criteria, each with whether meeting it helps the score."""
    for node in group.nodes:
        match node.mark:
            case Never():
                here = not helps
            case Weight(value) if value < 0:
                here = not helps
            case Info():
                continue
            case _:
                here = helps
        if isinstance(node, Group):
            yield from _criteria(node, helps=here)
        else:
            yield node, here


def _best(criterion: Criterion, *, helps: bool) -> Ruling:
    """Give the ruling that helps most."""
    scale = criterion.scale
    if criterion.check is not None:
        return YES if helps else NO
    if isinstance(scale, LevelScale):
        return Ruling.level(scale.numbers[-1 if helps else 0])
    answers = [ruling for ruling in (YES, PARTLY, NO) if str(ruling) in scale.answers]
    return answers[0 if helps else -1]


def _ungated(group: Group, paths: frozenset[str]) -> Group:
    def changed(node: Node) -> Node:
        if node.path in paths:
            node = evolve(node, mark=Info())
        return _ungated(node, paths) if isinstance(node, Group) else node

    return evolve(group, items=tuple(changed(node) for node in group.nodes))
