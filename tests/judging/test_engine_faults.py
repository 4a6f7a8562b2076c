"""What goes wrong between the engine and its judges, and what becomes of it."""

import asyncio
from collections import Counter

import pytest

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.panels import Panel
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.execution import Job
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
)
from rubricdsl.model.ruling import NA, YES, Failure, FailureKind, Ruling
from tests.judging.fakes import (
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
