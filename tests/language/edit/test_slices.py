"""Laws of slices: a file taken apart and put together is the file."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.characters import Source
from rubricdsl.language.edit import apply, joined, slices
from rubricdsl.language.layout import lay_out
from rubricdsl.language.loading import load_text
from rubricdsl.language.reading import read_models
from rubricdsl.model.edit import Add
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Rubric
from rubricdsl.testing.strategies.files import source_files

HERE = Path(__file__).parent

TWO = """\
# About the file.

rubric one
[1] a: A.
# Touches one.
    # Is indented.

# ----- the second -----

# About two.
rubric two
judge: careful
[1] a: A.

judge careful
    votes: 3

rubric three
[1] a: A."""


def read(text: str) -> tuple[Rubric, ...]:
    return read_models(Source.of(text))


def test_comments_go_with_the_rubric_below():
    pieces = slices(TWO)
    assert [piece.name for piece in pieces] == ["one", "two", "three"]
    assert pieces[0].text.endswith("    # Is indented.\n\n")
    assert pieces[1].text.startswith("# ----- the second -----\n\n# About two.\n")
    assert pieces[2].text == "rubric three\n[1] a: A."


def test_a_comment_between_two_lines_goes_with_the_line_below():
    text = "rubric a\n[1] x: X.\n# b\nrubric b\n[1] x: X.\n"
    assert [piece.text for piece in slices(text)] == [
        "rubric a\n[1] x: X.\n",
        "# b\nrubric b\n[1] x: X.\n",
    ]


@pytest.mark.parametrize("text", ["", "# nothing\n", "[1] a: A.\n", "rubric r\n[x\n"])
def test_a_file_with_errors_is_refused(text: str):
    with pytest.raises(RubricError):
        slices(text)


@settings.get_profile("costly")
@given(source_files())
def test_slices_put_together_are_the_file(functions: FunctionTable, text: str):
    pieces = slices(text)
    assert joined(piece.text for piece in pieces) == text
    for piece in pieces[1:]:
        assert piece.text.startswith(("#", "rubric "))
    assert comments(text) == [c for piece in pieces for c in comments(piece.text)]
    alone = [load_text(p.text, functions, folder=HERE).checked() for p in pieces]
    assert tuple(rubric for one in alone for rubric in one) == read(text)
    assert [piece.name for piece in pieces] == [one[0].name for one in alone]


def comments(text: str) -> list[str]:
    return [comment.text for comment in lay_out(Source.of(text)).comments]


@settings.get_profile("costly")
@given(st.data(), source_files())
def test_an_edit_of_a_slice_is_one_of_the_file(
    functions: FunctionTable, data: st.DataObject, text: str
):
    pieces = slices(text)
    at = data.draw(st.integers(0, len(pieces) - 1))
    name = pieces[at].name
    edits = [Add(name="neu", text="Is short.", mark="must", since=1)]
    texts = [piece.text for piece in pieces]
    alone, whole = (
        apply(each, name, edits, functions=functions, folder=HERE)
        for each in (texts[at], text)
    )
    assert alone.rubric == whole.rubric
    texts[at] = alone.text
    assert read(joined(texts)) == read(whole.text)
