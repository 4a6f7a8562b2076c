"""Words and sentences are those of UAX 29; uniseg is the second opinion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uniseg.sentencebreak import sentences as slow_sentences  # type: ignore[import-untyped]
from uniseg.wordbreak import words as slow_words  # type: ignore[import-untyped]

from rubricdsl.checks.segmentation import (
    sentence_segments,
    sentences,
    word_segments,
    words,
)

# One or more characters of every property that the rules speak of.
LETTERS = "aAbé\u02bcअ漢ไ"
DIGITS = "12२\u066b"
QUOTES = "'\"\u2019“”״"
KATAKANA = "カﾞ"
HEBREW = "א"
IGNORED = "\u0301\u200d\u00ad\u2060\ufeff"
PICTURES = "😀ℹⓂ©🇦🇧"
ENDS = ".!?‼。…"
BLANKS = " \n\r\u0085\u2029\u00a0\u3000"
POOL = (
    LETTERS + DIGITS + QUOTES + KATAKANA + HEBREW + IGNORED + PICTURES + ENDS + BLANKS
)
tricky = st.text(st.sampled_from(POOL + ",;:_()-\0\ud800½Ⅷ"), max_size=12)
# uniseg 0.10 forgets characters of no class in SB8, so they are left out there.
closed = st.text(
    st.sampled_from("aAbé漢ไ1२'\"”.!?。 \n\r\u0085\u2029\u00a0\u0301\u00ad,;:-()"),
    max_size=14,
)


@given(st.text("aBz19_ .,:;'\"-!\n\r\t\0"))
def test_words_of_ascii_are_the_segments_with_a_letter_or_a_digit(text: str) -> None:
    wanted = [part for part in slow_words(text) if any(map(str.isalnum, part))]
    assert list(words(text)) == wanted
    # The same by the way of all other texts.
    assert list(words(f"{text} é")) == [*wanted, "é"]


@given(tricky)
def test_words_are_cut_as_uniseg_cuts_them(text: str) -> None:
    assert list(word_segments(text)) == list(slow_words(text))


@given(closed)
def test_sentences_are_cut_as_uniseg_cuts_them(text: str) -> None:
    assert list(sentence_segments(text)) == list(slow_sentences(text))


@given(st.text() | tricky)
def test_nothing_is_lost(text: str) -> None:
    assert "".join(word_segments(text)) == text
    assert "".join(sentence_segments(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t", []),
        ("—…!", []),
        ("The quick (“brown”) fox", ["The", "quick", "brown", "fox"]),
        ("can\u2019t jump 32.3 feet", ["can\u2019t", "jump", "32.3", "feet"]),
        ("e.g. well-known", ["e.g", "well", "known"]),
        ("snake_case 1,000.5", ["snake_case", "1,000.5"]),
        ("日本", ["日", "本"]),
        ("カタカナ", ["カタカナ"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ('צה"ל', ['צה"ל']),
        ("1a\u200d2", ["1a\u200d2"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("...", 0),
        ("One. Two! Three?", 3),
        ("One line\nanother", 2),
        ("He paid 3.4 dollars to the U.S. government.", 1),
        ("“Go!” she said. (Then he went.) He did", 4),
        ("是的。不是。", 2),
        ("a. _b", 1),
    ],
)
def test_sentences(text: str, expected: int) -> None:
    assert sum(1 for _ in sentences(text)) == expected


@given(st.text(), st.text())
def test_a_blank_line_separates_words_and_sentences(left: str, right: str) -> None:
    # A paragraph separator that a carriage return cannot join.
    whole = f"{left}\n\n{right}"
    for cut in (words, sentences):
        parts = sum(1 for _ in cut(left)) + sum(1 for _ in cut(right))
        assert sum(1 for _ in cut(whole)) == parts
