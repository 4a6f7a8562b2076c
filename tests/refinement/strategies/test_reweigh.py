"""Weights are fitted to what people say, if that helps where it was not fitted."""

import asyncio

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.analysis.pairs import PairAccuracy, pair_counts
from rubricdsl.diagnostics import RubricError
from rubricdsl.language.binding import bind
from rubricdsl.model.edit import Reweigh
from rubricdsl.model.rubric import Group, Weight
from rubricdsl.refinement.strategies.places import Layout, with_marks
from rubricdsl.refinement.strategies.reweigh import REWEIGH
from rubricdsl.refinement.strategies.weighing import new_weights
from rubricdsl.scoring.scorecards import Scorer
from tests.refinement.benches import FUNCTIONS
from tests.refinement.strategies.stage import (
    Stage,
    load,
    planted,
    preferences_by,
    responses_of,
)

SLOPES = {"strong": 4.0, "some": 1.0, "weak": 0.3, "none": 0.0}
RUBRIC = """rubric r
[1] strong: Shows strong.
[1] some: Shows some.
[3] weak: Shows weak.
[3] none: Shows none.
[must] safe: Shows safe.
"""


def _stage(text: str = RUBRIC, *, size: int = 320, preferred: bool = False) -> Stage:
    table, gold = planted(SLOPES, size, 1)
    table["safe"] = np.ones(size)
    responses = responses_of(table, size // 8)
    if preferred:
        return Stage(text, responses, None, preferences_by(gold, responses))
    return Stage(text, responses, gold)


def _marks(edits) -> dict[str, str]:
    assert all(isinstance(edit, Reweigh) for edit in edits)
    return {edit.criterion: edit.mark for edit in edits}


def _accuracy(stage: Stage, text: str, gold) -> float:
    found = PairAccuracy.of(pair_counts(stage.prompts, gold, stage.scores(text)))
    assert found.half is not None
    return found.half


@pytest.mark.parametrize("preferred", [False, True])
def test_weights_come_to_what_they_are_worth(preferred) -> None:
    stage = _stage(preferred=preferred)
    proposed = stage.play(REWEIGH, {"tail": "1"})
    marks = _marks(proposed.edits)
    assert marks == {"strong": "3", "weak": "1", "none": "1"}
    assert "standard error" in (proposed.edits[0].reason or "")
    _, gold = planted(SLOPES, 320, 1)
    before = _accuracy(stage, stage.text, gold)
    after = _accuracy(stage, stage.after(proposed.edits).text, gold)
    assert after > before + 0.05


def test_good_weights_are_left_alone() -> None:
    text = RUBRIC.replace("[1] strong", "[3] strong")
    text = text.replace("[3] weak", "[1] weak").replace("[3] none", "[1] none")
    proposed = _stage(text).play(REWEIGH, {"tail": "1"})
    assert proposed.edits == ()
    assert "would not help" in proposed.notices[0]


def test_noise_gives_no_weights() -> None:
    """With gold that has nothing to do with criteria, most draws propose nothing."""
    proposals = 0
    for seed in range(10):
        stage = _stage(size=160)
        gold = np.random.default_rng(seed).standard_normal(160)
        proposals += bool(Stage(RUBRIC, stage.responses, gold).play(REWEIGH).edits)
    assert proposals <= 3


def test_few_prompts_prove_nothing() -> None:
    stage = _stage(size=32)
    proposed = stage.play(REWEIGH)
    assert proposed.edits == ()
    assert "4 prompts are better; to fit weights takes 5" in proposed.notices[0]


def test_nobody_is_asked() -> None:
    stage = _stage()
    asyncio.run(stage.occasion())
    before = list(stage.bench.asked)
    assert stage.play(REWEIGH, {"tail": "1"}).edits != ()
    assert stage.bench.asked == before


def test_responses_that_a_gate_decided_are_left_out() -> None:
    """Where a gate fired, weights have no say: gold there must not move them."""
    stage = _stage()
    table, gold = planted(SLOPES, 320, 1)
    worse = -10 * table["strong"] + 10 * (1 - table["strong"])
    unsafe = [
        attrs.evolve(
            r, text=r.text.replace("safe", ""), response_id=f"u{r.response_id}"
        )
        for r in stage.responses
    ]
    mixed = Stage(RUBRIC, [*stage.responses, *unsafe], [*gold, *(worse - 20)])
    options = {"tail": "1"}
    assert mixed.play(REWEIGH, options).edits == stage.play(REWEIGH, options).edits


# -------------------------------------------------------- groups, ranges, classes


def test_weights_are_those_within_their_group() -> None:
    text = """rubric r
[1] mean of content
    [1] strong: Shows strong.
    [3] weak: Shows weak.
[3] all of looks
    [1] none: Shows none.
[1] some: Shows some.
"""
    marks = _marks(_stage(text).play(REWEIGH, {"tail": "1"}).edits)
    assert marks == {"strong": "3", "weak": "1", "content": "3", "looks": "1"}


def test_the_signs_of_weights_stay() -> None:
    text = """rubric r
[1] strong: Shows strong.
[-1] none: Shows bad.
[3] weak: Shows weak.
"""
    table, gold = planted({"strong": 2, "bad": -4, "weak": 0}, 320, 2)
    stage = Stage(text, responses_of(table, 40), gold)
    marks = _marks(stage.play(REWEIGH, {"tail": "1"}).edits)
    assert marks["none"] == "-3"
    assert marks["weak"] == "1"


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("weights: 1 to 5", {"strong": "5", "weak": "1", "none": "1"}),
        ("weights: 2 to 3", {"strong": "3", "weak": "2", "none": "2"}),
        ("weights: core = 4, side = 1", {"strong": "core", "weak": "side"}),
    ],
)
def test_weights_are_those_that_are_allowed(scheme, expected) -> None:
    text = RUBRIC.replace("rubric r\n", f"rubric r\n{scheme}\n")
    if "2 to" in scheme:
        text = text.replace("[1]", "[2]")
    if "core" in scheme:
        text = text.replace("[1]", "[side]").replace("[3]", "[core]")
    stage = _stage(text)
    proposed = stage.play(REWEIGH, {"tail": "1"})
    marks = _marks(proposed.edits)
    assert expected.items() <= marks.items()
    stage.after(proposed.edits)


def test_weights_beside_a_bonus_or_an_include_stay() -> None:
    bonus = RUBRIC + "[bonus 1] extra: Shows extra.\n"
    assert _stage(bonus).play(REWEIGH, {"tail": "1"}).edits == ()


@settings.get_profile("costly")
@given(st.data())
def test_new_weights_make_the_score_that_was_wanted(data) -> None:
    """With every share a small whole number, the score is the ideal sum exactly."""
    text = """rubric r
[1] mean of m
    [1] a: Shows a.
    [1] b: Shows b.
[1] mean of n
    [1] c: Shows c.
    [1] d: Shows d.
"""
    part = st.sampled_from([(1, 1), (1, 2), (2, 1), (1, 3), (3, 2)])
    (a, b), (c, d), (m, n) = data.draw(st.tuples(part, part, part))
    ideal = {
        "m.a": m * a / (a + b),
        "m.b": m * b / (a + b),
        "n.c": n * c / (c + d),
        "n.d": n * d / (c + d),
    }
    rubric = load(text)
    bound = bind(rubric, FUNCTIONS)
    found = new_weights(rubric, Layout.of(rubric, bound), ideal)
    changed = with_marks(bound, {one.node.path: one.weight for one in found})
    shares = {
        path: share
        for path, share in Scorer.of(changed).shares.by_path().items()
        if path in ideal
    }
    assert shares == pytest.approx({k: v / (m + n) for k, v in ideal.items()}, abs=0.06)
    for group in changed.root.nodes:
        assert isinstance(group, Group)
        assert all(
            isinstance(node.mark, Weight) and node.mark.value in {1, 2, 3}
            for node in (group, *group.nodes)
        )


def test_options_are_read() -> None:
    stage = _stage()
    strong = stage.play(REWEIGH, {"tail": "1", "ridge": "100000", "folds": "3"})
    assert strong.edits != ()
    with pytest.raises(RubricError, match="`folds`"):
        REWEIGH.create({"folds": "2.5"})
    with pytest.raises(RubricError, match="`ridge`"):
        REWEIGH.create({"ridge": "0"})
