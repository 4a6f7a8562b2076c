"""JSON is strict, schemas are held to limits, and nothing is fetched."""

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.checks import structured
from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.checks.structured import MAX_DEPTH, MAX_INSTANCE, is_json, json_schema
from rubricdsl.diagnostics import CheckError, FactMissingError
from rubricdsl.model.response import Response

RESPONSE = Response(text="", prompt_id="p", response_id="r")


@pytest.mark.parametrize("text", ["{}", " [1, 2.5e3] ", "null", '"a"', "-0"])
def test_json(text: str) -> None:
    assert is_json(text, "no")
    assert is_json(f"```json\n{text}\n```", "yes")
    assert not is_json(f"```json\n{text}\n```", "no")


@pytest.mark.parametrize(
    "text", ["", "{", "[1,]", "NaN", "[Infinity]", "{'a': 1}", "{} {}", "01", "\0"]
)
def test_not_json(text: str) -> None:
    assert not is_json(text, "no")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    )
)
def test_whatever_json_writes_is_json(value: object) -> None:
    assert is_json(json.dumps(value), "no")


def test_hostile_json() -> None:
    with pytest.raises(CheckError, match="deeper"):
        is_json("[" * 500_000, "no")
    with pytest.raises(CheckError, match="deeper"):
        is_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "no")
    assert is_json("[" * MAX_DEPTH + "]" * MAX_DEPTH, "no")
    assert is_json("9" * 100_000, "no")
    assert is_json(json.dumps("[" * 10_000), "no")


class Project:
    """A project folder with one schema."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def allows(self, schema: object, text: str) -> bool:
        """Write the schema and apply it to ``text``."""
        source = schema if isinstance(schema, str) else json.dumps(schema)
        (self.root / "schema.json").write_text(source)
        return json_schema(ResponseFacts(RESPONSE, self.root), text, "schema.json")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    pytest.importorskip("jsonschema", reason="the extra `json-schema` is missing")
    return Project(tmp_path)


def test_a_schema_decides(project: Project) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "pattern": "^[A-Z]"}},
        "patternProperties": {"^n_": {"type": "integer"}},
        "additionalProperties": False,
        "required": ["name"],
    }
    assert project.allows(schema, '{"name": "Ada", "n_1": 3}')
    assert not project.allows(schema, '{"name": "ada"}')
    assert not project.allows(schema, '{"name": "Ada", "n_1": "x"}')
    assert not project.allows(schema, '{"name": "Ada", "other": 1}')
    assert not project.allows(schema, "{}")
    assert not project.allows(schema, "no JSON")


def test_equal_items(project: Project) -> None:
    schema = {"uniqueItems": True}
    assert project.allows(schema, '[1, "1", true, [1], {"a": 1, "b": 2}]')
    assert not project.allows(schema, "[1, 1.0]")
    assert not project.allows(schema, '[{"a": 1, "b": 2}, {"b": 2, "a": 1}]')


def test_references_stay_in_the_file(project: Project) -> None:
    inside = {"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}}
    assert project.allows(inside, "1")
    assert not project.allows(inside, '"1"')
    for reference in ("https://example.com/s.json", "other.json", "file:///etc/hosts"):
        with pytest.raises(CheckError, match="cannot be applied"):
            project.allows({"$ref": reference}, "1")


@pytest.mark.parametrize(
    "schema",
    [
        "not JSON",
        '{"type": "no such type"}',
        {"$ref": "#"},
        {"pattern": "(a+)+"},
        {"pattern": "(?=a)"},
        {"patternProperties": {"(": {}}},
        {"unevaluatedProperties": False, "patternProperties": {"a": {}}},
        "[" * 1_000,
        json.dumps({"description": "x" * structured.MAX_SCHEMA}),
    ],
)
def test_bad_schemas_are_check_errors(project: Project, schema: object) -> None:
    with pytest.raises(CheckError, match=r"schema\.json|deeper"):
        project.allows(schema, '"aaaa"')


def test_the_instance_has_a_limit(project: Project) -> None:
    with pytest.raises(CheckError, match="longer"):
        project.allows({}, '"' + "a" * MAX_INSTANCE + '"')


def test_the_schema_must_be_a_file_of_the_project(tmp_path: Path) -> None:
    with pytest.raises(FactMissingError):
        json_schema(ResponseFacts(RESPONSE, tmp_path), "1", "../schema.json")


def test_the_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    structured._validator.cache_clear()  # noqa: SLF001
    with pytest.raises(CheckError, match=r"rubricdsl\[json-schema\]"):
        json_schema(ResponseFacts(RESPONSE, tmp_path), "1", "s.json")
