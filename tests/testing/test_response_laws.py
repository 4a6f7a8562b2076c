"""Laws about responses: what checks, recordings and judges say decides them."""

import json

import pytest

import rubricdsl
from rubricdsl.api import loads, open_project
from rubricdsl.cases import Outcome, run_cases
from rubricdsl.model.response import Response
from rubricdsl.testing import laws

POLITE = """\
rubric polite
[3] please: Says please.
    check: contains(response, "please send", case = no)
[1] short: Has at most five words.
    check: words(response) <= 5
"""
SHORT_FIRST = POLITE.replace("[3]", "[2]").replace("[1]", "[3]")
JUDGED = f"{POLITE}[2] kind: Sounds kind.\n"
MEASURED = """\
rubric measured
[1] brief: Is brief.
    check: max(0, 1 - characters(response) / 100)
"""
LONG = "Would you, if you find the time, please send me the file?"
CURT = "Send it."
BOTH = "Please send the file."


def broken(law, *arguments, **options) -> str:
    with pytest.raises(AssertionError) as error:
        law(*arguments, **options)
    return str(error.value)


def failing_block(text: str, source: str) -> str:
    """Give the test that is shown; it fails in the rubric, without any judge."""
    block = text[text.index('\ntest "') + 1 :]
    (result,) = run_cases(
        loads(f"{source}\n{block}\n"), open_project().host.check_functions
    )
    assert result.outcome is Outcome.FAILED
    return block


# ----------------------------------------------------------------------- orders


def test_an_order_that_checks_decide_holds():
    laws.orders(loads(POLITE), BOTH, LONG)
    laws.orders(loads(POLITE), better=LONG, worse=CURT, by=0.5)


def test_a_wrong_order_says_what_moved_the_score():
    text = broken(laws.orders, loads(POLITE), CURT, LONG)
    assert "`better` (0.25) does not beat `worse` (0.75)" in text
    assert "-0.7500  please  no against yes" in text
    assert LONG in failing_block(text, POLITE)


def test_a_lead_that_is_too_small_is_no_order():
    laws.orders(loads(POLITE), BOTH, LONG, by=0.25)
    text = broken(laws.orders, loads(POLITE), BOTH, LONG, by=0.3)
    assert "expect order: better > worse by 0.3" in failing_block(text, POLITE)


def test_a_response_of_several_lines_is_shown_as_it_is():
    text = broken(laws.orders, loads(POLITE), 'One.\n\n  | two: """ #', LONG)
    assert "        | One.\n        |\n        |   | two:" in text
    failing_block(text, POLITE)


def test_what_nobody_decides_is_no_pass():
    with pytest.raises(laws.UndecidedError, match=r"must decide `kind`.*judge="):
        laws.orders(loads(JUDGED), BOTH, LONG)


def test_a_check_that_cannot_be_decided_is_no_fail():
    facts = 'rubric facts\n[1] fast: Is fast.\n    check: metric("seconds") <= 5\n'
    with pytest.raises(laws.UndecidedError, match="no verdict on `fast`"):
        laws.orders(loads(facts), BOTH, LONG)


def test_facts_recorded_with_a_response_count():
    facts = 'rubric facts\n[1] fast: Is fast.\n    check: metric("seconds") <= 5\n'
    fast, slow = (
        Response(
            text="Done.",
            prompt_id="p",
            response_id=f"r{seconds}",
            meta={"metrics": {"seconds": seconds}},
        )
        for seconds in (3, 8)
    )
    laws.orders(loads(facts), fast, slow)
    assert "`better` (0)" in broken(laws.orders, loads(facts), slow, fast)


@pytest.fixture
def verdicts(tmp_path):
    """Give a judge's SPEC: the longer response sounds kind, any other does not."""
    rows = [
        {
            "prompt_id": "test",
            "response_id": "response",
            "criterion": "kind",
            "verdict": "yes",
        }
    ]
    path = tmp_path / "verdicts.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return f"scripted:{path}"


def test_a_judge_is_asked_if_one_is_named(verdicts):
    laws.orders(loads(JUDGED), BOTH, LONG, judge=verdicts)
    text = broken(laws.orders, loads(JUDGED), LONG, BOTH, judge=verdicts)
    assert "decided by a judge" in text


def test_recorded_verdicts_decide_without_a_judge(tmp_path, verdicts, monkeypatch):
    from rubricdsl.cli import main

    path = tmp_path / "polite.rub"
    recorded = f'test "recorded"\n    response a: {BOTH}\n    response b: {LONG}\n'
    path.write_text(f"{JUDGED}\n{recorded}    expect order: a > b\n", "utf-8")
    script = tmp_path / "verdicts.jsonl"
    rows = [
        {
            "prompt_id": "recorded",
            "response_id": name,
            "criterion": "kind",
            "verdict": v,
        }
        for name, v in (("a", "no"), ("b", "yes"))
    ]
    script.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    assert main(["test", str(path), "--judge", verdicts, "--record"]) == 1
    laws.orders(path, LONG, BOTH)
    assert "recorded verdicts" in broken(laws.orders, path, BOTH, LONG)


# ------------------------------------------------------------------ order is kept


def test_a_refinement_that_keeps_the_order():
    heavier = loads(POLITE.replace("[3]", "[5]"))
    laws.keeps_order(loads(POLITE), heavier, [(LONG, CURT), (CURT, LONG), (BOTH, CURT)])


def test_a_refinement_that_turns_an_order_around():
    pairs = [(BOTH, CURT), (LONG, CURT)]
    text = broken(laws.keeps_order, loads(POLITE), loads(SHORT_FIRST), pairs)
    assert "the order of 1 of 2 pairs is not kept" in text
    assert "0.75 > 0.25 before, 0.4 and 0.6 now" in text
    assert f"response better: {LONG}" in failing_block(text, SHORT_FIRST)


def test_the_order_is_that_of_the_old_rubric_not_of_the_pair():
    text = broken(laws.keeps_order, loads(POLITE), loads(SHORT_FIRST), [(CURT, LONG)])
    assert f"response better: {LONG}" in text


def test_a_tie_is_an_order_lost_and_a_tie_before_binds_nobody():
    level = loads(POLITE.replace("[3]", "[1]"))
    text = broken(laws.keeps_order, loads(POLITE), level, [(LONG, CURT)])
    assert "0.5 and 0.5 now" in text
    laws.keeps_order(level, loads(POLITE), [(LONG, CURT), (BOTH, CURT)])


def test_pairs_that_say_nothing_are_no_pass():
    level = loads(POLITE.replace("[3]", "[1]"))
    with pytest.raises(laws.UndecidedError, match="orders none of the pairs"):
        laws.keeps_order(level, level, [(LONG, CURT)])
    with pytest.raises(ValueError, match="there are no pairs"):
        laws.keeps_order(level, level, [])
    with pytest.raises(laws.UndecidedError, match=r"`polite`.*kind"):
        laws.keeps_order(loads(POLITE), loads(JUDGED), [(LONG, CURT)])


# ------------------------------------------------------------------ reformatting

LETTER = """\
Dear "friends",

could you please send the file to me before the end of this week, so that I can read it?

- It's the **second** version.
- The first is lost."""
BROKEN_BY = {
    "trailing_blanks": r"matches(response, '(?m)lost\.$')",
    "final_newline": "ends_with(response, '.')",
    "crlf": r"matches(response, 'version\.\n')",
    "blank_lines": r"not matches(response, '\n\n\n')",
    "list_markers": "contains(response, '- The first')",
    "bold": "contains(response, 'Dear \"friends\"')",
    "no_bold": "contains(response, '**second**')",
    "wrapped": "contains(response, 'the end of this week')",
    "curly_quotes": 'contains(response, "It\'s")',
}


def rubric_with(check: str) -> str:
    return (
        f"rubric form\n[1] form: Has the form.\n    check: {check}\n"
        "[1] kind: Sounds kind.\n"
    )


def test_every_reformatting_is_tried_here():
    assert BROKEN_BY.keys() == laws.REFORMATTINGS.keys()


@pytest.mark.parametrize("kind", BROKEN_BY)
def test_a_check_that_hangs_on_the_form_is_found(kind):
    source = rubric_with(BROKEN_BY[kind])
    rubric = loads(source)
    text = broken(laws.invariant_under_reformatting, rubric, LETTER, kinds=[kind])
    assert f"`form` goes from yes to no by the reformatting `{kind}`" in text
    if kind == "crlf":
        assert "a .rub file cannot hold this text" in text
        assert r"version.\r\n" in text
    else:
        block = failing_block(text, source)
        assert f'test "{kind} changes nothing"' in block
        assert "expect form: yes" in block


def test_as_few_lines_are_changed_as_can_be():
    source = rubric_with(r"not matches(response, '(?m) $')")
    text = broken(laws.invariant_under_reformatting, loads(source), LETTER)
    block = failing_block(text, source)
    assert sum(line.endswith(" ") for line in block.split("\n")) == 1


def test_words_do_not_hang_on_the_form():
    counted = loads(rubric_with("words(response) <= 40"))
    laws.invariant_under_reformatting(counted, LETTER)


def test_a_measure_may_change_a_little():
    text = broken(laws.invariant_under_reformatting, loads(MEASURED), CURT)
    assert "expect brief: >= 0.92" in failing_block(text, MEASURED)
    laws.invariant_under_reformatting(loads(MEASURED), CURT, within=0.1)


def test_with_a_judge_the_score_must_stay(verdicts):
    rubric = loads(rubric_with("contains(response, '- The first')"))
    laws.invariant_under_reformatting(rubric, LETTER, kinds=["bold"], judge=verdicts)
    text = broken(
        laws.invariant_under_reformatting,
        rubric,
        LETTER,
        kinds=["list_markers"],
        judge=verdicts,
    )
    assert "the score changes by the reformatting `list_markers`" in text
    assert "-0.5000  form  no against yes" in text


def test_a_check_that_cannot_move_the_score_may_change():
    aside = "rubric r\n[1] a: Is a.\n    check: words(response) > 0\n"
    aside += "[info] b: Is b.\n    check: ends_with(response, '.')\n"
    laws.invariant_under_reformatting(loads(aside), LETTER)


def test_a_law_about_the_form_that_says_nothing_is_no_pass():
    with pytest.raises(laws.UndecidedError, match="no check that counts"):
        laws.invariant_under_reformatting(loads("rubric r\n[1] a: Is a.\n"), LETTER)
    with pytest.raises(ValueError, match="none of these reformattings changes"):
        laws.invariant_under_reformatting(loads(POLITE), "Hi", kinds=["list_markers"])
    with pytest.raises(ValueError, match="no reformatting is called 'italics'"):
        laws.invariant_under_reformatting(loads(POLITE), "Hi", kinds=["italics"])


def test_only_sound_rubrics_are_examined(tmp_path):
    path = tmp_path / "broken.rub"
    path.write_text("rubric r\n[0] a: Is a.\n", "utf-8")
    with pytest.raises(rubricdsl.RubricError, match="E412"):
        laws.orders(path, BOTH, CURT)
