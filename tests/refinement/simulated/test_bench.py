"""The bench of the simulated world: real scores of verdicts that do not change."""

import asyncio
from pathlib import Path

import pytest

from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.analysis.simulation.verifier import Verifier
from rubricdsl.analysis.simulation.world import World
from rubricdsl.language.loading import load_text
from rubricdsl.model.ruling import YES
from rubricdsl.refinement.simulated.bench import SimulatedBench
from rubricdsl.refinement.simulated.texts import Wording

WORLD = World.of(Parameters(prompts=5), 0)
WORDING = Wording.of(WORLD)
GREAT = WORLD.samples(WORLD.great(), 6, "bench")
RESPONSES = tuple(
    WORDING.response("prompt_000", "great", number, shown)
    for number, shown in enumerate(GREAT.features[0].tolist())
)
SKILL, VAGUE = 7, WORLD.parameters.skills


def rubric_of(weights):
    text = WORDING.source("prompt_000", weights.items())
    (rubric,) = load_text(text, {}, folder=Path()).checked()
    return rubric


def score(bench, weights, responses=RESPONSES):
    return asyncio.run(bench.score(rubric_of(weights), responses))


@pytest.fixture
def bench():
    return SimulatedBench(Verifier(WORLD))


def test_a_score_is_the_share_of_weight_that_is_met(bench):
    for card in score(bench, {SKILL: 3, VAGUE: 2, 21: 1}):
        met = sum(r.weight for r in card.criteria if r.verdict.ruling == YES)
        assert card.score == pytest.approx(met / 6)


def test_nothing_is_judged_twice_and_the_verdict_stays(bench):
    first = score(bench, {SKILL: 3, VAGUE: 2})
    again = score(bench, {VAGUE: 1, SKILL: 1, 21: 2})
    for before, after in zip(first, again, strict=True):
        old = {result.name: result.verdict for result in before.criteria}
        new = {result.name: result.verdict for result in after.criteria}
        assert not any(verdict.cached for verdict in old.values())
        assert {name for name, verdict in new.items() if not verdict.cached} == {
            WORDING.name(21)
        }
        assert all(new[name].ruling == verdict.ruling for name, verdict in old.items())


def test_the_order_and_the_company_of_responses_do_not_matter(bench):
    forward = score(bench, {SKILL: 3, VAGUE: 2, VAGUE + 1: 1})
    backward = score(
        SimulatedBench(Verifier(WORLD)),
        {VAGUE + 1: 1, SKILL: 3, VAGUE: 2},
        RESPONSES[:0:-1],
    )
    assert [card.score for card in backward] == [card.score for card in forward[:0:-1]]


def test_it_judges_by_the_text_alone(bench):
    """With a judge that never errs, a score is what the text shows."""
    world = World.of(
        Parameters(prompts=5, true_positives=1.0, false_positives=0.0, gullibility=0.0),
        0,
    )
    cards = score(SimulatedBench(Verifier(world)), dict.fromkeys(range(60), 1))
    shown = GREAT.features[0][:, :60].sum(axis=1) / 60
    assert [card.score for card in cards] == pytest.approx(shown)
