"""The engine under random delays and failures, and in its single duties."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve, frozen, mutable
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.listening import Silence
from rubricdsl.judging.panels import Panel
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.events import Progress, VerdictReached
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
    Level,
    LevelScale,
    NaPolicy,
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
    many_jobs,
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


# --------------------------------------------------------------- what goes wrong


def test_a_partial_reply_keeps_the_good_and_asks_the_rest_alone() -> None:
    def answer(request: JudgeRequest, name: str, _: Question) -> Answer | None:
        if len(request.questions) > 1 and name != "c2":
            return None
        return Answer(id=name, ruling=YES)

    backend = FakeJudge(answer)
    rubric = rubric_of(*(criterion(name) for name in "abc"))
    result = run(
        [Job(rubric, response_of("Text."))], panels_of(backend, ask=Ask.TOGETHER)
    )
    assert only(result).score == 1.0
    asked = [[q.text for q in r.questions.values()] for r in backend.requests]
    assert asked == [
        ["Shows a.", "Shows b.", "Shows c."],
        ["Shows a."],
        ["Shows c."],
    ]


def test_what_cannot_be_read_is_asked_once_more() -> None:
    replies = iter([JudgeError(FailureKind.JUDGE_UNPARSEABLE, "words"), None])

    def answer(_: JudgeRequest, name: str, __: Question) -> Answer | Exception:
        return next(replies) or Answer(id=name, ruling=YES)

    backend = FakeJudge(answer)
    scorecard = only(
        run([Job(rubric_of(criterion("a")), response_of("Text."))], panels_of(backend))
    )
    assert scorecard.score == 1.0
    assert scorecard.judge_calls == 2


@pytest.mark.parametrize("loop", [None, "uvloop"])
def test_a_rest_too_short_to_be_timed(loop: str | None) -> None:
    """Both are told to wait less than the clock of uvloop can tell from nothing."""
    asked: Counter[str] = Counter()

    def answer(request: JudgeRequest, name: str, _: Question) -> Answer | Exception:
        asked[request.seen["response"]] += 1
        if asked[request.seen["response"]] == 1:
            return JudgeError(
                FailureKind.RATE_LIMITED, "slow down", transient=True, retry_after=1e-4
            )
        return Answer(id=name, ruling=YES)

    rubric = rubric_of(criterion("a"))
    jobs = [Job(rubric, response_of(f"Text {n}.")) for n in range(8)]
    evaluation = evaluation_of(jobs, panels_of(FakeJudge(answer), concurrency=8))
    factory = pytest.importorskip(loop).new_event_loop if loop else None
    with asyncio.Runner(loop_factory=factory) as runner:
        result = runner.run(asyncio.wait_for(evaluation.run(), 30))
    assert [card.score for card in result.scorecards] == [1.0] * 8


def test_what_can_never_be_read_fails_after_the_second_time() -> None:
    error = JudgeError(FailureKind.JUDGE_UNPARSEABLE, "words")
    backend = FakeJudge(lambda *_: error)
    scorecard = only(
        run([Job(rubric_of(criterion("a")), response_of("Text."))], panels_of(backend))
    )
    assert failure_of(scorecard, "a") == Failure("judge_unparseable", "words")
    assert len(backend.requests) == 2


def test_other_failures_are_not_asked_again() -> None:
    error = JudgeError(FailureKind.RATE_LIMITED, "slow down")
    backend = FakeJudge(lambda *_: error)
    rubric = rubric_of(criterion("a"), criterion("b"))
    result = run(
        [Job(rubric, response_of("Text."))], panels_of(backend, ask=Ask.TOGETHER)
    )
    assert failure_of(only(result), "b") == Failure("rate_limited", "slow down")
    assert len(backend.requests) == 1


@pytest.mark.parametrize(
    "error", [KeyError("x"), RecursionError(), asyncio.CancelledError()]
)
def test_a_backend_that_breaks_ends_only_its_own_questions(
    error: BaseException,
) -> None:
    class Broken(FakeJudge):
        async def judge(self, request: JudgeRequest) -> JudgeReply:
            if request.questions["c1"].text == "Shows a.":
                raise error
            return await super().judge(request)

    rubric = rubric_of(criterion("a"), criterion("b"))
    result = run([Job(rubric, response_of("Text."))], panels_of(Broken(say(YES))))
    assert failure_of(only(result), "a").kind == "rubricdsl:error"
    assert only(result).criteria[1].verdict.ruling == YES
    assert not result.cancelled


def test_a_reply_that_is_none_is_an_error_of_the_backend() -> None:
    class Nonsense(FakeJudge):
        async def judge(self, request: JudgeRequest) -> JudgeReply:
            del request
            return "yes"  # type: ignore[return-value]

    rubric = rubric_of(criterion("a"))
    result = run([Job(rubric, response_of("Text."))], panels_of(Nonsense(say(YES))))
    assert failure_of(only(result), "a").kind == "rubricdsl:error"


def test_an_answer_given_twice_or_unasked_counts_for_nothing() -> None:
    class Twice(FakeJudge):
        async def judge(self, request: JudgeRequest) -> JudgeReply:
            self.requests.append(request)
            answers = tuple(Answer(id=i, ruling=YES) for i in ("c1", "c1", "c9"))
            return JudgeReply(answers=answers)

    rubric = rubric_of(criterion("a"))
    result = run([Job(rubric, response_of("Text."))], panels_of(Twice(say(YES))))
    assert failure_of(only(result), "a").kind == FailureKind.JUDGE_UNPARSEABLE
    assert result.notices == ("fake:m answered `c9`, never asked",)


def test_the_deadline_holds_for_all_attempts_at_a_question() -> None:
    class Hanging(FakeJudge):
        async def judge(self, request: JudgeRequest) -> JudgeReply:
            self.requests.append(request)
            await asyncio.Event().wait()
            raise AssertionError

    backend = Hanging(say(YES))
    judge = judge_of(backend, timeout=0.05)
    rubric = rubric_of(criterion("a"))
    panels = Panels({None: Panel(members=(judge,))})
    scorecard = only(run([Job(rubric, response_of("Text."))], panels))
    failure = failure_of(scorecard, "a")
    assert failure.kind == FailureKind.TRANSPORT_TIMEOUT
    assert failure.reason == "fake:m gave no answer within 0.05 s"


def test_levels_go_only_to_judges_that_give_them() -> None:
    backend = FakeJudge(say(YES), capabilities=Capabilities(levels=False))
    scale = LevelScale(0.0, 1.0, (Level(0.0, None, "Bad."), Level(1.0, None, "Good.")))
    rubric = rubric_of(criterion("a", scale=scale))
    scorecard = only(run([Job(rubric, response_of("Text."))], panels_of(backend)))
    assert failure_of(scorecard, "a").kind == FailureKind.JUDGE_UNSUPPORTED
    assert backend.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(id="c1", ruling=NA),
        Answer(id="c1", ruling=Ruling.level(1)),
        Answer(id="c1", ruling=Ruling.of_number(0.5)),
        Answer(id="c1", ruling=YES, probability=float("nan")),
        Answer(id="c1", ruling=YES, probability=1.5),
        Answer(id="c1"),
    ],
)
def test_an_illegal_answer_is_no_verdict(answer: Answer) -> None:
    backend = FakeJudge(lambda *_: answer)
    rubric = rubric_of(criterion("a"))
    scorecard = only(run([Job(rubric, response_of("Text."))], panels_of(backend)))
    assert failure_of(scorecard, "a").kind == FailureKind.JUDGE_UNPARSEABLE
    assert scorecard.score is None


def test_na_is_legal_where_there_is_a_rule() -> None:
    rubric = rubric_of(criterion("a", na=NaPolicy.SKIP), criterion("b"))
    backend = FakeJudge(
        lambda _, name, q: Answer(id=name, ruling=NA if q.may_abstain else YES)
    )
    assert (
        only(run([Job(rubric, response_of("Text."))], panels_of(backend))).score == 1.0
    )


def test_evidence_must_be_found_in_the_response() -> None:
    quotes = {"Shows a.": "the sky  is “blue”", "Shows b.": "the sky is green"}

    def answer(_: JudgeRequest, name: str, question: Question) -> Answer:
        return Answer(id=name, ruling=YES, evidence=quotes[question.text])

    rubric = rubric_of(criterion("a", evidence=True), criterion("b", evidence=True))
    response = response_of('I say the sky is "blue" today.')
    scorecard = only(run([Job(rubric, response)], panels_of(FakeJudge(answer))))
    assert scorecard.criteria[0].verdict.ruling == YES
    assert failure_of(scorecard, "b").kind == FailureKind.EVIDENCE_NOT_FOUND


def test_secrets_reach_no_reason_and_no_notice() -> None:
    secret = "very-secret-value"  # noqa: S105 - none

    class Leaky(FakeJudge):
        async def judge(self, request: JudgeRequest) -> JudgeReply:
            if request.questions["c1"].text == "Shows a.":
                raise RuntimeError(f"401 for {secret}")
            failure = Failure("leaky:kind", f"key {secret}")
            return JudgeReply(
                answers=(Answer(id="c1", failure=failure),), notices=(f"got {secret}",)
            )

    rubric = rubric_of(criterion("a"), criterion("b"))
    result = run(
        [Job(rubric, response_of("Text."))],
        panels_of(Leaky(say(YES))),
        redactor=Redactor([secret]),
    )
    assert secret not in repr((result, result.scorecards))
    assert "[redacted]" in failure_of(only(result), "b").reason


# ------------------------------------------------------------- stopping and hearing


def test_cancel_stops_sending_and_keeps_what_is_in_flight() -> None:
    async def scenario() -> tuple[EvaluationResult, FakeJudge]:
        backend = FakeJudge(say(YES), turns=lambda: 3)
        jobs = many_jobs(50)
        evaluation = evaluation_of(jobs, panels_of(backend))

        class Stopper(Silence):
            heard = 0

            def verdict_reached(self, event: VerdictReached) -> None:
                del event
                self.heard += 1
                if self.heard == 10:
                    evaluation.cancel()

        evaluation = evaluation_of(jobs, panels_of(backend), listener=Stopper())
        return await evaluation.run(), backend

    result, backend = asyncio.run(scenario())
    assert result.cancelled
    assert len(result.scorecards) == 50
    judged = [
        c for s in result.scorecards for c in s.criteria if c.verdict.ruling is not None
    ]
    assert len(judged) == len(backend.requests) < 20
    for scorecard in result.scorecards:
        kinds = {
            c.verdict.failure.kind for c in scorecard.criteria if c.verdict.failure
        }
        assert kinds <= {FailureKind.CANCELLED}
        assert (scorecard.score is None) == bool(kinds)


def test_a_second_cancel_drops_what_is_in_flight() -> None:
    async def scenario() -> EvaluationResult:
        class Hanging(FakeJudge):
            async def judge(self, request: JudgeRequest) -> JudgeReply:
                self.requests.append(request)
                await asyncio.Event().wait()
                raise AssertionError

        evaluation = evaluation_of(many_jobs(5), panels_of(Hanging(say(YES))))
        task = asyncio.create_task(evaluation.run())
        for _ in range(5):
            await asyncio.sleep(0)
        evaluation.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        evaluation.cancel()
        return await task

    result = asyncio.run(asyncio.wait_for(scenario(), 10))
    assert result.cancelled
    assert {s.status for s in result.scorecards} == {Status.INCOMPLETE}


def test_a_cancelled_task_propagates_and_leaves_its_result() -> None:
    async def scenario() -> tuple[EvaluationResult, FakeJudge]:
        nine = asyncio.Event()

        class Counting(FakeJudge):
            async def judge(self, request: JudgeRequest) -> JudgeReply:
                if len(self.requests) == 8:
                    nine.set()
                return await super().judge(request)

        backend = Counting(say(YES), turns=lambda: 5)
        evaluation = evaluation_of(many_jobs(20), panels_of(backend))
        task = asyncio.create_task(evaluation.run())
        await nine.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert backend.in_flight == 0
        sent = len(backend.requests)
        await asyncio.sleep(0.01)
        assert len(backend.requests) == sent
        return evaluation.result(), backend

    result, backend = asyncio.run(scenario())
    judged = [
        c for s in result.scorecards for c in s.criteria if c.verdict.ruling is not None
    ]
    assert 0 < len(judged) < len(backend.requests)
    assert result.cancelled


def test_a_listener_hears_everything_and_can_hurt_nothing() -> None:
    class Loud(Silence):
        def __init__(self) -> None:
            self.verdicts: list[VerdictReached] = []
            self.scorecards: list[Scorecard] = []
            self.progress: list[Progress] = []

        def verdict_reached(self, event: VerdictReached) -> None:
            self.verdicts.append(event)

        def scored(self, scorecard: Scorecard) -> None:
            self.scorecards.append(scorecard)
            raise ValueError("I cannot count")

        def progressed(self, progress: Progress) -> None:
            self.progress.append(progress)

    listener = Loud()
    result = run(many_jobs(3), panels_of(FakeJudge(say(YES))), listener=listener)
    assert len(listener.verdicts) == 6
    assert sorted(s.response_id for s in listener.scorecards) == ["r0", "r1", "r2"]
    assert listener.progress[-1].scored == 3
    assert [s.score for s in result.scorecards] == [1.0] * 3
    assert result.notices == ("the listener Loud raised ValueError: I cannot count",)


def test_no_jobs_is_no_work() -> None:
    result = run([], panels_of(FakeJudge(say(YES))))
    assert result.scorecards == ()
    assert not result.cancelled


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


# ------------------------------------------------------- what precedes, what is hidden


@mutable(eq=False)
class SlowToPrepare(FakeJudge):
    """Needs more time to prepare itself than a question may take."""

    prepared: int = 0
    problem: str = ""

    def prepare(self) -> None:
        """Take time, as the import of a large library does."""
        self.prepared += 1
        time.sleep(0.6)
        if self.problem:
            raise RuntimeError(self.problem)


def test_getting_ready_is_not_at_the_cost_of_the_first_questions() -> None:
    backend = SlowToPrepare(say(YES), turns=lambda: 3)
    panel = Panel(members=(judge_of(backend, timeout=0.5),), ask=Ask.EACH)
    result = run(many_jobs(6), Panels({None: panel}))
    assert {card.score for card in result.scorecards} == {1.0}
    assert backend.prepared == 1


def test_a_judge_that_cannot_get_ready_has_failed_with_its_reason() -> None:
    backend = SlowToPrepare(say(YES), problem="no such library")
    result = run(many_jobs(1), panels_of(backend))
    failure = failure_of(only(result), "a")
    assert failure.kind == "rubricdsl:error"
    assert "raised RuntimeError: no such library" in failure.reason
    assert backend.requests == []


def test_nobody_gets_ready_where_nothing_is_asked() -> None:
    backend = SlowToPrepare(say(YES))
    rubric = rubric_of(criterion("a", text="States that it rains."))
    result = run([Job(rubric, response_of("..."))], panels_of(backend))
    assert only(result).score == 0.0
    assert backend.prepared == 0


@mutable(eq=False)
class Hiding(FakeJudge):
    """Keeps characters of each response from its model."""

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Answer, and tell how many."""
        reply = await super().judge(request)
        return evolve(reply, hidden=request.seen["response"].count("\u200b"))


def test_characters_that_were_hidden_are_counted_once_a_response() -> None:
    rubric = rubric_of(criterion("a"), criterion("b"))
    texts = ["one\u200b\u200b", "two\u200b", "three"]
    jobs = [
        Job(rubric, response_of(text, id=f"r{place}"))
        for place, text in enumerate(texts)
    ]
    result = run(jobs, panels_of(Hiding(say(YES))))
    assert result.notices == (
        "fake:m was not shown 3 characters that cannot be seen, of 2 responses",
    )
    assert run(jobs[2:], panels_of(Hiding(say(YES)))).notices == ()
