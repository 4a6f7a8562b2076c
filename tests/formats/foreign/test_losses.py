"""Nothing is lost in silence: what each side cannot say is named, with its place."""

import json
from typing import Any

import pytest

from rubricdsl.builtin import rubricdsl_formats
from rubricdsl.diagnostics import RubricError

OFFERS = {offer.name: offer for offer in rubricdsl_formats()}

FULL = """\
rubric full
version: 1.2.0
title: All of it
prompt: Say something.
passing: 0.6
tags: one
reference: Something.

[3] plain: Says something.
    note: Anything will do.
    why: Silence helps nobody.
[-2] rude: Insults the reader.
[must] safe: Harms nobody.
[bonus 1] witty: Makes one smile.
[info] long: Is long.
    check: words(response) > 100
[2] scaled: Is clear.
    n/a: skip
    level 0 "bad": Cannot be read.
    level 2: Can be read.
    example level 2: Hello.
[1] whole: Is complete.
    answers: yes, partly, no
    needs: plain
[2] all of both
    [1] first: Has a beginning.
    [1] last: Has an end.
[1] mean of plain_mean: Its parts.
    [1] cited: Cites sources.
        evidence: required
    [3] linked: Has links.

judge careful
    model: "openai/gpt-5"

test "it adds up"
    given all: yes
    expect score: >= 0
"""

# A phrase of what each format must name as lost.
EXPORTED: dict[str, list[str]] = {
    "healthbench": ["gate (must)", "bonus", "`all of`", "levels", "partly", "needs"],
    "paper": ["gate (must)", "negative weight", "not scored", "levels", "a group"],
    "rar": ["gate (must)", "negative weight", "not scored", "the note", "examples"],
    "autorubric": ["gate (must)", "`all of`", "the check", "beside their labels"],
    "rubric": ["gate (must)", "levels", "n/a", "evidence", "pass mark", "`version`"],
    "levels": ["without levels", "its weight", "the labels", "n/a", "examples"],
    "rubric-spec": ["negative weight", "not scored", "partly", "the tests"],
    "outcomes": ["gate (must)", "not wanted", "its weight", "levels", "pass mark"],
    "canvas": ["negative weight", "n/a", "judge blocks"],
    "promptfoo": ["gate (must)", "a negative weight", "`all of`", "levels", "why"],
    "openai-graders": ["gate (must)", "not scored", "share of the scale", "`all of`"],
    "paperbench": ["gate (must)", "a negative weight", "`all of`", "levels", "tags"],
}


@pytest.mark.parametrize("name", EXPORTED)
def test_what_an_export_loses_is_named(name, load, bound) -> None:
    rubric = load(FULL)
    write = OFFERS[name].write
    assert write is not None
    exported = write([rubric], bound)
    told = "\n".join(f"{loss.where}: {loss.what}" for loss in exported.losses)
    for phrase in EXPORTED[name]:
        assert phrase in told, f"{phrase!r} is not among\n{told}"
    assert all(loss.where.startswith("full") for loss in exported.losses)


@pytest.mark.parametrize("name", EXPORTED)
def test_what_is_exported_can_be_imported(name, load, bound) -> None:
    write = OFFERS[name].write
    assert write is not None
    exported = write([load(FULL)], bound)
    for imported in OFFERS[name].read(exported.data, f"full{exported.ending}"):
        criteria = {c.path for c in bound(load(imported.text)).criteria()}
        assert criteria


@pytest.mark.parametrize(
    "name", ["autorubric", "rubric", "rubric-spec", "outcomes", "paperbench"]
)
def test_a_file_of_one_rubric_refuses_two(name, load, bound) -> None:
    rubric = load("rubric r\n[1] a: x\n")
    write = OFFERS[name].write
    assert write is not None
    with pytest.raises(RubricError) as refused:
        write([rubric, rubric], bound)
    assert refused.value.diagnostics[0].code == "D401"


def test_a_rubric_of_which_nothing_can_be_said_is_refused(load, bound) -> None:
    rubric = load("rubric r\n[1] a: x\n")
    for name in ("levels", "ifeval"):
        write = OFFERS[name].write
        assert write is not None
        with pytest.raises(RubricError) as refused:
            write([rubric], bound)
        assert refused.value.diagnostics[0].code == "D109"


def row(**members: Any) -> str:
    return json.dumps(members)


ASKED = [{"role": "user", "content": "Is it kind?"}]
IMPORTED: list[tuple[str, str, str, list[str]]] = [
    (
        "healthbench",
        "r.jsonl",
        row(
            prompt_id="p",
            prompt=[{"role": "developer", "content": "x"}],
            rubrics=[{"criterion": "c", "points": 1, "tags": [], "id": 4}],
            ideal_completions_data={"ideal_completion": "…"},
        ),
        ["`ideal_completions_data`", "`developer`", "`id`"],
    ),
    (
        "paper",
        "r.json",
        row(id="p", criteria=[{"criterion": "c"}, {"text": "d", "kind": "count"}]),
        ["no weight is given", "`count`"],
    ),
    (
        "rar",
        "r.jsonl",
        row(
            question="q",
            question_source="s",
            rubric=[
                {"title": "t", "description": "d", "weight": 5},
                {"title": "u", "description": "Pitfall Criteria: x", "weight": -2},
            ],
        ),
        ["`question_source`", "divided by", "pitfall"],
    ),
    (
        "autorubric",
        "r.yaml",
        (
            "guidelines: Be fair.\n"
            "criteria:\n"
            "- requirement: x\n"
            "  wieght: 5\n"
            "  scale_type: nominal\n"
            "  aggregation: mode\n"
            "  options:\n"
            "  - {label: a, value: 0.2}\n"
            "  - {label: b, value: 0.2}\n"
            "  - {label: cannot say, value: 0, na: true}\n"
        ),
        ["guidelines", "`wieght`", "no order", "`aggregation`", "one value", "say`"],
    ),
    (
        "rubric",
        "r.yaml",
        (
            "sections:\n- title: Style\n  id: 7\n  criteria:\n"
            "  - {weight: 1, requirement: x, note: y}\n"
        ),
        ["`id`", "`note`"],
    ),
    (
        "promptfoo",
        "promptfooconfig.yaml",
        (
            "providers: [openai:gpt-5]\n"
            "prompts: ['Say {{x}}', b]\n"
            "tests:\n"
            "- vars: {x: hello}\n"
            "  assert:\n"
            "  - {type: javascript, value: output.length > 3}\n"
            "  - {type: g-eval, value: [Is kind, 'Greets {{x}}'], provider: p}\n"
            "  - {type: contains, value: file://x.txt}\n"
            "  - {type: word-count, value: {max: 9}}\n"
            "  - {type: regex, value: '(?=a)'}\n"
        ),
        [
            "`javascript`",
            "`providers`",
            "`g-eval`",
            "with a file",
            "prompts",
            "`regex`",
            "words told apart",
            "`provider`",
            "a model between",
        ],
    ),
    (
        "openai-graders",
        "r.json",
        json.dumps(
            [
                {"type": "python", "name": "p", "source": "import os"},
                {
                    "type": "score_model",
                    "name": "s",
                    "model": "m",
                    "input": ASKED,
                    "range": [1, 5],
                    "sampling_params": {"seed": 1},
                },
                {
                    "type": "text_similarity",
                    "name": "b",
                    "input": "{{sample.output_text}}",
                    "reference": "{{item.answer}}",
                    "evaluation_metric": "bleu",
                },
                {
                    "type": "label_model",
                    "name": "l",
                    "model": "m",
                    "input": ASKED,
                    "labels": ["good", "bad"],
                    "passing_labels": ["good"],
                },
            ]
        ),
        [
            "`python`",
            "a score as it is",
            "`bleu`",
            "good, bad",
            "`sampling_params`",
            "one by one",
            "`{{item.answer}}`",
        ],
    ),
    (
        "levels",
        "r.json",
        row(
            orig_criteria="Is it good?",
            orig_score1_description="No.",
            orig_score2_description="Yes.",
            orig_response="The response.",
        ),
        ["`orig_response`"],
    ),
    (
        "rubric-spec",
        "r.json",
        row(
            version="auraone-rubric-v1",
            rubric_id="r",
            label="R",
            tie_break_rule="manual_review",
            provenance={"synthetic": True},
            criteria=[
                {
                    "criterion_id": "c",
                    "label": "C",
                    "scale_type": "continuous",
                    "weight": 1,
                    "examples": [{"text": "e"}],
                    "anchors": [
                        {"value": 0, "label": "low"},
                        {"value": 5, "label": "high"},
                    ],
                }
            ],
        ),
        ["`tie_break_rule`", "`provenance`", "`examples`", "between the anchors"],
    ),
    (
        "outcomes",
        "r.md",
        "# T\n\n## A\n- x\n\nProse.\n\n### B\n- y\n  more\n\n## Empty\n",
        ["no list item", "lies in another", "`Empty`"],
    ),
    (
        "canvas",
        "r.csv",
        (
            "Rubric Name,Criteria Name,Criteria Description,Criteria Enable Range,"
            "Rating Name,Rating Description,Rating Points,"
            "Rating Name,Rating Description,Rating Points\n"
            "Essay,Thesis,,true,Good,,4,Weak,,1\n"
            ",Style,,false,Only,,2,,,\n"
            ",Twice,,false,A,,2,B,,2\n"
        ),
        ["between the ratings", "worth 0", "a single rating", "same points"],
    ),
]


@pytest.mark.parametrize(
    ("name", "file", "text", "phrases"), IMPORTED, ids=[case[0] for case in IMPORTED]
)
def test_what_an_import_loses_is_named(load, name, file, text, phrases) -> None:
    (imported,) = OFFERS[name].read(text.encode(), file)
    load(imported.text)
    told = "\n".join(f"{loss.where}: {loss.what}" for loss in imported.losses)
    for phrase in phrases:
        assert phrase in told, f"{phrase!r} is not among\n{told}"


FAULTS: list[tuple[str, str, str]] = [
    ("healthbench", '{"rubrics": [{"criterion": "c"}]}', "`points` is missing"),
    ("healthbench", "[]", "not an object"),
    ("paper", '[{"criterion": "c", "weight": 0}]', "nothing counts"),
    ("paper", '[{"criterion": " ", "weight": 1}]', "empty"),
    ("paper", '{"criteria": [{"text": "x", "parent": "y"}]}', "`y`"),
    ("paper", '{"criteria": []}', "nothing counts"),
    ("rar", '{"rubric": "a list"}', "not a list of objects"),
    ("rubric", '[{"requirement": "x"}]', "`weight` is missing"),
    ("rubric", '{"sections": {}}', "not a list"),
    ("autorubric", '[{"requirement": "x", "options": []}]', "no option"),
    (
        "autorubric",
        '[{"requirement": "x", "options": [{"label": "a", "value": 2}]}]',
        "not in [0, 1]",
    ),
    ("promptfoo", '{"tests": "file://tests.yaml"}', "no tests"),
    ("promptfoo", '{"tests": [{"assert": [{"type": "cost"}]}]}', "nothing counts"),
    ("promptfoo", '[{"type": "contains", "value": "a", "weight": -1}]', "negative"),
    ("openai-graders", '{"type": "python", "source": "1"}', "nothing counts"),
    ("openai-graders", '{"type": "multi", "graders": []}', "not an object"),
    ("levels", '{"criteria": "x", "score1_description": "y"}', "two scores"),
    ("rubric-spec", '{"version": "2"}', "`version`"),
    ("outcomes", "# Only a title", "no list item"),
    ("canvas", "a,b\n", "columns of Canvas"),
]


@pytest.mark.parametrize(("name", "text", "phrase"), FAULTS)
def test_what_cannot_be_imported_is_refused_with_its_place(name, text, phrase) -> None:
    with pytest.raises(RubricError) as refused:
        list(OFFERS[name].read(text.encode(), "source.json"))
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "D109"
    assert phrase in diagnostic.message
    assert diagnostic.span.file == "source.json"
    assert diagnostic.hint
