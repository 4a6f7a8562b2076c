"""Edits as JSON: what a proposer writes, and what is no edit."""

import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.edit import edit_record, read_edits
from rubricdsl.model.digest import Plain
from rubricdsl.model.edit import (
    Part,
    Quote,
    Reweigh,
    Split,
)


def test_an_edit_as_a_record():
    edit = Split(
        criterion="a",
        into=(Part(name="b", text="B.", mark="2"), Part(name="c", text="C.")),
        since=3,
        type="break down",
        reason="Two claims.",
        evidence=(Quote("a", "first"), Quote("b", "second")),
    )
    record = edit_record(edit)
    assert record == {
        "op": "split",
        "criterion": "a",
        "into": [{"name": "b", "text": "B.", "mark": "2"}, {"name": "c", "text": "C."}],
        "type": "break down",
        "reason": "Two claims.",
        "evidence": {"a": "first", "b": "second"},
        "since": 3,
    }
    assert read_edits({"edits": [record]}) == (edit,)


def test_a_mark_may_be_a_number():
    (edit,) = read_edits([{"op": "reweigh", "criterion": "a", "mark": 2.0}])
    assert edit == Reweigh(criterion="a", mark="2")


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"edits": {}}, "list of edits"),
        ("remove", "list of edits"),
        ([3], "an object, not a number"),
        ([{}], "no `op`"),
        ([{"op": "improve"}], "`improve` is no edit"),
        ([{"op": "remove"}], "no `criterion`"),
        ([{"op": "remove", "criterion": 3}], "a text, not a number"),
        ([{"op": "remove", "criterion": "a", "reson": "x"}], "did you mean `reason`"),
        ([{"op": "remove", "criterion": "a", "why": "x"}], "no `why`"),
        ([{"op": "reweigh", "criterion": "a", "mark": True}], "not true or false"),
        ([{"op": "reweigh", "criterion": "a"}], "no `mark`"),
        ([{"op": "move", "criterion": "a", "evidence": {"a": 1}}], "quote of `a`"),
        ([{"op": "move", "criterion": "a", "evidence": "a"}], "object of quotes"),
        ([{"op": "split", "criterion": "a", "into": [{"name": "b"}]}], "no `text`"),
        ([{"op": "split", "criterion": "a", "into": "b"}], "a list, not a text"),
        ([{"op": "merge", "criterion": "a", "with": [1]}], "list of names"),
        ([{"op": "reword", "criterion": "a", "text": "A.", "since": 1.5}], "whole"),
    ],
)
def test_what_is_no_edit(record: Plain, says: str):
    with pytest.raises(RubricError) as caught:
        read_edits(record)
    assert {d.code for d in caught.value.diagnostics} == {"D103"}
    assert says in caught.value.diagnostics[0].message
    assert caught.value.diagnostics[0].span.file == "<edits>"


def test_every_edit_that_is_wrong_is_reported():
    with pytest.raises(RubricError) as caught:
        read_edits([{"op": "remove", "criterion": "a"}, {"op": "x"}, 3])
    assert [d.span.line for d in caught.value.diagnostics] == [2, 3]
