"""Positions of the protocol and ours lead to the same characters."""

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from rubricdsl.language.characters import Source
from rubricdsl.lsp.places import Place, Places, edits_between
from rubricdsl.model.source import Span

# Letters of one, two, three and four bytes, and every kind of line end.
TEXTS = st.text(st.sampled_from("aé€😀\U0001d538\n\r\t \u2028\x0c\x85\ufeff"))
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])


@given(text=TEXTS, encoding=ENCODINGS)
def test_every_offset_has_a_position_that_leads_back(text, encoding):
    places = Places(text, encoding)
    for at in range(len(text) + 1):
        if text[at - 1 : at + 1] == "\r\n" and at:
            continue  # between the two there is no position
        assert places.offset_of(places.position(at)) == at


@given(text=TEXTS)
def test_positions_count_utf_16_units(text):
    places = Places(text)
    for at, character in enumerate(text):
        before, after = places.position(at), places.position(at + 1)
        if character not in "\r\n":
            assert after.line == before.line
            units = len(character.encode("utf-16-le")) // 2
            assert after.character == before.character + units


@given(text=TEXTS)
def test_a_place_of_ours_is_that_character(text):
    places = Places(text)
    for number, line in enumerate(Source.of(text).lines, 1):
        for column, character in enumerate(line, 1):
            at = places.offset(number, column)
            assert text[at] == character
            back = places.place(places.position(at))
            assert back == Place(number, column)


@given(text=TEXTS, line=st.integers(-3, 30), column=st.integers(-3, 30))
def test_what_lies_outside_is_moved_in(text, line, column):
    places = Places(text)
    assert 0 <= places.offset(line, column) <= len(text)
    span = Span("x", line, column, line, column - 2)
    assert places.range(span).start <= places.range(span).end
    position = types.Position(max(line, 0), max(column, 0))
    assert 0 <= places.offset_of(position) <= len(text)


def test_half_a_character_is_none():
    assert Places("😀a").offset_of(types.Position(0, 1)) == 0


@given(old=TEXTS, new=TEXTS, most=st.sampled_from([0, 4_000]))
def test_edits_make_one_text_of_another(old, new, most):
    places = Places(old)
    edits = edits_between(old, new, places, most_lines=most)
    text = old
    for edit in reversed(edits):
        start = places.offset_of(edit.range.start)
        end = places.offset_of(edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    assert text == new


def test_edits_leave_alone_what_is_alike():
    old = "".join(f"line {n}\n" for n in range(100))
    new = old.replace("line 50\n", "another\n")
    (edit,) = edits_between(old, new, Places(old))
    assert (edit.range.start.line, edit.range.end.line) == (50, 51)
