"""Fixes: what is edited, what is left, and that nothing is broken by them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.diagnostics import Applicability, Edit, Fix
from rubricdsl.language.lint.fixing import apply_fixes, fix_text
from rubricdsl.language.lint.running import Choice
from rubricdsl.language.loading import Loaded, load_text
from rubricdsl.model.source import Span

FUNCTIONS = {f.signature.name: f.signature for f in builtin_functions()}
SAFE = frozenset({Applicability.SAFE})
FILE = "<text>"


def load(text: str) -> Loaded:
    return load_text(text, FUNCTIONS, folder=Path())


def fixed(text: str, allowed: frozenset[Applicability] = SAFE) -> str:
    return fix_text(text, load, FILE, Choice(), allowed).text


def edit(line: int, column: int, end_line: int, end_column: int, text: str) -> Fix:
    return Fix("x", (Edit(Span(FILE, line, column, end_line, end_column), text),))


def test_line_ends_and_byte_order_mark_stay():
    text = "\ufeffrubric r\r\n\tversion: 1.0.0\r\n[1] a: X.\n"
    after, made = apply_fixes(text, [edit(2, 1, 2, 2, "one\ntwo ")])
    assert (after, made) == (
        "\ufeffrubric r\r\none\r\ntwo version: 1.0.0\r\n[1] a: X.\n",
        1,
    )


def test_of_two_that_overlap_the_first_is_made():
    both = [edit(1, 1, 1, 3, "X"), edit(1, 2, 1, 4, "Y"), edit(1, 4, 1, 5, "Z")]
    assert apply_fixes("abcde", both) == ("XcZe", 2)
    assert apply_fixes("abc", [edit(1, 2, 1, 2, "X"), edit(1, 2, 1, 2, "Y")]) == (
        "aXbc",
        1,
    )


def test_the_last_line_can_be_deleted_with_and_without_a_line_end():
    assert apply_fixes("a\nb\n", [edit(2, 1, 3, 1, "")]) == ("a\n", 1)
    assert apply_fixes("a\nb", [edit(2, 1, 3, 1, "")]) == ("a\n", 1)


@given(
    st.text("ab\n", max_size=30),
    st.lists(
        st.tuples(
            st.integers(1, 9), st.integers(0, 9), st.integers(0, 9), st.text("xy\n")
        )
    ),
)
def test_what_no_fix_touches_stays(text, wanted):
    """On a model of the edits as slices of a list, with the same winners."""
    lines = text.split("\n")
    fixes, kept = [], list(text)
    taken: list[tuple[int, int]] = []
    for line, start, length, new in wanted:
        if line > len(lines):
            continue
        begin = min(start, len(lines[line - 1]))
        end = min(begin + length, len(lines[line - 1]))
        fixes.append(edit(line, begin + 1, line, end + 1, new))
        offset = sum(len(each) + 1 for each in lines[: line - 1])
        one = (offset + begin, offset + end)
        if all(one[0] != o[0] and not (one[0] < o[1] and o[0] < one[1]) for o in taken):
            taken.append(one)
    after, made = apply_fixes(text, fixes)
    assert made == len(taken)
    touched = {place for begin, end in taken for place in range(begin, end)}
    untouched = [c for place, c in enumerate(kept) if place not in touched]
    assert [c for c in after if c in "ab"] == [c for c in untouched if c in "ab"]


def test_tabs_and_comments_after_code_are_fixed_in_one_go():
    text = 'rubric r # one\n[1] a: X. # text\n\tn/a: skip # "two"\n\t\tneeds: b\n[1] b: Y.\n'
    once = fixed("rubric r\n[1] a: X. # text\n\tpassing: 1 # two\n[1] b: Y.\n")
    assert once == "rubric r\n[1] a: X. # text\n    # two\n    passing: 1\n[1] b: Y.\n"
    assert load(once).diagnostics == ()
    assert not fix_text(text, load, FILE, Choice(), SAFE).loaded.sound


def test_an_unsafe_fix_waits_to_be_asked_for():
    text = 'rubric r\n[1] a: X.\njudge idle\n    model: "openai/m"\n'
    assert fixed(text) == text
    assert fixed(text, frozenset(Applicability)) == "rubric r\n[1] a: X.\n"


def test_a_parameter_that_a_test_sets_is_not_deleted():
    text = (
        'rubric r\nparam n: number = 3\n[1] a: X.\ntest "t"\n    with: n = 4\n'
        "    given a: yes\n    expect score: 1\n"
    )
    assert fixed(text, frozenset(Applicability)) == text


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_fixing_is_idempotent(ending):
    text = (
        "rubric r\nweights: a = 1, b = 2\n# rub: allow W602 (none)\n[1] c: X.\n"
        "\t# kept\n\tpassing: 1 # moved\n"
    ).replace("\n", ending)
    once = fixed(text)
    assert fixed(once) == once
    assert load(once).sound
    assert once.count(ending) == once.count("\n")
    assert "# kept" in once
    assert "# moved" in once
