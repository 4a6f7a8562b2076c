"""Texts from elsewhere, made such as a rubric can hold."""

from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.language.foreign_texts import (
    one_line,
    without_hidden,
    without_parameters,
)
from rubricdsl.model.hidden import hidden_in

TEXTS = st.text() | st.text("aक \n\u200b\u200c\u200d\u202e", max_size=40)


@given(TEXTS)
def test_nothing_hidden_is_left_and_nothing_else_is_lost(text: str) -> None:
    seen = without_hidden(text)
    assert not list(hidden_in(seen))
    assert without_hidden(seen) == seen
    if not list(hidden_in(text)):
        assert seen == text


def test_joiners_without_end_take_no_time() -> None:
    assert without_hidden("a" + "\u200d" * 200_000 + "क") == "aक"
    assert without_hidden("क" + "\u200d\u200b" * 50_000 + "a") == "कa"
    assert without_hidden("क\u200dक") == "क\u200dक"


def test_braces_name_no_parameter() -> None:
    assert without_parameters("Says {{ name }}, {x}.") == "Says { { name }}, {x}."


@given(TEXTS)
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert "\n" not in line
    assert line == line.strip()
    assert one_line(line) == line
