"""Jobs one after another: the same scorecards, in order, within bounds."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.judging import intake
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.intake import JobStream
from rubricdsl.judging.outlets import MOST_AHEAD, ScorecardQueue
from rubricdsl.model.digest import ListDigest, digest
from rubricdsl.model.execution import Job
from rubricdsl.model.expression import Compare, Constant, Name
from rubricdsl.model.rubric import BoundRubric
from rubricdsl.model.ruling import YES
from rubricdsl.model.scorecard import Scorecard, Status
from tests.judging.fakes import (
    FakeJudge,
    criterion,
    evaluation_of,
    many_jobs,
    panels_of,
    response_of,
    rubric_of,
    run,
    say,
)


class Gathered:
    """An outlet that keeps what it gets, and perhaps fails."""

    backlog = 0

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.cards: list[Scorecard] = []
        self.first = asyncio.Event()
        self._fails_at = fails_at

    def deliver(self, scorecard: Scorecard) -> None:
        """Keep one."""
        self.first.set()
        if len(self.cards) == self._fails_at:
            fail("D111", "the disk is full", hint="make room")
        self.cards.append(scorecard)


def streamed(jobs: list[Job]) -> JobStream:
    rubrics = list({id(job.rubric): job.rubric for job in jobs}.values())
    return JobStream(jobs=iter(jobs), rubrics=rubrics)


def checked_rubric() -> BoundRubric:
    check = Compare("==", Name("response"), Constant("yes"))
    return rubric_of(criterion("same", check=check))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), max_size=40),
    st.integers(1, 9),
    st.integers(0, 3),
)
def test_a_stream_comes_to_the_same_as_all_at_once(drawn, block, seed):
    rubrics = [
        rubric_of(criterion("a"), criterion("b", needs=("a",)), name="one"),
        rubric_of(criterion("b"), criterion("c"), name="two"),
    ]
    jobs = [
        Job(rubrics[which], response_of(f"text {text}", id=f"r{place}"))
        for place, (which, text) in enumerate(drawn)
    ]
    texts = [text for _, text in drawn]
    most = max((texts.count(text) for text in texts), default=1)
    whole = run(jobs, panels_of(FakeJudge(say(YES))), seed=seed)
    outlet = Gathered()
    with pytest.MonkeyPatch.context() as patch:
        # Equal texts must be in one block to be asked about once.
        blocks = block if most == 1 else len(jobs)
        patch.setattr(intake, "BLOCK_JOBS", blocks)
        result = run(
            streamed(jobs), panels_of(FakeJudge(say(YES))), seed=seed, outlet=outlet
        )
    assert tuple(outlet.cards) == whole.scorecards
    assert result.scorecards == ()
    assert result.judge_calls == whole.judge_calls


def test_no_more_is_read_than_may_be_held():
    rubric = rubric_of(criterion("a"))
    judge = FakeJudge(say(YES))
    read = itertools.count()

    def jobs() -> Iterator[Job]:
        for place in range(8 * intake.BLOCK_JOBS):
            next(read)
            yield Job(rubric, response_of(f"text {place}", id=f"r{place}"))

    async def stop_taking() -> int:
        queue = ScorecardQueue()
        stream = JobStream(jobs=jobs(), rubrics=[rubric])
        evaluation: Evaluation = evaluation_of(stream, panels_of(judge), outlet=queue)
        queue.taken = evaluation.look_again
        task = asyncio.create_task(evaluation.run())
        # Somebody takes one, and then nothing for long.
        assert await queue.take() is not None
        known = -1
        while known != len(judge.requests):
            known = len(judge.requests)
            await asyncio.sleep(0.05)
        most = next(read)
        for _ in range(8 * intake.BLOCK_JOBS - 1):
            assert await queue.take() is not None
        await task
        return most

    most = asyncio.run(stop_taking())
    assert most <= MOST_AHEAD + 2 * intake.BLOCK_JOBS
    assert len(judge.requests) == 8 * intake.BLOCK_JOBS


def test_what_was_not_judged_is_handed_on_as_cancelled():
    jobs = many_jobs(3000)
    outlet = Gathered()

    async def stopped() -> None:
        evaluation = evaluation_of(
            streamed(jobs), panels_of(FakeJudge(say(YES))), outlet=outlet
        )
        task = asyncio.create_task(evaluation.run())
        await outlet.first.wait()
        evaluation.cancel()
        evaluation.cancel()
        assert (await task).cancelled

    asyncio.run(stopped())
    assert [card.response_id for card in outlet.cards] == [f"r{n}" for n in range(3000)]
    statuses = {card.status for card in outlet.cards}
    assert statuses == {Status.COMPLETE, Status.INCOMPLETE}


@pytest.mark.parametrize("judged", [True, False])
def test_an_outlet_that_fails_ends_the_run(judged):
    rubric = rubric_of(criterion("a")) if judged else checked_rubric()
    jobs = [Job(rubric, response_of(f"t{n}", id=f"r{n}")) for n in range(50)]
    outlet = Gathered(fails_at=7)
    with pytest.raises(RubricError, match="the disk is full"):
        run(streamed(jobs), panels_of(FakeJudge(say(YES))), outlet=outlet)
    assert len(outlet.cards) == 7


def test_what_the_reader_raises_comes_through():
    rubric = checked_rubric()

    def jobs() -> Iterator[Job]:
        yield Job(rubric, response_of("yes"))
        raise ZeroDivisionError

    stream = JobStream(jobs=jobs(), rubrics=[rubric])
    with pytest.raises(ZeroDivisionError):
        run(stream, panels_of(FakeJudge(say(YES))), outlet=Gathered())


def test_a_stream_is_not_ranked():
    jobs = many_jobs(2)
    with pytest.raises(ValueError, match="can have no top"):
        run(streamed(jobs), panels_of(FakeJudge(say(YES))), outlet=Gathered(), top=1)


@given(st.lists(st.text() | st.integers() | st.lists(st.text(max_size=3))))
def test_the_digest_of_a_list_grows_with_it(elements):
    made = ListDigest()
    for element in elements:
        made.add(element)
    assert made.value == digest(elements)
