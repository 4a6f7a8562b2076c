"""Scores agree with those of other systems, by formulas written here anew."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rubricdsl.model.rubric import Criterion, Group, Node, Weight
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.meaning import score
from rubricdsl.testing.strategies import rubric_of

TREES = Path(__file__).parents[2] / "../shared/data/paperbench/trees"
Tree: TypeAlias = dict[str, Any]
Graded: TypeAlias = Sequence[tuple[float, bool]]

WEIGHTS = st.integers(1, 100).map(lambda n: n / 10)
POSITIVE = st.lists(st.tuples(WEIGHTS, st.booleans()), min_size=1, max_size=12)
SIGNED = st.lists(
    st.tuples(st.one_of(WEIGHTS, WEIGHTS.map(lambda w: -w)), st.booleans()),
    min_size=1,
    max_size=12,
)


def flat_score(graded: Graded) -> float:
    """Score criteria with these weights, met or not."""
    items = [
        Criterion(name=f"c{n}", mark=Weight(weight), text="Is so.")
        for n, (weight, _) in enumerate(graded)
    ]
    rulings = {f"c{n}": Ruling.of_bool(met) for n, (_, met) in enumerate(graded)}
    result = score(rubric_of(items), rulings)
    assert result is not None
    return result


def clipped(number: float) -> float:
    return min(1.0, max(0.0, number))


# ------------------------------------------------------------------ PaperBench


def nodes_of(
    trees: Sequence[Tree], rulings: dict[str, Ruling], above: str
) -> list[Node]:
    """Bind graded trees; their leaves' scores become rulings."""
    nodes: list[Node] = []
    for number, tree in enumerate(trees):
        name = f"n{number}"
        path = f"{above}.{name}" if above else name
        mark = Weight(float(tree["weight"]))
        if tree["sub_tasks"]:
            items = tuple(nodes_of(tree["sub_tasks"], rulings, path))
            nodes.append(Group(name=name, mark=mark, items=items))
        else:
            rulings[path] = Ruling.of_number(tree["score"])
            nodes.append(Criterion(name=name, mark=mark, text=tree["requirements"]))
    return nodes


def recursive_mean(tree: Tree) -> float:
    """Score a graded tree as PaperBench does: the weighted mean, recursively."""
    children = tree["sub_tasks"]
    if not children:
        return float(tree["score"])
    total = float(sum(child["weight"] for child in children))
    return sum(float(c["weight"]) * recursive_mean(c) for c in children) / total


@pytest.mark.parametrize(
    ("name", "official"),
    [("all-in-one", 0.7139351852), ("semantic-self-consistency", 0.91)],
)
def test_paperbench_trees_have_their_official_scores(
    name: str, official: float
) -> None:
    file = TREES / f"expected_{name}.json.gz"
    if not file.exists():
        pytest.skip(f"needs the data set {file}, which is not here")
    tree = json.loads(gzip.decompress(file.read_bytes()))
    rulings: dict[str, Ruling] = {}
    rubric = rubric_of(nodes_of(tree["sub_tasks"], rulings, ""))
    result = score(rubric, rulings)
    assert result == pytest.approx(official, abs=1e-9)
    assert result == pytest.approx(recursive_mean(tree), abs=1e-12)
    assert result == pytest.approx(tree["score"], abs=1e-12)


def graded_trees() -> st.SearchStrategy[Tree]:
    leaf = st.fixed_dictionaries(
        {
            "weight": st.integers(1, 20),
            "requirements": st.just("Is so."),
            "score": st.sampled_from([0.0, 1.0]),
            "sub_tasks": st.just([]),
        }
    )
    return st.recursive(
        leaf,
        lambda trees: st.fixed_dictionaries(
            {
                "weight": st.integers(1, 20),
                "sub_tasks": st.lists(trees, min_size=1, max_size=5),
            }
        ),
        max_leaves=30,
    )


@given(st.lists(graded_trees(), min_size=1, max_size=5))
def test_any_graded_tree_has_its_recursive_mean(trees: list[Tree]) -> None:
    rulings: dict[str, Ruling] = {}
    rubric = rubric_of(nodes_of(trees, rulings, ""))
    expected = recursive_mean({"sub_tasks": trees})
    assert score(rubric, rulings) == pytest.approx(expected, abs=1e-12)


# ------------------------------------------------------------- flat formulas


@given(SIGNED)
def test_healthbench_after_clipping(graded: Graded) -> None:
    """Points of what is met over the positive points; undefined without any."""
    possible = sum(points for points, _ in graded if points > 0)
    assume(possible > 0)
    achieved = sum(points for points, met in graded if met)
    assert flat_score(graded) == pytest.approx(clipped(achieved / possible))


@given(POSITIVE)
def test_rar_explicit_on_positive_criteria(graded: Graded) -> None:
    """The weights of what is met over all weights."""
    achieved = sum(weight for weight, met in graded if met)
    total = sum(weight for weight, _ in graded)
    assert flat_score(graded) == pytest.approx(achieved / total)


@given(SIGNED)
def test_the_rubric_library(graded: Graded) -> None:
    """Over the positive weights; without any, what is left of 1 after penalties."""
    points = sum(weight for weight, met in graded if met)
    positive = sum(weight for weight, _ in graded if weight > 0)
    negative = sum(-weight for weight, _ in graded if weight < 0)
    expected = points / positive if positive else 1 + points / negative
    assert flat_score(graded) == pytest.approx(clipped(expected))


@given(POSITIVE)
def test_profbench_and_promptfoo_are_the_same_mean(graded: Graded) -> None:
    """Mean of 0 and 1 by weight, which any order of summing gives."""
    total = sum(weight for weight, _ in graded)
    expected = sum(weight / total for weight, met in graded if met)
    assert flat_score(graded) == pytest.approx(expected)


def test_healthbench_keeps_a_negative_score_where_we_clip() -> None:
    """Its own score of this example is -2."""
    assert flat_score([(1.0, False), (-2.0, True)]) == 0.0
