"""Generated rubrics are such as checking would accept, and use every feature."""

import subprocess
import sys

import pytest
from attrs import evolve
from hypothesis import find, given, settings
from hypothesis import strategies as st

from rubricdsl.model.rubric import (
    AnswerScale,
    Bonus,
    BoundRubric,
    Cap,
    Criterion,
    Group,
    Info,
    Kind,
    LevelScale,
    Must,
    NaPolicy,
    Never,
    Weight,
)
from rubricdsl.model.ruling import RulingWord
from rubricdsl.scoring.formulas import formula_range, names_in
from rubricdsl.scoring.leaves import RulingWorths
from rubricdsl.scoring.structure import Structure
from rubricdsl.testing.strategies import (
    Features,
    bound_rubrics,
    partial_verdicts,
    rulings,
    verdicts,
)

SEARCH = settings(max_examples=500, database=None, derandomize=True)


@given(bound_rubrics())
def test_names_and_paths_are_unique_and_paths_are_dotted(rubric: BoundRubric) -> None:
    nodes = list(rubric.walk())
    names = [node.name for node in nodes]
    assert len(set(names)) == len(names)
    assert all(node.path.rpartition(".")[2] == node.name for node in nodes)
    assert rubric.root.path == ""


@given(bound_rubrics())
def test_groups_are_legal(rubric: BoundRubric) -> None:
    for group in (rubric.root, *(n for n in rubric.walk() if isinstance(n, Group))):
        marks = [child.mark for child in group.nodes]
        weighted = [mark for mark in marks if isinstance(mark, Weight)]
        assert weighted or any(isinstance(m, Must | Never | Cap) for m in marks)
        assert all(mark.value for mark in weighted)
        if group.kind not in (Kind.MEAN, Kind.FORMULA):
            assert all(mark.value > 0 for mark in weighted)
            assert not any(isinstance(mark, Bonus) for mark in marks)
        if group.kind is Kind.AT_LEAST:
            assert group.count is not None
            assert 1 <= group.count <= len(weighted)
        assert (group.combine is not None) == (group.kind is Kind.FORMULA)


@given(bound_rubrics())
def test_monotone_formulas_stay_in_the_unit_interval(rubric: BoundRubric) -> None:
    for group in rubric.walk():
        if isinstance(group, Group) and group.combine is not None and group.monotone:
            operands = dict.fromkeys(names_in(group.combine), (0.0, 1.0))
            reach = formula_range(group.combine, operands)
            assert reach.defined
            assert -1e-9 <= reach.low <= reach.high <= 1 + 1e-9


@given(bound_rubrics())
def test_needs_have_no_circle(rubric: BoundRubric) -> None:
    structure = Structure.of(rubric)
    done: set[int] = set()
    for place in structure.order:
        assert done.issuperset((*place.children, *place.needs))
        done.add(place.number)


@given(bound_rubrics(), st.data())
def test_every_ruling_is_legal(rubric: BoundRubric, data: st.DataObject) -> None:
    for criterion in rubric.criteria():
        RulingWorths.of(criterion).worth(data.draw(rulings(criterion)))


@given(bound_rubrics(), st.data())
def test_verdicts_are_complete_or_not(rubric: BoundRubric, data: st.DataObject) -> None:
    paths = {criterion.path for criterion in rubric.criteria()}
    complete = data.draw(verdicts(rubric))
    assert complete.keys() == paths
    assert all(verdict.ruling is not None for verdict in complete.values())
    assert data.draw(partial_verdicts(rubric)).keys() <= paths


def test_every_feature_occurs() -> None:
    seen: set[object] = set()

    @settings(max_examples=300, derandomize=True)
    @given(bound_rubrics())
    def look(rubric: BoundRubric) -> None:
        for node in rubric.walk():
            seen.add(type(node.mark))
            if isinstance(node, Group):
                seen.update([node.kind, ("monotone", node.monotone)])
                continue
            seen.update([type(node.na), ("needs", len(node.needs))])
            seen.update([type(node.scale), ("check", node.check is not None)])

    look()
    assert seen.issuperset(Kind)
    assert seen.issuperset([Weight, Bonus, Must, Never, Cap, Info])
    assert seen.issuperset([AnswerScale, LevelScale, NaPolicy, float, type(None)])
    assert seen.issuperset([("monotone", False), ("check", True)])
    assert seen.issuperset([("needs", 0), ("needs", 1), ("needs", 2)])


@pytest.mark.parametrize("sought", [Bonus, Kind.FORMULA])
def test_examples_shrink_to_the_one_thing_that_matters(sought: object) -> None:
    def holds(rubric: BoundRubric) -> bool:
        return any(
            type(node.mark) is sought
            or (isinstance(node, Group) and node.kind is sought)
            for node in rubric.walk()
        )

    smallest = find(bound_rubrics(), holds, settings=SEARCH)
    assert len(list(smallest.walk())) == 2
    assert all(node.passing == 1 for node in smallest.walk())


PLAIN = Features(
    kinds=(Kind.MEAN,),
    marks=(Weight,),
    negative=False,
    na=False,
    needs=False,
    partial_passing=False,
)


@given(bound_rubrics(features=PLAIN), st.data())
def test_features_can_be_switched_off(rubric: BoundRubric, data: st.DataObject) -> None:
    for node in rubric.walk():
        assert isinstance(node.mark, Weight)
        assert node.mark.value > 0
        assert node.passing == 1
        if isinstance(node, Group):
            assert node.kind is Kind.MEAN
        else:
            assert node.needs == ()
            assert data.draw(rulings(node)).word is not RulingWord.NA


def test_depth_and_width_have_limits() -> None:
    flat = evolve(PLAIN, max_depth=0, max_children=2)

    @given(bound_rubrics(features=flat))
    def check(rubric: BoundRubric) -> None:
        assert 1 <= len(rubric.root.nodes) <= 2
        assert all(isinstance(node, Criterion) for node in rubric.walk())

    check()


def test_rubricdsl_itself_imports_no_hypothesis() -> None:
    code = (
        "import sys, rubricdsl, rubricdsl.testing, rubricdsl.scoring.scorecards;"
        "sys.exit('hypothesis' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
