"""The engine: jobs in, scorecards out, and every distinct question asked once.

Jobs on one response text are opened together, in the order given, whenever a worker
runs out of requests; so memory is bounded by what is in flight and what was judged.
Each judge has its own workers, as many as it may have requests in flight.  What a
judge, a check or a listener does wrong becomes a failure of just the verdicts
concerned, and of nothing else.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.acceptance import accept
from rubricdsl.judging.dockets import Account, Batch, Inquiry, Job, Lane
from rubricdsl.judging.events import Listener, Progress
from rubricdsl.judging.planning import Judges, RubricPlan
from rubricdsl.judging.proceedings import FactsOf, Proceedings, Surroundings
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.judgement import Answer, JudgeReply, JudgeRequest, Usage, Verdict
from rubricdsl.model.protocols import CheckFunction, Clock
from rubricdsl.model.ruling import Failure, FailureKind
from rubricdsl.model.scorecard import Scorecard

__all__ = ["Evaluation", "EvaluationResult", "Job"]

# An answer that cannot be read is asked for once more, with a fresh sample.
_REPEATS = 1


@frozen(kw_only=True)
class EvaluationResult:
    """What a run came to.

    ``scorecards`` are in the order of the jobs.  ``peaks`` tells how many requests
    each judge had in flight at most.  ``notices`` are for a person to read.
    """

    # Python 3.11 writes out the result of a task that `asyncio.run` ran, twice.
    scorecards: tuple[Scorecard, ...] = field(repr=False)
    judge_calls: int
    usage: Usage
    seconds: float
    notices: tuple[str, ...]
    peaks: Mapping[str, int]
    cancelled: bool


class Evaluation:
    """One run: judges and scores jobs, once.

    All judges are resolved when it is made, so that a judge that cannot be had
    raises `rubricdsl.diagnostics.RubricError` before anything is asked.
    """

    def __init__(  # noqa: PLR0913 - all that comes from outside, by name
        self,
        jobs: Sequence[Job],
        judges: Judges,
        *,
        functions: Mapping[str, CheckFunction],
        facts: FactsOf,
        redactor: Redactor | None = None,
        listener: Listener | None = None,
        clock: Clock = time.time,
        stopwatch: Clock = time.perf_counter,
    ) -> None:
        rubrics = {id(job.rubric): job.rubric for job in jobs}
        plans = {
            identity: RubricPlan.of(rubric, judges, functions)
            for identity, rubric in rubrics.items()
        }
        self._jobs = jobs
        self._proceedings = Proceedings(
            jobs,
            plans,
            Surroundings(
                functions=functions,
                facts=facts,
                clock=clock,
                stopwatch=stopwatch,
                redactor=redactor or Redactor(),
                listener=listener,
            ),
        )
        self._stopwatch = stopwatch
        self._started = stopwatch()
        self._seconds = 0.0
        self._retries = 0
        self._lanes: dict[int, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup | None = None
        self._stopped = False
        self._account = Account()

    # ---------------------------------------------------------------- public

    async def run(self) -> EvaluationResult:
        """Judge and score everything.

        When the task that runs it is cancelled, requests in flight are dropped and
        the cancellation goes on; `result` then still gives all that was judged.
        """
        self._started = self._stopwatch()
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                while not self._stopped and not self._is_busy():
                    batches = self._proceedings.open_next()
                    if batches is None:
                        break
                    self._enqueue(batches)
                    # Lets workers start, and a cancellation come through.
                    await asyncio.sleep(0)
        finally:
            self._group = None
            self._seconds = self._stopwatch() - self._started
        return self.result()

    def cancel(self) -> None:
        """Stop sending; called again, drop what is in flight, too.

        `run` then returns with all that was judged.
        """
        if self._stopped:
            for task in self._tasks:
                task.cancel()
        self._stopped = True

    def result(self) -> EvaluationResult:
        """Give what is known by now; what is missing failed as ``cancelled``."""
        proceedings = self._proceedings
        finished = proceedings.scored == len(self._jobs)
        return EvaluationResult(
            scorecards=proceedings.scorecards(),
            judge_calls=self._account.calls,
            usage=self._account.usage,
            seconds=self._seconds,
            notices=tuple(proceedings.notices),
            peaks={lane.judge.name: lane.peak for lane in self._lanes.values()},
            cancelled=not finished,
        )

    # --------------------------------------------------------------- workers

    def _is_busy(self) -> bool:
        """Tell whether a judge has all its workers; they open what is left."""
        return any(
            lane.workers >= lane.judge.concurrency for lane in self._lanes.values()
        )

    def _enqueue(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            lane = self._lanes.get(id(batch.judge))
            if lane is None:
                lane = self._lanes[id(batch.judge)] = Lane(batch.judge)
            lane.queue.append(batch)
            if lane.workers < lane.judge.concurrency:
                self._start_worker(lane)

    def _start_worker(self, lane: Lane) -> None:
        if self._group is None or self._stopped:
            return
        lane.workers += 1
        task = self._group.create_task(self._work(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, lane: Lane) -> None:
        try:
            while (batch := await self._next(lane)) is not None:
                await self._send(lane, batch)
        finally:
            lane.workers -= 1

    async def _next(self, lane: Lane) -> Batch | None:
        while not self._stopped:
            if lane.queue:
                return lane.queue.popleft()
            batches = self._proceedings.open_next()
            if batches is None:
                return None
            self._enqueue(batches)
            if not lane.queue:
                await asyncio.sleep(0)
        return None

    # --------------------------------------------------------------- sending

    async def _send(self, lane: Lane, batch: Batch) -> None:
        """Send one request and deal with whatever comes of it.

        This is the one place from which a judge is asked.
        """
        judge = batch.judge
        self._retries += batch.repeats > 0
        if batch.deadline is None:
            batch.deadline = asyncio.get_running_loop().time() + judge.timeout
        ids = {f"c{n}": inquiry for n, inquiry in enumerate(batch.inquiries, 1)}
        request = JudgeRequest(
            questions={name: inquiry.question for name, inquiry in ids.items()},
            seen=batch.inquiries[0].seen.sight.texts,
            response=batch.response,
            instructions=batch.panel.instructions,
        )
        accounts = (self._account, batch.payer.account)
        for account in accounts:
            account.calls += 1
        lane.in_flight += 1
        lane.peak = max(lane.peak, lane.in_flight)
        try:
            async with asyncio.timeout_at(batch.deadline):
                reply = await judge.backend.judge(request)
            for account in accounts:
                account.spend(reply.usage)
            verdicts, again = self._read(batch, ids, reply)
        except JudgeError as error:
            verdicts, again = self._failed(batch, error.failure)
        except TimeoutError:
            reason = f"{judge.name} gave no answer within {judge.timeout:g} s"
            failure = Failure(FailureKind.TRANSPORT_TIMEOUT.value, reason)
            verdicts, again = self._failed(batch, failure)
        except asyncio.CancelledError:
            if _is_being_cancelled():
                raise
            verdicts, again = self._broken(batch, "cancelled itself")
        except Exception as error:  # noqa: BLE001 - plugins raise anything
            reason = f"raised {type(error).__name__}: {error}"
            verdicts, again = self._broken(batch, reason)
        finally:
            lane.in_flight -= 1
        self._enqueue(again)
        for inquiry, verdict in verdicts:
            self._enqueue(self._proceedings.settle(inquiry, verdict))
        self._report_progress()

    def _read(
        self, batch: Batch, ids: Mapping[str, Inquiry], reply: JudgeReply
    ) -> tuple[list[tuple[Inquiry, Verdict]], list[Batch]]:
        """Sort a reply into verdicts and what must be asked again."""
        judge = batch.judge
        given: dict[str, Answer | None] = {}
        for answer in reply.answers:
            # Two answers to one question are none.
            given[answer.id] = None if answer.id in given else answer
        for name in given.keys() - ids.keys():
            self._proceedings.note(f"{judge.name} answered `{name}`, never asked")
        for notice in reply.notices:
            self._proceedings.note(f"{judge.name}: {notice}")
        verdicts: list[tuple[Inquiry, Verdict]] = []
        again: list[Batch] = []
        for name, inquiry in ids.items():
            provenance = self._proceedings.provenance(
                inquiry.question, inquiry.seat, inquiry.seen, model=reply.model
            )
            verdict = accept(
                given.get(name) or _no_answer(name, given),
                inquiry.question,
                source=inquiry.seen.quotes,
                provenance=provenance,
                redact=self._proceedings.redact,
            )
            if _is_unreadable(verdict.failure):
                # Left out among others is no failed attempt at this one question.
                missed = name not in given and len(ids) > 1
                repeats = batch.repeats if missed else batch.repeats + 1
                if missed or self._may_repeat(batch):
                    again.append(batch.alone(inquiry, repeats=repeats))
                    continue
            verdicts.append((inquiry, verdict))
        return verdicts, again

    def _failed(
        self, batch: Batch, failure: Failure
    ) -> tuple[list[tuple[Inquiry, Verdict]], list[Batch]]:
        """Deal with a request that failed as a whole."""
        if _is_unreadable(failure) and self._may_repeat(batch):
            return [], [batch.repeated()]
        failure = self._proceedings.failure(failure.kind, failure.reason)
        return [
            (
                inquiry,
                Verdict(
                    failure=failure,
                    provenance=self._proceedings.provenance(
                        inquiry.question, inquiry.seat, inquiry.seen
                    ),
                ),
            )
            for inquiry in batch.inquiries
        ], []

    def _broken(
        self, batch: Batch, what: str
    ) -> tuple[list[tuple[Inquiry, Verdict]], list[Batch]]:
        kind = f"{batch.judge.distribution}:error"
        reason = f"the judge {batch.judge.name} {what}"
        return self._failed(batch, Failure(kind, reason))

    @staticmethod
    def _may_repeat(batch: Batch) -> bool:
        """Tell whether asking once more can help: records stay as they are."""
        return batch.repeats < _REPEATS and batch.judge.backend.capabilities.is_model

    def _report_progress(self) -> None:
        if not self._proceedings.is_heard:
            return
        lanes = self._lanes.values()
        usage, tally = self._account.usage, self._proceedings.tally
        progress = Progress(
            sent=self._account.calls,
            in_flight=sum(lane.in_flight for lane in lanes),
            waiting=sum(len(lane.queue) for lane in lanes),
            retries=self._retries,
            verdicts=tally.verdicts,
            cached=tally.cached,
            failures=dict(tally.failures),
            tokens=usage.prompt_tokens + usage.completion_tokens,
            cost=usage.cost,
            scored=self._proceedings.scored,
            jobs=len(self._jobs),
            seconds=self._stopwatch() - self._started,
        )
        self._proceedings.tell(lambda listener: listener.progressed(progress))


def _is_unreadable(failure: Failure | None) -> bool:
    return failure is not None and failure.kind == FailureKind.JUDGE_UNPARSEABLE


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _no_answer(name: str, given: Mapping[str, Answer | None]) -> Answer:
    reason = "answered twice" if name in given else "not answered"
    failure = Failure(FailureKind.JUDGE_UNPARSEABLE.value, f"the question was {reason}")
    return Answer(id=name, failure=failure)
