"""How the kinds of groups compare on the same children."""

from itertools import pairwise
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.rubric import BoundRubric, Group, Kind, Weight
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.meaning import score
from rubricdsl.testing.strategies import (
    Features,
    bound_rubrics,
    rubric_of,
    rulings_for,
)

CLOSE = 1e-9
Rulings: TypeAlias = dict[str, Ruling]
Judged: TypeAlias = tuple[BoundRubric, Rulings]


@st.composite
def judged(draw: st.DrawFn, *, features: Features) -> Judged:
    rubric = draw(bound_rubrics(features=features))
    return rubric, draw(rulings_for(rubric))


SIBLINGS = Features(marks=(Weight,), negative=False, needs=False, partial_passing=False)


def of_kind(
    rubric: BoundRubric, kind: Kind, *, count: int | None = None
) -> BoundRubric:
    """Put all children of the root into one group of a kind."""
    return rubric_of(
        [
            Group(
                name="g",
                mark=Weight(1.0),
                kind=kind,
                count=count,
                items=rubric.root.nodes,
            )
        ]
    )


def moved(said: Rulings) -> Rulings:
    return {f"g.{path}": ruling for path, ruling in said.items()}


@given(judged(features=SIBLINGS))
def test_the_kinds_are_ordered(case: Judged) -> None:
    rubric, said = case
    kinds = (Kind.ALL, Kind.WORST, Kind.GEOMEAN, Kind.MEAN, Kind.BEST)
    scores = [score(of_kind(rubric, kind), moved(said)) for kind in kinds]
    numbers = [worth for worth in scores if worth is not None]
    assert len(numbers) in (0, len(scores))
    assert all(lower <= higher + CLOSE for lower, higher in pairwise(numbers))


@given(judged(features=Features(marks=(Weight,), negative=False, needs=False)))
def test_at_least_falls_with_n_from_any_to_all(case: Judged) -> None:
    rubric, said = case
    size = len(rubric.root.nodes)
    scores = [
        score(of_kind(rubric, Kind.AT_LEAST, count=n), moved(said))
        for n in range(1, size + 1)
    ]
    assert scores[0] == score(of_kind(rubric, Kind.ANY), moved(said))
    assert scores[-1] == score(of_kind(rubric, Kind.ALL), moved(said))
    numbers = [worth for worth in scores if worth is not None]
    assert len(numbers) in (0, len(scores))
    assert numbers == sorted(numbers, reverse=True)
