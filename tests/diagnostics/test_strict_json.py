"""Strict JSON gives what JSON says, and rejects the rest with its place."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics.strict_json import (
    MAX_DEPTH,
    StrictJsonError,
    loads_strict,
)
from rubricdsl.model.digest import Plain

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Plain] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda children: st.lists(children) | st.dictionaries(TEXTS, children),
    max_leaves=30,
)


@given(VALUES, st.booleans())
def test_what_json_wrote_is_read_back(value: Plain, ascii_only: bool) -> None:  # noqa: FBT001
    assert loads_strict(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.text() | st.text('{}[]":,\\ud8ab0129eE+-.NaN \n'))
def test_any_text_gives_plain_data_or_our_error(text: str) -> None:
    value, error = None, None
    try:
        value = loads_strict(text)
    except StrictJsonError as caught:
        error = caught
    if error is None:
        assert json.loads(json.dumps(value, allow_nan=False)) == value
    else:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1


@pytest.mark.parametrize(
    ("text", "reason", "line", "column"),
    [
        ('{"a": 1,\n "a": 2}', 'duplicate key "a"', 2, 2),
        ('{"b": {"a": 1}, "\\u0062": 2}', 'duplicate key "b"', 1, 17),
        ('["a", NaN]', "NaN is no JSON number", 1, 7),
        ('["NaN", -Infinity]', "-Infinity is no JSON number", 1, 9),
        ("[1e400]", "number too large", 1, 2),
        ("[1, -" + "9" * 301 + "]", "number too large", 1, 5),
        ("9" * 5_000, "number too large", 1, 1),
        ('["ok", "\\uD83d"]', "half of a surrogate pair", 1, 9),
        ('["\ud83d"]', "half of a surrogate pair", 1, 3),
        ("[" * 101 + "]" * 101, "nesting over 100 deep", 1, 101),
        ('[{"a":' * 60 + "1" + "}]" * 60, "nesting over 100 deep", 1, 301),
        ("[" * 100_000, "nesting over 100 deep", 1, 101),
        ("", "expecting value", 1, 1),
        ('{"a" 1}', "delimiter", 1, 6),
        ('["a\nb"]', "control character", 1, 4),
        ('[1]\n{"a": 1}', "extra data", 2, 1),
    ],
)
def test_faults_have_a_reason_and_a_place(
    text: str, reason: str, line: int, column: int
) -> None:
    with pytest.raises(StrictJsonError) as caught:
        loads_strict(text)
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == (line, column)


def test_limits_hold_what_they_promise() -> None:
    assert loads_strict("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    number = loads_strict("9" * 300)
    assert isinstance(number, int)
    assert math.isfinite(float(number))
    assert loads_strict('"\\ud83d\\ude42 \\\\ud83d"') == "🙂 \\ud83d"


def test_a_long_key_is_shown_cut() -> None:
    key = json.dumps("k" * 1_000)
    with pytest.raises(StrictJsonError) as caught:
        loads_strict(f"{{{key}: 1, {key}: 2}}")
    assert len(caught.value.reason) < 80
