"""The plugin as users meet it: pytest in a process of its own."""

import json
import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

RUBRIC = """\
rubric letter
[3] please: Says please.
    check: contains(response, "please", case = no)
[1] kind: Sounds kind.

test "asking nicely"
    given all: yes
    given kind: no
    expect score: 0.75

test "the check alone"
    tags: slow
    response: Please send it.
    expect please: yes

test "kindness"
    response kind: Please, if you can.
    response curt: Please.
    expect order: kind > curt
"""
FAILING = """\
rubric one
[1] a: Is a.

test "fine"
    given a: yes
    expect score: 1

rubric two
[1] long: Is long.
    check: words(response) > 3

test "not long"
    response brief: One two.
    response better: One two three four.
    expect order: brief > better
"""


@pytest.fixture
def rub(pytester):
    """Write a rubric file."""

    def write(name: str, text: str):
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return write


def test_tests_of_rubrics_are_run_and_named(pytester, rub):
    rub("rubrics/letter.rub", RUBRIC)
    result = pytester.runpytest_subprocess("-v", "-rs")
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "rubrics/letter.rub::letter::asking nicely PASSED*",
            "rubrics/letter.rub::letter::the check alone PASSED*",
            "rubrics/letter.rub::letter::kindness SKIPPED*",
            "SKIPPED *rubrics/letter.rub:16: a judge must decide `kind`",
        ]
    )
    assert result.ret == 0


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        (["letter.rub::letter::the check alone"], 1),
        (["letter.rub::letter", "-k", "slow"], 1),
        (["letter.rub", "-k", "nicely or slow"], 2),
    ],
)
def test_single_tests_can_be_picked(pytester, rub, arguments, passed):
    rub("letter.rub", RUBRIC)
    result = pytester.runpytest_subprocess(*arguments)
    assert result.parseoutcomes()["passed"] == passed
    assert "skipped" not in result.parseoutcomes()


def test_a_failure_reads_as_in_rub_test(pytester, rub):
    rub("failing.rub", FAILING)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*two: not long*",
            "failing.rub:15:19: E501 `brief` (0) does not beat `better` (1)",
            "        expect order: brief > better",
            "*^^^^^",
            "    help: `long` costs 1",
            "*brief* 0.0000, *better* 1.0000: -1.0000",
            "FAILED failing.rub::two::not long*",
        ]
    )
    told = subprocess.run(
        [sys.executable, "-m", "rubricdsl", "test", "failing.rub"],
        capture_output=True,
        text=True,
        check=False,
        cwd=pytester.path,
    )
    shown = {line.strip() for line in result.outlines}
    report = told.stdout.split("not long\n")[1].strip().split("\n")
    assert len(report) >= 5
    assert {line.strip() for line in report} <= shown


def test_a_rubric_with_errors_cannot_be_collected(pytester, rub):
    rub("broken.rub", "rubric broken\n[0] a: Is a.\n")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["broken.rub:2:5: E412*", "    [[]0] a: Is a."])
    assert "Traceback" not in result.stdout.str()


def test_recorded_verdicts_are_used_and_one_that_is_missing_is_an_error(pytester, rub):
    path = rub("letter.rub", RUBRIC)
    said = (("kind", "yes"), ("curt", "no"))
    rows = [
        json.dumps(
            {
                "prompt_id": "kindness",
                "response_id": name,
                "criterion": "kind",
                "verdict": verdict,
            }
        )
        for name, verdict in said
    ]
    script = rub("judge.jsonl", "\n".join(rows) + "\n")
    record = [
        *(sys.executable, "-m", "rubricdsl", "test", str(path)),
        *("--judge", f"scripted:{script}", "--record"),
    ]
    subprocess.run(record, check=True, capture_output=True)
    pytester.runpytest_subprocess().assert_outcomes(passed=3)
    path.write_text(RUBRIC.replace("if you can", "if you like"), "utf-8")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*the response changed since*"])


# --------------------------------------------------------------------- turning off


def test_it_can_be_turned_off(pytester, rub):
    rub("letter.rub", RUBRIC)
    result = pytester.runpytest_subprocess("-p", "no:rubricdsl")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    ("patterns", "passed"),
    [("", 0), ("*_checked.rub", 2), ("strict/*.rub", 2), ("*.rub *.txt", 4)],
)
def test_the_files_can_be_chosen(pytester, rub, patterns, passed):
    rub("strict/a_checked.rub", RUBRIC)
    rub("b.rub", RUBRIC)
    rub("notes.txt", RUBRIC)
    pytester.makeini(f"[pytest]\nrub_files = {patterns}\n")
    result = pytester.runpytest_subprocess()
    assert result.parseoutcomes().get("passed", 0) == passed


def test_a_rubric_without_tests_is_no_test(pytester, rub):
    rub("bare.rub", "rubric bare\n[1] a: Is a.\n")
    pytester.makepyfile("def test_something(): pass")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


# ------------------------------------------------------------------------ fixtures


def test_fixtures_find_rubrics_beside_the_test(pytester, rub):
    rub("inner/letter.rub", RUBRIC)
    rub("inner/two.rub", FAILING)
    rub(
        "inner/test_letter.py",
        """
        import pytest
        from rubricdsl import Response, RubricError
        from rubricdsl.testing import laws

        def test_loads(rubric):
            assert rubric("letter.rub").name == "letter"
            assert rubric("two.rub#two").name == "two"
            with pytest.raises(RubricError, match="D101"):
                rubric("missing.rub")

        def test_scores_what_checks_decide(score, rubric):
            assert score("two.rub#two", "a b c d").score == 1
            assert score(rubric("two.rub#two"), "a b").score == 0

        def test_does_not_invent_what_a_judge_must_say(score):
            card = score("letter.rub", "Please.")
            assert card.score is None
            assert card.status == "incomplete"
            assert card.interval == (0.75, 1)

        def test_asks_the_judge_that_is_named(score):
            response = Response(text="Please.", prompt_id="p", response_id="r")
            card = score("letter.rub", response, judge="scripted:inner/judge.jsonl")
            assert card.score == 1

        def test_a_law_takes_what_is_loaded(rubric):
            laws.bounded(rubric("letter.rub"))
        """.replace("\n        ", "\n"),
    )
    rub(
        "inner/judge.jsonl",
        '{"prompt_id": "p", "response_id": "r", "criterion": "kind", '
        '"verdict": "yes"}\n',
    )
    result = pytester.runpytest_subprocess("inner/test_letter.py", "-W", "error")
    result.assert_outcomes(passed=5)


def test_a_fixture_of_the_user_comes_first(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def rubric():
            return "mine"

        def test_mine(rubric):
            assert rubric == "mine"
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


# ------------------------------------------------------------------------ its cost

HEAVY = {"lark", "aiohttp", "attr", "attrs", "hypothesis", "re2"}


def test_nothing_heavy_is_loaded_where_there_are_no_rubrics(pytester):
    pytester.makepyfile(
        f"""
        import sys

        def test_loaded():
            assert "rubricdsl.testing.pytest_plugin" in sys.modules
            heavy = {HEAVY!r}
            assert not heavy & set(sys.modules)
            ours = [name for name in sys.modules if name.startswith("rubricdsl")]
            assert sorted(ours) == [
                "rubricdsl", "rubricdsl.testing", "rubricdsl.testing.pytest_plugin"
            ]
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:hypothesispytest")
    result.assert_outcomes(passed=1)


def test_importing_the_plugin_loads_pytest_alone():
    code = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import rubricdsl.testing.pytest_plugin\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "rubricdsl",
        "rubricdsl.testing",
        "rubricdsl.testing.pytest_plugin",
    ]


def test_plugins_that_take_every_item_for_a_function_do_no_harm(
    pytester, rub, monkeypatch
):
    monkeypatch.delenv("PYTEST_ADDOPTS")
    rub("letter.rub", RUBRIC)
    result = pytester.runpytest_subprocess(
        "-o", "asyncio_default_fixture_loop_scope=function"
    )
    result.stdout.fnmatch_lines(["plugins: *lsp*"])
    result.assert_outcomes(passed=2, skipped=1)
