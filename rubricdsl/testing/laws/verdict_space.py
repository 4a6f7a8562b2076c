"""All that judges could say of a response under one rubric, simplest first.

A point says of each criterion that can move the score which of its rulings it has.
The points come in the order of the number of criteria in which they differ from the
best or the worst that can be said, so that the first one that breaks a law is also
among the easiest to read.  Small rubrics are gone through completely; of large ones
come the simplest points and then some drawn at random, the same in every run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod
from random import Random
from typing import TypeAlias

from attrs import field, frozen

from rubricdsl.expressions.inference import RESPONSE_NAMES, infer
from rubricdsl.model.expression import ValueType
from rubricdsl.model.rubric import (
    BoundRubric,
    Criterion,
    Group,
    LevelScale,
    Never,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Ruling
from rubricdsl.scoring.meaning import Leaf, Meaning
from rubricdsl.testing.subjects import Subject

Point: TypeAlias = tuple[int, ...]
"""A ruling for each axis, by its number there."""

_MOST_SCORED = 20_000
_FEWEST_POINTS = 200
_WORST_TO_BEST = (NO, PARTLY, YES)


@frozen(eq=False)
class Axis:
    """A criterion with its legal rulings, rising; n/a, if it is legal, comes last.

    ``raises`` says that a higher ruling should raise the score: an even number of
    marks on the way to the root, ``never`` and negative weights, turn it around.
    """

    criterion: Criterion
    rulings: tuple[Ruling, ...]
    raises: bool

    @property
    def path(self) -> str:
        """The path of the criterion."""
        return self.criterion.path

    @property
    def has_na(self) -> bool:
        """Whether n/a is a legal ruling."""
        return self.rulings[-1] == NA

    @property
    def steps(self) -> range:
        """The numbers of the rulings other than n/a."""
        return range(len(self.rulings) - self.has_na)

    @property
    def worst(self) -> int:
        """The number of the ruling that hurts most."""
        return self.steps[0 if self.raises else -1]

    @property
    def best(self) -> int:
        """The number of the ruling that helps most."""
        return self.steps[-1 if self.raises else 0]


@frozen(eq=False)
class VerdictSpace:
    """The points of one rubric, and what they are worth."""

    subject: Subject
    axes: tuple[Axis, ...]
    _idle: Mapping[str, Ruling]
    _scores: dict[Point, float | None] = field(factory=dict, init=False)

    @classmethod
    def of(cls, subject: Subject) -> "VerdictSpace":
        """Lay out the rulings of every criterion that can move the score."""
        meaning = subject.scorer.meaning
        raises = _raises(subject.bound)
        counting = moving(meaning)
        axes: list[Axis] = []
        idle: dict[str, Ruling] = {}
        for criterion in subject.bound.criteria():
            rulings = _rulings(criterion, subject)
            if criterion.path in counting:
                axes.append(Axis(criterion, rulings, raises[criterion.path]))
            else:
                idle[criterion.path] = rulings[0]
        return cls(subject, tuple(axes), idle)

    @property
    def meaning(self) -> Meaning:
        """What scores the points."""
        return self.subject.scorer.meaning

    def rulings(self, point: Point) -> dict[str, Ruling]:
        """Give the rulings of a point, by path, and any for what moves nothing."""
        said = dict(self._idle)
        for axis, number in zip(self.axes, point, strict=True):
            said[axis.path] = axis.rulings[number]
        return said

    def score(self, point: Point) -> float | None:
        """Give the score of a point; None where it is undefined."""
        if point not in self._scores:
            self._scores[point] = self.meaning.score(self.rulings(point))
        return self._scores[point]

    def moved(self, point: Point, axis: int, ruling: int) -> Point:
        """Give a point with another ruling on one axis."""
        return (*point[:axis], ruling, *point[axis + 1 :])

    # ----------------------------------------------------------------- searching

    @property
    def corners(self) -> tuple[Point, Point]:
        """The best and the worst that can be said."""
        return (
            tuple(axis.best for axis in self.axes),
            tuple(axis.worst for axis in self.axes),
        )

    @property
    def moves(self) -> int:
        """How many points differ from one point on one axis, at most."""
        return sum(len(axis.rulings) - 1 for axis in self.axes)

    @property
    def size(self) -> int:
        """How many points there are."""
        return prod(len(axis.rulings) for axis in self.axes)

    def points(self, *, neighbours: int = 0) -> Iterator[Point]:
        """Give every point once, or the simplest and some others of too many.

        ``neighbours`` is how many more points are scored for each; where points
        are too many, the more there are the fewer are given.
        """
        limit = _MOST_SCORED
        if self.size > limit:
            limit = max(_FEWEST_POINTS, limit // (1 + neighbours))
        at_random = 0 if self.size <= limit else limit // 4
        seen: set[Point] = set()
        for point in self._by_difference():
            if len(seen) >= limit - at_random:
                break
            if point not in seen:
                seen.add(point)
                yield point
        random = Random(0)  # noqa: S311 - a search, and the same in every run
        for _ in range(at_random):
            yield tuple(random.randrange(len(axis.rulings)) for axis in self.axes)

    def _by_difference(self) -> Iterator[Point]:
        for changes in range(len(self.axes) + 1):
            for corner in self.corners:
                for chosen in combinations(range(len(self.axes)), changes):
                    yield from self._with_changes(corner, chosen)

    def _with_changes(self, corner: Point, chosen: Sequence[int]) -> Iterator[Point]:
        others = [
            [n for n in range(len(self.axes[axis].rulings)) if n != corner[axis]]
            for axis in chosen
        ]
        for numbers in product(*others):
            point = list(corner)
            for axis, number in zip(chosen, numbers, strict=True):
                point[axis] = number
            yield tuple(point)

    def shrunk(self, point: Point, breaks: Callable[[Point], bool]) -> Point:
        """Give a point that breaks a law as well, and is as near to a corner as can be.

        Going back to the corner on any one axis more would keep the law.
        """
        candidates = [self._towards(corner, point, breaks) for corner in self.corners]
        return min(candidates, key=lambda pair: pair[0])[1]

    def _towards(
        self, corner: Point, point: Point, breaks: Callable[[Point], bool]
    ) -> tuple[int, Point]:
        changed = True
        while changed:
            changed = False
            for axis, number in enumerate(corner):
                nearer = self.moved(point, axis, number)
                if nearer != point and breaks(nearer):
                    point, changed = nearer, True
        distance = sum(a != b for a, b in zip(corner, point, strict=True))
        return distance, point


def moving(meaning: Meaning) -> frozenset[str]:
    """Give the paths of all criteria that count, and of what these need."""
    found: dict[int, str] = {}
    stack: list[Leaf] = list(meaning.bearing())
    while stack:
        leaf = stack.pop()
        if leaf.number not in found:
            found[leaf.number] = leaf.path
            for need in leaf.needs:
                stack.extend(meaning.bearing(need.number))
    return frozenset(found.values())


def _raises(rubric: BoundRubric) -> Mapping[str, bool]:
    """Say of each node whether more of it should raise the score."""
    raises = {"": True}
    for node in rubric.walk():
        above = raises[node.path.rpartition(".")[0]]
        match node.mark:
            case Never():
                raises[node.path] = not above
            case Weight(value) if value < 0:
                raises[node.path] = not above
            case _:
                raises[node.path] = above
    return raises


def _rulings(criterion: Criterion, subject: Subject) -> tuple[Ruling, ...]:
    rulings: tuple[Ruling, ...]
    if criterion.check is not None:
        functions = subject.project.functions
        given, _ = infer(criterion.check, RESPONSE_NAMES, functions)
        half = Ruling.of_number(0.5)
        rulings = (NO, half, YES) if given is ValueType.NUMBER else (NO, YES)
    elif isinstance(criterion.scale, LevelScale):
        rulings = tuple(Ruling.level(number) for number in criterion.scale.numbers)
    else:
        answers = criterion.scale.answers
        rulings = tuple(r for r in _WORST_TO_BEST if str(r) in answers)
    return rulings if criterion.na is None else (*rulings, NA)


def groups(rubric: BoundRubric) -> Iterator[Group]:
    """Give the root and every group."""
    yield rubric.root
    yield from (node for node in rubric.walk() if isinstance(node, Group))
