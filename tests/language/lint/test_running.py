"""Which lints run, where they point, and what comments allow to stand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.checks.functions import builtin_functions
from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.lint.discovery import rules
from rubricdsl.language.lint.running import Choice, lint
from rubricdsl.language.loading import load_text

FUNCTIONS = {f.signature.name: f.signature for f in builtin_functions()}


def found(text: str, choice: Choice = Choice()) -> tuple[Diagnostic, ...]:  # noqa: B008 - frozen
    return lint(load_text(text, FUNCTIONS, folder=Path()), choice)


def summary(text: str, choice: Choice = Choice()) -> list[str]:  # noqa: B008 - frozen
    return [f"{d.code}@{d.span.line}" for d in found(text, choice)]


TWO = "Names the dose and explains the unit."


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        (("",), (), ["W602@2", "W609@3"]),
        (("W602",), (), ["W602@2"]),
        (("W",), ("W60",), []),
        (("W602",), ("W60",), ["W602@2"]),
        (("W6",), ("W602",), ["W609@3"]),
        (("W602",), ("W602",), []),
    ],
)
def test_the_longer_match_decides(select, ignore, expected):
    text = f"rubric r\n[1] a: {TWO}\n[1] b: Is it short?\n"
    assert summary(text, Choice(select=select, ignore=ignore)) == expected


@given(st.sets(st.sampled_from(list(rules()))), st.sets(st.sampled_from(list(rules()))))
def test_choosing_is_set_difference_on_whole_codes(select, ignore):
    choice = Choice(select=tuple(select), ignore=tuple(ignore), strict=True)
    taken = {code for code, rule in rules().items() if choice.takes(rule)}
    assert taken == select - ignore


def test_rubrics_with_errors_are_not_linted():
    assert found("rubric r\n[1] a: Is it short?\n[0] b: X.\n") == ()


def test_each_rubric_of_a_file_is_linted_on_its_own():
    text = (
        "# rub: allow W609 (it asks)\nrubric r\n[1] a: Is it short?\n"
        "rubric s\n[1] a: Is it short?\n\n# rub: allow W601 (nothing)\n"
    )
    assert summary(text) == ["W609@5", "W662@7"]


@pytest.mark.parametrize(
    "text",
    [
        f"rubric r\n\n[1] c: X.\n# rub: allow W602 (one)\n[1] a: {TWO}\n",
        f"rubric r\n[1] c: X.\n# rub: allow W602 (one)\n\n# why\n[1] a: {TWO}\n",
        f"rubric r\n[1] c: X.\n[1] mean of g\n    # rub: allow W602 (one)\n    [1] a: {TWO}\n",
        f"rubric r\n[1] c: X.\n# rub: allow W602 (one)\n[1] mean of g\n    [1] a: {TWO}\n",
        f"rubric r\n# rub: allow W602 (all)\nversion: 1.0.0\n[1] c: X.\n[1] a: {TWO}\n",
        f"# rub: allow W602 (all)\nrubric r\n[1] c: X.\n[1] a: {TWO}\n",
        f"rubric r\n[1] c: X.\n# rub:allow W601 , W602  ( a (b) c )\n[1] a: A good one. {TWO}\n",
    ],
)
def test_an_allowed_lint_is_not_reported(text):
    assert [each for each in summary(text) if each[:4] == "W602"] == []
    without = "\n".join(x for x in text.split("\n") if "# rub:" not in x)
    if "W601" not in text:
        assert [each[:4] for each in summary(without)] == ["W602"]


def test_an_allowance_reaches_no_further_than_the_block_below_it():
    text = (
        "rubric r\nversion: 1.0.0\n# rub: allow W602 (one)\n[1] mean of g\n"
        f"    [1] a: {TWO}\n[1] b: {TWO} More.\n"
    )
    assert summary(text) == ["W602@6"]


def test_an_allowance_without_reason_allows_nothing():
    text = f"rubric r\n[1] c: X.\n# rub: allow W602\n[1] a: {TWO}\n"
    assert summary(text) == ["W661@3", "W602@4"]


def test_a_lint_that_did_not_run_is_not_called_unused():
    text = "rubric r\n[1] c: X.\n# rub: allow W602, W640 (one)\n[1] a: Y.\n"
    assert summary(text) == ["W662@3"]
    assert "`W602`" in found(text)[0].message
    assert "W640" not in found(text)[0].message
    assert summary(text, Choice(ignore=("W602",))) == []


def test_what_stands_in_a_text_allows_nothing():
    text = f"rubric r\n[1] c: X.\nprompt:\n    | # rub: allow W602 (x)\n[1] a: {TWO}\n"
    assert summary(text) == ["W602@5"]


@pytest.mark.parametrize(
    "text",
    [
        "rubric r\n[1] a: Gives a good reason.\n",
        "rubric r\n[1] mean of g\n    [1] a:\n        | Is short.\n        | Gives a good reason.\n",
        'rubric r\n[1] a: """\n    Is short.\n\n      Gives a good reason.\n    """\n',
        "rubric r\n[1] a:   Gives a good reason.   \n",
        "rubric r\r\n[1] á: Gives ａ good reason.\r\n",
    ],
)
def test_a_lint_points_at_the_word(text):
    (diagnostic,) = found(text)
    span = diagnostic.span
    line = text.split("\n")[span.line - 1]
    assert span.line == span.end_line
    assert line[span.column - 1 : span.end_column - 1] == "good"
