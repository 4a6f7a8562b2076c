"""What ``st.from_type`` gives for our classes.

Hypothesis calls `register` when it is imported, whoever imports it, so only the
model is loaded here; a strategy is loaded when somebody asks for it.
"""

from hypothesis import strategies as st

from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion, Rubric


def register() -> None:
    """Tell Hypothesis which strategies belong to our classes."""
    st.register_type_strategy(Rubric, _rubrics)
    st.register_type_strategy(BoundRubric, _bound_rubrics)
    st.register_type_strategy(Criterion, _criteria)
    st.register_type_strategy(Response, _responses)


def _rubrics(_: type[Rubric]) -> st.SearchStrategy[Rubric]:
    from rubricdsl.testing.strategies import rubrics

    return rubrics()


def _bound_rubrics(_: type[BoundRubric]) -> st.SearchStrategy[BoundRubric]:
    from rubricdsl.testing.strategies import bound_rubrics

    return bound_rubrics()


def _criteria(_: type[Criterion]) -> st.SearchStrategy[Criterion]:
    from rubricdsl.testing.strategies import criteria

    return criteria()


def _responses(_: type[Response]) -> st.SearchStrategy[Response]:
    from rubricdsl.testing.strategies import responses

    return responses()
