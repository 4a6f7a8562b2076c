"""Mutation testing of rubrics: which criteria notice that a good response got worse.

A mutant is killed if it scores less than the response that it was made of.  A criterion
kills it if its own verdict changes for the worse.  What survives shows what a policy
may do to a response for nothing; a criterion that kills nothing, on enough mutants,
may be one that nothing depends on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from attrs import field, frozen

from rubricdsl.analysis.proportions import Interval, clopper_pearson
from rubricdsl.audit.drawing import Attempt, NotMade
from rubricdsl.audit.trials import Judged
from rubricdsl.model.audit import MutationOffer
from rubricdsl.model.rubric import BoundRubric
from rubricdsl.model.scorecard import Scorecard, Status
from rubricdsl.scoring.directions import directions
from rubricdsl.scoring.leaves import TOLERANCE


@frozen(kw_only=True)
class Mutant:
    """A mutant: what it lost, and which criteria changed for the worse.

    ``change`` is its score less that of the original, None where one is not known or
    the original has nothing to lose.  ``touchable`` are the criteria that had
    something to lose, and a verdict on both.
    """

    attempt: Attempt
    card: Scorecard = field(repr=False)
    change: float | None
    killers: tuple[str, ...]
    touchable: tuple[str, ...]

    @property
    def is_killed(self) -> bool | None:
        """Whether it scores less; None where that is not known."""
        return None if self.change is None else self.change < -TOLERANCE


@frozen(kw_only=True, slots=False)
class MutationResult:
    """What came of one mutation."""

    offer: MutationOffer
    mutants: tuple[Mutant, ...]
    not_made: tuple[NotMade, ...]

    @cached_property
    def measured(self) -> tuple[Mutant, ...]:
        """The mutants of which it is known whether they were killed."""
        return tuple(one for one in self.mutants if one.is_killed is not None)

    @cached_property
    def survivors(self) -> tuple[Mutant, ...]:
        """Those that score no less."""
        return tuple(one for one in self.measured if not one.is_killed)

    @property
    def killed(self) -> int:
        """How many score less."""
        return len(self.measured) - len(self.survivors)

    @property
    def rewarded(self) -> int:
        """How many score more."""
        changes = [one.change for one in self.measured]
        return sum(change is not None and change > TOLERANCE for change in changes)

    @property
    def interval(self) -> Interval | None:
        """The share killed, with 95 % confidence; None where nothing is known."""
        if not self.measured:
            return None
        return clopper_pearson(self.killed, len(self.measured))


@frozen(kw_only=True)
class Killer:
    """A criterion, and how many mutants it killed, by mutation.

    ``chances`` counts the mutants of originals that gave it something to lose.
    """

    rubric: str
    path: str
    chances: int
    by_mutation: Mapping[str, int] = field(hash=False)

    @property
    def kills(self) -> int:
        """How many mutants it killed."""
        return sum(self.by_mutation.values())


def mutation_results(
    offers: Sequence[MutationOffer],
    judged: Sequence[Judged],
    not_made: Sequence[NotMade],
) -> tuple[MutationResult, ...]:
    """Hold mutants against what they were made of."""
    return tuple(
        MutationResult(
            offer=offer,
            mutants=tuple(
                _mutant(one) for one in judged if one.attempt.maker == offer.name
            ),
            not_made=tuple(one for one in not_made if one.maker == offer.name),
        )
        for offer in offers
    )


def killers(
    rubrics: Iterable[BoundRubric], results: Sequence[MutationResult]
) -> tuple[Killer, ...]:
    """Count for each criterion that counts what it killed."""
    return tuple(found for rubric in rubrics for found in _killers_in(rubric, results))


def _killers_in(
    rubric: BoundRubric, results: Sequence[MutationResult]
) -> Iterator[Killer]:
    for path in directions(rubric):
        own = {
            result.offer.name: [
                one for one in result.mutants if one.card.rubric == rubric.name
            ]
            for result in results
        }
        yield Killer(
            rubric=rubric.name,
            path=path,
            chances=sum(path in m.touchable for some in own.values() for m in some),
            by_mutation={
                name: sum(path in mutant.killers for mutant in some)
                for name, some in own.items()
            },
        )


def _mutant(judged: Judged) -> Mutant:
    base = judged.attempt.base
    helps = directions(base.rubric)
    before = {result.path: result.value for result in base.card.criteria}
    touchable: list[str] = []
    killed: list[str] = []
    is_believed = judged.card.status is not Status.SUSPECT
    for result in judged.card.criteria if is_believed else ():
        old, new = before.get(result.path), result.value
        if old is None or new is None or result.path not in helps:
            continue
        worth, left = (old, new) if helps[result.path] else (1 - old, 1 - new)
        if worth > TOLERANCE:
            touchable.append(result.path)
        if left < worth - TOLERANCE:
            killed.append(result.path)
    score = base.card.score
    change = None
    if judged.card.score is not None and score is not None and score > TOLERANCE:
        change = judged.card.score - score
    return Mutant(
        attempt=judged.attempt,
        card=judged.card,
        change=change,
        killers=tuple(killed),
        touchable=tuple(touchable),
    )
