"""The oracle of the simulated world: it proposes what two responses differ in."""

import asyncio
from pathlib import Path

import attrs
import numpy as np
import pytest

from rubricdsl.analysis.simulation.parameters import Parameters
from rubricdsl.analysis.simulation.world import World
from rubricdsl.language.binding import bind
from rubricdsl.language.edit import apply, edit_record, read_edits
from rubricdsl.language.loading import load_text
from rubricdsl.model.refinement import Candidate, Pair, ProposalRequest
from rubricdsl.refinement.simulated.oracle import OracleProposer
from rubricdsl.refinement.simulated.texts import Wording

WORLD = World.of(Parameters(prompts=2, recall=1.0, recall_both=0.0), 0)
WORDING = Wording.of(WORLD)
SKILLS = WORLD.parameters.skills
KNOWN = {3: 1, 5: 2, SKILLS: 2}


def request(first, second, *, weights=None, number=1, seed=0):
    text = WORDING.source("prompt_000", (KNOWN if weights is None else weights).items())
    (rubric,) = load_text(text, {}, folder=Path()).checked()
    candidates = []
    for place, shown in enumerate((first, second)):
        row = [one in shown for one in range(WORLD.parameters.features)]
        response = WORDING.response("prompt_000", "great", place, row)
        candidates.append(Candidate(response=response))
    pair = Pair(first=candidates[0], second=candidates[1], why="to test")
    return ProposalRequest(
        rubric=rubric, bound=bind(rubric, {}), pair=pair, round=number, seed=seed
    )


def propose(*shown, world=WORLD, style=0.0, **how):
    proposer = OracleProposer(world, style)
    return asyncio.run(proposer.propose(request(*shown, **how))).edits


def test_it_proposes_skills_of_one_response_that_the_rubric_does_not_know():
    edits = propose({3, 7, 9, 30}, {5, 9, 31})
    assert {edit.name for edit in edits} == {"skill_07", "skill_30", "skill_31"}
    for edit in edits:
        number = WORDING.number(edit.text)
        assert edit.mark == f"{WORLD.values[number]:g}"
        assert edit.type
        assert edit.reason
        (quote,) = edit.evidence
        assert quote.response == ("great_1" if number == 31 else "great_0")
        assert quote.text == WORDING.feature(number)


def test_it_proposes_no_more_than_so_many_in_a_round():
    edits = propose(set(range(6, 26)), set())
    assert len(edits) == WORLD.parameters.most_proposed == 4
    others = propose(set(range(6, 26)), set(), number=2)
    assert {e.name for e in edits} != {e.name for e in others}


def test_it_sees_nothing_in_responses_that_show_the_same():
    assert propose({3, 7}, {3, 7}, style=1.0) == ()
    both = attrs.evolve(
        WORLD, parameters=attrs.evolve(WORLD.parameters, recall_both=1.0)
    )
    (edit,) = propose({3, 7}, {3, 7}, world=both)
    assert len(edit.evidence) == 2


def test_it_takes_other_hacks_for_a_merit_if_it_is_prone_to():
    assert propose({7, SKILLS}, {7}) == ()
    (edit,) = propose({7, SKILLS}, {7}, style=1.0)
    assert WORDING.number(edit.text) == SKILLS + 1
    assert edit.mark == "2"


@pytest.mark.parametrize(("name", "expected"), [("recall", 0.7), ("style", 0.8)])
def test_it_notices_as_often_as_it_should(name, expected):
    p = attrs.evolve(WORLD.parameters, recall=0.7)
    world = attrs.evolve(WORLD, parameters=p)
    shown = {7} if name == "recall" else {SKILLS}
    found = [
        len(propose(shown, set(), world=world, style=0.8, seed=seed))
        for seed in range(200)
    ]
    assert np.mean(found) == pytest.approx(expected, abs=4 * 0.5 / 200**0.5)


def test_the_same_request_is_answered_alike():
    asked = ({7, 9, 30, SKILLS}, {31, 32, 33})
    assert propose(*asked, style=0.5) == propose(*asked, style=0.5)


def test_what_it_proposes_applies_and_can_be_written_down():
    asked = request({7, 30, SKILLS}, {31})
    edits = propose({7, 30, SKILLS}, {31}, style=1.0)
    assert read_edits({"edits": [edit_record(edit) for edit in edits]}) == edits
    text = WORDING.source("prompt_000", KNOWN.items())
    edited = apply(text, "", edits, functions={}, folder=Path())
    weights = WORDING.weights(bind(edited.rubric, {}))
    assert weights.keys() == {*KNOWN, 7, 30, 31, SKILLS + 1}
    assert WORDING.weights(asked.bound) == KNOWN
