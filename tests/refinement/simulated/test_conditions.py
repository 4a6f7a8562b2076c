"""The experiment with fewer prompts: refined in the real loop, and then trained on.

The benchmark ``tests/benchmarks/simulation.py`` does the same at full size.
"""

import asyncio
import statistics
from itertools import pairwise
from pathlib import Path

import attrs
import pytest

from rubricdsl.analysis.simulation.checklists import Checklists, paired_responses
from rubricdsl.analysis.simulation.onset import onset, peak
from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.analysis.simulation.verifier import Verifier
from rubricdsl.analysis.simulation.world import World, generator
from rubricdsl.language.binding import bind
from rubricdsl.language.loading import load_text
from rubricdsl.model.edit import Add
from rubricdsl.refinement.simulated.conditions import (
    FOUR_DIVERSE,
    FOUR_GREAT,
    GATED,
    INITIAL,
    NO_STYLE,
    ONE_GREAT,
    STYLE_PRONE,
    refine,
    simulate,
)
from rubricdsl.refinement.simulated.texts import Wording

SEEDS = (0, 1)
# So few prompts cost little, and still order the conditions as many do.
SMALL = Parameters(prompts=24)


def outcomes(condition):
    return [simulate(World.of(SMALL, seed), condition) for seed in SEEDS]


def mean(runs, figure):
    return statistics.fmean(figure(one) for one in runs)


def onset_kl(outcome):
    """Give where gold begins to fall for good, the end if it does not."""
    found = onset(outcome.curve)
    return outcome.curve.kl[-1] if found is None else found.kl


def peak_gold(outcome):
    return peak(outcome.curve).gold


def test_refined_rubrics_carry_further_the_more_great_and_diverse_pairs_they_saw():
    runs = [outcomes(one) for one in (INITIAL, ONE_GREAT, FOUR_GREAT, FOUR_DIVERSE)]
    for figure, least in (
        (lambda o: o.coverage, 0.05),
        (peak_gold, 0.01),
        (onset_kl, 0.3),
    ):
        means = [mean(one, figure) for one in runs]
        steps = [later - sooner for sooner, later in pairwise(means)]
        assert min(steps) > least, (means, least)
    initial, diverse = runs[0], runs[-1]
    assert mean(diverse, onset_kl) / mean(initial, onset_kl) > 2.5
    high = [mean(one, lambda o: o.accuracy_high) for one in (initial, diverse)]
    assert high[1] - high[0] > 0.1
    for one in initial:
        assert one.curve.proxy[-1] - one.curve.proxy[0] > 0.3
        assert one.curve.gold[-1] < one.curve.gold[0]


def test_the_gate_stops_a_proposer_that_takes_hacks_for_merits():
    prone, gated, pure = map(outcomes, (STYLE_PRONE, GATED, NO_STYLE))
    vague = [mean(one, lambda o: o.vague) for one in (prone, gated, pure)]
    assert vague[0] > 4.5
    assert vague[1] < 3.25
    assert vague[2] == 3.0
    kl = [mean(one, onset_kl) for one in (prone, gated, pure)]
    assert kl[0] + 1.0 < kl[1]
    assert kl[1] > 0.75 * kl[2]
    # It stops hardly anything else.
    covered = [mean(one, lambda o: o.coverage) for one in (gated, pure)]
    assert covered[0] > covered[1] - 0.12


# So few show what is covered, which varies little from prompt to prompt.
FEW = attrs.evolve(SMALL, prompts=12)


def checklists(condition, seed=0, **changes):
    """Give the world, and its rubrics as they are when they were refined."""
    world = World.of(attrs.evolve(FEW, **changes), seed)
    rubrics = asyncio.run(refine(world, condition))
    wording = Wording.of(world)
    weights = [wording.weights(bind(one.rubric, {})) for one in rubrics]
    return world, Checklists.of(world, weights)


def coverage(condition, seed=0, **changes):
    world, found = checklists(condition, seed, **changes)
    return found.coverage(world)


def test_more_rounds_cover_more_and_the_later_ones_less_than_the_first():
    initial, two = coverage(INITIAL), coverage(FOUR_GREAT, rounds=2)
    four, seven = coverage(FOUR_GREAT), coverage(FOUR_GREAT, rounds=7)
    assert initial + 0.1 < two < four - 0.05
    assert seven >= four
    assert seven - four < (four - initial) / 2


@pytest.mark.parametrize(
    ("condition", "expected"),
    [(INITIAL, 0.34), (FOUR_GREAT, 0.70), (FOUR_DIVERSE, 0.83)],
    ids=lambda one: getattr(one, "name", str(one)),
)
def test_skills_are_covered_as_at_full_size(condition, expected):
    """A single great source is better in some worlds than in others: a mean of five."""
    found = [coverage(condition, seed, prompts=5) for seed in range(5)]
    assert statistics.fmean(found) == pytest.approx(expected, abs=0.06)


def test_a_proposer_that_notices_little_still_helps():
    found = {}
    for condition in (INITIAL, FOUR_GREAT):
        world, lists = checklists(condition, recall=0.3)
        pairs = generator(world.seed, "pairs")
        strong = world.strong(paired_responses(world))
        right = lists.accuracy(Verifier(world), strong, pairs)
        found[condition.name] = lists.coverage(world), right
    (covered_before, right_before), (covered, right) = found.values()
    assert covered > covered_before + 0.1
    assert right > right_before
    assert covered < coverage(FOUR_GREAT)


def test_rounds_are_told_in_the_source_of_every_rubric():
    world = World.of(attrs.evolve(SMALL, prompts=3), 0)
    for one in asyncio.run(refine(world, FOUR_GREAT)):
        (again,) = load_text(one.text, {}, folder=Path()).checked()
        assert again == one.rubric
        numbers = [entry.number for entry in again.history]
        assert numbers == list(range(1, len(numbers) + 1))
        names = {item.name for item in again.items}
        added = [edit.name for edit in one.edits if isinstance(edit, Add)]
        assert len(added) == len(one.edits) > 0
        assert names.issuperset(added)
        # What was shown to the proposer is shown once.
        ids = [name for record in one.rounds for name in record.pair or ()]
        assert len(ids) == len(set(ids))


def test_a_refinement_is_the_same_alone_and_among_others():
    world = World.of(attrs.evolve(SMALL, prompts=3), 0)
    together = asyncio.run(refine(world, GATED))
    alone = attrs.evolve(
        world,
        parameters=attrs.evolve(world.parameters, prompts=1),
        asked=world.asked[:1],
    )
    assert asyncio.run(refine(alone, GATED)) == together[:1]
