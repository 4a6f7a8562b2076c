"""What an audit came to, and what it could not measure."""

from collections.abc import Iterable, Iterator, Mapping

from attrs import field, frozen

from rubricdsl.audit.credits import Credit
from rubricdsl.audit.drawing import Base, NotMade
from rubricdsl.audit.kills import Killer, MutationResult
from rubricdsl.audit.remedies import Remedy
from rubricdsl.audit.tops import Key, Top
from rubricdsl.audit.trials import ProbeResult
from rubricdsl.model.audit import Yardstick
from rubricdsl.model.rubric import BoundRubric, Info
from rubricdsl.model.scorecard import Scorecard, Status
from rubricdsl.scoring.directions import directions

_FEW = 30


@frozen(kw_only=True)
class Findings:
    """What an audit came to.

    ``top`` is the share of each pool that counts as its top.  ``mutations`` and
    ``killers`` are empty where nothing was mutated.
    """

    top: float
    rubrics: tuple[BoundRubric, ...] = field(repr=False)
    pool: tuple[Scorecard, ...] = field(repr=False)
    tops: tuple[Top, ...]
    bases: tuple[Base, ...]
    probes: tuple[ProbeResult, ...]
    credits: tuple[Credit, ...]
    remedies: tuple[Remedy, ...]
    mutations: tuple[MutationResult, ...] = ()
    killers: tuple[Killer, ...] = ()

    @property
    def through(self) -> int:
        """How many junk responses got through."""
        return sum(len(result.through) for result in self.probes)

    @property
    def measured(self) -> int:
        """How many junk responses are known to have got through or not."""
        return sum(result.measured for result in self.probes)

    @property
    def is_complete(self) -> bool:
        """Whether every verdict could be had, and there was something to measure.

        Junk that a canary caught is measured; another response of which one failed is
        not.
        """
        mutants = [one.card for result in self.mutations for one in result.mutants]
        junk = [trial.card for result in self.probes for trial in result.trials]
        cards = (*self.pool, *mutants)
        lacking = {Status.INCOMPLETE, Status.SUSPECT}
        return (
            self.measured > 0
            and all(card.status not in lacking for card in cards)
            and all(card.status is not Status.INCOMPLETE for card in junk)
        )

    def blind_spots(self) -> Iterator[str]:
        """Say what was not measured, a sentence each, and why."""
        yield from self._without_top()
        yield from self._without_score()
        yield from _told(one for result in self.probes for one in result.not_made)
        yield from _told(one for result in self.mutations for one in result.not_made)
        yield from self._without_direction()
        if 0 < self.measured < _FEW:
            yield (
                f"{self.measured} junk responses in all: the bounds are wide, and hold "
                "only for junk like this"
            )

    def _without_top(self) -> Iterator[str]:
        for top in self.tops:
            if top.bar is None:
                yield (
                    f"{top.rubric}, {top.prompt_id}: no probe is held against the top, "
                    f"since {top.why}"
                )
            elif top.scored * self.top < 1:
                yield (
                    f"{top.rubric}, {top.prompt_id}: {top.scored} responses have no "
                    f"best {self.top:.0%}; the very best one stands for it"
                )

    def _without_score(self) -> Iterator[str]:
        for top in self.tops:
            lost = top.responses - top.scored
            if lost:
                yield (
                    f"{top.rubric}, {top.prompt_id}: {lost} of {top.responses} "
                    "responses of the pool have no score"
                )
        for result in self.probes:
            if result.unmeasured:
                yield (
                    f"{result.offer.name}: {len(result.unmeasured)} of "
                    f"{len(result.trials)} have no score"
                )
        for mutation in self.mutations:
            lost = len(mutation.mutants) - len(mutation.measured)
            if lost:
                yield (
                    f"{mutation.offer.name}: {lost} of {len(mutation.mutants)} mutants "
                    "have no score"
                )
        for base in self.bases:
            if not has_to_lose(base):
                yield (
                    f"{base.key[0]}, {base.key[1]}: no figures are made wrong and no "
                    f"mutants, since {base.response.response_id} scores 0 and has "
                    "nothing to lose"
                )

    def _without_direction(self) -> Iterator[str]:
        for rubric in self.rubrics:
            known = directions(rubric)
            hidden = [
                criterion.path
                for criterion in rubric.criteria()
                if criterion.path not in known and not isinstance(criterion.mark, Info)
            ]
            if hidden:
                yield (
                    f"{rubric.name}: whether {', '.join(hidden)} help is not known, "
                    "since they stand in a formula"
                )


def has_to_lose(base: Base) -> bool:
    """Tell whether a response can score less than it does."""
    return base.card.score is not None and base.card.score > 0


def for_yardstick(
    yardstick: Yardstick, found: Iterable[Base], by_key: Mapping[Key, Top]
) -> list[Base]:
    """Give the responses of which junk can be made that can be measured."""
    if yardstick is Yardstick.ORIGINAL:
        return [base for base in found if has_to_lose(base)]
    return [base for base in found if by_key[base.key].bar is not None]


def _told(not_made: Iterable[NotMade]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[Key]] = {}
    for one in not_made:
        groups.setdefault((one.maker, one.reason), []).append(one.key)
    for (maker, reason), keys in groups.items():
        prompts = ", ".join(prompt for _, prompt in keys[:3])
        more = ", …" if len(keys) > len(keys[:3]) else ""
        yield f"{maker} ({prompts}{more}): {reason}"
