"""Facts are read from the response row, files from inside the project alone."""

import math
from pathlib import Path

import pytest

from rubricdsl.checks.facts import MAX_FILE, ResponseFacts
from rubricdsl.diagnostics import CheckError, FactMissingError
from rubricdsl.model.response import Response

RESPONSE = Response(
    text="",
    prompt_id="p",
    response_id="r",
    artifacts={"report": "It ran."},
    meta={
        "metrics": {"antmaze": 48.8, "bad": "high", "yes": True, "inf": math.inf},
        "exit_codes": {"reproduce.sh": 0},
    },
)
FACTS = ResponseFacts(RESPONSE)


def test_recorded_facts() -> None:
    assert FACTS.artifact("report") == "It ran."
    assert FACTS.exit_code("reproduce.sh") == 0
    assert FACTS.metric("antmaze") == 48.8


def test_missing_facts_are_named() -> None:
    with pytest.raises(FactMissingError, match=r'"reprot".*there is "report"'):
        FACTS.artifact("reprot")
    with pytest.raises(FactMissingError, match=r"meta\.metrics"):
        FACTS.metric("speed")
    with pytest.raises(FactMissingError, match=r"meta\.exit_codes"):
        ResponseFacts(Response(text="", prompt_id="p", response_id="r")).exit_code("x")


@pytest.mark.parametrize("name", ["bad", "yes", "inf"])
def test_what_is_no_finite_number_is_an_error(name: str) -> None:
    with pytest.raises(CheckError, match=name) as caught:
        FACTS.metric(name)
    assert not isinstance(caught.value, FactMissingError)


def test_malformed_meta_is_an_error() -> None:
    response = Response(
        text="", prompt_id="p", response_id="r", meta={"metrics": [1, 2]}
    )
    with pytest.raises(CheckError, match=r"meta\.metrics"):
        ResponseFacts(response).metric("a")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "data").mkdir(parents=True)
    (root / "data" / "schema.json").write_text("{}")
    (tmp_path / "secret.txt").write_text("secret")
    return root


def test_files_of_the_project(root: Path) -> None:
    facts = ResponseFacts(RESPONSE, root)
    assert facts.file("data/schema.json") == "{}"
    assert facts.file("data/../data/schema.json") == "{}"
    (root / "alias.json").symlink_to(root / "data" / "schema.json")
    assert facts.file("alias.json") == "{}"


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "data/../../secret.txt", "none", "data", "", "a\0b", "\ud800"],
)
def test_nothing_outside_is_read(root: Path, path: str) -> None:
    with pytest.raises(FactMissingError) as caught:
        ResponseFacts(RESPONSE, root).file(path)
    assert "secret\n" not in str(caught.value)


def test_absolute_paths_and_links_do_not_lead_out(root: Path, tmp_path: Path) -> None:
    facts = ResponseFacts(RESPONSE, root)
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "linked").symlink_to(tmp_path, target_is_directory=True)
    (root / "loop").symlink_to(root / "loop")
    for path in (
        str(tmp_path / "secret.txt"),
        "link.txt",
        "linked/secret.txt",
        "loop",
    ):
        with pytest.raises(FactMissingError):
            facts.file(path)


def test_without_a_root_there_are_no_files() -> None:
    with pytest.raises(FactMissingError, match="no project folder"):
        FACTS.file("schema.json")


def test_files_that_cannot_be_used_are_errors(root: Path) -> None:
    (root / "latin.txt").write_bytes(b"\xe9")
    (root / "large.txt").write_bytes(b"a" * (MAX_FILE + 1))
    facts = ResponseFacts(RESPONSE, root)
    with pytest.raises(CheckError, match="UTF-8"):
        facts.file("latin.txt")
    with pytest.raises(CheckError, match="larger"):
        facts.file("large.txt")
