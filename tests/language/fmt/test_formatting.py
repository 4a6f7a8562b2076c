"""Formatting: two properties, golden pairs, and what is refused."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError
from rubricdsl.language.characters import Source
from rubricdsl.language.formatting import format_text
from rubricdsl.language.layout import lay_out
from rubricdsl.language.printing import print_rubric
from rubricdsl.language.reading import read_models
from rubricdsl.model.rubric import Rubric
from rubricdsl.testing.strategies.layouts import rough_layouts, rough_spacing
from rubricdsl.testing.strategies.sources import source_rubrics

ROOT = Path(__file__).resolve().parents[3]
CASES = sorted((Path(__file__).parent / "cases").glob("*.rough"))
EXAMPLES = sorted(p for p in (ROOT / "examples").rglob("*.rub") if p.is_file())


def comments(text: str) -> list[str]:
    return [comment.text for comment in lay_out(Source.of(text)).comments]


def models(text: str) -> Sequence[Rubric]:
    return read_models(Source.of(text))


def assert_laws(text: str) -> None:
    formatted = format_text(text)
    assert format_text(formatted) == formatted
    assert models(formatted) == models(text)
    assert comments(formatted) == comments(text)
    assert "\r" not in formatted
    assert formatted.endswith("\n")
    assert not formatted.startswith("\n")
    assert "\n\n\n" not in formatted or '"""' in formatted


@settings.get_profile("costly")
@given(source_rubrics(uses=("shared",)))
def test_what_is_printed_is_canonical(rubric):
    printed = print_rubric(rubric)
    assert format_text(printed) == printed


@settings.get_profile("costly")
@given(st.data(), source_rubrics(uses=("shared",)))
def test_blanks_between_tokens_and_indentation_are_forgotten(data, rubric):
    printed = print_rubric(rubric)
    rough = data.draw(rough_spacing(printed))
    assert format_text(rough) == format_text(printed.replace("\n\n", "\n"))


@given(st.data(), source_rubrics(uses=("shared",)))
def test_laws_hold_for_rough_layouts(data, rubric):
    rough = data.draw(rough_layouts(print_rubric(rubric)))
    assert models(rough) == (rubric,)
    assert_laws(rough)


@settings.get_profile("costly")
@given(st.data(), st.sampled_from(EXAMPLES))
def test_laws_hold_for_rough_layouts_of_examples(data, path):
    assert_laws(data.draw(rough_layouts(path.read_text("utf-8"))))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden_pairs(path):
    text = path.read_bytes().decode()
    formatted = path.with_suffix(".canonical").read_bytes().decode()
    assert format_text(text) == formatted
    assert text != formatted
    assert_laws(text)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_canonical(path):
    text = path.read_bytes().decode()
    assert format_text(text) == text


def test_good_conformance_examples_are_canonical(conformance):
    for path in sorted(conformance.glob("good/*.rub")):
        text = path.read_bytes().decode()
        assert format_text(text) == text, path.name


def test_whatever_is_refused_or_formatted_is_so_for_good(conformance):
    """Of the bad examples, those whose syntax is sound keep the laws, too."""
    refused = 0
    for path in sorted(conformance.glob("bad/*.rub")):
        text = path.read_bytes().decode("utf-8", "replace")
        try:
            format_text(text)
        except RubricError as error:
            refused += "D113" not in {d.code for d in error.diagnostics}
        else:
            assert_laws(text)
    assert refused >= 10


def test_line_ends_and_the_byte_order_mark_of_other_systems_go():
    text = '\ufeffrubric r\r\nnote: """\r\n    a\r\n  b\r\n"""\r\n[1] a: X.  \r\n'
    wanted = 'rubric r\nnote: """\n      a\n    b\n    """\n[1] a: X.\n'
    assert format_text(text) == wanted


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rubric r\n[1] mean of g\n\t[1] a: X.\n", "E101"),
        ("rubric r\n[1] a: X.\n  [1] b: Y.\n", "E204"),
        ("rubric r\n[1] a: X. \u202e\n", "E105"),
        ("", "E213"),
    ],
)
def test_errors_are_no_layout(text, code):
    with pytest.raises(RubricError) as caught:
        format_text(text, name="x.rub")
    assert code in {d.code for d in caught.value.diagnostics}
    assert {d.span.file for d in caught.value.diagnostics} == {"x.rub"}


def test_a_line_that_indentation_makes_too_long_is_left_alone():
    text = f"rubric r\n[1] mean of g\n [1] a: {'x' * 99_990}\n"
    assert models(text)
    with pytest.raises(RubricError) as caught:
        format_text(text)
    assert [d.code for d in caught.value.diagnostics] == ["D113"]
