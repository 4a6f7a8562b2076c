"""What is said of a scorecard: never a score that there is not."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.model.judgement import Provenance, Verdict
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Failure, FailureKind, Ruling
from rubricdsl.model.scorecard import CriterionResult, Gate, Scorecard, Status
from rubricdsl.telemetry.evaluations import clean, evaluations, overall

PROVENANCE = Provenance(judge="m", response="r")
GATE = Gate(name="g", path="a.g", mark="never", cap=0.0)
numbers = st.floats(0, 1)
rulings = st.one_of(
    st.sampled_from([YES, NO, PARTLY, NA]),
    st.builds(Ruling.level, st.floats(-10, 10)),
    st.builds(Ruling.of_number, numbers),
)
failures = st.builds(Failure, st.sampled_from(sorted(FailureKind)), st.text())


def verdict_of(
    *,
    ruling: Ruling | None = None,
    failure: Failure | None = None,
    reason: str | None = None,
    asked: bool = True,
) -> Verdict:
    return Verdict(
        ruling=ruling,
        failure=failure,
        reason=reason,
        asked=asked,
        provenance=PROVENANCE,
    )


verdicts = st.one_of(
    st.builds(verdict_of, ruling=rulings, reason=st.none() | st.text()),
    st.builds(verdict_of, failure=failures),
    st.just(verdict_of(asked=False)),
)


@st.composite
def results(draw: st.DrawFn) -> CriterionResult:
    verdict = draw(verdicts)
    is_na = verdict.ruling is None or verdict.ruling == NA
    name = draw(st.from_regex(r"[a-z]{1,8}", fullmatch=True))
    return CriterionResult(
        name=name,
        path=name,
        mark=draw(st.sampled_from(["weight", "bonus", "must", "never", "info"])),
        verdict=verdict,
        value=None if is_na else draw(numbers),
        weight=1.0,
        share=None,
    )


@st.composite
def scorecards(draw: st.DrawFn) -> Scorecard:
    status = draw(st.sampled_from(Status))
    is_scored = status is Status.COMPLETE
    return Scorecard(
        rubric="r",
        rubric_version=draw(st.none() | st.just("2")),
        rubric_digest="d",
        prompt_id=draw(st.text()),
        response_id=draw(st.text()),
        score=draw(numbers) if is_scored else None,
        points=None,
        passed=draw(st.none() | st.booleans()) if is_scored else None,
        status=status,
        coverage=draw(numbers),
        interval=None,
        gates=tuple(draw(st.lists(st.just(GATE), max_size=2))),
        criteria=tuple(draw(st.lists(results(), max_size=6))),
        groups=(),
    )


@given(scorecards(), st.booleans())
def test_one_for_each_criterion_asked_and_one_for_all_of_it(
    card: Scorecard,
    reasons: bool,  # noqa: FBT001 - drawn
) -> None:
    records = list(evaluations(card, reasons=reasons))
    asked = [result for result in card.criteria if result.verdict.asked]
    assert [r.name for r in records] == [*(f"r.{a.path}" for a in asked), "r"]
    for result, record in zip(asked, records, strict=False):
        assert record.value == result.value
        failure = result.verdict.failure
        assert record.error == (None if failure is None else failure.kind)
    assert records[-1].value == card.score


@given(scorecards(), st.booleans())
def test_an_error_has_no_score_and_reasons_are_told_only_if_wanted(
    card: Scorecard,
    reasons: bool,  # noqa: FBT001 - drawn
) -> None:
    for record in evaluations(card, reasons=reasons):
        attributes = record.attributes()
        assert attributes["gen_ai.evaluation.name"] == record.name
        assert "gen_ai.response.id" in attributes
        assert None not in attributes.values()
        if "error.type" in attributes:
            assert "gen_ai.evaluation.score.value" not in attributes
        if not reasons:
            assert "gen_ai.evaluation.explanation" not in attributes


@given(scorecards())
def test_labels_are_few(card: Scorecard) -> None:
    words = {"yes", "no", "partly", "n/a", "pass", "fail", *Status}
    words |= {f"level {number}" for number in range(-10, 11)} | {"level -0"}
    for record in evaluations(card, reasons=True):
        assert record.label is None or record.label in words


def card_of(*kinds: tuple[str, str], status: Status) -> Scorecard:
    """Make a scorecard of criteria that failed, each a mark and a kind."""
    criteria = tuple(
        CriterionResult(
            name=f"c{n}",
            path=f"c{n}",
            mark=mark,
            verdict=verdict_of(failure=Failure(kind, "")),
            value=None,
            weight=None,
            share=None,
        )
        for n, (mark, kind) in enumerate(kinds)
    )
    return Scorecard(
        rubric="r",
        rubric_version=None,
        rubric_digest="d",
        prompt_id="p",
        response_id="r1",
        score=None,
        points=None,
        passed=None,
        status=status,
        coverage=0.0,
        interval=None,
        gates=(),
        criteria=criteria,
        groups=(),
    )


def test_the_whole_fails_as_most_of_what_counts_does() -> None:
    kinds = [
        ("weight", "rate_limited"),
        *[("weight", "judge_refused")] * 2,
        *[("info", "check_failed")] * 3,
    ]
    assert overall(card_of(*kinds, status=Status.INCOMPLETE)).error == "judge_refused"
    none = card_of(status=Status.INCOMPLETE)
    assert overall(none).error is None
    assert overall(none).label == "incomplete"


def test_a_response_that_talks_to_the_judge_is_an_error() -> None:
    suspect = overall(card_of(status=Status.SUSPECT))
    assert (suspect.error, suspect.label, suspect.value) == ("suspect", "suspect", None)
    undefined = overall(evolve(card_of(status=Status.UNDEFINED)))
    assert (undefined.error, undefined.label) == (None, "undefined")


@given(st.text(st.characters(exclude_categories=[])))
def test_what_is_clean_can_be_sent_and_stays_as_it_is(text: str) -> None:
    once = clean(text)
    once.encode("utf-8")
    assert clean(once) == once
