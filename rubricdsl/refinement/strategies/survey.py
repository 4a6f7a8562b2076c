"""Which criteria of a rubric are misaligned, redundant or dead, as its pool tells."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from attrs import field, frozen

from rubricdsl.model.edit import Remove
from rubricdsl.model.rubric import Bonus, Mark, Weight
from rubricdsl.refinement.strategies.evidence import Evidence
from rubricdsl.refinement.strategies.places import Layout, Place, Removals
from rubricdsl.refinement.strategies.refinement_types import FAULT, REPEATED

if TYPE_CHECKING:
    from rubricdsl.analysis.bootstrap import Interval
    from rubricdsl.analysis.discrimination import Discrimination
    from rubricdsl.analysis.redundancy import Redundancy

PHI = 0.95
TAIL = 0.5
_LEVEL = 0.95


@frozen(eq=False, kw_only=True)
class Survey:
    """What the verdicts on a pool say of each criterion that counts.

    ``found`` and ``redundancy`` are by the number of the criterion in ``places``.
    ``labelled`` says that somebody told which responses are better; if not, the best
    are those that the rubric itself finds so, and none of its criteria is misaligned.
    ``newcomers`` are names of criteria that are not in the rubric yet: they make way
    for what is.
    """

    places: Sequence[Place]
    found: Sequence["Discrimination"] = field(repr=False)
    redundancy: "Redundancy" = field(repr=False)
    responses: int
    labelled: bool
    newcomers: AbstractSet[str] = frozenset()

    @classmethod
    def of(
        cls,
        layout: Layout,
        evidence: Evidence,
        *,
        tail: float = TAIL,
        seed: int = 0,
        newcomers: AbstractSet[str] = frozenset(),
    ) -> "Survey":
        """Look at the best ``tail`` of each prompt's responses.

        They are the best by gold; or those of which one was preferred to another; or
        the best by score.  Intervals are such that none of all criteria is taken for
        misaligned by mere chance but once in twenty pools or so.
        """
        from rubricdsl.analysis.discrimination import (
            discriminations,
            preference_discriminations,
        )
        from rubricdsl.analysis.redundancy import redundancy

        places = list(layout.criteria())
        credit, prompts = evidence.credit(places), evidence.prompts
        # Of many criteria some would look misaligned by chance (Bonferroni).
        level = 1 - (1 - _LEVEL) / max(1, len(places))
        if evidence.preferences and not evidence.has_gold:
            found = preference_discriminations(
                prompts, credit, evidence.preferences, seed=seed, level=level
            )
        else:
            good = evidence.gold if evidence.has_gold else evidence.scores
            found = discriminations(
                prompts, credit, good, share=tail, seed=seed, level=level
            )
        return cls(
            places=places,
            found=found,
            redundancy=redundancy(prompts, credit),
            responses=len(prompts),
            labelled=evidence.has_gold or bool(evidence.preferences),
            newcomers=newcomers,
        )

    def misaligned(self, removals: Removals) -> Iterator[Remove]:
        """Take out what worse responses meet rather than better ones, worst first."""
        if not self.labelled:
            return
        wrong = [n for n, one in enumerate(self.found) if one.is_misaligned]
        for number in sorted(wrong, key=self._direction):
            if removals.take(self.places[number]):
                yield Remove(
                    criterion=self.places[number].node.name,
                    type=FAULT,
                    reason=_why_misaligned(self.found[number]),
                )

    def redundant(self, removals: Removals, phi: float = PHI) -> Iterator[Remove]:
        """Take out what says the same as another: the lighter, or the weaker, of two.

        Only criteria that count in the same way can stand in for each other.
        """
        pairs = sorted(self.redundancy.pairs(phi), key=lambda one: -one.phi)
        for pair in pairs:
            both = (self.places[pair.first], self.places[pair.second])
            if any(place.node.path in removals.gone for place in both):
                continue
            if _kind(both[0].node.mark) != _kind(both[1].node.mark):
                continue
            for number in sorted((pair.first, pair.second), key=self._importance):
                other = pair.first + pair.second - number
                if removals.take(self.places[number]):
                    yield Remove(
                        criterion=self.places[number].node.name,
                        type=REPEATED,
                        reason=(
                            f"it says the same as `{self.places[other].node.name}`: "
                            f"phi {pair.phi:.2f} over {self.responses} responses"
                        ),
                    )
                    break

    def dead(self, removals: Removals) -> Iterator[Remove]:
        """Take out what tells none of the best apart; but no gate and no penalty.

        Those are there for what never gets among the best.
        """
        for place, found in zip(self.places, self.found, strict=True):
            guards = place.is_gate or not place.helps
            if found.is_dead and not guards and removals.take(place):
                rate = 0.0 if found.tail_pass_rate is None else found.tail_pass_rate
                yield Remove(
                    criterion=place.node.name,
                    type=REPEATED,
                    reason=(
                        f"it tells none of the best {found.responses} responses apart: "
                        f"its mean value there is {rate:.2f}"
                    ),
                )

    def _direction(self, number: int) -> tuple[float, int]:
        found = self.found[number]
        figures = [one.estimate for one in _intervals(found)]
        return min(figures, default=0.0), number

    def _importance(self, number: int) -> tuple[bool, float, float, int]:
        """Order criteria by how much is lost with them, and the later first."""
        known = self.places[number].node.name not in self.newcomers
        mark = self.places[number].node.mark
        weight = abs(mark.value) if isinstance(mark, Weight | Bonus) else 0.0
        difference = self.found[number].difference if self.labelled else None
        told = 0.0 if difference is None else difference.estimate
        return known, weight, told, -number


def _intervals(found: "Discrimination") -> Iterator["Interval"]:
    for one in (found.difference, found.correlation):
        if one is not None:
            yield one


def _why_misaligned(found: "Discrimination") -> str:
    figures = (
        ("difference", found.difference),
        ("correlation with how good they are", found.correlation),
    )
    told = [f"{name} {one}" for name, one in figures if one is not None]
    return (
        f"among the best {found.responses} responses the worse ones meet it rather: "
        f"{'; '.join(told)}"
    )


def _kind(mark: Mark) -> tuple[type[Mark], bool]:
    return type(mark), isinstance(mark, Weight) and mark.value < 0
