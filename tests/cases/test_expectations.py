"""What tests expect, and what failures say moved the score."""

from math import fsum

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rubricdsl.api import loads, open_project
from rubricdsl.cases import Outcome, Tier, run_cases
from rubricdsl.cases.coverage import coverage, findings
from rubricdsl.cases.explaining import explanation
from rubricdsl.cases.trials import Trial, Trials
from rubricdsl.model.rubric import LevelScale
from rubricdsl.model.ruling import Ruling
from rubricdsl.testing.strategies import rulings_for
from rubricdsl.testing.strategies.sources import source_rubrics

DEMO = """\
rubric demo
[must] runs: The code runs.
[3] named: Names the capital.
[1] short: Is short.
    check: words(response) <= 3
[-1] rude: Is rude.
test "t"
"""
BEST = "    given all: yes\n    given rude: no\n"
FUNCTIONS = open_project().host.check_functions


def lines_of(result):
    (failure,) = result.failures
    assert failure.comparison is not None
    return list(explanation(failure.comparison))


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ("1", True), ("0.5", False), (">= 1", True), ("> 1", False), ("< 1", False),
        ("<= 1", True), ("== 1", True), ("!= 1", False), ("about 1.00", True),
        ("about 0.99", False), ("> 0", True),
    ],
)  # fmt: skip
def test_bounds(only, expected, holds):
    result = only(DEMO + BEST + f"    expect score: {expected}\n")
    assert result.outcome is (Outcome.PASSED if holds else Outcome.FAILED)
    assert result.tier is Tier.ARITHMETIC


def test_a_low_score_is_held_against_the_best(only):
    result = only(DEMO + BEST + "    given named: no\n    expect score: 1\n")
    (failure,) = result.diagnostics
    assert failure.code == "E501"
    assert failure.message == "`score` is 0.25, not 1"
    assert failure.hint == "`named` costs 0.75"
    assert failure.span.line == 11
    assert lines_of(result) == [
        "this 0.2500, the best possible 1.0000: -0.7500",
        "  -0.7500  named  no against yes",
    ]


def test_a_high_score_is_held_against_the_worst(only):
    result = only(DEMO + BEST + "    expect score: <= 0.5\n")
    head, *lines = lines_of(result)
    assert head == "this 1.0000, the worst possible 0.0000: +1.0000"
    assert lines[0].endswith("the worst possible at 0 or less")
    assert "  +0.7500  named  yes against no" in lines
    # Clipped at 0, the worst is better than its points: the rest says so.
    assert lines[-1] == "  -0.2500  n/a, gates, clipping and kinds of groups"


def test_gates_come_first_and_the_rest_adds_up(only):
    text = DEMO + BEST + "    given runs: no\n    given short: no\n"
    result = only(text + "    expect score: 1\n")
    _, first, *others = lines_of(result)
    assert first == "  gate `runs` (must) holds this at 0 or less"
    assert result.diagnostics[0].hint.startswith("`runs` (must) holds this at 0")
    moved = fsum(float(line.split()[0]) for line in others)
    assert moved == pytest.approx(-1)


def test_orders_name_what_differs(only):
    text = DEMO.replace("[must] runs: The code runs.\n", "") + (
        "    given named: yes\n    given rude: no\n"
        "    response long: one two three four\n    response brief: one\n"
        "    expect order: long > brief by 0.1\n"
    )
    result = only(text)
    assert result.diagnostics[0].message == (
        "`long` (0.75) does not beat `brief` (1) by 0.1"
    )
    assert result.diagnostics[0].hint == "`short` costs 0.25"
    assert lines_of(result) == [
        "`long` 0.7500, `brief` 1.0000: -0.2500",
        "  -0.2500  short  no against yes",
    ]


@pytest.mark.parametrize(
    ("by", "holds"), [("", True), (" by 0.25", True), (" by 0.26", False)]
)
def test_the_margin_of_an_order(only, by, holds):
    text = (
        DEMO
        + BEST.replace("all", "named")
        + "    given runs: yes\n"
        + (
            "    response long: one two three four\n    response brief: one\n"
            f"    expect order: brief > long{by}\n"
        )
    )
    assert only(text).outcome is (Outcome.PASSED if holds else Outcome.FAILED)


def test_every_neighbour_in_an_order_is_compared(only):
    text = (
        DEMO
        + "    given runs: yes\n    given named: no\n    given rude: no\n"
        + (
            "    response a: one two three four\n    response b: 1 2 3 4 5\n"
            "    response c: one\n    expect order: a > b > c\n"
        )
    )
    assert [d.message for d in only(text).diagnostics] == [
        "`a` (0) does not beat `b` (0)",
        "`b` (0) does not beat `c` (0.25)",
    ]


def test_where_a_wrong_verdict_comes_from(only):
    text = DEMO + "    response: one two three four\n"
    assert "its check decides: words(response) <= 3" in (
        only(text + "    expect short: yes\n").diagnostics[0].hint
    )
    assert "a `given` line" in (
        only(DEMO + BEST + "    expect rude: yes\n").diagnostics[0].hint
    )
    grouped = (
        "rubric g\n[1] all of both\n    [1] a: A.\n    [1] b: B.\n"
        'test "t"\n    given all: yes\n    given b: no\n    expect both: 1\n'
    )
    (failure,) = only(grouped).diagnostics
    assert failure.message == "`both` is 0, not 1"
    assert "`both.a` yes, `both.b` no" in failure.hint


def test_an_unmet_need_explains_itself(only):
    text = (
        "rubric n\n[1] a: A.\n[1] b: B.\n    needs: a\n"
        'test "t"\n    given all: yes\n    given a: no\n    expect b: yes\n'
    )
    assert "it needs a, which is not met" in only(text).diagnostics[0].hint


def test_a_missing_verdict_is_a_fault_of_an_arithmetic_test(only):
    result = only(DEMO + "    given runs: yes\n    expect score: 1\n")
    assert result.outcome is Outcome.FAILED
    (failure,) = result.diagnostics
    assert (failure.code, failure.message) == (
        "E502", "no verdict on `named`, `short`, `rude`",
    )  # fmt: skip
    said = DEMO + "    tier: arithmetic\n    response: x\n    expect named: yes\n"
    assert "delete `tier: arithmetic`" in only(said).diagnostics[0].hint


def test_what_nothing_depends_on_may_be_missing(only):
    text = DEMO.replace("[-1] rude", "[info] rude") + (
        "    given runs: yes\n    given named: yes\n    given short: yes\n"
        "    expect score: 1\n"
    )
    assert only(text).outcome is Outcome.PASSED


def test_a_score_of_nothing_but_na(only):
    text = (
        "rubric u\n[1] a: A.\n    n/a: skip\n"
        'test "t"\n    given a: n/a\n    expect score: 1\n'
    )
    (failure,) = only(text).diagnostics
    assert (failure.code, failure.message) == ("E502", "`score` has no value")


def test_a_check_that_cannot_be_decided_is_no_judges_fault(only):
    text = (
        'rubric f\n[1] a: A.\n    check: metric("x") > 0\n'
        'test "t"\n    response: x\n    expect a: yes\n'
    )
    result = only(text)
    assert result.outcome is Outcome.FAILED
    assert result.diagnostics[0].code == "E502"
    assert '"x"' in result.diagnostics[0].hint


def test_given_all_on_levels_and_checks(only):
    text = (
        "rubric l\n[1] tone: Tone?\n    levels: 0 to 4\n    level 0: Bad.\n"
        "    level 4: Good.\n[1] b: B.\n    check: words(response) > 1\n"
        'test "t"\n    given all: yes\n    expect tone: level 4\n    expect score: 1\n'
    )
    assert only(text).outcome is Outcome.PASSED


def test_a_tests_own_prompt_parameters_and_files_reach_the_checks(place):
    place.write("schema.json", '{"type": "object"}')
    text = (
        "rubric p\nprompt: The rubric's.\nparam most: number = 1\n"
        "[1] short: Short.\n    check: words(response) <= most\n"
        '[1] asked: Fits.\n    check: contains(prompt, "tests")\n'
        '[1] typed: Typed.\n    check: json_schema(response, "schema.json")\n'
        'test "t"\n    with: most = 9\n    prompt: The test\'s, of the tests.\n'
        "    response: {}\n    expect short: yes\n    expect asked: yes\n"
        "    expect typed: yes\n"
    )  # fmt: skip
    result = place.run(text)
    assert result.outcome is Outcome.PASSED, result.diagnostics


def test_a_parameter_without_a_value_fails_the_test_alone(place):
    place.write(
        "r.rub",
        "rubric p\nparam most: number\n[1] a: A.\n    check: words(response) <= most\n"
        'test "open"\n    given a: yes\n    expect score: 1\n'
        'test "bound"\n    with: most = 1\n    response: x\n    expect score: 1\n',
    )
    first, second = place.session("r.rub").results
    assert (first.outcome, second.outcome) == (Outcome.FAILED, Outcome.PASSED)
    (failure,) = first.diagnostics
    assert (failure.code, failure.span.line) == ("E303", 5)
    assert "`with: name = 3`" in failure.hint


# ------------------------------------------------------------------- properties


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(source_rubrics())
def test_any_test_of_any_rubric_comes_out_and_can_be_explained(rubric):
    results = list(run_cases(rubric, FUNCTIONS))
    assert [result.title for result in results] == [t.title for t in rubric.tests]
    for result in results:
        assert bool(result.failures) is (result.outcome is Outcome.FAILED)
        assert bool(result.reason) or result.outcome in {
            Outcome.PASSED, Outcome.FAILED,
        }  # fmt: skip
        for failure in result.failures:
            assert failure.diagnostic.hint
            if failure.comparison is not None:
                assert list(explanation(failure.comparison))
    covered = coverage([rubric], results)
    assert all(d.code.startswith("W64") for d in findings(covered))


MEANS = loads("""
rubric means
[2] a: A.
[-1] b: B.
    answers: yes, partly, no
[3] mean of g
    [1] c: C.
        level 1: Low.
        level 4: High.
    [-2] d: D.
[-1] worst of h
    [1] e: E.
    [1] f: F.
[bonus 1] i: I.
[cap 0.5] k: K.
[never] l: L.
test "t"
    given all: yes
    expect score: 1
""")


@given(st.data())
def test_no_verdicts_score_beyond_the_extremes(data):
    trial = Trials(MEANS, FUNCTIONS).of(MEANS.tests[0])
    assert isinstance(trial, Trial)
    (response,) = trial.responses.values()
    best = trial.extreme(response, best=True)
    worst = trial.extreme(response, best=False)
    rulings = data.draw(rulings_for(trial.rubric))
    score = trial.scorer.meaning.score(rulings)
    assert worst.score is not None
    assert best.score is not None
    assert score is not None
    assert worst.score - 1e-9 <= score <= best.score + 1e-9
    assert {c.path: c.verdict.ruling for c in best.criteria}["g.c"] == Ruling.level(4)
    assert {c.path: c.verdict.ruling for c in worst.criteria}["h.e"] == Ruling(
        Ruling.of_bool(truth=True).word
    )
    assert isinstance(trial.criteria["g.c"].scale, LevelScale)
