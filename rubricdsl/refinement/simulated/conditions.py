"""The conditions of the experiment: how rubrics are refined before a policy trains.

As in Chasing the Tail (arXiv 2509.21500): prompt only, one pair or four, good or great
responses, of one source or of many.  To these come four good pairs, which the paper
lacks, and a proposer that takes hacks for merits, with the acceptance gate and without.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from rubricdsl.analysis.simulation.checklists import Checklists, paired_responses
from rubricdsl.analysis.simulation.onset import Curve
from rubricdsl.analysis.simulation.policy import train
from rubricdsl.analysis.simulation.verifier import Verifier
from rubricdsl.analysis.simulation.world import Samples, Source, World, generator
from rubricdsl.language.binding import bind
from rubricdsl.language.loading import load_text
from rubricdsl.model.refinement import (
    PairSelector,
    RefinedRubric,
    RefinementStrategy,
)
from rubricdsl.model.response import Response
from rubricdsl.refinement.courses import PRESETS, Course, Stage
from rubricdsl.refinement.loop import Means, Refinement
from rubricdsl.refinement.manuscripts import Manuscript
from rubricdsl.refinement.pools import Pool, key_of
from rubricdsl.refinement.selection import OFFERS as SELECTORS
from rubricdsl.refinement.simulated.bench import SimulatedBench
from rubricdsl.refinement.simulated.oracle import OracleProposer
from rubricdsl.refinement.simulated.texts import Wording
from rubricdsl.refinement.strategies import OFFERS as STRATEGIES

HELD_OUT = 16
"""So many responses to a prompt are kept for the gate."""

JUNK = 8
"""So many responses to a prompt are all hacks and no skill."""


@frozen(kw_only=True)
class Condition:
    """A way to refine the rubrics of a world.

    ``source`` names where the pool comes from: ``good``, ``great`` or ``diverse``;
    None for rubrics as they were first written.  ``preset`` is one of
    `rubricdsl.refinement.courses.PRESETS`.  ``style`` is how often the proposer takes
    hacks for merits, None for as often as in the world.
    """

    name: str
    source: str | None = None
    preset: str = "4-great"
    style: float | None = None
    gate: bool = False


INITIAL = Condition(name="initial")
ONE_GOOD = Condition(name="1 good", source="good", preset="1-good")
ONE_GREAT = Condition(name="1 great", source="great", preset="1-great")
FOUR_GOOD = Condition(name="4 good", source="good")
FOUR_GREAT = Condition(name="4 great", source="great")
FOUR_DIVERSE = Condition(
    name="4 great & diverse", source="diverse", preset="4-great-diverse"
)

CONDITIONS = (INITIAL, ONE_GOOD, ONE_GREAT, FOUR_GOOD, FOUR_GREAT, FOUR_DIVERSE)
"""Those of the paper, and four good pairs."""

_PRONE = 0.8
STYLE_PRONE = Condition(name="style-prone", source="diverse", style=_PRONE)
GATED = Condition(name="style-prone, gate", source="diverse", style=_PRONE, gate=True)
NO_STYLE = Condition(name="no style edits", source="diverse", style=0.0)

GATE_CONDITIONS = (INITIAL, STYLE_PRONE, GATED, NO_STYLE)
"""What the acceptance gate is worth where the proposer errs."""


@frozen(kw_only=True)
class Outcome:
    """What came of a condition in a world.

    ``criteria`` and ``vague`` count criteria in the mean over prompts; ``coverage`` is
    the share of skills asked for that have one.  ``accuracy_high`` is the share of
    pairs of strong responses that are ordered right, a tie being wrong, where each
    response has a great profile of its own, and
    ``accuracy_low`` that of responses of the base policy.  ``accepted`` and
    ``refused`` count edits over all prompts.
    """

    condition: str
    seed: int
    criteria: float
    vague: float
    coverage: float
    accuracy_high: float
    accuracy_low: float
    accepted: int
    refused: int
    curve: Curve


def simulate(world: World, condition: Condition) -> Outcome:
    """Refine the rubrics of a world, and train a policy on them."""
    rubrics = asyncio.run(refine(world, condition))
    return measure(world, condition, rubrics)


def measure(
    world: World, condition: Condition, rubrics: Sequence[RefinedRubric]
) -> Outcome:
    """Measure refined rubrics, one for each prompt, and train a policy on them."""
    wording = Wording.of(world)
    bound = [bind(one.rubric, {}) for one in rubrics]
    checklists = Checklists.of(world, [wording.weights(one) for one in bound])
    verifier = Verifier(world)
    decisions = [
        decision
        for one in rubrics
        for record in one.rounds
        for decision in record.decisions
    ]
    accepted = sum(decision.accepted for decision in decisions)
    pairs = generator(world.seed, "pairs")
    strong = world.strong(paired_responses(world))
    return Outcome(
        condition=condition.name,
        seed=world.seed,
        criteria=checklists.criteria(),
        vague=checklists.vague(world),
        coverage=checklists.coverage(world),
        accuracy_high=checklists.accuracy(verifier, strong, pairs),
        accuracy_low=checklists.accuracy(verifier, world.untrained(), pairs),
        accepted=accepted,
        refused=len(decisions) - accepted,
        curve=train(verifier, checklists, world.seed).curve,
    )


async def refine(world: World, condition: Condition) -> tuple[RefinedRubric, ...]:
    """Refine the rubrics of all prompts at once, in the real loop."""
    style = world.parameters.style if condition.style is None else condition.style
    means = Means(
        bench=SimulatedBench(Verifier(world)),
        proposer=OracleProposer(world, style),
        seed=world.seed,
    )
    course = _course(condition, world.parameters.rounds)
    refinements = [
        Refinement(manuscript, pool, course, means)
        for manuscript, pool in zip(
            _manuscripts(world), _pools(world, condition), strict=True
        )
    ]
    return tuple(await asyncio.gather(*(one.run() for one in refinements)))


def _course(condition: Condition, rounds: int) -> Course:
    preset = PRESETS[condition.preset]
    rounds = 1 if preset.rounds == 1 else rounds
    stage = Stage(
        name=preset.strategy, strategy=_strategy(preset.strategy), rounds=rounds
    )
    return Course(
        stages=() if condition.source is None else (stage,),
        selector=_selector(preset.select),
        selector_name=preset.select,
        gate=condition.gate,
        scores=preset.scores,
        # All rounds are made, as in the paper: a proposer that has noticed nothing
        # about two pairs may notice something about the next.
        patience=rounds,
        author="oracle",
    )


def _strategy(name: str) -> RefinementStrategy:
    return next(offer for offer in STRATEGIES if offer.name == name).create({})


def _selector(name: str) -> PairSelector:
    return next(offer for offer in SELECTORS if offer.name == name).create({})


def _manuscripts(world: World) -> list[Manuscript]:
    """Write the first rubrics, one for each prompt."""
    wording = Wording.of(world)
    folder = Path()
    manuscripts: list[Manuscript] = []
    for number, weights in enumerate(world.first_rubrics()):
        text = wording.source(_prompt_id(number), weights.items())
        (rubric,) = load_text(text, {}, folder=folder).checked()
        manuscripts.append(Manuscript.of(text, rubric, functions={}, folder=folder))
    return manuscripts


def _pools(world: World, condition: Condition) -> list[Pool]:
    """Draw the pool of each prompt; what is held out is of the same source."""
    p = world.parameters
    if condition.source is None:
        return [Pool(responses=())] * p.prompts
    source = _source(world, condition.source)
    shown = world.samples(source, p.pool, "pool")
    held_out = world.samples(source, HELD_OUT, "held out")
    junk = world.junk(JUNK)
    wording = Wording.of(world)
    pools: list[Pool] = []
    for prompt in range(p.prompts):
        kept = _responses(wording, held_out, prompt, "kept")
        pools.append(
            Pool(
                responses=tuple(_responses(wording, shown, prompt, "pool")),
                held_out=tuple(kept),
                junk=tuple(_responses(wording, junk, prompt, "junk")),
                gold={key_of(one): gold for one, gold in kept.items()},
            )
        )
    return pools


def _source(world: World, name: str) -> Source:
    sources = {"good": world.good, "great": world.great, "diverse": world.diverse}
    return sources[name]()


def _responses(
    wording: Wording, samples: Samples, prompt: int, use: str
) -> dict[Response, float]:
    """Write the responses to a prompt, and say what each is worth."""
    rows = zip(samples.features[prompt].tolist(), samples.gold[prompt], strict=True)
    return {
        wording.response(
            _prompt_id(prompt), f"{samples.source}_{use}", number, shown
        ): (float(gold))
        for number, (shown, gold) in enumerate(rows)
    }


def _prompt_id(number: int) -> str:
    return f"prompt_{number:03}"
