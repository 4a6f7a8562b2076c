"""How a run begins, is heard, and is stopped."""

import asyncio
import time

import pytest
from attrs import evolve, mutable

from rubricdsl.judging.listening import Silence
from rubricdsl.judging.panels import Panel
from rubricdsl.model.events import Progress, VerdictReached
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.judgement import (
    JudgeReply,
    JudgeRequest,
)
from rubricdsl.model.rubric import (
    Ask,
)
from rubricdsl.model.ruling import YES, FailureKind
from rubricdsl.model.scorecard import Scorecard, Status
from tests.judging.fakes import (
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
