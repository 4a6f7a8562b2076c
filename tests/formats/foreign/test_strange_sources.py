"""Whatever a file holds, an importer gives sound rubrics or says what is wrong."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.builtin import rubricdsl_formats
from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.formats.foreign.arithmetic import mean_weights, read_formula
from rubricdsl.formats.foreign.drafting import MAX_STEPS
from rubricdsl.model.protocols import ImportedRubric

OFFERS = {offer.name: offer for offer in rubricdsl_formats()}
KEYS = [
    "prompt_id",
    "prompt",
    "rubrics",
    "criterion",
    "points",
    "tags",
    "role",
    "content",
    "id",
    "criteria",
    "text",
    "weight",
    "kind",
    "parent",
    "levels",
    "1",
    "2",
    "nan",
    "question",
    "rubric",
    "title",
    "description",
    "requirement",
    "options",
    "label",
    "value",
    "na",
    "sections",
    "guidelines",
    "tests",
    "assert",
    "type",
    "threshold",
    "vars",
    "defaultTest",
    "graders",
    "calculate_output",
    "name",
    "model",
    "input",
    "reference",
    "operation",
    "range",
    "labels",
    "passing_labels",
    "evaluation_metric",
    "score1_description",
    "score2_description",
    "version",
    "rubric_id",
    "criterion_id",
    "scale_type",
    "anchors",
    "rub",
    "meta",
    "system_prompt",
]
WORDS = [
    "user",
    "assistant",
    "leaf",
    "group",
    "ordinal",
    "nominal:",
    "assert-set",
    "llm-rubric",
    "contains",
    "is-json",
    "regex",
    "word-count",
    "multi",
    "string_check",
    "label_model",
    "score_model",
    "text_similarity",
    "eq",
    "like",
    "a+b",
    "(a+b)/2",
    "binary",
    "ordinal",
    "likert",
    "continuous",
    "auraone-rubric-v1",
    "yes",
    "no",
    "{{item.x}}",
    "{{sample.output_text}}",
    "rouge_l",
    "axis:x",
]
SCALARS = st.one_of(
    st.sampled_from([*WORDS, "ordinal 1-5", "ordinal 0-999999999", "ordinal: a < b"]),
    st.text(max_size=6),
    st.integers(-3, 3),
    st.sampled_from([1e300, -0.0, 0.5, 10**200]),
    st.booleans(),
    st.none(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    ),
    max_leaves=20,
)
ROWS = st.one_of(
    VALUES,
    st.fixed_dictionaries(
        {},
        optional={
            key: st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
            for key in ("criteria", "rubrics", "rubric", "tests", "graders", "assert")
        },
    ),
)


def read_or_refuse(
    name: str, data: bytes
) -> tuple[list[ImportedRubric], tuple[Diagnostic, ...]]:
    try:
        return list(OFFERS[name].read(data, "strange.json")), ()
    except RubricError as refusal:
        return [], refusal.diagnostics


@pytest.mark.parametrize("name", OFFERS)
@settings(max_examples=25)
@given(data=st.one_of(ROWS.map(lambda row: json.dumps(row).encode()), st.binary()))
def test_a_strange_file_is_read_or_refused(load, name, data) -> None:
    imported, diagnostics = read_or_refuse(name, data)
    assert imported or diagnostics or not data.strip()
    assert all(d.hint and d.span.file == "strange.json" for d in diagnostics)
    for rubric in imported:
        load(rubric.text)


def test_a_scale_without_end_is_refused() -> None:
    text = f'{{"criteria": [{{"text": "x", "kind": "ordinal 0-{MAX_STEPS + 1}"}}]}}'
    with pytest.raises(RubricError):
        list(OFFERS["levels"].read(text.encode(), "r.json"))


@pytest.mark.parametrize(
    ("formula", "weights"),
    [
        ("(3 * a + b) / 4", {"a": 3.0, "b": 1.0}),
        ("a * 0.5 + 0.5 * b", {"a": 0.5, "b": 0.5}),
        ("(a + b) / (1 + 1)", {"a": 1.0, "b": 1.0}),
        ("(a + b) / 3", None),
        ("a - b", None),
        ("a * b", None),
        ("a / 0", None),
        ("1 / a", None),
        ("min(a, b)", None),
        ("1", None),
    ],
)
def test_a_mean_is_told_from_other_formulas(formula, weights) -> None:
    names = {"a": "a", "b": "b"}
    assert mean_weights(read_formula(formula, names)) == weights
