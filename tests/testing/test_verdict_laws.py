"""Each law holds for a rubric that keeps it and fails for one that breaks it.

Whatever test a law shows, pasted into the rubric it fails there.
"""

import subprocess
import sys

import pytest
from hypothesis import given, settings

import rubricdsl
from rubricdsl.api import dumps, loads, open_project
from rubricdsl.cases import Outcome, run_cases
from rubricdsl.model.rubric import Group, Include, Item, Kind, Never, Rubric, Weight
from rubricdsl.testing import laws, rubrics

SOUND = """\
rubric sound
[must] safe: Warns of the danger.
[2] depth: Explains why.
[2] style: Reads well.
    level 1: Badly.
    level 2: Well.
    level 4: Very well.
[2] mean of form
    [1] short: Is short.
    [1] even: Is even.
        answers: yes, partly, no
[-1] wrong: Says something false.
"""
UNDEFINED = """\
rubric undefined
[1] depth: Explains why.
    n/a: skip
[1] style: Reads well.
    n/a: skip
"""
FALLING = """\
rubric falling
[1] formula of both
    combine: abs(depth - style)
    monotone: no
    [1] depth: Explains why.
    [1] style: Reads well.
[1] short: Is short.
"""
TRAP = """\
rubric trap
[1] dose: Names a dose.
[-2] wrong: Names a wrong dose.
    needs: dose
[4] style: Reads well.
"""
TURNED = """\
rubric turned
[1] style: Reads well.
[-1] best of flaws
    [1] long: Is long.
    [1] rude: Is rude.
[never] harmful: Is harmful.
"""
INNER_GATE = """\
rubric inner_gate
[1] mean of safety
    [must] warns: Warns of the danger.
    [1] careful: Is careful.
[1] style: Reads well.
"""
EMPTY_GATE = """\
rubric empty_gate
[must] warns: Warns of the danger.
    passing: 0
[1] style: Reads well.
"""
UNSCORED_GATE = """\
rubric unscored_gate
[never] harmful: Is harmful.
[1] style: Reads well.
[info] mean of beside
    [must] warns: Warns of the danger.
"""
CAPPED = """\
rubric capped
[cap 0.5] sources: Names its sources.
[1] style: Reads well.
"""
HEAVY = """\
rubric heavy
[3] depth: Explains why.
[1] style: Reads well.
[1] short: Is short.
"""
FRAGILE = """\
rubric fragile
[1] all of basics
    [1] a: Says a.
    [1] b: Says b.
[1] c: Says c.
"""
FAILING_NA = """\
rubric failing_na
[1] depth: Explains why.
    n/a: fail
[-1] wrong: Says something false.
    n/a: fail
[1] style: Reads well.
"""
MEASURED = """\
rubric measured
[1] long: Is long enough.
    check: min(1, words(response) / 100)
[1] formula of odd
    combine: long_too * (1 - long_too)
    monotone: no
    [1] long_too: Is long enough.
        check: min(1, words(response) / 100)
"""


def counterexample(law, source: str, **options) -> str:
    """Give the test that a broken law shows; it fails in the rubric."""
    rubric = loads(source)
    with pytest.raises(AssertionError) as broken:
        law(rubric, **options)
    text = str(broken.value)
    assert f"`{rubric.name}`" in text
    block = text[text.index('\ntest "') + 1 :]
    assert_fails(rubric, source, block)
    return block


def assert_fails(rubric: Rubric, source: str, block: str) -> None:
    pasted = loads(f"{source.rstrip()}\n\n{block}\n")
    assert pasted.items == rubric.items
    functions = open_project().host.check_functions
    result = list(run_cases(pasted, functions))[-1]
    assert result.outcome is Outcome.FAILED
    assert {d.code for d in result.diagnostics} <= {"E501", "E502"}


# --------------------------------------------------------------- rubrics that hold


@pytest.mark.parametrize(
    "law",
    [laws.bounded, laws.monotone, laws.gates_dominate, laws.na_never_pays],
)
def test_a_sound_rubric_keeps_the_laws(law):
    law(loads(SOUND))
    law(loads(TURNED))


def test_weights_that_are_spread_decide_nothing_alone():
    laws.no_single_criterion_decides(loads(SOUND))
    laws.no_single_criterion_decides(loads(HEAVY), most=0.6)


def test_a_gate_decides_by_design():
    laws.no_single_criterion_decides(loads(CAPPED), most=1)
    with pytest.raises(AssertionError, match="`style` alone"):
        laws.no_single_criterion_decides(loads(CAPPED), most=0.9)


def test_na_that_fails_never_pays():
    laws.na_never_pays(loads(FAILING_NA))


def test_a_cap_is_a_gate_and_one_that_is_not_scored_is_none():
    laws.gates_dominate(loads(CAPPED))
    laws.gates_dominate(loads(UNSCORED_GATE))


# --------------------------------------------------------------- rubrics that fail


def test_an_undefined_score_is_not_bounded():
    block = counterexample(laws.bounded, UNDEFINED)
    assert block.splitlines()[1:] == [
        "    given all: yes",
        "    given depth: n/a",
        "    given style: n/a",
        "    expect score: >= 0",
    ]


@pytest.mark.parametrize("limits", [{"low": 0.1}, {"high": 0.9}])
def test_scores_leave_narrower_limits(limits):
    block = counterexample(laws.bounded, HEAVY, **limits)
    (said,) = [line for line in block.splitlines() if "given" in line]
    assert said == f"    given all: {'no' if 'low' in limits else 'yes'}"


def test_a_formula_that_falls_is_not_monotone():
    block = counterexample(laws.monotone, FALLING)
    assert block.count("given") <= 3


def test_a_penalty_that_is_asked_for_once_something_is_good_is_not_monotone():
    block = counterexample(laws.monotone, TRAP)
    assert "given all: yes" in block
    assert "yes on dose is worth no less than no" in block


def test_a_score_that_becomes_undefined_is_not_lowered():
    skipped = loads("rubric r\n[1] a: Is a.\n    n/a: skip\n[-1] b: Is b.\n")
    laws.monotone(skipped)
    with pytest.raises(AssertionError, match="undefined"):
        laws.bounded(skipped)


def test_a_check_that_measures_is_raised_in_steps():
    laws.bounded(loads(MEASURED))
    block = counterexample(laws.monotone, MEASURED)
    assert "1 on odd.long_too" in block or "yes on odd.long_too" in block


def test_a_gate_inside_a_group_does_not_dominate():
    block = counterexample(laws.gates_dominate, INNER_GATE)
    assert block.splitlines() == [
        'test "safety.warns dominates"',
        "    given all: yes",
        "    given warns: no",
        "    expect score: <= 0",
    ]


def test_a_gate_that_cannot_fire_does_not_dominate():
    counterexample(laws.gates_dominate, EMPTY_GATE)


def test_a_law_about_gates_says_nothing_without_any():
    with pytest.raises(ValueError, match=r"`heavy` has no gate: mark a criterion"):
        laws.gates_dominate(loads(HEAVY))


@pytest.mark.parametrize(
    ("source", "name"),
    [(HEAVY, "depth"), (FRAGILE, "c"), (UNDEFINED, "depth"), (TRAP, "style")],
)
def test_a_criterion_that_decides_alone_is_found(source, name):
    block = counterexample(laws.no_single_criterion_decides, source)
    assert "does not decide alone" in block
    assert block.count("given") <= 3


def test_na_that_is_skipped_pays():
    block = counterexample(laws.na_never_pays, UNDEFINED)
    assert block.count("n/a") == 2  # in the title, and one line


# ----------------------------------------------------------------- large rubrics

LARGE = "rubric large\n" + "".join(
    f"[1] c{number}: States fact {number}.\n    n/a: pass\n" for number in range(40)
)


def test_a_flaw_in_a_large_rubric_is_found_and_the_test_is_small():
    flaw = "[1] formula of odd\n    combine: x * (1 - y)\n    monotone: no\n"
    flaw += "    [1] x: States fact x.\n    [1] y: States fact y.\n"
    laws.monotone(loads(LARGE))
    block = counterexample(laws.monotone, LARGE + flaw)
    assert block.count("given") <= 3


def test_a_law_says_the_same_in_every_run():
    texts = set()
    for _ in range(2):
        with pytest.raises(AssertionError) as broken:
            laws.na_never_pays(loads(LARGE))
        texts.add(str(broken.value))
    assert len(texts) == 1


# --------------------------------------------------------------------- all kinds


def nodes(items: tuple[Item, ...]):
    for item in items:
        yield item
        if isinstance(item, Group):
            yield from nodes(item.items)


@given(rubrics())
@settings(max_examples=12)
def test_every_counterexample_fails_in_its_rubric(rubric: Rubric) -> None:
    bare = rubricdsl.loads(dumps(rubric))
    source = dumps(rubric)
    for law in (
        laws.bounded,
        laws.monotone,
        laws.gates_dominate,
        laws.no_single_criterion_decides,
        laws.na_never_pays,
    ):
        try:
            law(bare)
        except ValueError:
            continue  # it has no gates
        except AssertionError as broken:
            text = str(broken)
            assert_fails(bare, source, text[text.index('\ntest "') + 1 :])


@given(rubrics())
@settings(max_examples=12)
def test_rubrics_without_formulas_and_needs_are_monotone(rubric: Rubric) -> None:
    everything = list(nodes(rubric.items))
    if not any(
        isinstance(item, Include)
        or (isinstance(item, Group) and item.kind is Kind.FORMULA)
        or (not isinstance(item, Group) and item.needs)
        for item in everything
    ):
        laws.monotone(rubric)


def test_signs_turn_around_what_is_better():
    assert isinstance(loads(TURNED).items[2].mark, Never)
    assert loads(TURNED).items[1].mark == Weight(-1.0)
    laws.monotone(loads(TURNED))


# -------------------------------------------------------------------- the callers


def test_a_rubric_is_a_path_or_one_of_several(tmp_path):
    path = tmp_path / "two.rub"
    path.write_text(f"{SOUND}\n{HEAVY}", "utf-8")
    laws.bounded(f"{path}#sound")
    with pytest.raises(AssertionError, match=r"`heavy` \(.*two\.rub\): `depth` alone"):
        laws.no_single_criterion_decides(f"{path}#heavy")
    with pytest.raises(rubricdsl.RubricError, match="holds 2 rubrics"):
        laws.bounded(path)


def test_an_open_parameter_is_refused():
    open_rubric = "rubric r\nparam n: number\n[1] a: Has {{n}} words.\n"
    with pytest.raises(rubricdsl.RubricError, match="E303"):
        laws.bounded(loads(open_rubric))


def test_included_criteria_are_named_by_their_path(tmp_path):
    (tmp_path / "inner.rub").write_text(INNER_GATE, "utf-8")
    main = 'rubric main\n\nuse "inner.rub" as inner\n\n[1] include inner\n'
    path = tmp_path / "main.rub"
    path.write_text(main, "utf-8")
    with pytest.raises(AssertionError) as broken:
        laws.gates_dominate(path)
    text = str(broken.value)
    assert "given inner.safety.warns: no" in text
    path.write_text(main + text[text.index('\ntest "') :] + "\n", "utf-8")
    (result,) = run_cases(rubricdsl.load(path), open_project().host.check_functions)
    assert result.outcome is Outcome.FAILED


def test_a_title_that_is_taken_is_not_used_again():
    first = counterexample(laws.gates_dominate, INNER_GATE)
    again = counterexample(laws.gates_dominate, f"{INNER_GATE}\n{first}\n")
    assert again.startswith('test "safety.warns dominates (2)"')


def test_laws_need_neither_hypothesis_nor_pytest():
    code = (
        "import sys; from rubricdsl.testing import laws;"
        "sys.exit(bool({'hypothesis', 'pytest'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
