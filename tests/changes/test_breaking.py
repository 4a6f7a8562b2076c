"""Each kind of change has its code, its level, and its part in the next version."""

import pytest

from rubricdsl.changes.breaking import breaking
from rubricdsl.changes.comparing import difference
from rubricdsl.changes.detecting import find
from rubricdsl.changes.findings import Level
from rubricdsl.changes.versions import Bump, Suggestion, suggest
from rubricdsl.diagnostics import Severity
from rubricdsl.diagnostics.codes import CODES

BASE = "[3] a: Names Ottawa.\n[1] b: Is short.\n[info] c: Is green.\n"
JUDGE = "judge: one\n{}judge one\n    ask: together\n"


def codes(old, new, level=Level.SCORES):
    return [d.code for d in breaking(old, new, level)]


# what is added to or replaced in BASE, the code, the weakest level, the number raised
CHANGES = [
    ("[3] a: Names Ottawa.\n", "", "B701", "scores", "major"),
    ("[info] c: Is green.\n", "", "B701", "names", "major"),
    ("[info] c", "[info] d", "B701", "names", "major"),
    ("[3] a", "[3] d", "B701", "scores", "major"),
    ("[info] c", "[must] g: Is safe.\n[info] c", "B702", "scores", "major"),
    ("[info] c", "[cap 0.5] g: Is safe.\n[info] c", "B702", "scores", "major"),
    ("[3] a", "[must] a", "B703", "scores", "major"),
    ("[info] c", "[2] c", "B703", "scores", "minor"),
    ("[3] a", "[2] a", "B703", "scores", "minor"),
    ("[1] b", "[-1] b", "B704", "scores", "major"),
    ("Is short.\n", "Is short.\n    answers: yes, partly, no\n", "B706", "scores",
     "major"),
    ("Is short.\n", "Is short.\n    n/a: skip\n", "B707", "scores", "major"),
    ("[info] c", "[2] d: Is new.\n[info] c", "B710", "scores", "minor"),
    ("Is short.\n", "Is short.\n    needs: a\n", "B711", "scores", "minor"),
    ("[1] b: Is short.\n", "[2] mean of g\n    [1] b: Is short.\n    [1] d: New.\n",
     "B712", "scores", "minor"),
    ("Names Ottawa", "Says Ottawa", "B713", "verdicts", "minor"),
    ("Is short.\n", "Is short.\n    note: Really.\n", "B713", "verdicts", "minor"),
    ("Is short.\n", "Is short.\n    example yes: Ottawa.\n", "B713", "verdicts",
     "minor"),
    ("Is short.\n", "Is short.\n    sees: response\n", "B714", "verdicts", "minor"),
    ("[3] a", "prompt: What is it?\n[3] a", "B716", "verdicts", "minor"),
    ("[3] a", "passing: 0.5\n[3] a", "B708", "scores", "minor"),
    ("[3] a", "param n: text\n[3] a", "B709", "names", "major"),
]  # fmt: skip


@pytest.mark.parametrize("case", CHANGES, ids=lambda case: f"{case[2]}-{case[1]!r}")
def test_a_change_has_its_code_and_level(read, case):
    before, after, code, level, bump = case
    assert before in BASE
    old, new = read(BASE), read(BASE.replace(before, after, 1))
    for one in (Level.SCORES, Level.VERDICTS, Level.NAMES):
        assert (code in codes(old, new, one)) is one.reports(Level(level))
    found = find(difference(old, new))
    assert {f.code for f in found} <= CODES.keys()
    raised = {"major": "2.0.0", "minor": "1.3.0"}
    suggestion = suggest("1.2.3", found, same=False)
    assert suggestion == Suggestion(Bump(bump), raised[bump])


GROUP = "[2] {} of g\n    [1] b: Is short.\n    [1] c: Is green.\n    [1] d: Is new.\n"


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (GROUP.format("mean"), GROUP.format("worst"), "B705"),
        (GROUP.format("at least 1"), GROUP.format("at least 2"), "B705"),
        (
            GROUP.format("all").replace(
                "short.", "short.\n        answers: yes, partly"
            ),
            GROUP.format("all").replace(
                "short.", "short.\n        answers: yes, partly\n        passing: 0.5"
            ),
            "B708",
        ),
        (
            "[2] formula of g\n    combine: b * c\n    [1] b: B.\n    [1] c: C.\n",
            "[2] formula of g\n    combine: min(b, c)\n    [1] b: B.\n    [1] c: C.\n",
            "B705",
        ),
        (
            "[1] b: B.\n    level 0: No.\n    level 4: Yes.\n",
            "[1] b: B.\n    level 0: No.\n    level 3: Yes.\n",
            "B706",
        ),
    ],
)
def test_groups_and_levels(read, before, after, code):
    assert codes(read(f"[1] a: A.\n{before}"), read(f"[1] a: A.\n{after}")) == [code]


RENAMED_FORMULA = """\
[1] formula of g
    combine: d * c
    [1] d: B.
        was: b
    [1] c: C.
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BASE, BASE.replace("[3]", "[6]").replace("[1]", "[2]")),
        (BASE, "[1] b: Is short.\n[info] c: Is green.\n[3] a: Names Ottawa.\n"),
        (BASE, BASE.replace("green.", "green.\n    n/a: skip")),
        (BASE, BASE.replace("short.", "short.\n    why: Nobody reads long ones.")),
        (GROUP.format("any"), GROUP.format("at least 1")),
        (GROUP.format("all"), GROUP.format("all").replace("[1] b", "[5] b")),
        (
            GROUP.format("mean"),
            GROUP.format("mean").replace("of g", "of h\n    was: g"),
        ),
        (
            "[3] a: A.\n[1] b: B.\n[2] c: C.\n",
            "[3] a: A.\n[3] mean of g\n    [1] b: B.\n    [2] c: C.\n",
        ),
        (
            "[1] formula of g\n    combine: b * c\n    [1] b: B.\n    [1] c: C.\n",
            RENAMED_FORMULA,
        ),
    ],
)
def test_what_keeps_all_scores_is_not_reported(read, before, after):
    assert codes(read(before), read(after)) == []


def test_a_flat_group_may_not_be_wrapped_where_n_a_skips(read):
    before = "[3] a: A.\n[1] b: B.\n    n/a: skip\n[2] c: C.\n"
    after = (
        "[3] a: A.\n[3] mean of g\n    [1] b: B.\n        n/a: skip\n    [2] c: C.\n"
    )
    assert "B712" in codes(read(before), read(after))


def test_the_order_of_criteria_matters_where_they_are_asked_together(read):
    items = ["[3] a: A.\n", "[1] b: B.\n", "[1] c: C.\n"]
    old = read(JUDGE.format("".join(items)))
    new = read(JUDGE.format("".join([items[2], *items[:2]])))
    assert codes(old, new) == []
    (only,) = breaking(old, new, Level.VERDICTS)
    assert (only.code, only.message[:3]) == ("B715", "`c`")
    one, other = (
        read(JUDGE.format("".join(order)).replace("together", "each"))
        for order in (items, items[::-1])
    )
    assert codes(one, other, Level.NAMES) == []


def test_a_judge_block_that_asks_otherwise(read):
    old = read(JUDGE.format(BASE))
    new = read(JUDGE.format(BASE).replace("together", "each"))
    assert codes(old, new) == []
    assert codes(old, new, Level.VERDICTS) == ["B714"]


def test_what_a_judge_never_reads_changes_no_verdict(read):
    check = "[1] a: Is short.\n    check: words(response) < 9\n[1] b: B.\n"
    assert (
        codes(read(check), read(check.replace("Is short", "Short")), Level.NAMES) == []
    )
    changed = read(check.replace("< 9", "< 8"))
    assert codes(read(check), changed, Level.VERDICTS) == ["B713"]


def test_parameters(read):
    old = read(
        "param n: number = 3\nparam m: text = 'x'\n[1] a: Has {{n}}.\n".replace(
            "'", '"'
        )
    )
    new = read("param n: number\n[1] a: Has {{n}}.\n")
    found = breaking(old, new, Level.NAMES)
    assert [d.code for d in found if d.code != "B713"] == ["B701", "B709"]
    assert "`m`" in found[0].message


def test_a_level_that_is_gone_is_a_name_that_is_gone(read):
    text = "[1] a: A.\n[info] b: B.\n    levels: 0 to 4\n    level 0: None.\n"
    old, new = read(text), read(text.replace("to 4", "to 3"))
    assert codes(old, new, Level.VERDICTS) == []
    assert codes(old, new, Level.NAMES) == ["B706"]


@pytest.mark.parametrize("version", [None, "0.9.9", "1.0.0"])
def test_findings_are_errors_from_version_1_on(read, version):
    head = f"rubric r\nversion: {version}\n" if version else "rubric r\n"
    (only,) = breaking(read(head + BASE), read(BASE.replace("[3]", "[2]")))
    error = version == "1.0.0"
    assert only.severity is (Severity.ERROR if error else Severity.WARNING)


def test_a_place_is_in_the_new_file_or_in_the_old_one_for_what_is_gone(read):
    found = breaking(read(BASE), read(BASE.replace("[3] a: Names Ottawa.\n", "")))
    assert [(d.code, d.span.line) for d in found] == [("B701", 3)]
    found = breaking(read(BASE), read("why: So.\n" + BASE.replace("[3]", "[2]")))
    assert [(d.code, d.span.line) for d in found] == [("B703", 4)]


def test_order_reports_only_what_changes_an_order(read):
    old, heavier = read(BASE), read(BASE.replace("[3]", "[4]"))
    assert codes(old, heavier) == ["B703"]
    assert codes(old, heavier, Level.ORDER) == []
    lighter = read(BASE.replace("[3]", "[1]"))
    found = breaking(old, lighter, Level.ORDER)
    assert [d.code for d in found] == ["B717", "B703"]
    assert "a: yes" in found[0].message


def test_the_pass_mark_of_a_rubric_changes_no_order(read):
    changed = read("passing: 0.5\n" + BASE)
    assert codes(read(BASE), changed, Level.ORDER) == []


@pytest.mark.parametrize(
    ("version", "codes_found", "same", "expected"),
    [
        ("1.2.3", [], True, Suggestion(Bump.NONE, "1.2.3")),
        ("1.2.3", [], False, Suggestion(Bump.PATCH, "1.2.4")),
        ("0.2.3", ["minor"], False, Suggestion(Bump.MINOR, "0.3.0")),
        ("0.2.3", ["major"], False, Suggestion(Bump.MAJOR, "0.3.0")),
        (None, ["major"], False, Suggestion(Bump.MAJOR, None)),
    ],
)
def test_versions(read, version, codes_found, same, expected):
    weights = {"minor": "[2] a", "major": "[must] a"}
    found = [
        finding
        for kind in codes_found
        for finding in find(
            difference(read(BASE), read(BASE.replace("[3] a", weights[kind])))
        )
    ]
    assert suggest(version, found, same=same) == expected


def test_a_version_that_is_late_enough_meets_a_suggestion():
    suggestion = Suggestion(Bump.MINOR, "1.10.0")
    assert suggestion.met_by("1.10.0")
    assert suggestion.met_by("2.0.0")
    assert not suggestion.met_by("1.9.0")
    assert not suggestion.met_by(None)
