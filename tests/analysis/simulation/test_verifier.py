"""The judge of the simulated world: how often it errs, and that it keeps its word."""

import numpy as np
import pytest

from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.analysis.simulation.verifier import Verifier
from rubricdsl.analysis.simulation.world import World, generator

DEFAULT = Parameters()
WORLD = World.of(DEFAULT, 0)
VERIFIER = Verifier(WORLD)
MANY = 10_000
VAGUE = DEFAULT.skills


def judge(features, criteria, seed=0):
    keys = generator(seed, "keys").integers(0, 2**63, MANY, dtype=np.uint64)
    rows = np.repeat(features[np.newaxis], MANY, axis=0)
    return VERIFIER.verdicts(rows, keys, np.array(criteria))


def features(*shown):
    row = np.zeros(DEFAULT.features, dtype=np.bool_)
    row[list(shown)] = True
    return row


HACKS = tuple(range(DEFAULT.skills, DEFAULT.features))
BASICS = tuple(np.flatnonzero(WORLD.asked[0])[: DEFAULT.asked_basic])


@pytest.mark.parametrize(
    ("shown", "criterion", "expected"),
    [
        ((7,), 7, 0.95),
        ((), 7, 0.05),
        (HACKS, 7, 0.15),
        (HACKS[:2], 7, 0.10),
        ((7, *HACKS), 7, 0.95),
        ((), VAGUE, 1 / (1 + np.exp(1))),
        (HACKS, VAGUE, 1 / (1 + np.exp(-2))),
        (BASICS, VAGUE, 0.5),
        ((*BASICS, *HACKS), VAGUE + 2, 1 / (1 + np.exp(-3))),
    ],
)
def test_it_says_yes_as_often_as_it_should(shown, criterion, expected):
    said = judge(features(*shown), [criterion])
    # Four standard errors.
    assert said.mean() == pytest.approx(expected, abs=4 * 0.5 / MANY**0.5)


def test_it_errs_independently_from_criterion_to_criterion():
    said = judge(features(*HACKS[:1]), range(VAGUE + 6)).astype(float)
    apart = np.corrcoef(said, rowvar=False) - np.eye(said.shape[1])
    assert np.abs(apart).max() < 5 / MANY**0.5


def test_the_same_question_about_the_same_response_has_the_same_answer():
    row = features(3, *HACKS)
    every = judge(row, range(VAGUE + 3))
    assert np.array_equal(judge(row, range(VAGUE + 3)), every)
    assert np.array_equal(judge(row, [VAGUE + 1, 3]), every[:, [VAGUE + 1, 3]])
    some = VERIFIER.judge([row.tolist()] * 3, [5, 9, 5], [1, VAGUE])
    assert some[0] == some[2]
    assert VERIFIER.judge([row.tolist()], [9], [VAGUE, 1]) == [some[1][::-1]]


def test_other_responses_and_other_worlds_have_answers_of_their_own():
    row = features(*HACKS)
    one, other = judge(row, [VAGUE]), judge(row, [VAGUE], seed=1)
    assert 0.05 < (one != other).mean() < 0.5
    keys = np.arange(MANY, dtype=np.uint64)
    rows = np.repeat(row[np.newaxis], MANY, axis=0)
    worlds = [
        Verifier(World.of(DEFAULT, seed)).verdicts(rows, keys, np.array([VAGUE]))
        for seed in (0, 1)
    ]
    assert (worlds[0] != worlds[1]).mean() == pytest.approx(2 * 0.881 * 0.119, abs=0.02)


def test_nothing_to_judge_is_nothing_judged():
    assert VERIFIER.judge([], [], [1]) == []
    assert VERIFIER.judge([features().tolist()], [1], []) == [[]]
