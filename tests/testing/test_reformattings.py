"""Reformattings change the form of a text, not its words, and leave code alone."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.response import Response
from rubricdsl.testing import responses
from rubricdsl.testing.laws.reformattings import (
    REFORMATTINGS,
    chosen,
    fewest_changes,
)

FORM = re.compile(r"[\s*_\-+\"'\u201c\u201d\u2019]+")
CODE = '```python\nx = "a"  # **b**\n\n- y\n```'
KINDS = st.sampled_from(list(REFORMATTINGS.values()))


@given(responses(), KINDS)
def test_only_form_changes(response: Response, kind) -> None:
    changed = kind.apply(response.text)
    assert FORM.sub("", changed) == FORM.sub("", response.text)


@pytest.mark.parametrize("kind", REFORMATTINGS.values(), ids=lambda kind: kind.name)
def test_code_is_left_alone(kind):
    text = f"Before.\n\n{CODE}\n\nAfter."
    assert CODE in kind.apply(text).replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("trailing_blanks", "a\n\nb", "a \n\nb "),
        ("final_newline", "a", "a\n"),
        ("final_newline", "a\n", "a"),
        ("crlf", "a\nb\r\nc", "a\r\nb\r\nc"),
        ("blank_lines", "a\n\nb", "a\n\n\nb"),
        ("list_markers", "- a\n  * b\n+ c\n-d", "* a\n  - b\n- c\n-d"),
        ("bold", "Dear all,\n- no", "**Dear** all,\n- no"),
        ("no_bold", "**a** b __c d__ 2 ** 3 ** 4", "a b c d 2 ** 3 ** 4"),
        ("curly_quotes", 'It\'s "so".', "It\u2019s \u201cso\u201d."),
        ("wrapped", "a" * 58 + " b c", "a" * 58 + " b\nc"),
        ("wrapped", "a" * 60 + " - b", "a" * 60 + " -\nb"),
        ("wrapped", "- " + "a " * 60, "- " + "a " * 60),
    ],
)
def test_what_each_does(kind, old, new):
    assert REFORMATTINGS[kind].apply(old) == new


@given(st.text("ab\n", max_size=20), st.text("abX\n", max_size=20))
def test_fewest_changes_still_break_and_none_can_be_left_out(old, new):
    def breaks(text: str) -> bool:
        return text.count("X") >= 1

    if not breaks(new) or breaks(old):
        return
    least = fewest_changes(old, new, breaks)
    assert breaks(least)
    assert least.count("\n") <= old.count("\n") + new.count("\n")
    assert fewest_changes(old, least, breaks) == least


def test_a_kind_is_chosen_by_its_name():
    assert [kind.name for kind in chosen(["crlf", "bold"])] == ["crlf", "bold"]
