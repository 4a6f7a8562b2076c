"""Broad criteria are split, and what is inverted or repeated never stays."""

import numpy as np
import pytest

from rubricdsl.analysis.pairs import tail_accuracy
from rubricdsl.diagnostics import RubricError
from rubricdsl.model.edit import Add, Part, Remove, Reweigh, Reword, Split
from rubricdsl.model.refinement import (
    Pair,
    ProposalRequest,
    Proposed,
    Task,
)
from rubricdsl.model.rubric import Criterion
from rubricdsl.model.ruling import Failure
from rubricdsl.refinement.strategies.decompose_filter import DECOMPOSE_FILTER
from tests.refinement.strategies.stage import (
    ScriptedProposer,
    Stage,
    planted,
    responses_of,
)

# Three broad criteria, two inverted ones, and three that repeat others.
RUBRIC = """rubric r
[2] broad1: Shows broad1.
[2] broad2: Shows broad2.
[2] broad3: Shows broad3.
[1] good1: Shows good1.
[1] good2: Shows good2.
[1] good3: Shows good3.
[1] wrong1: Shows wrong1.
[1] wrong2: Shows wrong2.
[1] copy1: Shows good1.
[1] copy2: Shows good2.
[1] copy3: Shows good3.
"""
SPLITS = {
    "broad1": ("deep1", "fine1"),
    "broad2": ("deep2", "bad2"),  # one part is inverted
    "broad3": ("good1", "good2"),  # both parts are there already
}


def _stage(proposer) -> tuple[Stage, np.ndarray]:
    slopes = {"good1": 1.5, "good2": 1.5, "good3": 1.0, "deep1": 2.0, "deep2": 2.0}
    slopes |= {"fine1": 1.0, "wrong1": -2.0, "wrong2": -2.0, "bad2": -2.0}
    table, gold = planted(slopes, 480, 11)
    always = np.random.default_rng(0).random((3, 480)) < 0.97
    table |= {f"broad{n + 1}": always[n] for n in range(3)}
    return Stage(RUBRIC, responses_of(table, 30), gold, proposer=proposer), gold


def _split(request: ProposalRequest) -> Proposed:
    assert request.task is Task.DECOMPOSE
    return Proposed(
        edits=tuple(
            Split(
                criterion=name,
                into=tuple(
                    Part(name=f"{name}_{word}", text=f"Shows {word}.")
                    for word in SPLITS[name]
                ),
                type="break down",
            )
            for name in request.focus
        ),
        calls=1,
    )


def _pair(stage: Stage) -> Pair:
    from rubricdsl.model.refinement import Candidate

    first, second = (Candidate(response=one) for one in stage.responses[:2])
    return Pair(first=first, second=second, why="planted")


def _play(stage: Stage, options=None) -> Proposed:
    return stage.play(DECOMPOSE_FILTER, options, pair=_pair(stage))


def test_planted_faults_are_gone_and_good_responses_ranked_no_worse() -> None:
    proposer = ScriptedProposer(_split)
    stage, gold = _stage(proposer)
    proposed = _play(stage)
    after = stage.after(proposed.edits)
    left = [item for item in after.rubric.items if isinstance(item, Criterion)]
    texts = [item.text for item in left]
    names = [item.name for item in left]
    assert not [name for name in names if name.startswith("wrong")]
    assert not [text for text in texts if "wrong" in text or "bad" in text]
    assert len(set(texts)) == len(texts)
    assert {"broad1_deep1", "broad1_fine1", "good1", "good2", "good3"} <= set(names)
    assert proposer.asked[0].focus == ("broad1", "broad2", "broad3")
    figures = [
        tail_accuracy(stage.prompts, gold, stage.scores(text), 0.5).accuracy.half
        for text in (RUBRIC, after.text)
    ]
    assert figures[0] is not None
    assert figures[1] is not None
    assert figures[1] > figures[0] + 0.05


def test_a_bad_part_is_left_out_of_its_split() -> None:
    stage, _ = _stage(ScriptedProposer(_split))
    proposed = _play(stage)
    splits = {e.criterion: e for e in proposed.edits if isinstance(e, Split)}
    assert [part.name for part in splits["broad1"].into] == [
        "broad1_deep1",
        "broad1_fine1",
    ]
    (reworded,) = [e for e in proposed.edits if isinstance(e, Reword)]
    assert (reworded.criterion, reworded.text) == ("broad2", "Shows deep2.")
    assert reworded.type == "break down"
    assert "broad3" not in splits
    told = "\n".join(proposed.notices)
    assert "`broad2_bad2` was left out of the split of `broad2`" in told
    assert "`broad3_good1`" in told
    assert proposed.calls == 1


def test_what_is_added_is_filtered_too() -> None:
    def answer(_: ProposalRequest) -> Proposed:
        return Proposed(
            edits=(
                Add(name="bad", text="Shows bad2.", mark="1"),
                Add(name="deep", text="Shows deep2.", mark="1"),
                Reweigh(criterion="nowhere", mark="1"),
            )
        )

    stage, _ = _stage(ScriptedProposer(answer))
    edits = _play(stage).edits
    assert [e.name for e in edits if isinstance(e, Add)] == ["deep"]
    # What does not apply is for the gate to refuse, and to tell of.
    assert [e.criterion for e in edits if isinstance(e, Reweigh)] == ["nowhere"]


def test_a_proposer_that_fails_does_not_stop_the_filter() -> None:
    failure = Failure("unparseable", "rubbish")
    stage, _ = _stage(ScriptedProposer(lambda _: Proposed(failure=failure, calls=3)))
    proposed = _play(stage)
    assert (proposed.failure, proposed.calls) == (failure, 3)
    removed = {e.criterion for e in proposed.edits if isinstance(e, Remove)}
    assert removed == {"wrong1", "wrong2", "copy1", "copy2", "copy3"}


def test_nobody_is_asked_where_nothing_is_broad() -> None:
    proposer = ScriptedProposer(_split)
    stage, _ = _stage(proposer)
    proposed = _play(stage, {"tau": "0.999"})
    assert proposer.asked == []
    assert {e.op for e in proposed.edits} == {"remove"}
    with pytest.raises(RubricError, match="`tau`"):
        DECOMPOSE_FILTER.create({"tau": "2"})


def test_a_pool_that_was_not_scored_is() -> None:
    import asyncio

    import attrs

    stage, _ = _stage(ScriptedProposer(_split))

    async def play() -> Proposed:
        occasion = await stage.occasion()
        blank = [attrs.evolve(one, scorecard=None) for one in occasion.candidates]
        unscored = attrs.evolve(occasion, candidates=tuple(blank), pair=_pair(stage))
        return await DECOMPOSE_FILTER.create({}).propose(unscored)

    assert asyncio.run(play()).edits == _play(stage).edits
