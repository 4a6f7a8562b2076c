"""Every code has a page, and the page's examples do what it says."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from rubricdsl.cases import Outcome, run_cases
from rubricdsl.changes.breaking import breaking
from rubricdsl.changes.files import lone_diagnostic, pair_rubrics
from rubricdsl.changes.findings import Level
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.checks.functions import builtin_functions
from rubricdsl.cli.check import page_of
from rubricdsl.diagnostics import RubricError
from rubricdsl.diagnostics.codes import CODES
from rubricdsl.diagnostics.explanations import (
    FAILS,
    INSTEAD,
    Page,
    Part,
    pages,
    read_pages,
)
from rubricdsl.language.loading import Loaded, load_file

CHECKS = {f.signature.name: f for f in builtin_functions()}
FUNCTIONS = {name: f.signature for name, f in CHECKS.items()}
# What only a run of a rubric's tests finds.
RUNS = {"E501", "E502"}


def load(parts: Sequence[Part], folder: Path) -> Loaded:
    """Write the files of an example, and load the first."""
    for part in parts:
        (folder / (part.file or "example.rub")).write_bytes(part.source())
    return load_file(folder / (parts[0].file or "example.rub"), FUNCTIONS)


def codes(loaded: Loaded) -> set[str]:
    found = {diagnostic.code for diagnostic in loaded.diagnostics}
    for rubric in loaded.rubrics if loaded.sound else ():
        for result in run_cases(rubric, CHECKS):
            if result.outcome is Outcome.FAILED:
                found |= {diagnostic.code for diagnostic in result.diagnostics}
    return found


def test_every_code_has_a_page():
    for code in CODES:
        page = page_of(code)
        assert page.code == code
        assert page.summary == CODES[code]
        assert page.prose
        assert page.examples(FAILS)
        assert page.examples(INSTEAD)


def test_no_page_is_left_over_or_stands_twice():
    folder = Path(__file__).parents[2] / "rubricdsl" / "diagnostics" / "pages"
    texts = "".join(file.read_text("utf-8") for file in folder.iterdir())
    listed = [page.code for page in read_pages(texts)]
    assert sorted(listed) == sorted(c for c in CODES if not c.startswith("W"))
    assert set(listed) == set(pages())


@pytest.mark.parametrize("code", [c for c in CODES if c.startswith("E")])
def test_an_error_example_gives_just_its_code(code, tmp_path):
    page = pages()[code]
    (tmp_path / "bad").mkdir()
    assert codes(load(page.examples(FAILS), tmp_path / "bad")) == {code}
    (tmp_path / "good").mkdir()
    assert codes(load(page.examples(INSTEAD), tmp_path / "good")) == set()


@pytest.mark.parametrize("code", [c for c in CODES if c.startswith("B")])
def test_an_example_of_a_breaking_change_gives_its_code(code, tmp_path):
    before, after = (
        load([part], tmp_path).checked() for part in pages()[code].examples(FAILS)
    )
    sides = [[Snapshot.of(r, FUNCTIONS) for r in side] for side in (before, after)]
    found: set[str] = set()
    for pair in pair_rubrics(*sides):
        if pair.old is not None and pair.new is not None:
            for level in (Level.ORDER, Level.NAMES):
                found |= {d.code for d in breaking(pair.old, pair.new, level)}
        else:
            lone = lone_diagnostic(pair, old_count=len(before), names_count=True)
            found |= {lone.code} if lone else set()
    assert code in found


def test_a_page_for_a_terminal():
    text = page_of("e412").render()
    assert text.startswith("E412: weight 0\n\nA weight of 0 means three things")
    assert "\n\nFails:\n\n    rubric capital\n    [1] ottawa:" in text
    assert "\n\nWrite instead:\n\n    rubric capital\n" in text
    assert max(map(len, text.splitlines())) <= 100
    assert "Fails (a.rub):" in page_of("E306").render()


def test_no_page_holds_what_cannot_be_seen():
    for code in CODES:
        assert not re.search("[\x00-\x09\x0b-\x1f\u200b\u202e]", page_of(code).render())


def test_hidden_characters_and_bytes_are_spelt_out():
    part = Part(FAILS, "", "a<U+200B>b<0xE9>\n")
    assert part.source() == "a\u200bb".encode() + b"\xe9\n"
    assert (
        Page("E1", "x", (), (part,)).render()
        == "E1: x\n\nFails:\n\n    a<U+200B>b<0xE9>\n"
    )


def test_a_code_that_there_is_not():
    with pytest.raises(RubricError, match="no code `E499`") as caught:
        page_of("E499")
    assert "did you mean" in caught.value.diagnostics[0].hint
