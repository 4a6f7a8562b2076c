"""The strategies that users see, by name and by type."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from rubricdsl.api import dumps, loads, open_project
from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.language.edit import EditedSource, apply
from rubricdsl.model.edit import (
    Add,
    Edit,
    Merge,
    Move,
    Remove,
    Rename,
    Reweigh,
    Reword,
    Split,
)
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Criterion, Rubric
from rubricdsl.scoring.scorecards import Scorer
from rubricdsl.testing import (
    bound_rubrics,
    criteria,
    edits,
    responses,
    rubrics,
    verdicts,
)
from rubricdsl.testing.strategies import partial_verdicts, rulings_for
from rubricdsl.testing.subjects import Subject

FEW = settings(max_examples=20)
SEARCH = settings(
    max_examples=2_000, database=None, derandomize=True, phases=[Phase.generate]
)


@given(rubrics())
@FEW
def test_rubrics_read_back_and_can_be_bound(rubric: Rubric) -> None:
    assert loads(dumps(rubric)) == rubric
    assert all(param.default is not None for param in rubric.params)
    Scorer.of(Subject.of(rubric).bound)


@given(st.data())
@FEW
def test_verdicts_of_a_rubric_score_it(data) -> None:
    rubric = data.draw(rubrics())
    scorer = Scorer.of(Subject.of(rubric).bound)
    said = data.draw(verdicts(rubric))
    assert said.keys() == {c.path for c in scorer.rubric.criteria()}
    card = scorer.scorecard(data.draw(responses()), said)
    assert card.status in {"complete", "undefined"}


@given(st.data())
@FEW
def test_a_bound_rubric_and_its_source_have_the_same_verdicts(data) -> None:
    rubric = data.draw(rubrics())
    bound = Subject.of(rubric).bound
    paths = {criterion.path for criterion in bound.criteria()}
    for given_rubric in (rubric, bound):
        assert data.draw(rulings_for(given_rubric)).keys() == paths
        assert data.draw(partial_verdicts(given_rubric)).keys() <= paths


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [
        (Rubric, rubrics),
        (BoundRubric, bound_rubrics),
        (Criterion, criteria),
        (Response, responses),
    ],
)
def test_a_type_has_its_strategy(kind, strategy):
    assert repr(st.from_type(kind)) == repr(strategy())

    @given(st.from_type(kind))
    @settings(max_examples=5)
    def check(value) -> None:
        assert isinstance(value, kind)

    check()


def test_the_smallest_response_is_empty():
    assert find(responses(), lambda _: True).text == ""


@pytest.mark.parametrize("piece", ["**", "```", "\r\n", "- first", "| a |"])
def test_responses_have_every_form(piece):
    found = find(responses(), lambda response: piece in response.text, settings=SEARCH)
    assert piece in found.text


@given(criteria())
def test_criteria_stand_alone(criterion: Criterion) -> None:
    assert criterion.needs == ()
    rubric = loads(f"rubric r\n[1] {criterion.name}: {criterion.text}\n")
    assert rubric.items[0].name == criterion.name


# ------------------------------------------------------------------------- edits

SMALL = """\
rubric small
[2] depth: Explains why.
[1] mean of form
    [1] short: Is short.
    [1] even: Is even.
"""


def applied(source: str, edit: Edit) -> EditedSource:
    functions = open_project().host.function_table
    return apply(source, "", [edit], functions=functions, folder=Path())


@pytest.mark.parametrize(
    "kind", [Add, Remove, Reword, Reweigh, Split, Merge, Move, Rename]
)
def test_every_kind_of_edit_comes_and_can_be_applied(kind):
    def fits(edit: Edit) -> bool:
        if not isinstance(edit, kind):
            return False
        try:
            return applied(SMALL, edit).rubric != loads(SMALL)
        except RubricError:
            return False

    assert isinstance(find(edits(loads(SMALL)), fits, settings=SEARCH), kind)


@given(st.data())
@FEW
def test_an_edit_gives_a_sound_rubric_or_is_refused_with_a_reason(data) -> None:
    rubric = data.draw(rubrics())
    edit = data.draw(edits(rubric))
    reasons: tuple[Diagnostic, ...] = ()
    after = None
    try:
        after = applied(dumps(rubric), edit)
    except RubricError as error:
        reasons = error.diagnostics
    assert reasons if after is None else loads(after.text) == after.rubric


# ---------------------------------------------------------------- loading lazily


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_hypothesis_loads_the_model_and_no_more():
    loaded = loaded_by("import hypothesis")
    assert "rubricdsl.testing.register" in loaded
    assert not {"lark", "aiohttp", "re2", "pluggy"} & loaded
    ours = {name for name in loaded if name.startswith("rubricdsl.")}
    assert all(
        name.startswith(("rubricdsl.model", "rubricdsl.testing")) for name in ours
    )
    assert not any(name.startswith("rubricdsl.testing.strategies") for name in ours)


def test_from_type_needs_no_import_of_ours_but_the_class():
    code = (
        "from hypothesis import strategies as st\nfrom rubricdsl import Rubric\n"
        "print(st.from_type(Rubric))"
    )
    assert "rubrics()" in loaded_by(code)


def test_the_package_is_light_and_lists_its_names():
    import rubricdsl.testing as package

    assert "hypothesis" not in loaded_by("import rubricdsl.testing")
    for name in package.__all__:
        assert callable(getattr(package, name))
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = package.nonsense
