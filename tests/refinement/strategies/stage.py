"""Pools with planted criteria, for strategies to look at.

A response's text is a list of words for what is true of it, and a criterion says
``Shows WORD.``: so criteria that a proposer makes up are judged like all others.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen

from rubricdsl.language.binding import bind
from rubricdsl.language.edit import EditedSource, apply
from rubricdsl.model.edit import Edit
from rubricdsl.model.refinement import (
    Attack,
    Attacker,
    AttackRequest,
    Candidate,
    Occasion,
    Preference,
    ProposalRequest,
    Proposed,
    Proposer,
    RefinementStrategyOffer,
)
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Rubric
from tests.refinement.benches import FUNCTIONS, KeywordBench, manuscript

Table = Mapping[str, Any]
"""For each word, whether each response has it."""


@frozen
class ScriptedProposer:
    """Answers by a function, and keeps what it was asked."""

    answer: Callable[[ProposalRequest], Proposed]
    asked: list[ProposalRequest] = field(factory=list)

    async def propose(self, request: ProposalRequest) -> Proposed:
        """Give the edits."""
        self.asked.append(request)
        return self.answer(request)

    async def close(self) -> None:
        """Nothing to give back."""


@frozen
class ScriptedAttacker:
    """Attacks by a function."""

    answer: Callable[[AttackRequest], Attack]
    asked: list[AttackRequest] = field(factory=list)

    async def attack(self, request: AttackRequest) -> Attack:
        """Give the attack."""
        self.asked.append(request)
        return self.answer(request)


def load(text: str) -> Rubric:
    """Read the only rubric of a text."""
    return manuscript(text).rubric


def responses_of(table: Table, prompts: int) -> list[Response]:
    """Make a response of each column: its words are the rows that are 1 there."""
    size = len(next(iter(table.values())))
    return [
        Response(
            text=" ".join(word for word, row in table.items() if row[n]) or "-",
            prompt_id=f"p{n % prompts:03}",
            response_id=f"r{n:04}",
        )
        for n in range(size)
    ]


@frozen(eq=False)
class Stage:
    """A rubric with its pool."""

    text: str
    responses: Sequence[Response]
    gold: Any = None
    preferences: tuple[Preference, ...] = ()
    bench: KeywordBench = field(factory=KeywordBench)
    proposer: Proposer | None = None
    attacker: Attacker | None = None

    async def occasion(self) -> Occasion:
        """Score the pool."""
        rubric = load(self.text)
        cards = await self.bench.score(rubric, self.responses)
        golds = self.gold if self.gold is not None else [None] * len(cards)
        return Occasion(
            rubric=rubric,
            bound=bind(rubric, FUNCTIONS),
            round=1,
            seed=7,
            candidates=tuple(
                Candidate(
                    response=r,
                    scorecard=c,
                    gold=None if g is None or isnan(g) else float(g),
                )
                for r, c, g in zip(self.responses, cards, golds, strict=True)
            ),
            preferences=self.preferences,
            proposer=self.proposer,
            attacker=self.attacker,
            functions=FUNCTIONS,
            bench=self.bench,
        )

    async def _play(
        self, offer: RefinementStrategyOffer, options: Mapping[str, str], **changes: Any
    ) -> Proposed:
        occasion = attrs.evolve(await self.occasion(), **changes)
        return await offer.create(options).propose(occasion)

    def play(self, offer: RefinementStrategyOffer, options=None, **changes) -> Proposed:
        """Let a strategy propose."""
        return asyncio.run(self._play(offer, options or {}, **changes))

    def after(self, edits: Sequence[Edit]) -> EditedSource:
        """Apply edits to the source; raises if they leave no sound rubric."""
        return apply(self.text, "", edits, functions=FUNCTIONS, folder=Path())

    def scores(self, text: str, responses: Sequence[Response] | None = None):
        """Give the scores by a rubric."""
        given = self.responses if responses is None else responses
        cards = asyncio.run(KeywordBench().score(load(text), given))
        return [np.nan if card.score is None else card.score for card in cards]

    @property
    def prompts(self) -> list[str]:
        """The prompt of each response."""
        return [response.prompt_id for response in self.responses]


def planted(
    loads_on_gold: Mapping[str, float], size: int, seed: int
) -> tuple[dict[str, Any], Any]:
    """Draw gold, and words whose log-odds rise with it as steeply as is said."""
    generator = np.random.default_rng(seed)
    gold = generator.standard_normal(size)
    table = {
        word: (generator.random(size) < 1 / (1 + np.exp(-slope * gold))).astype(float)
        for word, slope in loads_on_gold.items()
    }
    return table, gold


def preferences_by(gold, responses: Sequence[Response]) -> tuple[Preference, ...]:
    """Prefer the better of each response and the next one to its prompt."""
    last: dict[str, int] = {}
    found: list[Preference] = []
    for n, response in enumerate(responses):
        other = last.get(response.prompt_id)
        if other is not None:
            better, worse = (n, other) if gold[n] > gold[other] else (other, n)
            found.append(
                Preference(
                    prompt_id=response.prompt_id,
                    better=responses[better].response_id,
                    worse=responses[worse].response_id,
                )
            )
        last[response.prompt_id] = n
    return tuple(found)
