"""Figures, sentences and negations: what mutations are made with."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.audit.figures import figures, replaced, scaled
from rubricdsl.audit.negation import negated
from rubricdsl.audit.sentences import Sentences

texts = st.text(st.sampled_from("ab I.?!\n-*0139,é中\u200d") | st.characters())
WORDS = (
    *("is", "not", "was", "Give", "do", "Do", "can", "can't", "cannot", "drinks", "3"),
    *("should", "must", ".", ",", "five", "It", "Offer", "Do not give", "not not"),
)
prose = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


# --------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("39.4 °C and 1,250 steps", ["39.4", "1250"]),
        ("39,4 Grad, 12,5 kg", ["39.4", "12.5"]),
        ("every five minutes, Twelve times", ["5", "12"]),
        ("1. first\n 2) second\n10 more", ["10"]),
        ("200mg of B12, c1", ["200"]),
        ("one two-year-old, 3-year-old", ["2", "3"]),
        ("none", []),
    ],
)
def test_figures_are_found_and_numbers_of_lists_are_none(text, values):
    assert [str(one.value) for one in figures(text)] == values


@given(texts)
def test_figures_stand_where_they_are_said_to(text):
    found = list(figures(text))
    assert [text[one.start : one.end] for one in found] == [one.text for one in found]
    assert replaced(text, found, [one.text for one in found]) == text


def test_scaling_changes_each_figure_and_nothing_else():
    text = "Give 2.5 ml, or five drops, every 8 hours, 1,500 times; 0.1 is less."
    tripled = scaled(text, Decimal(3).__mul__)
    assert (
        tripled == "Give 7.5 ml, or 15 drops, every 24 hours, 4500 times; 0.3 is less."
    )
    thirds = scaled(text, lambda value: value / 3)
    assert thirds == (
        "Give 0.8333 ml, or 1.7 drops, every 2.7 hours, 500 times; 0.03333 is less."
    )


@given(st.decimals("0.000000001", "999999999999999", places=9))
def test_whatever_is_not_zero_is_another_number_when_scaled(value):
    text = f"about {value:f} of them"
    if not list(figures(text)):
        return
    assert scaled(text, Decimal(3).__mul__) != text
    assert scaled(text, lambda one: one / 3) != text


# ------------------------------------------------------------------- sentences


@given(texts)
def test_a_text_taken_apart_is_put_together_again(text):
    sentences = Sentences.of(text)
    assert sentences.text == text
    assert len(sentences.gaps) == len(sentences.cores) + 1
    assert all(core == core.strip() and core for core in sentences.cores)


@given(texts, st.data())
def test_a_sentence_left_out_is_really_gone(text, data):
    sentences = Sentences.of(text)
    if len(sentences.cores) < 2:
        return
    place = data.draw(st.integers(0, len(sentences.cores) - 1))
    rest = sentences.without(place)
    kept = [c for n, c in enumerate(sentences.cores) if n != place]
    assert len(rest) < len(text)
    assert all(core in rest for core in kept)
    assert rest.count(sentences.cores[place]) < text.count(sentences.cores[place])


# ------------------------------------------------------------------- negations


@given(prose | st.text())
def test_negating_twice_leads_back_or_is_not_done(sentence):
    opposite = negated(sentence)
    if opposite is not None:
        assert opposite != sentence
        assert negated(opposite) == sentence


@pytest.mark.parametrize(
    ("sentence", "opposite"),
    [
        ("A fever is harmless.", "A fever is not harmless."),
        ("You should not wait.", "You should wait."),
        ("Give small drinks.", "Do not give small drinks."),
        ("- Do not give aspirin.", "- Give aspirin."),
        ("It can't be.", None),
        ("It was not not so.", None),
        ("No verb here.", None),
    ],
)
def test_the_opposite_is_the_smallest_change(sentence, opposite):
    assert negated(sentence) == opposite
