"""Elements: every text comes back as the text it was, and nothing else comes out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.report.markup import h, visible
from tests.report.parsed import Parsed

TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("<>&\"'`/=!-[]\x00\x1b\r\n\u202e\u2028\ud800\ufffe"),
    )
)


@given(TEXTS, TEXTS)
def test_texts_and_attributes_come_back_from_a_parser(text: str, title: str) -> None:
    parsed = Parsed.of(h("p", text, title=title).html())
    assert parsed.elements == [("p", {"title": visible(title)})]
    assert parsed.text == visible(text)


@given(TEXTS)
def test_nothing_unseen_is_left(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not set(shown) & set("\x00\x1b\r\u202a\u202e\u2066\u200b\ufeff\u2028")
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("\x1b[31m", "␛[31m"),
        ("abc\u202edef", "abc⟨U+202E⟩def"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("\x7f\u2028", "␡⟨U+2028⟩"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\ud800", "⟨U+D800⟩"),
    ],
)
def test_hidden_characters_are_told(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("tag", ["script", "style", "img", "iframe", "link", "p x", ""])
def test_elements_that_run_or_fetch_are_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="no element"):
        h(tag)


@pytest.mark.parametrize("name", ["onclick", "onLoad", "style", "src", "a b", "x=y"])
def test_attributes_that_run_style_or_fetch_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no attribute"):
        h("p", **{name: "1"})


@pytest.mark.parametrize("href", ["https://example.org", "javascript:alert(1)", ""])
def test_links_lead_into_the_page_alone(href: str) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        h("a", "there", href=href)
    assert h("a", "there", href="#here").html() == '<a href="#here">there</a>'


def test_what_is_not_set_is_not_written() -> None:
    made = h("input", None, type="search", hidden=True, title=None, checked=False)
    assert made.html() == '<input type="search" hidden="">'


def test_a_record_holds_the_same_as_the_html() -> None:
    made = h("p", "a <b>", h("wbr"), h("q", "c\x00", class_="lost"))
    assert json.loads(json.dumps(made.record())) == [
        "p",
        0,
        "a <b>",
        ["wbr", 0],
        ["q", {"class": "lost"}, "c␀"],
    ]
