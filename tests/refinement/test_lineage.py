"""Where each criterion of a refined rubric comes from."""

from collections.abc import Sequence

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.characters import Source
from rubricdsl.language.edit import edited
from rubricdsl.language.reading import read_models
from rubricdsl.language.scopes import Scope
from rubricdsl.model.edit import (
    Add,
    Edit,
    Merge,
    Move,
    Part,
    Remove,
    Rename,
    Reweigh,
    Reword,
    Split,
)
from rubricdsl.model.refinement import Decision, RoundRecord
from rubricdsl.model.rubric import Criterion, Rubric, Weight
from rubricdsl.refinement.lineage import Lineage, Step, lineage_record, lineages
from rubricdsl.testing import edits
from rubricdsl.testing.strategies.sources import source_rubrics

# The weights of the paper's worked example, before its refinement.
WEIGHTS = (3, 3, 3, 3, 2, 2, 2, 1, 1)
FEVER = "rubric fever\n" + "".join(
    f"[{weight}] c{number}: States fact {number}.\n"
    for number, weight in enumerate(WEIGHTS, 1)
)
GROUPED = """\
rubric r
[1] mean of facts: Facts.
    [1] a: A.
    [1] b: B.
[1] c: C.
"""


def read(text: str) -> Rubric:
    (rubric,) = read_models(Source.of(text))
    return rubric


def a_round(number: int, *accepted: Edit, refused: Sequence[Edit] = ()) -> RoundRecord:
    decisions = [Decision(edit=edit, accepted=True, why="") for edit in accepted]
    decisions += [Decision(edit=edit, accepted=False, why="") for edit in refused]
    return RoundRecord(
        number=number,
        strategy="rtd",
        prompt_id="p",
        pair=("x", f"y{number}"),
        decisions=tuple(decisions),
    )


def by_name(rubric: Rubric, *rounds: RoundRecord) -> dict[str, Lineage]:
    return {one.name: one for one in lineages(rubric, rounds)}


def test_the_worked_example_of_the_paper():
    fever = read(FEVER)
    split = Split(
        criterion="c7",
        into=(
            Part(name="disclaimer", text="Has a disclaimer.", mark="2"),
            Part(name="referral", text="Sends to a doctor.", mark="2", why="Both."),
        ),
        type="break down into sub-components",
        reason="One response only has the disclaimer.",
    )
    source = Add(name="source", text="Names a source.", mark="2", after="referral")
    danger = Add(name="danger", text="Names signs of danger.", mark="3", reason="R2.")
    refused = Add(name="polite", text="Is polite.", mark="1")
    rounds = [a_round(1, split, source, refused=[refused]), a_round(2, danger)]
    found = lineages(fever, rounds)
    end = edited(edited(edited(fever, split), source), danger)
    weights = [item.mark.value for item in end.items if isinstance(item.mark, Weight)]
    assert weights == [3, 3, 3, 3, 2, 2, 2, 2, 2, 1, 1, 3]
    names = [one.name for one in found]
    assert names == [*(item.name for item in end.items), "c7"]
    records = {one.name: lineage_record(one) for one in found}
    assert records["c1"] == {"name": "c1", "path": "c1", "present": True, "steps": []}
    made = {
        "round": 1,
        "op": "split",
        "parents": ("c7",),
        "type": "break down into sub-components",
        "reason": "One response only has the disclaimer.",
        "prompt_id": "p",
        "pair": ("x", "y1"),
    }
    assert records["disclaimer"]["steps"] == [made]
    assert records["referral"]["steps"] == [{**made, "reason": "Both."}]
    assert records["danger"]["steps"] == [
        {
            "round": 2,
            "op": "add",
            "reason": "R2.",
            "prompt_id": "p",
            "pair": ("x", "y2"),
        }
    ]
    assert records["c7"] == {
        "name": "c7",
        "path": "c7",
        "present": False,
        "steps": [],
        "end": made,
        "heirs": ("disclaimer", "referral"),
    }


def test_a_criterion_is_followed_through_changes_of_name_and_place():
    found = by_name(
        read(GROUPED),
        a_round(
            1, Rename(criterion="facts.a", to="z"), Reword(criterion="z", text="Z.")
        ),
        a_round(2, Rename(criterion="facts", to="truth"), Move(criterion="truth.z")),
        a_round(
            3, Reweigh(criterion="z", mark="2"), Reword(criterion="truth", text="T")
        ),
    )
    assert list(found) == ["b", "c", "z"]
    assert found["b"] == Lineage(name="b", path="truth.b")
    assert found["z"].path == "z"
    assert [(s.op, s.parents, s.round) for s in found["z"].steps] == [
        ("rename", ("a",), 1),
        ("reword", ("z",), 1),
        ("move", ("z",), 2),
        ("reweigh", ("z",), 3),
    ]


def test_what_is_merged_and_removed_is_remembered():
    merge = Merge(criterion="a", others=("c",), name="c", text="Both.", reason="Same.")
    found = lineages(
        read(GROUPED), [a_round(1, merge), a_round(2, Remove(criterion="facts"))]
    )
    assert [(one.name, one.path) for one in found] == [
        ("a", "facts.a"),
        ("c", "c"),
        ("b", "facts.b"),
        ("c", "facts.c"),
    ]
    ends = [one.end.op for one in found if one.end is not None]
    assert ends == ["merge", "merge", "remove", "remove"]
    assert [one.heirs for one in found] == [("c",), ("c",), (), ()]
    (step,) = found[3].steps
    assert (step.parents, step.reason) == (("a", "c"), "Same.")


def test_a_name_may_be_used_again():
    split = Split(
        criterion="c", into=(Part(name="c", text="C."), Part(name="d", text="D."))
    )
    found = lineages(read(GROUPED), [a_round(1, split)])
    assert [(one.name, one.end is None) for one in found] == [
        ("a", True),
        ("b", True),
        ("c", True),
        ("d", True),
        ("c", False),
    ]
    assert found[2].steps == found[3].steps
    assert found[4].heirs == ("c", "d")


def test_edits_of_another_rubric_are_refused():
    with pytest.raises(RubricError):
        lineages(read(GROUPED), [a_round(1, Remove(criterion="nowhere"))])


@settings.get_profile("costly")
@given(st.data(), source_rubrics())
def test_every_criterion_has_its_lineage(data, rubric):
    rounds: list[RoundRecord] = []
    end = rubric
    for number in range(1, 5):
        edit = data.draw(edits(end))
        try:
            after = edited(end, edit)
        except RubricError:
            continue
        if not Scope.of(after).own:
            continue
        end = after
        event(edit.op)
        rounds.append(a_round(number, edit))
    found = lineages(rubric, rounds)
    own = [n for n in Scope.of(end).own if isinstance(n.item, Criterion)]
    present = [one for one in found if one.end is None]
    assert [(one.name, one.path) for one in present] == [
        (n.path.rpartition(".")[2], n.path) for n in own
    ]
    at_first = [n for n in Scope.of(rubric).own if isinstance(n.item, Criterion)]
    makers = {"add", "split", "merge"}
    made = [one for one in found if one.steps and one.steps[0].op in makers]
    assert len(found) == len(at_first) + len(made)
    for one in found:
        steps: list[Step] = [*one.steps, *([one.end] if one.end else [])]
        assert [s.round for s in steps] == sorted(s.round for s in steps)
        assert all(step.op not in makers for step in one.steps[1:])
