"""Rounds told in the history of a rubric: one line more, and nothing else."""

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.characters import Source
from rubricdsl.language.edit import joined, record_round, slices
from rubricdsl.language.formatting import format_text
from rubricdsl.language.printing import print_round
from rubricdsl.language.reading import read_models
from rubricdsl.model.rubric import Round, Rubric
from rubricdsl.testing.strategies.files import source_files

ENTRY = Round(
    2,
    (
        ("by", ("rtd",)),
        ("on", ("2026-11-26",)),
        ("compared", ("r1", "r 2")),
        ("split", ()),
    ),
)
LINE = 'round 2: by = "rtd", on = 2026-11-26, compared = ("r1", "r 2"), split = ()'
PLAIN = "rubric r\n[1] a: A.\n"
TESTED = """\
rubric r
[1] a: A.

# About the test.
test "t"
    given a: yes
    expect score: 1
"""
TOLD = """\
rubric r
[1] a: A.
history
  round 1: "draft"
  # the last
# Not of the history.

test "t"
    given a: yes
    expect score: 1
"""


def files() -> st.SearchStrategy[tuple[str, str]]:
    """Generate files with the name of a rubric in them."""
    return source_files().flatmap(
        lambda text: st.tuples(
            st.just(text), st.sampled_from([one.name for one in read(text)])
        )
    )


@st.composite
def entries(draw: st.DrawFn) -> Round:
    """Generate rounds of a number that no generated rubric has."""
    names = st.sampled_from(
        ["", "by", "on", "compared", "split", "to", "é", "accepted"]
    )
    values = st.one_of(st.text(max_size=8), st.just("2026-01-02"), st.just("history"))
    facts = st.tuples(names, st.lists(values, max_size=3).map(tuple))
    some = st.lists(facts, min_size=1, max_size=4).map(tuple)
    return Round(draw(st.integers(100, 999)), draw(some))


def read(text: str) -> tuple[Rubric, ...]:
    return read_models(Source.of(text))


def test_a_round_begins_the_history_at_the_end():
    assert record_round(PLAIN, "r", ENTRY) == f"{PLAIN}\nhistory\n    {LINE}\n"


def test_a_round_begins_the_history_before_the_first_test():
    assert record_round(TESTED, "", ENTRY) == TESTED.replace(
        "# About", f"history\n    {LINE}\n\n# About"
    )


def test_blank_lines_are_made_where_none_are():
    text = TESTED.replace("\n\n", "\n")
    assert record_round(text, "", ENTRY) == text.replace(
        "# About", f"\nhistory\n    {LINE}\n\n# About"
    )


def test_a_round_follows_those_that_are_there():
    assert record_round(TOLD, "r", ENTRY) == TOLD.replace(
        "  # the last\n", f"  # the last\n  {LINE}\n"
    )


def test_line_ends_and_a_missing_one_stay():
    text = "\ufeff" + PLAIN.replace("\n", "\r\n").rstrip()
    told = record_round(text, "r", ENTRY)
    assert told == f"{text}\r\n\r\nhistory\r\n    {LINE}"


@pytest.mark.parametrize(
    ("text", "name", "entry", "code", "says"),
    [
        (TOLD, "r", evolve(ENTRY, number=1), "D112", "round 1 stands in the history"),
        (PLAIN, "r", Round(3, ()), "D112", "says nothing"),
        (PLAIN, "r", Round(3, (("a b", ("x",)),)), "D112", "`a b` is no name"),
        (PLAIN, "r", evolve(ENTRY, number=-1), "E421", "no whole number"),
        (PLAIN, "q", ENTRY, "D401", "no rubrics `q`"),
        (PLAIN + PLAIN, "r", ENTRY, "D401", "2 rubrics `r`"),
        (PLAIN + PLAIN.replace(" r", " q"), "", ENTRY, "D401", "2 rubrics"),
        ("[1] a: A.\n", "", ENTRY, "E213", "does not begin with `rubric`"),
    ],
)
def test_what_cannot_be_told(text, name, entry, code, says):
    with pytest.raises(RubricError) as caught:
        record_round(text, name, entry)
    assert caught.value.diagnostics[0].code == code
    assert says in caught.value.diagnostics[0].message


def test_a_number_that_is_there_is_shown_where_it_stands():
    with pytest.raises(RubricError) as caught:
        record_round(PLAIN + TOLD.replace(" r", " q", 1), "q", evolve(ENTRY, number=1))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span.line == 6
    assert diagnostic.hint == "number it 2"


@settings.get_profile("costly")
@given(files(), entries())
def test_the_round_is_there_and_nothing_else_has_changed(file, entry):
    text, name = file
    told = record_round(text, name, entry)
    assert read(told) == tuple(
        evolve(one, history=(*one.history, entry)) if one.name == name else one
        for one in read(text)
    )
    rows = [row for row in told.split("\n") if row.strip()]
    (at,) = [n for n, row in enumerate(rows) if row.strip() == print_round(entry)]
    del rows[at]
    (rubric,) = [one for one in read(text) if one.name == name]
    if not rubric.history:
        assert rows.pop(at - 1).rstrip("\r") == "history"
    kept = [row for row in text.split("\n") if row.strip()]
    assert [row.rstrip("\r") for row in rows] == [row.rstrip("\r") for row in kept]
    assert told.endswith("\n") == text.endswith("\n")
    if "\r\n" in text:
        assert "\n" not in told.replace("\r\n", "")


@settings.get_profile("costly")
@given(files(), entries())
def test_a_formatted_file_stays_formatted(file, entry):
    text, name = format_text(file[0]), file[1]
    told = record_round(text, name, entry)
    assert format_text(told) == told
    texts = [
        record_round(piece.text, name, entry) if piece.name == name else piece.text
        for piece in slices(text)
    ]
    assert joined(texts) == told
