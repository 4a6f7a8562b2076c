"""Quotes are found where a judge's evidence would be, and marked at their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.judging.quotes import normalized
from rubricdsl.report.quoting import QuotedText


@pytest.mark.parametrize(
    ("text", "quote", "found"),
    [
        ("Drink water. Rest.", "Drink water.", "Drink water."),
        ("Drink   \n water.", "Drink water", "Drink   \n water"),
        ("He said “no” twice", 'said "no" twice', "said “no” twice"),
        ("at 39\u20134 degrees", "39-4 degrees", "39\u20134 degrees"),
        ("the ﬁrst dose", "the first dose", "the ﬁrst dose"),
        ("un cafe\u0301 noir", "café noir", "cafe\u0301 noir"),
        ("zero\u200bwidth here", "zerowidth here", "zero\u200bwidth here"),
        ("Drink water.", '"Drink water."', "Drink water."),
    ],
)
def test_quotes_are_found(text: str, quote: str, found: str) -> None:
    place = QuotedText(text).find(quote)
    assert place is not None
    assert text[place[0] : place[1]] == found


@pytest.mark.parametrize("quote", ["drink water", "Drink tea", "", "  ", '""'])
def test_other_words_are_not_found(quote: str) -> None:
    assert QuotedText("Drink water.").find(quote) is None


@given(st.text("ab “”-\u2013\n\u00a0\u0301é", min_size=1), st.data())
def test_every_part_of_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = text[start:end]
    wanted = normalized(quote).strip(" \"'`")
    place = QuotedText(text).find(quote)
    if place is not None:
        assert wanted in normalized(text[place[0] : place[1]])
    elif wanted:
        # Only half of a character and its marks can stand in a text and not be found.
        assert "\u0301" in text


def test_a_text_is_taken_apart_at_the_ends_of_quotes() -> None:
    passages = QuotedText("abcdef").passages([(0, (1, 4)), (7, (3, 6))])
    assert [(one.text, one.quotes) for one in passages] == [
        ("a", ()),
        ("bc", (0,)),
        ("d", (0, 7)),
        ("ef", (7,)),
    ]
    assert QuotedText("").passages([]) == []
