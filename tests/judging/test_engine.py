"""The engine under random delays and failures, and in its single duties."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.panels import Panel
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.expression import Compare, Constant, Name
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
)
from rubricdsl.model.rubric import (
    Ask,
    Never,
    VoteRule,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, YES, Failure, FailureKind, Ruling
from rubricdsl.model.scorecard import Scorecard, Status
from tests.judging.fakes import (
    Answering,
    FakeJudge,
    Panels,
    criterion,
    evaluation_of,
    failure_of,
    judge_of,
    only,
    panels_of,
    response_of,
    rubric_of,
    run,
    say,
)

# ------------------------------------------------------------------ properties


@frozen
class World:
    """Jobs with duplicates and needs, and a judge that is wrong in its own way."""

    jobs: tuple[Job, ...]
    faults: Mapping[tuple[str, str], str]
    ask: Ask
    concurrency: int


_FAULTS = ("refused", "raises", "illegal", "missing", "probability")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    names = ["a", "b", "c", "d", "e"]
    rubrics = []
    for index in range(draw(st.integers(1, 3))):
        chosen = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        criteria = [
            criterion(
                name,
                mark=draw(st.sampled_from([Weight(2.0), Weight(-1.0), Never()])),
                needs=tuple(
                    need for need in chosen[:place] if draw(st.integers(0, 3)) == 0
                ),
            )
            for place, name in enumerate(chosen)
        ]
        criteria.append(criterion("always"))
        rubrics.append(rubric_of(*criteria, name=f"r{index}"))
    texts = draw(st.lists(st.sampled_from(["x1", "x2", "x3", "x4"]), min_size=1))
    jobs = tuple(
        Job(draw(st.sampled_from(rubrics)), response_of(text, id=f"r{place}"))
        for place, text in enumerate(texts)
    )
    questions = st.tuples(
        st.sampled_from(["x1", "x2", "x3", "x4"]),
        st.sampled_from([f"Shows {name}." for name in names]),
    )
    faults = draw(st.dictionaries(questions, st.sampled_from(_FAULTS), max_size=8))
    return World(
        jobs, faults, draw(st.sampled_from(list(Ask))), draw(st.integers(1, 5))
    )


def answering_in(world: World) -> Answering:
    def answer(
        request: JudgeRequest, name: str, question: Question
    ) -> Answer | Exception | None:
        fault = world.faults.get((request.seen["response"], question.text))
        if fault == "raises" and len(request.questions) == 1:
            return RuntimeError("no such thing")
        if fault == "refused":
            failure = Failure(FailureKind.JUDGE_REFUSED.value, "no")
            return Answer(id=name, failure=failure)
        if fault == "illegal":
            return Answer(id=name, ruling=NA)
        if fault == "missing":
            return None
        truth = sum(map(ord, request.seen["response"] + question.text)) % 3 > 0
        probability = 7.0 if fault == "probability" else None
        return Answer(id=name, ruling=Ruling.of_bool(truth), probability=probability)

    return answer


def _run_world(world: World, seed: int) -> tuple[EvaluationResult, FakeJudge]:
    rng = random.Random(seed)  # noqa: S311 - delays, not secrets
    backend = FakeJudge(answering_in(world), turns=lambda: rng.randrange(6))
    panels = panels_of(backend, ask=world.ask, concurrency=world.concurrency)
    return run(world.jobs, panels), backend


@given(worlds(), st.integers(), st.integers())
def test_the_order_of_answers_makes_no_difference(
    world: World, one: int, other: int
) -> None:
    first, _ = _run_world(world, one)
    second, _ = _run_world(world, other)
    assert first.scorecards == second.scorecards
    assert first.usage == second.usage
    assert [s.response_id for s in first.scorecards] == [
        job.response.response_id for job in world.jobs
    ]


@given(worlds(), st.integers())
def test_no_failure_becomes_a_score(world: World, seed: int) -> None:
    result, _ = _run_world(world, seed)
    for job, scorecard in zip(world.jobs, result.scorecards, strict=True):
        for part in scorecard.criteria:
            verdict = part.verdict
            assert (verdict.ruling is None) != (verdict.failure is None)
            if verdict.failure is not None:
                assert part.value is None
                assert scorecard.status is Status.INCOMPLETE
                assert scorecard.score is None
            elif (job.response.text, f"Shows {part.path}.") in world.faults:
                # Only a need that is not met decides it, unless the judge breaks
                # when it is asked this alone, and it was asked together.
                assert verdict.provenance.judge == "needs" or world.ask is Ask.TOGETHER


@given(worlds(), st.integers())
def test_every_distinct_question_is_asked_once(world: World, seed: int) -> None:
    result, backend = _run_world(world, seed)
    counts = Counter(backend.asked)
    for question, count in counts.items():
        fault = world.faults.get(question)
        # What cannot be read is asked once more, and once again for a reply in
        # which it was left out; nothing else ever is.
        assert count <= {None: 1, "refused": 1, "raises": 1}.get(fault, 3)
    assert backend.peak <= world.concurrency
    assert max(result.peaks.values()) == backend.peak
    assert result.judge_calls == len(backend.requests)
    assert sum(s.judge_calls for s in result.scorecards) == result.judge_calls


def test_peak_in_flight_is_exactly_the_concurrency() -> None:
    backend = FakeJudge(say(YES), turns=lambda: 3)
    rubric = rubric_of(*(criterion(f"c{n}") for n in range(10)))
    jobs = [Job(rubric, response_of(f"text {n}", id=f"r{n}")) for n in range(20)]
    result = run(jobs, panels_of(backend, concurrency=7))
    assert backend.peak == 7
    assert result.peaks == {"fake:m": 7}
    assert all(s.score == 1.0 for s in result.scorecards)
    assert result.judge_calls == 200
    assert not result.cancelled


# --------------------------------------------------------------- what is asked


def test_together_is_one_request_and_shares_what_rubrics_have_in_common() -> None:
    backend = FakeJudge(say(YES), turns=lambda: 2)
    first = rubric_of(criterion("a"), criterion("b"), name="first")
    second = rubric_of(criterion("b"), criterion("c", mark=Weight(3.0)), name="second")
    response = response_of("The same text.")
    result = run(
        [Job(first, response), Job(second, response)],
        panels_of(backend, ask=Ask.TOGETHER),
    )
    assert [len(request.questions) for request in backend.requests] == [3]
    assert [s.judge_calls for s in result.scorecards] == [1, 0]
    assert [s.score for s in result.scorecards] == [1.0, 1.0]


def test_requests_are_no_larger_than_the_judge_takes() -> None:
    backend = FakeJudge(say(YES), capabilities=Capabilities(max_questions=3))
    rubric = rubric_of(*(criterion(f"c{n}") for n in range(8)))
    run([Job(rubric, response_of("Text."))], panels_of(backend, ask=Ask.TOGETHER))
    assert [len(request.questions) for request in backend.requests] == [3, 3, 2]
    assert list(backend.requests[0].questions) == ["c1", "c2", "c3"]


def test_criteria_that_see_different_things_are_asked_apart() -> None:
    backend = FakeJudge(say(YES))
    rubric = rubric_of(criterion("a"), criterion("b", sees=("response",)))
    run([Job(rubric, response_of("Text."))], panels_of(backend, ask=Ask.TOGETHER))
    assert [dict(request.seen) for request in backend.requests] == [
        {"prompt": "Why?", "response": "Text."},
        {"response": "Text."},
    ]


def test_a_missing_artifact_is_a_missing_fact() -> None:
    backend = FakeJudge(say(YES))
    rubric = rubric_of(criterion("a", sees=("report",)), criterion("b"))
    scorecard = only(run([Job(rubric, response_of("Text."))], panels_of(backend)))
    failure = failure_of(scorecard, "a")
    assert failure.kind == FailureKind.FACT_MISSING
    assert "`report`" in failure.reason
    assert backend.asked == [("Text.", "Shows b.")]


def test_an_unmet_need_is_no_and_is_not_asked() -> None:
    def answer(_: JudgeRequest, name: str, question: Question) -> Answer:
        return Answer(id=name, ruling=NO if question.text == "Shows a." else YES)

    backend = FakeJudge(answer)
    rubric = rubric_of(
        criterion("a"), criterion("b", needs=("a",)), criterion("c", needs=("b",))
    )
    scorecard = only(run([Job(rubric, response_of("Text."))], panels_of(backend)))
    assert [c.verdict.ruling for c in scorecard.criteria] == [NO, NO, NO]
    assert scorecard.criteria[1].verdict.provenance.judge == "needs"
    assert backend.asked == [("Text.", "Shows a.")]


def test_a_slow_prerequisite_holds_up_no_other_response() -> None:
    slow = asyncio.Event()
    order: list[str] = []

    async def scenario() -> EvaluationResult:
        class Slow(FakeJudge):
            async def judge(self, request: JudgeRequest) -> JudgeReply:
                text = request.seen["response"]
                if text == "slow" and not order:
                    await slow.wait()
                reply = await super().judge(request)
                order.append(text)
                if order.count("quick") == 2:
                    slow.set()
                return reply

        rubric = rubric_of(criterion("a"), criterion("b", needs=("a",)))
        jobs = [Job(rubric, response_of(text, id=text)) for text in ("slow", "quick")]
        return await evaluation_of(jobs, panels_of(Slow(say(YES)))).run()

    result = asyncio.run(asyncio.wait_for(scenario(), 10))
    assert order == ["quick", "quick", "slow", "slow"]
    assert [s.score for s in result.scorecards] == [1.0, 1.0]


def test_checks_are_decided_without_a_judge() -> None:
    backend = FakeJudge(say(YES))
    is_text = Compare("==", Name("response"), Constant("Text."))
    missing = Compare("==", Name("reference"), Constant("Text."))
    rubric = rubric_of(criterion("a", check=is_text), criterion("b", check=missing))
    scorecard = only(run([Job(rubric, response_of("Text."))], panels_of(backend)))
    assert scorecard.criteria[0].verdict.ruling == YES
    assert scorecard.criteria[0].verdict.provenance.judge == "check"
    assert failure_of(scorecard, "b").kind == FailureKind.FACT_MISSING
    assert backend.requests == []


def test_judges_that_answer_by_name_share_nothing() -> None:
    def answer(_: JudgeRequest, name: str, question: Question) -> Answer:
        return Answer(id=name, ruling=Ruling.of_bool(question.asker[3] == "r1"))

    backend = FakeJudge(answer, capabilities=Capabilities(by_name=True))
    rubric = rubric_of(criterion("a"))
    jobs = [Job(rubric, response_of("Same.", id=name)) for name in ("r1", "r2")]
    result = run(jobs, panels_of(backend, ask=Ask.TOGETHER))
    assert [s.score for s in result.scorecards] == [1.0, 0.0]
    askers = [q.asker for r in backend.requests for q in r.questions.values()]
    assert askers == [("r", "a", "p1", "r1"), ("r", "a", "p1", "r2")]


@pytest.mark.parametrize("text", ["", "  \n\t ", ":", "…!?", "\u200b"])
def test_a_response_that_says_nothing_is_not_put_to_a_model(text: str) -> None:
    backend = FakeJudge(say(YES))
    rubric = rubric_of(
        criterion("a", text="States that the sky is blue."),
        criterion("b", text="Does not mention the sky."),
    )
    scorecard = only(run([Job(rubric, response_of(text))], panels_of(backend)))
    assert [c.verdict.ruling for c in scorecard.criteria] == [NO, YES]
    assert scorecard.criteria[0].verdict.provenance.judge == "engine:degenerate"
    assert backend.asked == [(text, "Does not mention the sky.")]


def test_records_are_asked_about_responses_that_say_nothing() -> None:
    backend = FakeJudge(say(YES), capabilities=Capabilities(is_model=False))
    rubric = rubric_of(criterion("a", text="States that the sky is blue."))
    scorecard = only(run([Job(rubric, response_of(""))], panels_of(backend)))
    assert scorecard.criteria[0].verdict.ruling == YES


def test_provenance_names_every_ingredient() -> None:
    backend = FakeJudge(say(YES))
    rubric = rubric_of(criterion("a"), criterion("b"))
    jobs = [Job(rubric, response_of(t, id=t)) for t in ("one", "two")]
    result = run(jobs, panels_of(backend))
    results = [c for s in result.scorecards for c in s.criteria]
    assert len({c.question for c in results}) == 2
    assert {c.verdict.at for c in results} == {0.0}
    made = [c.verdict.provenance for c in results]
    assert len({p.response for p in made}) == 2
    assert {p.judge for p in made} == {"fake:m"}
    assert {p.template for p in made} == {"template"}
    assert all(p.settings for p in made)


# ---------------------------------------------------------------------- panels


def _panel_run(
    answers: Sequence[Ruling | Exception], mark: Weight | Never, **panel: Any
) -> Scorecard:
    members = tuple(
        judge_of(
            FakeJudge(lambda *_, said=said: said)
            if isinstance(said, Exception)
            else FakeJudge(say(said)),
            name=f"m{n}",
        )
        for n, said in enumerate(answers)
    )
    panels = Panels({None: Panel(members=members, **panel)})
    rubric = rubric_of(criterion("a", mark=mark), criterion("b", judge="other"))
    panels = evolve(
        panels,
        panels={
            **panels.panels,
            "other": Panel(members=(judge_of(FakeJudge(say(YES))),)),
        },
    )
    return only(run([Job(rubric, response_of("Text."))], panels))


def test_a_tie_goes_to_what_hurts() -> None:
    plain = _panel_run([YES, NO], Weight(1.0)).criteria[0].verdict
    assert plain.ruling == NO
    assert plain.reason == "majority: fake:m0 yes, fake:m1 no"
    assert _panel_run([NO, YES], Weight(-1.0)).criteria[0].verdict.ruling == YES
    assert _panel_run([NO, YES], Never()).criteria[0].verdict.ruling == YES


def test_a_member_that_fails_fails_the_panel_unless_it_is_skipped() -> None:
    error = JudgeError(FailureKind.AUTH_FAILED, "no key")
    stopped = _panel_run([YES, error, YES], Weight(1.0))
    assert failure_of(stopped, "a").kind == FailureKind.AUTH_FAILED
    assert "fake:m1" in failure_of(stopped, "a").reason
    skipped = _panel_run([YES, error, YES], Weight(1.0), skip_failed=True)
    assert skipped.criteria[0].verdict.ruling == YES
    assert "fake:m1 failed (auth_failed)" in (skipped.criteria[0].verdict.reason or "")
    all_failed = _panel_run([error, error], Weight(1.0), skip_failed=True)
    assert failure_of(all_failed, "a").kind == FailureKind.AUTH_FAILED


def test_votes_ask_the_same_judge_again() -> None:
    replies = iter([YES, NO, YES])
    backend = FakeJudge(lambda _, name, __: Answer(id=name, ruling=next(replies)))
    panel = Panel(members=(judge_of(backend),), votes=3, rule=VoteRule.MAJORITY)
    scorecard = only(
        run(
            [Job(rubric_of(criterion("a")), response_of("Text."))],
            Panels({None: panel}),
        )
    )
    assert len(backend.requests) == 3
    verdict = scorecard.criteria[0].verdict
    assert verdict.ruling == YES
    assert verdict.provenance.judge == "majority of 3 x fake:m"
