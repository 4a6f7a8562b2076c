"""The experiment sums up what came out, whoever ran it, and says rightly what holds."""

import pytest
from attrs import evolve

from rubricdsl.analysis.simulation.onset import Curve
from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.refinement.simulated.conditions import (
    FOUR_DIVERSE,
    FOUR_GREAT,
    INITIAL,
    ONE_GREAT,
    STYLE_PRONE,
    Outcome,
)
from rubricdsl.refinement.simulated.expectations import expectations
from rubricdsl.refinement.simulated.experiment import (
    Experiment,
    Findings,
    Mean,
    run_experiment,
)

SMALL = Parameters(prompts=3, steps=10)
STEPS = (0.0, 10.0, 20.0, 30.0)
# A rise, and a fall for good from step 20 on; the score rises all the while.
FALLING = Curve(
    steps=STEPS,
    gold=(0.3, 0.4, 0.35, 0.1),
    proxy=(0.4, 0.6, 0.7, 0.8),
    kl=(0.0, 1.0, 2.0, 3.0),
)


def outcome(condition, seed=0, accuracy_high=0.45, curve=FALLING):
    return Outcome(
        condition=condition.name,
        seed=seed,
        criteria=8.0,
        vague=3.0,
        coverage=0.3,
        accuracy_high=accuracy_high,
        accuracy_low=0.6,
        accepted=0,
        refused=0,
        curve=curve,
    )


def raised(by, kl=1.0):
    gold = tuple(value + by for value in FALLING.gold)
    return evolve(FALLING, gold=gold, kl=tuple(kl * far for far in FALLING.kl))


def experiment(*findings):
    return Experiment(
        parameters=SMALL,
        seeds=2,
        findings=tuple(
            Findings(condition=rows[0].condition, outcomes=rows) for rows in findings
        ),
    )


def as_expected():
    """Give two worlds that show all that is expected."""
    prone = evolve(FALLING, gold=(0.4, 0.3, 0.2, 0.1))
    return {
        INITIAL.name: [outcome(INITIAL, s) for s in (0, 1)],
        ONE_GREAT.name: [outcome(ONE_GREAT, s, curve=raised(0.05)) for s in (0, 1)],
        FOUR_GREAT.name: [outcome(FOUR_GREAT, s, curve=raised(0.1)) for s in (0, 1)],
        FOUR_DIVERSE.name: [
            outcome(FOUR_DIVERSE, s, accuracy_high=0.6, curve=raised(0.2, 4.0))
            for s in (0, 1)
        ],
        STYLE_PRONE.name: [outcome(STYLE_PRONE, s, curve=prone) for s in (0, 1)],
    }


def told(worlds):
    found = expectations(experiment(*(tuple(rows) for rows in worlds.values())))
    return [one.holds for one in found]


def test_what_holds_is_said_to_hold():
    assert told(as_expected()) == [True] * 5


@pytest.mark.parametrize(
    ("number", "condition", "changes"),
    [
        (0, FOUR_DIVERSE, {"curve": raised(0.1, 4.0), "accuracy_high": 0.6}),
        (0, ONE_GREAT, {"curve": raised(-0.1)}),
        (1, FOUR_DIVERSE, {"curve": raised(0.2, 2.9), "accuracy_high": 0.6}),
        (2, INITIAL, {"curve": evolve(FALLING, proxy=(0.4, 0.5, 0.6, 0.65))}),
        (3, FOUR_DIVERSE, {"curve": raised(0.2, 4.0), "accuracy_high": 0.56}),
        (4, STYLE_PRONE, {"curve": FALLING}),
    ],
)
def test_what_does_not_hold_is_told_by_itself(number, condition, changes):
    worlds = as_expected()
    worlds[condition.name] = [outcome(condition, s, **changes) for s in (0, 1)]
    assert told(worlds) == [place != number for place in range(5)]


def test_peaks_that_differ_by_chance_are_not_surely_apart():
    worlds = as_expected()
    worlds[FOUR_GREAT.name] = [
        outcome(FOUR_GREAT, seed, curve=raised(by)) for seed, by in ((0, 0.3), (1, 0.0))
    ]
    assert told(worlds)[0] is False


def test_without_a_condition_nothing_is_said_of_it():
    worlds = as_expected()
    del worlds[FOUR_DIVERSE.name]
    assert len(told(worlds)) == 2


def test_a_mean_counts_those_that_have_a_figure():
    assert Mean.of([None, None]) is None
    assert Mean.of([1.0, None, 3.0]) == Mean(2.0, 1.0, 2)
    assert Mean.of([1.0]) == Mean(1.0, 0.0, 1)


def test_a_curve_is_the_mean_of_those_of_all_worlds():
    found = Findings(
        condition="x", outcomes=(outcome(INITIAL), outcome(INITIAL, curve=raised(0.2)))
    )
    assert found.curve.gold == pytest.approx(raised(0.1).gold)
    assert found.mean("onset_kl") == Mean(2.0, 0.0, 2)


def test_processes_make_no_difference():
    heard: list[Outcome] = []
    alone, together = (
        run_experiment(
            SMALL, [INITIAL, FOUR_GREAT], seeds=2, jobs=jobs, on_outcome=heard.append
        )
        for jobs in (1, 2)
    )
    assert alone == together
    assert len(heard) == 8
    assert [one.condition for one in alone.findings] == ["initial", "4 great"]
    assert [one.seed for one in alone.findings[0].outcomes] == [0, 1]
