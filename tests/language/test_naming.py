"""Names made from texts are legal, short, unique, and depend on the text alone."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.language.naming import MAX_LENGTH, RESERVED, unique_name
from rubricdsl.language.words import skeleton_of


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The drift term is defined as $f(x, t)=0$", "drift_term_defined_f_x_t_0"),
        ("Uses no commas.", "uses_no_commas"),
        ("15 epochs are used", "n15_epochs"),
        ("n-step return for on-policy data", "n_step_return_on_policy_data"),
        ("It doesn\u2019t apologise", "doesnt_apologise"),
        ("Überprüft die Größe", "uberpruft_die_grosse"),
        ("Nennt \ufb01nale \uff24aten", "nennt_finale_daten"),
        ("说明了 原因", "说明了_原因"),
        ("हिन्दी में है", "हिन्दी_में_है"),
        ("It is the", "it_is_the"),
        ("", "item"),
        ("?! 🙂", "item"),
        ("x" * 100, "x" * MAX_LENGTH),
        ("Order", "order_2"),
    ],
)
def test_names_are_readable(text: str, name: str) -> None:
    assert unique_name(text, set()) == name


def test_a_clash_is_numbered_within_the_length() -> None:
    taken: set[str] = set()
    text = "A very long statement about forty characters long, and more"
    names = [unique_name(text, taken) for _ in range(120)]
    assert names[0] == "very_long_statement_about_forty"
    assert names[1] == "very_long_statement_about_forty_2"
    assert len(set(names)) == 120
    assert taken == set(names)
    assert max(map(len, names)) <= MAX_LENGTH


def test_ten_thousand_equal_texts_get_consecutive_numbers() -> None:
    taken: set[str] = set()
    names = [unique_name("Same text", taken) for _ in range(10_000)]
    assert names[-1] == "same_text_10000"
    assert len(taken) == 10_000


def test_names_that_look_alike_get_numbers():
    taken: set[str] = set()
    latin, cyrillic, greek = "Cop", "\u0421op", "C\u03bfp"
    names = [unique_name(text, taken) for text in (latin, cyrillic, greek)]
    assert names == ["cop", "\u0441op_2", "c\u03bfp_3"]


@given(
    st.lists(
        st.one_of(
            st.text(max_size=80),
            st.text(
                "aeopcyxABE\u0430\u0435\u043e\u0440\u0441\u03bf\u03b1 _2", max_size=3
            ),
        ),
        max_size=30,
    )
)
def test_names_are_legal_and_differ_in_more_than_case(texts: list[str]) -> None:
    taken: set[str] = set()
    names = [unique_name(text, taken) for text in texts]
    for name in names:
        assert name.isidentifier()
        assert name[0].isalpha()
        assert unicodedata.normalize("NFKC", name) == name
        assert len(name) <= MAX_LENGTH
        assert name not in RESERVED
    assert len({skeleton_of(name) for name in names}) == len(texts)


@given(st.text(max_size=80), st.text(max_size=80))
def test_without_a_clash_order_changes_nothing(one: str, other: str) -> None:
    alone = unique_name(one, set()), unique_name(other, set())
    if alone[0] != alone[1]:
        taken: set[str] = set()
        assert unique_name(other, taken) == alone[1]
        assert unique_name(one, taken) == alone[0]
