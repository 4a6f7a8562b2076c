"""Attack and patch: an attacker fools the rubric, a proposer closes the hole.

A patch counts only if the attack then scores less and no honest response suffers
(RubricArmor, arXiv 2610.05308).
"""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

import attrs
from attrs import define, field, frozen

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.binding import bind
from rubricdsl.language.edit import edited
from rubricdsl.model.edit import Edit
from rubricdsl.model.judgement import Usage
from rubricdsl.model.refinement import (
    Attacker,
    AttackRequest,
    Candidate,
    Needs,
    Occasion,
    Pair,
    ProposalRequest,
    Proposed,
    Proposer,
    RefinementStrategyOffer,
    Task,
    Unread,
)
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.ruling import Failure
from rubricdsl.refinement.pools import draw
from rubricdsl.refinement.strategies.places import Layout
from rubricdsl.refinement.strategies.settings import options_of
from rubricdsl.scoring.leaves import TOLERANCE, met

_ATTACKS = 3
_MOST_ATTACKS = 1_000
_TOP = 0.1
_LOSS = 0.01
_ATTACK = "attack"


@frozen(kw_only=True)
class Patching:
    """Makes ``attacks`` attacks, one after the other, each on what is patched so far.

    One has got through where it scores as the best ``top`` of the honest responses to
    its prompt do.  A patch is kept if its score then falls, and that of no honest
    response by more than ``loss`` since the round began.
    """

    needs = Needs(proposer=True, attacker=True)
    attacks: int = _ATTACKS
    top: float = _TOP
    loss: float = _LOSS

    async def propose(self, occasion: Occasion) -> Proposed:
        """Give the patches that hold, in order."""
        honest = [one for one in occasion.candidates if one.score is not None]
        if occasion.proposer is None or occasion.attacker is None or not honest:
            return Proposed()
        siege = _Siege(
            self, occasion, occasion.proposer, occasion.attacker, honest, honest
        )
        for number in range(self.attacks):
            await siege.attack(number)
        return siege.proposed()


@define(eq=False)
class _Siege:
    """The attacks of a round: the rubric as it is patched by now, and what it took.

    ``before`` are the honest responses as they were scored when the round began, and
    ``now`` as they are by the patched rubric.
    """

    settings: Patching
    occasion: Occasion
    proposer: Proposer
    attacker: Attacker
    before: Sequence[Candidate]
    now: Sequence[Candidate]
    rubric: Rubric = field(init=False)
    edits: list[Edit] = field(factory=list, init=False)
    unread: list[Unread] = field(factory=list, init=False)
    notices: list[str] = field(factory=list, init=False)
    calls: int = field(default=0, init=False)
    usage: Usage = field(default=Usage(), init=False)
    failure: Failure | None = field(default=None, init=False)

    @rubric.default
    def _unpatched(self) -> Rubric:
        return self.occasion.rubric

    def proposed(self) -> Proposed:
        """Give what came of it; a failure counts where nothing else did."""
        return Proposed(
            edits=tuple(self.edits),
            unread=tuple(self.unread),
            calls=self.calls,
            usage=self.usage,
            failure=None if self.edits else self.failure,
            notices=tuple(self.notices),
        )

    async def attack(self, number: int) -> None:
        """Attack once, and patch if the attack gets through."""
        occasion = self.occasion
        best = self._best(number)
        drawn = draw(occasion.seed, _ATTACK, occasion.round, number)
        attack = await self.attacker.attack(
            AttackRequest(
                bound=bind(self.rubric, occasion.functions),
                response=best.response,
                round=occasion.round,
                seed=int.from_bytes(drawn[:4]),
            )
        )
        self.calls += attack.calls
        self.usage += attack.usage
        self.failure = attack.failure or self.failure
        if attack.text is None:
            return
        name = f"{_ATTACK}_{occasion.round}_{number + 1}"
        response = attrs.evolve(
            best.response, text=attack.text, response_id=name, source=_ATTACK
        )
        (intruder,) = await self._scored(self.rubric, [response])
        bar = self._bar(best)
        if intruder.score is None or intruder.score < bar - TOLERANCE:
            return
        self.notices.append(
            f"{name} on {best.response.response_id} scores {intruder.score:.3f}, and "
            f"the best {self.settings.top:.0%} from {bar:.3f} on"
        )
        await self._patch(best, intruder, bar)

    async def _patch(self, best: Candidate, intruder: Candidate, bar: float) -> None:
        occasion = self.occasion
        bound = bind(self.rubric, occasion.functions)
        why = f"an attack that scores as the best do, from {bar:.3f} on"
        proposed = await self.proposer.propose(
            ProposalRequest(
                rubric=self.rubric,
                bound=bound,
                pair=Pair(first=best, second=intruder, why=why),
                round=occasion.round,
                seed=occasion.seed,
                task=Task.PATCH,
                focus=tuple(_fooled(Layout.of(self.rubric, bound), intruder)),
                shows_weights=occasion.shows_weights,
                shows_verdicts=occasion.shows_verdicts,
            )
        )
        self.calls += proposed.calls
        self.usage += proposed.usage
        self.unread += proposed.unread
        self.notices += proposed.notices
        self.failure = proposed.failure or self.failure
        for edit in proposed.edits:
            intruder = await self._tried(edit, intruder)

    async def _tried(self, edit: Edit, intruder: Candidate) -> Candidate:
        """Keep an edit if it holds; give the attack as it scores then."""
        try:
            trial = edited(self.rubric, edit)
            responses = [one.response for one in (*self.before, intruder)]
            *honest, attack = await self._scored(trial, responses)
        except RubricError as error:
            first = error.diagnostics[0]
            self.notices.append(f"a patch does not apply: {first.code} {first.message}")
            return intruder
        objection = self._objection(honest, intruder, attack)
        if objection is not None:
            self.notices.append(f"a patch ({edit.op}) was left out: {objection}")
            return intruder
        self.rubric, self.now = trial, honest
        self.edits.append(edit)
        return attack

    def _objection(
        self, honest: Sequence[Candidate], before: Candidate, after: Candidate
    ) -> str | None:
        if before.score is None or after.score is None:
            return "the attack has no score by it"
        if after.score >= before.score - TOLERANCE:
            return f"the attack scores {before.score:.3f} -> {after.score:.3f}"
        for old, new in zip(self.before, honest, strict=True):
            name = old.response.response_id
            if old.score is None or new.score is None:
                return f"{name} has no score by it"
            if new.score < old.score - self.settings.loss - TOLERANCE:
                return (
                    f"{name}, which is honest, falls {old.score:.3f} -> {new.score:.3f}"
                )
        return None

    async def _scored(
        self, rubric: Rubric, responses: Sequence[Response]
    ) -> list[Candidate]:
        cards = await self.occasion.bench.score(rubric, responses)
        return [
            Candidate(response=one, scorecard=card)
            for one, card in zip(responses, cards, strict=True)
        ]

    def _best(self, number: int) -> Candidate:
        """Give the best honest response to a prompt, another for each attack."""
        seed = self.occasion.seed
        prompts = sorted(
            {one.response.prompt_id for one in self.now},
            key=lambda prompt: draw(seed, _ATTACK, prompt),
        )
        prompt = prompts[number % len(prompts)]
        there = [one for one in self.now if one.response.prompt_id == prompt]
        return min(there, key=lambda one: (-(one.score or 0.0), draw(seed, *one.key)))

    def _bar(self, best: Candidate) -> float:
        """Give the score from which on a response is among the best of a prompt."""
        prompt = best.response.prompt_id
        scores = sorted(
            one.score or 0.0 for one in self.now if one.response.prompt_id == prompt
        )
        return scores[-max(1, ceil(self.settings.top * len(scores) - TOLERANCE))]


def _fooled(layout: Layout, attack: Candidate) -> Iterator[str]:
    """Give the criteria that an attack gets its credit from."""
    if attack.scorecard is None:
        return
    values = {result.path: result.value for result in attack.scorecard.criteria}
    for place in layout.criteria():
        value = values.get(place.node.path)
        if place.helps and met(value, place.node.passing):
            yield place.node.path


def _create(options: Mapping[str, str]) -> Patching:
    read = options_of(ATTACK_PATCH, options)
    return Patching(
        attacks=read.whole("attacks", _ATTACKS, least=1, most=_MOST_ATTACKS),
        top=read.number("top", _TOP, least=0.0, most=1.0),
        loss=read.number("loss", _LOSS, least=0.0, most=1.0),
    )


ATTACK_PATCH = RefinementStrategyOffer(
    name="attack_patch",
    description="an attacker fools the rubric, a proposer closes the hole",
    create=_create,
    options=("attacks", "loss", "top"),
    rounds=2,
)
