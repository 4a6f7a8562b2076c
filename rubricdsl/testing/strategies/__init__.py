"""Hypothesis strategies for rubrics and what judges may say of responses.

``pip install "rubricdsl[testing]"`` brings Hypothesis along::

    from hypothesis import given, strategies as st
    from rubricdsl.testing.strategies import bound_rubrics, verdicts

    @given(st.data())
    def test_my_reward_is_bounded(data):
        rubric = data.draw(bound_rubrics())
        ...
"""

from rubricdsl.testing.strategies.rubrics import (
    Features,
    bound_rubrics,
    formulas,
    na_rules,
    rubric_of,
    scales,
    weights,
)
from rubricdsl.testing.strategies.verdicts import (
    failures,
    partial_verdicts,
    rulings,
    rulings_for,
    verdicts,
)

__all__ = [
    "Features",
    "bound_rubrics",
    "failures",
    "formulas",
    "na_rules",
    "partial_verdicts",
    "rubric_of",
    "rulings",
    "rulings_for",
    "scales",
    "verdicts",
    "weights",
]
