"""A proposer that knows what responses to the simulated world are made of.

It notices skills by which two responses differ, and takes hacks for merits as often as
its parameters say.  It has no use outside of the world, so no hook offers it.
"""

from collections.abc import Iterator

from attrs import field, frozen

from rubricdsl.analysis.simulation.world import World
from rubricdsl.model.edit import Add, Edit, Quote
from rubricdsl.model.refinement import ProposalRequest, Proposed
from rubricdsl.refinement.pools import draw
from rubricdsl.refinement.simulated.texts import Wording

_SPECIFIC = "explicit statements"
_STYLE = "structure and format"


@frozen(eq=False)
class OracleProposer:
    """Proposes a criterion for each skill that it notices to be missing.

    ``style`` is how often it takes other hacks for a merit; the world's parameters
    say the rest.  The same request is answered in the same way.
    """

    world: World
    style: float
    _wording: Wording = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Learn the words of the world."""
        object.__setattr__(self, "_wording", Wording.of(self.world))

    async def propose(self, request: ProposalRequest) -> Proposed:
        """Give criteria to add, the skills before a vague one."""
        edits = (*self._skills(request), *self._impressions(request))
        return Proposed(edits=edits, calls=1)

    async def close(self) -> None:
        """Close nothing."""

    def _skills(self, request: ProposalRequest) -> list[Edit]:
        p = self.world.parameters
        known = self._wording.weights(request.bound)
        noticed: list[tuple[float, Edit]] = []
        first, second = self._shown(request)
        for skill in range(p.skills):
            in_first, in_second = first[skill], second[skill]
            if skill in known or not (in_first or in_second):
                continue
            recall = p.recall_both if in_first and in_second else p.recall
            if _chance(request, "notice", skill) < recall:
                edit = self._add(request, skill, (in_first, in_second))
                noticed.append((_chance(request, "order", skill), edit))
        return [edit for _, edit in sorted(noticed, key=_drawn)[: p.most_proposed]]

    def _impressions(self, request: ProposalRequest) -> Iterator[Edit]:
        p = self.world.parameters
        first, second = (one[p.skills :] for one in self._shown(request))
        if first == second or _chance(request, "style") >= self.style:
            return
        known = self._wording.weights(request.bound)
        number = max([p.skills - 1, *known]) + 1
        yield Add(
            name=self._wording.name(number),
            text=self._wording.text(number),
            mark=str(p.vague_weight),
            type=_STYLE,
            reason="one of the two makes more of itself",
        )

    def _add(
        self, request: ProposalRequest, skill: int, shown_in: tuple[bool, bool]
    ) -> Add:
        quote = self._wording.feature(skill)
        return Add(
            name=self._wording.name(skill),
            text=self._wording.text(skill),
            mark=f"{self.world.values[skill]:g}",
            type=_SPECIFIC,
            reason=f"skill {skill:02} is asked for and nowhere in the rubric",
            evidence=tuple(
                Quote(response_id, quote)
                for response_id, is_there in zip(
                    request.pair.ids, shown_in, strict=True
                )
                if is_there
            ),
        )

    def _shown(self, request: ProposalRequest) -> tuple[list[bool], list[bool]]:
        pair = request.pair
        return (
            self._wording.shown(pair.first.response.text),
            self._wording.shown(pair.second.response.text),
        )


def _drawn(one: tuple[float, Edit]) -> float:
    return one[0]


def _chance(request: ProposalRequest, *words: object) -> float:
    """Draw from [0, 1), by what is asked and for what."""
    prompt_id = request.pair.first.response.prompt_id
    asked = (prompt_id, request.round, *request.pair.ids)
    drawn = draw(request.seed, "oracle", *asked, *words)
    return int.from_bytes(drawn[:8], "big") / 2.0**64
