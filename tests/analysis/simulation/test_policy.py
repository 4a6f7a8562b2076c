"""Training on rubrics: what a policy comes to, in a world of fewer prompts."""

import statistics

import attrs
import numpy as np
import pytest

from rubricdsl.analysis.simulation.checklists import Checklists, paired_responses
from rubricdsl.analysis.simulation.onset import gold_at_kl, onset, peak
from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.analysis.simulation.policy import train
from rubricdsl.analysis.simulation.verifier import Verifier
from rubricdsl.analysis.simulation.world import World, generator

SMALL = Parameters(prompts=60, rollouts=12)


def first(world):
    return Checklists.of(world, world.first_rubrics())


def complete(world, *, vague=0):
    """Rubrics that ask for all that is asked for, and for looks."""
    looks = {world.parameters.skills + n: 2 for n in range(vague)}
    return Checklists.of(
        world,
        [
            {int(n): int(world.values[n]) for n in np.flatnonzero(row)} | looks
            for row in world.asked
        ],
    )


def trained(parameters, rubrics, seed=0):
    world = World.of(parameters, seed)
    return train(Verifier(world), rubrics(world), seed).curve


def test_a_policy_outgrows_rubrics_that_know_the_prompt_alone():
    curve = trained(SMALL, first)
    assert curve.proxy[-1] - curve.proxy[0] > 0.3
    assert curve.gold[-1] < curve.gold[0] < peak(curve).gold
    found = onset(curve)
    assert found is not None
    assert found.kl == pytest.approx(2.0, abs=0.5)


def test_whole_rubrics_without_vague_criteria_are_not_outgrown():
    curve = trained(SMALL, complete)
    assert onset(curve) is None
    assert curve.gold[-1] > 0.75


def test_the_score_tells_of_a_judge_that_nothing_fools():
    """Then score and gold rise alike, and all of gold is had."""
    parameters = attrs.evolve(
        SMALL, true_positives=1.0, false_positives=0.0, gullibility=0.0, hack_cost=0.0
    )
    curve = trained(parameters, complete)
    assert np.allclose(curve.proxy, curve.gold)
    assert curve.gold[-1] > 0.9


def test_training_is_the_same_for_the_same_seed():
    short = attrs.evolve(SMALL, steps=20)
    assert trained(short, first) == trained(short, first)
    assert trained(short, first) != trained(short, first, seed=1)


def test_what_is_looked_at_does_not_change_what_is_trained():
    often = trained(attrs.evolve(SMALL, steps=40, look_every=10), first)
    rarely = trained(attrs.evolve(SMALL, steps=40, look_every=40), first)
    assert rarely.steps == (0, 40)
    assert rarely.kl == (often.kl[0], often.kl[-1])


def test_the_divergence_holds_a_policy_back():
    free = trained(attrs.evolve(SMALL, steps=60), first)
    held = trained(attrs.evolve(SMALL, steps=60, kl_coefficient=1.0), first)
    assert held.kl[-1] < 0.5 * free.kl[-1]


def test_the_onset_in_kl_does_not_depend_on_the_learning_rate():
    """Steps do: they are no measure to compare trainings by."""
    curves = [
        trained(attrs.evolve(SMALL, learning_rate=rate, steps=steps), first)
        for rate, steps in ((0.6, 320), (1.0, 200))
    ]
    slow, fast = map(onset, curves)
    assert slow is not None
    assert fast is not None
    assert fast.step < 0.75 * slow.step
    assert fast.kl == pytest.approx(slow.kl, rel=0.25)
    at_one = [gold_at_kl(curve, 1.0) for curve in curves]
    assert at_one[0] == pytest.approx(at_one[1], abs=0.03)


def test_checklists_tell_what_is_in_them():
    world = World.of(SMALL, 0)
    rubrics = complete(world, vague=2)
    assert rubrics.criteria() == 14 + 2
    assert rubrics.coverage(world) == 1.0
    assert rubrics.vague(world) == 2.0
    assert Checklists.of(world, [{}] * 60).coverage(world) == 0.0


def test_better_rubrics_order_more_pairs_right():
    world = World.of(SMALL, 0)
    verifier, draw = Verifier(world), generator(0, "pairs")
    strong = world.strong(paired_responses(world))
    found = [
        rubrics.accuracy(verifier, source, draw)
        for rubrics in (first(world), complete(world))
        for source in (strong, world.untrained())
    ]
    assert found[0] < found[1]
    assert found[0] + 0.1 < found[2]
    assert found[1] + 0.05 < found[3]


@pytest.mark.parametrize(("region", "expected"), [("strong", 0.435), ("base", 0.668)])
def test_first_rubrics_order_pairs_as_right_as_they_are_known_to(region, expected):
    """Rubrics that know the prompts alone: the mean of six worlds, at full size."""
    found = []
    for seed in range(6):
        world = World.of(Parameters(), seed)
        strong = world.strong(paired_responses(world))
        source = strong if region == "strong" else world.untrained()
        draw = generator(seed, "pairs")
        found.append(first(world).accuracy(Verifier(world), source, draw))
    assert statistics.fmean(found) == pytest.approx(expected, abs=0.02)


def test_strong_responses_are_of_a_profile_each():
    world = World.of(SMALL, 0)
    count = paired_responses(world)
    chances = world.strong(count).rows(count)
    assert len({tuple(row) for row in chances}) == count


def test_pairs_that_a_rubric_ties_are_wrong():
    world = World.of(SMALL, 0)
    nothing = Checklists.of(world, [{SMALL.skills - 1: 1}] * 60)
    seldom = nothing.accuracy(Verifier(world), world.untrained(), generator(0, "ties"))
    assert seldom < 0.25
