"""Which tier a test is of, what a judge is asked, and what is recorded."""

import json

import pytest

from rubricdsl.api import open_project
from rubricdsl.cases import Outcome, Tier
from rubricdsl.cases.recording import Recording
from rubricdsl.diagnostics import RubricError

JUDGED = """\
rubric capital
[2] named: Names Ottawa as the capital.
[1] kind: Is kind.
    needs: named
[1] short: Has at most ten words.
    check: words(response) <= 10
test "said"
    response plain: Ottawa.
    expect plain.named: yes
"""
YES = ("said", "plain", "named", "yes")


@pytest.fixture
def recorded(place):
    """Give a workplace in which the verdict of the test was recorded."""
    place.write("r.rub", JUDGED)
    judge = place.script(YES)
    session = place.session("r.rub", judge=judge, renews=True)
    (path,) = session.record()
    assert path.endswith("r.verdicts.jsonl")
    return place


def rows_of(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def outcome(session):
    (result,) = session.results
    return result.tier, result.outcome


# ------------------------------------------------------------------------ tiers


def test_without_judge_and_recording_a_test_is_skipped_with_the_reason(place):
    result = place.run(JUDGED)
    assert (result.tier, result.outcome) == (Tier.LIVE, Outcome.SKIPPED)
    assert result.reason == "a judge must decide `named`"


def test_checks_alone_are_arithmetic(place):
    text = JUDGED.replace("plain.named", "plain.short")
    result = place.run(text, judge=place.script())
    assert (result.tier, result.outcome) == (Tier.ARITHMETIC, Outcome.PASSED)


def test_an_unmet_need_that_is_given_leaves_nothing_to_judge(place):
    text = JUDGED.replace("expect plain.named: yes", "given named: no") + (
        "    expect kind: no\n"
    )
    assert place.run(text).tier is Tier.ARITHMETIC


def test_a_judge_is_asked_only_what_expectations_depend_on(place):
    session_of = place.script(YES)
    place.write("r.rub", JUDGED)
    session = place.session("r.rub", judge=session_of)
    assert outcome(session) == (Tier.LIVE, Outcome.PASSED)
    assert session.judge_calls == 1
    assert "not asked" in str(session.results[0].cards["plain"].criteria[1].verdict)


def test_what_is_given_is_not_asked_and_decides_what_is(place):
    text = JUDGED.replace("expect plain.named: yes", "given named: yes") + (
        "    expect kind: yes\n    expect score: 1\n"
    )
    judge = place.script(("said", "plain", "kind", "yes"))
    result = place.run(text, judge=judge)
    assert result.outcome is Outcome.PASSED, result
    assert result.cards["plain"].score == 1
    judge = place.script(("said", "plain", "kind", "no"))
    (failure,) = place.run(text.replace("    expect score: 1\n", ""), judge).diagnostics
    assert failure.message == "`kind` of `plain` is no, not yes"
    assert failure.hint == f"{judge} says so"


@pytest.mark.parametrize("ruling", ["n/a", "level 2", "0.25", "partly"])
def test_every_kind_of_given_verdict_stands_in_a_live_test(place, ruling):
    line = {
        "n/a": "    n/a: skip\n",
        "level 2": "    level 1: Low.\n    level 2: Mid.\n    level 3: High.\n",
        "0.25": "    check: min(1, words(response) / 100)\n",
        "partly": "    answers: yes, partly, no\n    evidence: required\n",
    }[ruling]
    text = (
        f"rubric g\n[1] a: A.\n{line}[1] b: B.\n"
        f'test "said"\n    response plain: Ottawa.\n    given a: {ruling}\n'
        f"    expect a: {ruling}\n    expect score: > 0.4\n"
    )
    result = place.run(text, judge=place.script(("said", "plain", "b", "yes")))
    assert (result.tier, result.outcome) == (Tier.LIVE, Outcome.PASSED), result


def test_a_verdict_that_cannot_be_had_is_an_error(place):
    result = place.run(JUDGED, judge=place.script())
    assert (result.tier, result.outcome) == (Tier.LIVE, Outcome.ERROR)
    assert result.reason.startswith("no verdict on `named` (not_recorded: ")
    assert result.failures == ()


def test_only_the_root_of_what_is_missing_is_named(place):
    text = JUDGED + "    expect plain.score: 1\n"
    result = place.run(text, judge=place.script())
    assert "`kind`" not in result.reason


def test_a_certain_failure_outweighs_what_is_missing(place):
    text = JUDGED + "    expect plain.short: no\n"
    assert place.run(text, judge=place.script()).outcome is Outcome.FAILED
    assert place.run(text).outcome is Outcome.FAILED


def test_orders_are_judged_live(place):
    text = JUDGED.replace("expect plain.named: yes", "response other: Toronto.") + (
        "    expect order: plain > other by 0.5\n"
    )
    rows = [
        (title, response, criterion, verdict)
        for title, response, verdict in (
            ("said", "plain", "yes"), ("said", "other", "no"),
        )
        for criterion in ("named", "kind")
    ]  # fmt: skip
    assert place.run(text, judge=place.script(*rows)).outcome is Outcome.PASSED
    swapped = text.replace("plain > other", "other > plain")
    (failure,) = place.run(swapped, judge=place.script(*rows)).diagnostics
    assert failure.hint == "`named` costs 0.5; `kind` costs 0.25"


def test_a_declared_tier(place):
    live = JUDGED.replace("plain.named", "plain.short").replace(
        'test "said"\n', 'test "said"\n    tier: live\n'
    )
    result = place.run(live)
    assert (result.tier, result.outcome) == (Tier.LIVE, Outcome.SKIPPED)
    result = place.run(live, judge=place.script())
    assert (result.tier, result.outcome) == (Tier.LIVE, Outcome.PASSED)
    stated = JUDGED.replace('test "said"\n', 'test "said"\n    tier: recorded\n')
    result = place.run(stated)
    assert (result.tier, result.outcome) == (Tier.RECORDED, Outcome.ERROR)
    assert "no verdict is recorded" in result.reason


# -------------------------------------------------------------------- recordings


def test_a_recording_answers_offline(recorded):
    assert outcome(recorded.session("r.rub")) == (Tier.RECORDED, Outcome.PASSED)
    (row,) = rows_of(recorded.folder / "r.verdicts.jsonl")
    assert list(row) == [
        "rubric", "prompt_id", "response_id", "criterion", "verdict", "judge",
        "question", "seen",
    ]  # fmt: skip


def test_reading_what_was_written_gives_the_same(recorded):
    path = recorded.folder / "r.verdicts.jsonl"
    before = path.read_bytes()
    Recording.read(path).write(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("Names Ottawa as the capital.", "Names the capital.", "criterion"),
        ("response plain: Ottawa.", "response plain: Toronto.", "response"),
        ("rubric capital\n", "rubric capital\nprompt: Which?\n", "response"),
        ("capital.\n", "capital.\n    n/a: skip\n", "criterion"),
        ("capital.\n", "capital.\n    judge: j\n", "criterion"),
    ],
)
def test_a_stale_verdict_answers_nothing(recorded, old, new, changed):
    text = JUDGED.replace(old, new, 1)
    if "judge: j" in new:
        text += "judge j\n    instructions: Be strict.\n"
    result = recorded.run(text)
    assert (result.tier, result.outcome) == (Tier.RECORDED, Outcome.ERROR)
    assert f"the {changed} changed since the verdict was recorded" in result.reason


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[2] named", "[5] named"),
        ("named", "ottawa"),
        ('test "said"', 'test "renamed"'),
        ("rubric capital", "rubric capitals"),
        ("plain", "short_one"),
    ],
)
def test_renaming_and_reweighing_ask_nothing_new(recorded, old, new):
    result = recorded.run(JUDGED.replace(old, new))
    assert (result.tier, result.outcome) == (Tier.RECORDED, Outcome.PASSED)


def test_a_judge_is_asked_although_there_is_a_recording(recorded):
    judge = recorded.script(("said", "plain", "named", "no"))
    assert outcome(recorded.session("r.rub", judge=judge)) == (
        Tier.LIVE, Outcome.FAILED,
    )  # fmt: skip
    session = recorded.session("r.rub", judge=judge, tiers=[Tier.RECORDED])
    assert outcome(session) == (Tier.RECORDED, Outcome.PASSED)
    assert session.judge_calls == 0


def test_tiers_that_are_not_chosen_do_not_run(recorded):
    session = recorded.session("r.rub", tiers=[Tier.ARITHMETIC])
    assert session.results == ()
    assert session.deselected == 1


def test_renewing_keeps_what_was_not_asked_and_drops_what_nobody_asks(recorded):
    more = JUDGED + (
        'test "other"\n    response: Toronto.\n    expect named: no\n'
        'test "third"\n    response: Paris.\n    expect named: no\n'
    )
    recorded.write("r.rub", more)
    judge = recorded.script(
        ("other", "response", "named", "no"), ("third", "response", "named", "no")
    )
    session = recorded.session(
        "r.rub",
        judge=judge,
        renews=True,
        selected=lambda _, test: test.title != "said",
    )
    session.record()
    path = recorded.folder / "r.verdicts.jsonl"
    titles = [row["prompt_id"] for row in rows_of(path)]
    assert titles == ["said", "other", "third"]
    recorded.write("r.rub", more.replace("Toronto", "Montreal"))
    judge = recorded.script(("other", "response", "named", "no"))
    recorded.session(
        "r.rub",
        judge=judge,
        renews=True,
        selected=lambda _, test: test.title == "other",
    ).record()
    rows = rows_of(path)
    assert [row["prompt_id"] for row in rows] == ["said", "other", "third"]
    assert len({row["seen"] for row in rows}) == 3


@pytest.mark.parametrize(
    ("tier", "asked"), [(Tier.RECORDED, 1), (Tier.LIVE, 1), (Tier.ARITHMETIC, 0)]
)
def test_renewing_the_recorded_tier_asks_the_judge(recorded, tier, asked):
    judge = recorded.script(YES)
    session = recorded.session("r.rub", judge=judge, renews=True, tiers=[tier])
    assert len(session.results) == session.judge_calls == asked


def test_a_verdict_that_failed_keeps_the_one_recorded_before(recorded):
    session = recorded.session("r.rub", judge=recorded.script(), renews=True)
    assert outcome(session) == (Tier.LIVE, Outcome.ERROR)
    session.record()
    assert outcome(recorded.session("r.rub")) == (Tier.RECORDED, Outcome.PASSED)


def test_one_verdict_answers_all_tests_on_the_same_response(recorded):
    twin = 'test "twin"\n    response: Ottawa.\n    expect named: yes\n'
    recorded.write("r.rub", JUDGED + twin)
    results = recorded.session("r.rub").results
    assert [(r.tier, r.outcome) for r in results] == [
        (Tier.RECORDED, Outcome.PASSED)
    ] * 2


def test_an_edited_verdict_that_is_not_legal_answers_nothing(recorded):
    path = recorded.folder / "r.verdicts.jsonl"
    path.write_text(path.read_text().replace('"verdict": "yes"', '"verdict": "n/a"'))
    (result,) = recorded.session("r.rub").results
    assert result.outcome is Outcome.ERROR
    assert "n/a, which is recorded, is no verdict here" in result.reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "no JSON"),
        ("[]", "no JSON object"),
        ("{}", "`rubric` must be a text"),
        ('{"x": 1}', "`x` is not known"),
        ("TWICE", "contradicts an earlier one"),
        ("PROBABLE", "`probability` must be from 0 to 1"),
        ("MAYBE", "`verdict` must be yes"),
    ],
)
def test_a_recording_that_cannot_be_read(recorded, line, reason):
    path = recorded.folder / "r.verdicts.jsonl"
    good = path.read_text()
    line = {
        "TWICE": good.strip().replace('"yes"', '"no"'),
        "PROBABLE": good.strip().replace('"judge"', '"probability": 2, "judge"'),
        "MAYBE": good.strip().replace('"yes"', '"maybe"'),
    }.get(line, line)
    path.write_text(f"{good}\n{line}\n")
    with pytest.raises(RubricError) as caught:
        recorded.session("r.rub")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.span.line) == ("D206", 3)
    assert reason in diagnostic.message


# --------------------------------------------------------------- a real judge


@pytest.fixture
def presence():
    if "presence" not in open_project().host.judge_backends:
        pytest.skip("the presence judge is not installed")
    return "presence"


def test_questions_of_several_files_are_asked_once(place, presence):
    place.write("r.rub", JUDGED)
    place.write("s.rub", JUDGED.replace("rubric capital", "rubric same"))
    alone = place.session("r.rub", judge=presence)
    both = place.session("r.rub", "s.rub", judge=presence)
    assert both.judge_calls == alone.judge_calls == 1
    assert len({str(result.cards) for result in both.results}) == 2
    assert [result.tier for result in both.results] == [Tier.LIVE] * 2


def test_the_presence_judge_decides_and_replays_alike(place, presence):
    text = JUDGED.replace("Ottawa.\n", "The capital of Canada is Ottawa.\n")
    place.write("r.rub", text)
    live = place.session("r.rub", judge=presence, renews=True)
    assert outcome(live) == (Tier.LIVE, Outcome.PASSED)
    live.record()
    replay = place.session("r.rub")
    assert outcome(replay) == (Tier.RECORDED, Outcome.PASSED)
    one, two = (s.results[0].cards["plain"].criteria[0].verdict for s in (live, replay))
    assert (one.ruling, one.probability, one.evidence) == (
        two.ruling, two.probability, two.evidence,
    )  # fmt: skip
    assert one.probability is not None


def test_a_judge_that_abstains_is_an_error(place, presence):
    text = JUDGED.replace("Names Ottawa as the capital.", "The tone is respectful.")
    result = place.run(text, judge=presence)
    assert result.outcome is Outcome.ERROR
    assert "judge_unsupported" in result.reason


def test_a_judge_that_is_not_there_is_refused(place):
    with pytest.raises(RubricError) as caught:
        place.run(JUDGED, judge="nobody")
    assert caught.value.diagnostics[0].code == "D201"
