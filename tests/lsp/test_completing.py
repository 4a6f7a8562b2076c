"""What is offered at a cursor, in lines half written and files with errors."""

import pytest

from rubricdsl.language.words import FIELDS, KIND_WORDS, MARK_WORDS
from rubricdsl.lsp.completing import completions

RUBRIC = """\
rubric r
weights: essential = 5, minor = 1
use "other.rub" as other
param most: number = 3
[essential] mean of facts
    [1] window: Names {{most}}.
        ‸
    [minor] tone: Is kind.
        answers: yes, partly, no
        n/a: skip
[minor] formula of mix
    combine: a
    [1] a: How?
        level 0: Not.
        level 2: Very.
judge careful
    model: "a/b"
test "t"
    response good: Yes.
    response bad: No.
    expect score: 1
"""


@pytest.fixture
def offered(at_cursor, open_text):
    """Give a function that says what is offered for a line in the rubric."""

    def labels(line: str, text: str = RUBRIC) -> set[str]:
        open_text(
            "rubric other\n[1] plain: X.\n[1] all of g\n    [1] in: Y.\n", "other.rub"
        )
        reading, position = at_cursor(text.replace("‸", f"{line}‸"))
        return {item.label for item in completions(reading, position)}

    return labels


@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("", {"needs", "check", "level", "example", "note"}),
        ("ne", {"needs"}),
        ("needs: ", {"facts", "tone", "mix", "a"}),
        ("needs: tone, ", {"facts", "mix"}),
        ("needs: facts.", {"tone", "window"}),
        ("judge: ", {"careful"}),
        ("answers: yes, ", {"partly", "no"}),
        ("n/a: ", {"skip", "fail", "pass"}),
        ("evidence: ", {"required", "optional"}),
        ("sees: ", {"prompt", "response", "reference"}),
        ("check: ", {"words", "response", "most", "not"}),
        ("check: words(", {"rule = "}),
        ("check: words(response) > m", {"most"}),
        ("example ", {"yes", "no"}),
        ("note: At most {{", {"most"}),
    ],
)
def test_in_a_criterion(offered, line, some):
    assert some <= offered(line)


@pytest.mark.parametrize(
    "line", ["note: Is ", "| text ", 'check: contains(response, "', "# needs: ", "x: "]
)
def test_nothing_inside_texts_strings_and_comments(offered, line):
    assert not offered(line)


def test_a_criterion_does_not_need_itself(offered):
    assert "window" not in offered("needs: ")


def test_a_field_is_offered_once(offered):
    text = RUBRIC.replace("        ‸", "        note: X.\n        ‸")
    assert "note" not in offered("", text)
    assert "why" in offered("", text)


TOP = RUBRIC.replace("        ‸\n", "") + "‸\n"


@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("", {"use", "param", "judge …", "history", "test", "prompt …", "version"}),
        ("[", {"essential", "minor", "1", *MARK_WORDS}),
        ("[1] ", {"include", "at least 2 of"}),
        ("[1] ", {f"{kind} of" for kind in KIND_WORDS - {"at"}}),
        ("[1] include ", {"other"}),
        ("[1] include other.", {"plain", "g"}),
        ("[1] include other.g.", {"in"}),
        ("param x: ", {"number", "text"}),
        ('use "', {"other.rub"}),
    ],
)
def test_at_the_margin(offered, line, some, tmp_path):
    (tmp_path / "other.rub").write_text("", "utf-8")
    assert some <= offered(line, TOP)


TEST = RUBRIC.replace("        ‸\n", "") + "    ‸\n"


@pytest.mark.parametrize(
    ("line", "exactly"),
    [
        ("expect tone: ", {"about", ">=", "<=", "yes", "partly", "no", "n/a"}),
        ("given tone: ", {"yes", "partly", "no", "n/a"}),
        ("given a: ", {"level 0", "level 2"}),
        ("expect good.tone: ", {"about", ">=", "<=", "yes", "partly", "no", "n/a"}),
        ("expect score: ", {"about", ">=", "<="}),
        ("expect order: good > ", {"good", "bad"}),
        ("given facts.", {"window", "tone"}),
        ("given ", {"all", "facts", "window", "tone", "mix", "a"}),
        ("tier: ", {"arithmetic", "recorded", "live"}),
        ("with: ", {"most"}),
    ],
)
def test_in_a_test(offered, line, exactly):
    assert offered(line, TEST) == exactly


def test_names_and_responses_in_a_test(offered):
    assert {"good", "bad", "score", "order", "tone"} <= offered("expect ", TEST)
    assert {"score", "tone", "facts"} <= offered("expect good.", TEST)


def test_in_a_judge_block(offered):
    text = RUBRIC.replace("        ‸\n", "").replace('a/b"\n', 'a/b"\n    ‸\n')
    assert offered("", text) == FIELDS["judge"] - {"model"}
    rules = {"majority", "unanimous", "any", "mean", "cascade"}
    assert offered("votes: 3, ", text) == rules
    assert offered("ask: ", text) == {"together", "each"}


def test_the_children_of_a_formula(offered):
    text = RUBRIC.replace("        ‸\n", "").replace("combine: a", "combine: ‸")
    found = offered("", text)
    assert {"a", "min", "max"} <= found
    assert not {"tone", "most"} & found
