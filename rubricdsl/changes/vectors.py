"""Verdict vectors that two versions of a rubric can both be given."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, product
from math import prod
from random import Random

from attrs import frozen

from rubricdsl.changes.forms import exact
from rubricdsl.changes.matching import Matching
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.model.expression import Compare, Logical, Not
from rubricdsl.model.rubric import BoundRubric, Criterion, LevelScale, VoteRule
from rubricdsl.model.ruling import NA, NO, YES, Ruling, RulingWord
from rubricdsl.scoring.leaves import RulingWorths


@frozen
class Choice:
    """The rulings on one criterion, and where they go in either version.

    A path is None in the version without the criterion.  ``measured`` says that any
    number from 0 to 1 is a ruling, too.
    """

    name: str
    old_path: str | None
    new_path: str | None
    rulings: tuple[Ruling, ...]
    measured: bool


@frozen(eq=False)
class Vector:
    """A ruling for every criterion of both versions, by path."""

    old: Mapping[str, Ruling]
    new: Mapping[str, Ruling]
    chosen: Mapping[str, Ruling]


def legal_rulings(criterion: Criterion) -> tuple[Ruling, ...]:
    """Give the words that may be said of a criterion, the least first."""
    words: tuple[Ruling, ...]
    if criterion.check is not None:
        words = (NO, YES)
    elif isinstance(criterion.scale, LevelScale):
        words = tuple(Ruling.level(number) for number in criterion.scale.numbers)
    else:
        words = tuple(map(Ruling.from_record, reversed(criterion.scale.answers)))
    return words if criterion.na is None else (*words, NA)


def is_measured(criterion: Criterion, rubric: BoundRubric) -> bool:
    """Say whether a criterion can be worth any number from 0 to 1.

    So can a check that gives a number, as far as its expression tells, and the mean
    of several votes.
    """
    if criterion.check is not None:
        return not isinstance(criterion.check, Compare | Logical | Not)
    judges = {judge.name: judge for judge in rubric.judges}
    judge = judges.get(criterion.judge or "")
    return judge is not None and judge.rule is VoteRule.MEAN


def exact_worth(worths: RulingWorths, ruling: Ruling) -> Fraction | None:
    """Give the worth of a ruling without rounding; None where not applicable."""
    scale = worths.criterion.scale
    if ruling.word is RulingWord.LEVEL and isinstance(scale, LevelScale):
        low, high = exact(scale.low), exact(scale.high)
        return (exact(ruling.number or 0.0) - low) / (high - low)
    worth = worths.worth(ruling)
    return None if worth is None else exact(worth)


def choices(
    old: Snapshot, new: Snapshot, matching: Matching
) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    """Give the criteria that can move a score, and the others.

    A criterion of both versions has the rulings that are legal in both.
    """
    moving: list[Choice] = []
    others: list[Choice] = []
    for pair in matching.pairs:
        if isinstance(pair.old, Criterion) and isinstance(pair.new, Criterion):
            after = legal_rulings(pair.new)
            both = tuple(r for r in legal_rulings(pair.old) if r in after)
            measured = is_measured(pair.old, old.rubric)
            measured = measured and is_measured(pair.new, new.rubric)
            choice = Choice(pair.new.name, pair.old.path, pair.new.path, both, measured)
            bears = pair.old.path in old.bearing or pair.new.path in new.bearing
            (moving if bears else others).append(choice)
    for criterion in old.rubric.criteria():
        if criterion.path not in matching.by_old or _was_group(criterion, matching):
            rulings = legal_rulings(criterion)
            measured = is_measured(criterion, old.rubric)
            choice = Choice(criterion.name, criterion.path, None, rulings, measured)
            (moving if criterion.path in old.bearing else others).append(choice)
    for criterion in new.rubric.criteria():
        if criterion.path not in matching.by_new or _is_group_no_more(
            criterion, matching
        ):
            rulings = legal_rulings(criterion)
            measured = is_measured(criterion, new.rubric)
            choice = Choice(criterion.name, None, criterion.path, rulings, measured)
            (moving if criterion.path in new.bearing else others).append(choice)
    return tuple(moving), tuple(others)


def _was_group(criterion: Criterion, matching: Matching) -> bool:
    return not isinstance(matching.by_old[criterion.path].new, Criterion)


def _is_group_no_more(criterion: Criterion, matching: Matching) -> bool:
    return not isinstance(matching.by_new[criterion.path].old, Criterion)


@frozen
class Vectors:
    """The verdict vectors of two versions, in part or all."""

    moving: tuple[Choice, ...]
    others: tuple[Choice, ...]

    @property
    def count(self) -> int | None:
        """How many there are that differ in what can move a score.

        None where a measured criterion makes them uncountable.
        """
        if any(choice.measured for choice in self.moving):
            return None
        return prod(len(choice.rulings) for choice in self.moving)

    @property
    def possible(self) -> bool:
        """Whether every criterion has a ruling that is legal in both versions."""
        return all(choice.rulings for choice in (*self.moving, *self.others))

    def all(self) -> Iterator[Vector]:
        """Give every vector; only where there is a `count`."""
        for rulings in product(*(choice.rulings for choice in self.moving)):
            yield self._vector(rulings)

    def drawn(self, number: int, seed: int) -> Iterator[Vector]:
        """Give so many vectors: the extremes, single changes to them, then random.

        Each random one is followed by a neighbour, since close scores change order
        first.
        """
        return islice(self._drawn(Random(seed)), number)  # noqa: S311 - no secret

    def _drawn(self, random: Random) -> Iterator[Vector]:
        least = [choice.rulings[0] for choice in self.moving]
        for base in (least, [choice.rulings[-1] for choice in self.moving]):
            yield self._vector(base)
            for place, choice in enumerate(self.moving):
                for ruling in choice.rulings:
                    yield self._vector([*base[:place], ruling, *base[place + 1 :]])
        while True:
            rulings = [_draw(choice, random) for choice in self.moving]
            yield self._vector(rulings)
            for _ in range(min(2, len(rulings))):
                place = random.randrange(len(rulings))
                rulings[place] = _draw(self.moving[place], random)
            yield self._vector(rulings)

    def _vector(self, rulings: Sequence[Ruling]) -> Vector:
        old: dict[str, Ruling] = {}
        new: dict[str, Ruling] = {}
        fixed = (choice.rulings[0] for choice in self.others)
        for choice, ruling in zip(
            (*self.moving, *self.others), (*rulings, *fixed), strict=True
        ):
            if choice.old_path is not None:
                old[choice.old_path] = ruling
            if choice.new_path is not None:
                new[choice.new_path] = ruling
        names = (choice.name for choice in self.moving)
        return Vector(old, new, dict(zip(names, rulings, strict=True)))


def _draw(choice: Choice, random: Random) -> Ruling:
    if choice.measured and random.random() < 0.5:  # noqa: PLR2004 - as often as not
        return Ruling.of_number(random.randrange(101) / 100)
    return random.choice(choice.rulings)
