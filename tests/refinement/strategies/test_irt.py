"""Criteria count by how well they discriminate, and those that do not go."""

import numpy as np
import pytest

from rubricdsl.analysis.pairs import PairAccuracy, pair_counts
from rubricdsl.diagnostics import RubricError
from rubricdsl.model.edit import Remove, Reweigh
from rubricdsl.refinement.strategies.irt import IRT
from tests.refinement.strategies.stage import Stage, planted, responses_of

SLOPES = {"a": 3.0, "b": 3.0, "c": 1.0, "d": 1.0, "e": 0.0, "f": -1.0}
RUBRIC = "rubric r\n" + "".join(f"[1] {word}: Shows {word}.\n" for word in SLOPES)


def _stage(text: str = RUBRIC, size: int = 1_000):
    table, gold = planted(SLOPES, size, 5)
    return Stage(text, responses_of(table, 1)), gold


def test_it_finds_what_discriminates_without_being_told() -> None:
    stage, gold = _stage()
    proposed = stage.play(IRT)
    removed = [e.criterion for e in proposed.edits if isinstance(e, Remove)]
    marks = {e.criterion: e.mark for e in proposed.edits if isinstance(e, Reweigh)}
    assert removed == ["f", "e"]
    assert marks == {"a": "3", "b": "3"}
    assert "a = -" in (proposed.edits[0].reason or "")
    before = PairAccuracy.of(pair_counts(stage.prompts, gold, stage.scores(RUBRIC)))
    edited = stage.after(proposed.edits).text
    after = PairAccuracy.of(pair_counts(stage.prompts, gold, stage.scores(edited)))
    assert before.half is not None
    assert after.half is not None
    assert after.half > before.half + 0.05


def test_a_penalty_stays_and_keeps_its_sign() -> None:
    stage, _ = _stage(RUBRIC.replace("[1] f", "[-1] f").replace("[1] e", "[-1] e"))
    proposed = stage.play(IRT)
    assert not any(isinstance(edit, Remove) for edit in proposed.edits)
    left = {i.name: i.mark.value for i in stage.after(proposed.edits).rubric.items}
    assert left["e"] < 0 > left["f"]


def test_few_responses_prove_nothing() -> None:
    stage, _ = _stage(size=8)
    proposed = stage.play(IRT)
    assert proposed.edits == ()
    assert proposed.notices != ()


def test_constant_criteria_break_nothing() -> None:
    table = {word: np.ones(30) for word in SLOPES}
    proposed = Stage(RUBRIC, responses_of(table, 1)).play(IRT)
    assert proposed.edits == ()


def test_options_are_read() -> None:
    stage, _ = _stage()
    gone = stage.play(IRT, {"least": "2"}).edits
    assert {e.criterion for e in gone if isinstance(e, Remove)} == {"c", "d", "e", "f"}
    with pytest.raises(RubricError, match="`least`"):
        IRT.create({"least": "much"})
