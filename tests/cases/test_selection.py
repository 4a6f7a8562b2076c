"""Patterns of ``-k`` mean what they say."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.api import loads
from rubricdsl.cases.selection import matcher, searched
from rubricdsl.diagnostics import RubricError

WORDS = ("ab", "cd", "ef")
PATTERNS = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.one_of(
        inner.map("not {}".format),
        inner.map("({})".format),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.frozensets(st.sampled_from(WORDS)))
def test_patterns_are_the_logic_of_python(pattern, present):
    # Operators and their binding are Python's own.
    truth = {word: word in present for word in WORDS}
    expected = eval(pattern, {"__builtins__": {}}, truth)  # noqa: S307 - our own words
    assert matcher(pattern)(" ".join(sorted(present))) is expected


@given(st.text())
def test_any_pattern_is_read_or_refused(pattern):
    with suppress(RubricError):
        assert matcher(pattern)("x") in {True, False}


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ("SEASONS", True), ("padd", True), ("slow", True), ("axis=accuracy", True),
        ('"a padded"', True), ("'padded a'", False), ("not slow", False),
        ("seasons and not fast", True), ('"and"', False), ("fast or slow", True),
    ],
)  # fmt: skip
def test_what_is_searched(pattern, holds):
    rubric = loads(
        'rubric seasons\n[1] a: A.\ntest "a padded essay"\n'
        "    tags: slow, axis = accuracy\n    given a: yes\n    expect score: 1\n"
    )
    assert matcher(pattern)(searched(rubric, rubric.tests[0])) is holds


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "a word is missing"), ("a and", "a word is missing"), ("(a", "not closed"),
        ("a)", "makes no sense"), ("a b", "makes no sense"), ("or", "a word should be"),
        ('"a', "quotation mark"), ("not " * 99 + "a", "too deep"),
        ("(" * 9999, "too deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(pattern, reason):
    with pytest.raises(RubricError, match=reason):
        matcher(pattern)
