"""Refining by what people annotated, measured on prompts that it did not see.

How much it helps is for `tests/benchmarks/refine_real.py` to tell.  Here it must find
what is plainly wrong, learn nothing from noise, and do no harm.
"""

import pytest

from rubricdsl.model.edit import Remove, Reweigh
from tests.refinement.strategies.real_data import (
    IN_STEPS,
    KEYED_WRONG,
    TUTORING,
    DataSet,
    Outcome,
    refined,
)

pytestmark = pytest.mark.skipif(
    not all(data.is_there for data in (TUTORING, IN_STEPS)),
    reason="the annotated sets are not there",
)


def _refined(data: DataSet, tmp_path, *, seed: int = 0, **options) -> Outcome:
    outcome = refined(data, tmp_path, seed=seed, **options)
    for one in (outcome.before, outcome.after):
        assert 0.5 < one.low <= one.estimate <= one.high < 1
    # Not surely worse than before.
    assert outcome.change.high >= 0
    return outcome


def test_weights_for_tutors_rank_better_on_other_prompts(tmp_path) -> None:
    outcome = _refined(TUTORING, tmp_path)
    assert outcome.edits != ()
    assert all(isinstance(edit, Reweigh) for edit in outcome.edits)
    assert all(edit.reason for edit in outcome.edits)
    assert outcome.change.estimate > 0


def test_a_criterion_that_is_the_wrong_way_round_goes(tmp_path) -> None:
    outcome = _refined(KEYED_WRONG, tmp_path, gate=False, strategies=("prune",))
    assert [e.criterion for e in outcome.edits if isinstance(e, Remove)] == ["lost"]


def test_what_says_nearly_the_same_goes(tmp_path) -> None:
    outcome = _refined(
        IN_STEPS, tmp_path, gate=False, strategies=("prune",), most_prompts=60
    )
    gone = [e.criterion for e in outcome.edits if isinstance(e, Remove)]
    assert gone != []
    assert all(name.startswith(("consistency", "fluency")) for name in gone)


def test_nothing_is_learnt_from_gold_that_was_dealt_out_anew(tmp_path) -> None:
    outcome = _refined(TUTORING, tmp_path, shuffled=True)
    assert outcome.edits == ()
    assert outcome.change.estimate == 0
