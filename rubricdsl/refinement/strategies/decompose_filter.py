"""Decompose and filter: broad criteria are split, and bad parts never enter.

What nearly all responses meet tells none apart, so a proposer is asked to split it.
Then all criteria, new ones too, are looked at in the pool, and those that are
misaligned or say the same as another go (RRD, arXiv 2602.05125).
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import attrs
from attrs import frozen

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.binding import bind
from rubricdsl.language.edit import edited
from rubricdsl.model.edit import Add, Edit, Remove, Reword, Split
from rubricdsl.model.refinement import (
    Candidate,
    Needs,
    Occasion,
    ProposalRequest,
    Proposed,
    RefinementStrategyOffer,
    Task,
)
from rubricdsl.model.rubric import Criterion, Rubric, Weight
from rubricdsl.refinement.strategies.evidence import Evidence
from rubricdsl.refinement.strategies.places import Layout, Place, Removals
from rubricdsl.refinement.strategies.settings import options_of, require_arrays
from rubricdsl.refinement.strategies.survey import PHI, TAIL, Survey
from rubricdsl.scoring.leaves import met

_TAU = 0.8


@frozen(kw_only=True)
class Decomposition:
    """Has criteria split that more than ``tau`` of the pool meet, and filters.

    ``phi`` and ``tail`` are those of pruning.  A part of a split that is filtered out
    is left out of the split; where one part is left, the criterion is reworded to it.
    """

    needs = Needs(pair=True, proposer=True)
    tau: float = _TAU
    phi: float = PHI
    tail: float = TAIL

    async def propose(self, occasion: Occasion) -> Proposed:
        """Give splits, then what else was proposed, then removals."""
        if occasion.pair is None or occasion.proposer is None:
            return Proposed()
        candidates = await _scored(occasion, occasion.rubric)
        evidence = Evidence.among(candidates, occasion.preferences)
        shortage = evidence.shortage
        if shortage is not None:
            return Proposed(notices=(shortage,))
        layout = Layout.of(occasion.rubric, occasion.bound)
        proposed = Proposed()
        focus = tuple(self._broad(layout, evidence))
        if focus:
            proposed = await occasion.proposer.propose(
                ProposalRequest(
                    rubric=occasion.rubric,
                    bound=occasion.bound,
                    pair=occasion.pair,
                    round=occasion.round,
                    seed=occasion.seed,
                    task=Task.DECOMPOSE,
                    focus=focus,
                    shows_weights=occasion.shows_weights,
                    shows_verdicts=occasion.shows_verdicts,
                )
            )
        trial = _with_all(occasion.rubric, proposed.edits)
        known = {place.node.name for place in layout.places.values()}
        bad = await self._bad(occasion, trial, known)
        edits, notices = _filtered(proposed.edits, bad)
        edits += [one for name, one in bad.items() if name in known]
        return attrs.evolve(
            proposed, edits=tuple(edits), notices=(*proposed.notices, *notices)
        )

    def _broad(self, layout: Layout, evidence: Evidence) -> Iterator[str]:
        """Give the paths of criteria that nearly all responses meet."""
        places = [place for place in layout.criteria() if _can_be_split(place)]
        for place, values in zip(places, evidence.credit(places), strict=True):
            known = [value for value in values if value == value]  # noqa: PLR0124 - NaN
            hits = sum(met(value, place.node.passing) for value in known)
            if known and hits > self.tau * len(known):
                yield place.node.path

    async def _bad(
        self, occasion: Occasion, trial: Rubric, known: AbstractSet[str]
    ) -> dict[str, Remove]:
        """Give the removals from the rubric with all that was proposed, by name."""
        candidates = await _scored(occasion, trial)
        evidence = Evidence.among(candidates, occasion.preferences)
        layout = Layout.of(trial, bind(trial, occasion.functions))
        names = {place.node.name for place in layout.places.values()}
        survey = Survey.of(
            layout,
            evidence,
            tail=self.tail,
            seed=occasion.seed,
            newcomers=names - known,
        )
        removals = Removals()
        found = (*survey.misaligned(removals), *survey.redundant(removals, self.phi))
        return {one.criterion: one for one in found}


def _can_be_split(place: Place) -> bool:
    node = place.node
    return (
        isinstance(node, Criterion)
        and node.check is None
        and isinstance(node.mark, Weight)
        and place.own
        and place.helps
    )


async def _scored(occasion: Occasion, rubric: Rubric) -> Sequence[Candidate]:
    """Give the pool as a rubric scores it."""
    pool = occasion.candidates
    if rubric is occasion.rubric and all(one.scorecard is not None for one in pool):
        return pool
    cards = await occasion.bench.score(rubric, [one.response for one in pool])
    return [
        attrs.evolve(one, scorecard=card) for one, card in zip(pool, cards, strict=True)
    ]


def _with_all(rubric: Rubric, edits: Sequence[Edit]) -> Rubric:
    """Apply what can be applied; what cannot is for the gate to refuse."""
    for edit in edits:
        try:
            rubric = edited(rubric, edit)
        except RubricError:
            continue
    return rubric


def _filtered(
    edits: Sequence[Edit], bad: Mapping[str, Remove]
) -> tuple[list[Edit], list[str]]:
    """Leave out of edits what is bad; tell of it."""
    left: list[Edit] = []
    notices: list[str] = []
    for edit in edits:
        match edit:
            case Add(name=name) if name in bad:
                notices.append(f"`{name}` was not added: {bad[name].reason}")
            case Split(criterion=broad, into=parts):
                good = tuple(part for part in parts if part.name not in bad)
                notices += [
                    f"`{part.name}` was left out of the split of `{broad}`: "
                    f"{bad[part.name].reason}"
                    for part in parts
                    if part.name in bad
                ]
                if len(good) > 1:
                    left.append(attrs.evolve(edit, into=good))
                left += [
                    Reword(
                        criterion=broad,
                        text=part.text,
                        type=edit.type,
                        reason=edit.reason,
                        evidence=edit.evidence,
                    )
                    for part in good
                    if len(good) == 1
                ]
            case _:
                left.append(edit)
    return left, notices


def _create(options: Mapping[str, str]) -> Decomposition:
    require_arrays(DECOMPOSE_FILTER)
    read = options_of(DECOMPOSE_FILTER, options)
    return Decomposition(
        tau=read.number("tau", _TAU, least=0.0, most=1.0),
        phi=read.number("phi", PHI, least=0.0, most=1.0),
        tail=read.number("tail", TAIL, least=0.01, most=1.0),
    )


DECOMPOSE_FILTER = RefinementStrategyOffer(
    name="decompose_filter",
    description="a proposer splits what nearly all meet; what is bad is left out",
    create=_create,
    options=("phi", "tail", "tau"),
    rounds=2,
)
