"""YAML from strangers: plain data comes through, everything else is refused."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.formats.foreign.documents import Notation, read_entries
from rubricdsl.formats.foreign.rubric_library import read_rubric_library
from rubricdsl.formats.foreign.yaml_documents import MAX_DEPTH, read_yaml

yaml = pytest.importorskip("yaml")

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_what_json_can_say_comes_through(value) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    assert read_yaml(text, "x.yaml") == value


def test_dates_stay_texts_and_aliases_are_followed() -> None:
    text = "a: &a 2026-11-23\nb: [*a, *a]\n"
    assert read_yaml(text, "x.yaml") == {"a": "2026-11-23", "b": ["2026-11-23"] * 2}


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: !!python/object/apply:os.system [ls]", "D109", 1),
        ("a: 1\nb: !own x", "D109", 2),
        ("a: !!str 3", "D109", 1),
        ("--- 1\n--- 2\n", "D109", 2),
        ("&a [*a]", "D109", 1),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "D109", 1),
        (BOMB, "D109", 6),
        ("a: .nan", "D109", 1),
        ("a: 1\na: 2\n", "D102", 2),
        ("a: [1", "D102", 1),
        ("a: b: c", "D102", 1),
        ("\x00", "D102", 1),
    ],
)
def test_what_is_refused(text, code, line) -> None:
    with pytest.raises(RubricError) as refused:
        read_yaml(text, "x.yaml")
    (diagnostic,) = refused.value.diagnostics
    assert (diagnostic.code, diagnostic.span.line) == (code, line)


def test_without_the_extra_yaml_is_refused_and_json_is_read(monkeypatch) -> None:
    monkeypatch.delitem(
        sys.modules, "rubricdsl.formats.foreign.yaml_documents", raising=False
    )
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(RubricError) as refused:
        list(read_rubric_library(b"- {weight: 1, requirement: x}", "r.yaml"))
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "D108"
    assert "rubricdsl[yaml]" in diagnostic.hint
    read = list(read_rubric_library(b'[{"weight": 1, "requirement": "x"}]', "r.json"))
    assert len(read) == 1


@pytest.mark.parametrize(
    ("data", "name", "count"),
    [
        (b'{"a": 1}', "x.json", 1),
        (b'{"a": 1}\n{"a": 2}\n', "x", 2),
        (b'\n{"a": 1}\n\n{"a": 2}', "x.jsonl", 2),
        (b'[{"a": 1}]', "x.json", 1),
    ],
)
def test_documents_and_rows_are_told_apart(data, name, count) -> None:
    assert len(read_entries(data, name, Notation.JSON)) == count


def test_each_bad_row_is_reported_with_its_column() -> None:
    with pytest.raises(RubricError) as refused:
        read_entries(b'{"a": 1}\n{"a": }\n{"a": NaN}\n', "x.jsonl", Notation.JSON)
    places = [(d.code, d.span.line, d.span.column) for d in refused.value.diagnostics]
    assert places == [("D102", 2, 7), ("D102", 3, 7)]
