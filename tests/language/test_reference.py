"""The language reference is true: its examples load, its tables are complete."""

import re
from pathlib import Path

import pytest

from rubricdsl.language.binding import bind
from rubricdsl.language.loading import load_text
from rubricdsl.language.words import FIELDS, RESERVED
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Kind, VoteRule

REFERENCE = (Path(__file__).parents[2] / "grammars" / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```rub\n(.*?)^```$", REFERENCE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with the examples that say which file they are."""
    for example in EXAMPLES:
        named = re.match(r"# (\w+\.rub)\n", example)
        if named is not None:
            (tmp_path / named[1]).write_text(example, "utf-8")
    return tmp_path


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == REFERENCE.count("```") // 2 >= 15


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_is_sound(
    functions: FunctionTable, folder: Path, number: int
) -> None:
    loaded = load_text(EXAMPLES[number], functions, folder=folder)
    for rubric in loaded.checked():
        assert any(bind(rubric, functions).criteria())


def test_every_field_is_shown() -> None:
    shown = set(re.findall(r"([\w/]+)(?=:)", REFERENCE)) | set(
        re.findall(r"`([\w/]+)`", REFERENCE)
    )
    for block, fields in FIELDS.items():
        assert fields <= shown, block


def test_every_function_is_listed(functions: FunctionTable) -> None:
    listed = set(re.findall(r"(\w+)\(", REFERENCE))
    assert set(functions) <= listed


def test_every_kind_vote_and_reserved_word_is_listed() -> None:
    for kind in Kind:
        assert re.search(rf"`{kind}( 2)? of`", REFERENCE), kind
    words = set(re.findall(r"`(\w+)`", REFERENCE))
    assert RESERVED | set(VoteRule) <= words
