"""Hypothesis strategies for rubrics and what judges may say of responses.

``pip install "rubricdsl[testing]"`` brings Hypothesis along::

    from hypothesis import given, strategies as st
    from rubricdsl.testing import rubrics, verdicts

    @given(st.data())
    def test_my_reward_is_bounded(data):
        rubric = data.draw(rubrics())
        said = data.draw(verdicts(rubric))
        ...

`rubrics`, `criteria` and `responses` are also what ``st.from_type`` gives for
`Rubric`, `Criterion` and `Response`, without any import of ours.
"""

from rubricdsl.testing.strategies.answers import responses
from rubricdsl.testing.strategies.bound import (
    Features,
    bound_rubrics,
    criteria,
    formulas,
    na_rules,
    rubric_of,
    scales,
    weights,
)
from rubricdsl.testing.strategies.editing import edits
from rubricdsl.testing.strategies.legal_rulings import (
    failures,
    partial_verdicts,
    rulings,
    rulings_for,
    verdicts,
)
from rubricdsl.testing.strategies.sources import rubrics

__all__ = [
    "Features",
    "bound_rubrics",
    "criteria",
    "edits",
    "failures",
    "formulas",
    "na_rules",
    "partial_verdicts",
    "responses",
    "rubric_of",
    "rubrics",
    "rulings",
    "rulings_for",
    "scales",
    "verdicts",
    "weights",
]
