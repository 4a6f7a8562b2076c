"""What every mutation keeps to, and what each of them does."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.audit.figures import figures
from rubricdsl.audit.mutations import MUTATIONS
from rubricdsl.audit.sentences import Sentences
from tests.audit.conftest import GOOD

BY_NAME = {offer.name: offer for offer in MUTATIONS}
pieces = st.sampled_from(
    [
        "Offer small drinks.", "A fever is harmless.", "Wait for 3 days.", "Call 911!",
        "Is it 39.4 or 40?", "Do not give aspirin.", "\n\n", "- ", "1. ", "word", "",
    ]
)  # fmt: skip
texts = st.lists(pieces, max_size=10).map(" ".join) | st.text(max_size=60)


@pytest.mark.parametrize("name", BY_NAME)
@given(text=texts, seed=st.integers(0, 5), most=st.integers(1, 4))
def test_what_holds_of_every_mutation(mutating, name, text, seed, most):
    request = mutating(text, seed=seed, most=most)
    made = list(BY_NAME[name].make(request))
    assert made == list(BY_NAME[name].make(request))
    assert text not in made
    assert len(made) <= most


@pytest.mark.parametrize("name", BY_NAME)
def test_each_can_damage_a_good_response(mutating, name):
    assert BY_NAME[name].make(mutating())


@pytest.mark.parametrize("name", BY_NAME)
def test_of_nothing_no_mutant_is_possible(mutating, name):
    assert list(BY_NAME[name].make(mutating(""))) == []


def letters(text):
    """Count letters and digits: what stands between sentences has none."""
    return Counter(filter(str.isalnum, text))


@given(texts)
def test_dropping_a_fact_drops_just_one_sentence(mutating, text):
    before = Sentences.of(text).cores
    for mutant in BY_NAME["drop_fact"].make(mutating(text)):
        assert len(mutant) < len(text)
        lost = letters(text) - letters(mutant)
        assert any(lost == letters(core) for core in before)


@given(texts)
def test_swapped_numbers_are_the_same_numbers_elsewhere(mutating, text):
    before = [one.text for one in figures(text)]
    for mutant in BY_NAME["swap_numbers"].make(mutating(text)):
        after = [one.text for one in figures(mutant)]
        assert Counter(after) == Counter(before)
        assert sum(a != b for a, b in zip(after, before, strict=True)) == 2


@given(texts)
def test_another_order_has_the_same_words(mutating, text):
    for mutant in BY_NAME["reorder"].make(mutating(text)):
        assert letters(mutant) == letters(text)


@given(texts.filter(str.strip))
def test_what_is_padded_or_stuffed_still_says_what_it_did(mutating, text):
    for name in ("pad", "stuff_keywords"):
        for mutant in BY_NAME[name].make(mutating(text)):
            assert text in mutant
            assert len(mutant) > len(text)


def test_one_sentence_says_the_opposite(mutating):
    for mutant in BY_NAME["negate_fact"].make(mutating(GOOD)):
        before, after = Sentences.of(GOOD).cores, Sentences.of(mutant).cores
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_what_was_quoted_is_damaged_first(mutating):
    quote = "See a doctor after three days."
    for seed in range(8):
        (mutant,) = BY_NAME["drop_fact"].make(
            mutating(seed=seed, most=1, quotes=(quote,))
        )
        assert quote not in mutant


def test_another_seed_damages_something_else(mutating):
    made = {BY_NAME["drop_fact"].make(mutating(seed=n, most=1))[0] for n in range(20)}
    assert len(made) > 1
