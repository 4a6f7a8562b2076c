"""Proposals that are looked up in a file."""

import asyncio
import json
from pathlib import Path

import attrs
import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.model.edit import Quote
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.refinement import AttackRequest, DraftRequest, Proposed
from rubricdsl.refinement.proposing.scripted import (
    ScriptedProposer,
    create,
    read_script,
)
from tests.refinement.proposing.material import ADD, request_of

REMOVE = {"op": "remove", "criterion": "rash"}


def proposer(path: Path, *rows: object) -> ScriptedProposer:
    file = path / "script.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return create(JudgeSettings(backend="scripted", model=str(file)), {})


def propose(found: ScriptedProposer, number: int = 1) -> Proposed:
    return asyncio.run(found.propose(request_of(round=number)))


def test_edits_are_of_a_prompt_and_a_round(tmp_path: Path) -> None:
    found = proposer(
        tmp_path,
        {"prompt_id": "p1", "round": 1, "edits": [ADD]},
        {"prompt_id": "p1", "round": 2, "edits": [REMOVE, REMOVE]},
        {"prompt_id": "p2", "round": 3, "edits": [REMOVE]},
    )
    assert [edit.op for edit in propose(found).edits] == ["add"]
    assert [edit.op for edit in propose(found, 2).edits] == ["remove", "remove"]
    assert propose(found, 3) == Proposed()


def test_a_row_that_names_the_rubric_goes_first(tmp_path: Path) -> None:
    found = proposer(
        tmp_path,
        {"prompt_id": "p1", "round": 1, "edits": [ADD]},
        {"prompt_id": "p1", "round": 1, "edits": [REMOVE], "rubric": "fever"},
        {"prompt_id": "p1", "round": 1, "edits": [], "rubric": "other"},
    )
    assert [edit.op for edit in propose(found).edits] == ["remove"]


def test_a_and_b_are_the_first_and_the_second(tmp_path: Path) -> None:
    edit = {**ADD, "evidence": {"b": "two", "a": "one", "r-two": "named"}}
    found = proposer(tmp_path, {"prompt_id": "p1", "round": 1, "edits": [edit]})
    assert propose(found).edits[0].evidence == (
        Quote("r-two", "two"), Quote("r-one", "one"), Quote("r-two", "named"),
    )  # fmt: skip


def test_attacks(tmp_path: Path) -> None:
    found = proposer(tmp_path, {"prompt_id": "p1", "round": 1, "attack": "Rash!"})
    request = request_of()
    asked = AttackRequest(
        bound=request.bound, response=request.pair.first.response, round=1, seed=0
    )
    assert asyncio.run(found.attack(asked)).text == "Rash!"
    later = attrs.evolve(asked, round=2)
    assert asyncio.run(found.attack(later)).text is None
    assert propose(found) == Proposed()


def test_drafts_stand_in_their_order(tmp_path: Path) -> None:
    found = proposer(
        tmp_path,
        {"draft": "rubric a"},
        {"draft": "rubric b", "prompt_id": "p9"},
        {"draft": "rubric c"},
    )
    asked = [("p1", 0), ("p1", 1), ("p1", 2), ("p9", 1)]
    drafts = [
        asyncio.run(found.draft(DraftRequest(prompt="?", prompt_id=p, number=n)))
        for p, n in asked
    ]
    assert [one.rubric for one in drafts] == ["rubric a", "rubric c", None, "rubric b"]
    assert drafts[2].failure is not None
    assert drafts[2].failure.kind == "not_recorded"


def test_the_identity_is_that_of_the_content(tmp_path: Path) -> None:
    one = proposer(tmp_path, {"draft": "rubric a"}).identity
    assert proposer(tmp_path, {"draft": "rubric a"}).identity == one
    assert proposer(tmp_path, {"draft": "rubric b"}).identity != one


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("[]", "no JSON object"),
        ("{", "no JSON"),
        ("{}", "one of `edits`, `attack` and `draft`"),
        ('{"edits": [], "attack": "x"}', "one of `edits`, `attack` and `draft`"),
        ('{"edits": [], "round": 1}', "`prompt_id` is missing"),
        ('{"edits": [], "prompt_id": "p1", "round": 0}', "whole number from 1"),
        ('{"edits": {}, "prompt_id": "p1", "round": 1}', "`edits` must be a list"),
        ('{"edits": [{"op": "x"}], "prompt_id": "p", "round": 1}', "edit 1: `x` is no"),
        ('{"attack": 3, "prompt_id": "p1", "round": 1}', "`attack` must be a text"),
        ('{"edits": [], "prompt_id": "q", "round": 1}', "stand in a row above"),
        ('{"draft": 7}', "`draft` must be an object"),
        ('{"draft": "x", "round": 1}', "`round` is not known"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(
    tmp_path: Path, row: str, said: str
) -> None:
    file = tmp_path / "script.jsonl"
    file.write_text(f'{{"prompt_id": "q", "round": 1, "edits": []}}\n\n{row}\n')
    with pytest.raises(RubricError) as caught:
        read_script(file)
    (found,) = caught.value.diagnostics
    assert (found.code, found.span.line) == ("D206", 3)
    assert said in found.message


def test_a_script_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="D205"):
        create(JudgeSettings(backend="scripted"), {})
    with pytest.raises(RubricError, match="D206"):
        read_script(tmp_path / "none.jsonl")
