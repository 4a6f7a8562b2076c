"""The example for users runs as it stands, and its promises can be broken."""

import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "property-tests"


@pytest.fixture
def example(pytester):
    """Give a copy of the example in the folder where pytest will run."""
    return shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True)


def test_every_promise_is_kept(pytester, example):
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(passed=11)


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("[must] date", "[4] date", "test_without_a_date_nothing_else_counts"),
        ("[2] time", "[8] time", "test_no_single_sentence_decides"),
        ("words(response) - 80", "words(response) - 800", "test_padding_does_not_pay"),
        ("'(?m)^\\s*[-*+] '", "'(?m)^- '", "test_only_the_content_counts"),
    ],
)
def test_a_promise_that_is_broken_says_so(pytester, example, old, new, broken):
    path = example / "invitation.rub"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    result = pytester.runpytest_subprocess("-k", broken)
    result.assert_outcomes(failed=1)
    # The laws' own frames are no help and do not show.
    assert "rubricdsl/testing" not in result.stdout.str()
