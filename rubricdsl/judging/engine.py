"""The engine: jobs in, scorecards out, and every distinct question asked once.

Jobs on one response text are opened together, in the order given, while no judge has
much to do; so memory is bounded by what is in flight and what was judged.  Each judge
has its lane, with as many workers as may have requests in flight.  What a judge, a
check or a listener does wrong becomes a failure of just the verdicts concerned, and
of nothing else.

How a request is carried, retried and paid for is `courier`'s to know.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging import outcomes
from rubricdsl.judging.agendas import Agenda, BestOf, Everything
from rubricdsl.judging.asking_again import UntilDecided, UntilKnown
from rubricdsl.judging.batches import Batch
from rubricdsl.judging.clerk import FactsOf, Surroundings
from rubricdsl.judging.courier import Courier
from rubricdsl.judging.dockets import Account
from rubricdsl.judging.flow import Circuit, Pace, Patience, may_open
from rubricdsl.judging.identity import JobsDigest, RunIdentity
from rubricdsl.judging.intake import BlockIntake, Intake, JobStream, WholeIntake
from rubricdsl.judging.lanes import Lane
from rubricdsl.judging.memory import Memory, SharedVerdicts
from rubricdsl.judging.outcomes import Outcome
from rubricdsl.judging.outlets import KeepingTray, Outlet, PassingTray, Tray
from rubricdsl.judging.panels import Judge
from rubricdsl.judging.planning import Judges, RubricPlan
from rubricdsl.judging.prices import refuse_unpriced
from rubricdsl.judging.proceedings import Proceedings
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.events import Listener, Progress, RunFinished, RunStarted
from rubricdsl.model.execution import EvaluationResult, Job, Limits, Precision
from rubricdsl.model.protocols import CheckFunction, Clock

# Within this time, in seconds, a verdict outlives this process.
_KEPT_WITHIN = 0.025
# How often to show other processes that this one lives, and to look for what they
# have found out, in seconds.
_BEAT = 0.5
# As many responses are opened in a row at most, before requests are seen to.
_IN_A_ROW = 16
_NO_LIMITS = Limits()
_NO_ACCOUNTS: Mapping[int, Account] = MappingProxyType({})
_PATIENCE = Patience()


class Evaluation:
    """One run: judges and scores jobs, once.

    All judges are resolved when it is made, so that a judge that cannot be had, or
    whose prices are not known where costs are bounded, raises
    `rubricdsl.diagnostics.RubricError` before anything is asked.  Verdicts in
    the ``store`` are not asked for again, and new ones are kept there.  ``accounts`` of
    jobs, by place, on which something was spent before go on.  ``seed`` makes waits
    between attempts, and canaries; ``patience`` is that with judges which are away.
    ``identity`` is what it is a run of.
    With ``top``, only so much is asked as it takes to know the best so many responses
    to each prompt; with a ``precision``, what wavers is asked again until scores, or
    with both the best, are known so well.

    Jobs may be a `JobStream`.  Then scorecards go to the ``outlet``, in the order of
    the jobs, and no more are held than `rubricdsl.judging.outlets.MOST_AHEAD` and a
    block; of equal responses that are not in one block, each is asked about, or known
    from the store.  A stream has no ``top`` (ValueError).
    """

    def __init__(  # noqa: PLR0913 - all that comes from outside, by name
        self,
        jobs: Sequence[Job] | JobStream,
        judges: Judges,
        *,
        outlet: Outlet | None = None,
        functions: Mapping[str, CheckFunction],
        facts: FactsOf,
        redactor: Redactor | None = None,
        listener: Listener | None = None,
        store: SharedVerdicts | None = None,
        accounts: Mapping[int, Account] = _NO_ACCOUNTS,
        limits: Limits = _NO_LIMITS,
        patience: Patience = _PATIENCE,
        seed: int = 0,
        top: int | None = None,
        precision: Precision | None = None,
        clock: Clock = time.time,
        stopwatch: Clock = time.perf_counter,
    ) -> None:
        if isinstance(jobs, JobStream):
            rubrics = {id(rubric): rubric for rubric in jobs.rubrics}
            count, jobs_digest = jobs.count, jobs.digest
        else:
            rubrics = {id(job.rubric): job.rubric for job in jobs}
            count, jobs_digest = len(jobs), JobsDigest.of(jobs)
        plans = {
            identity: RubricPlan.of(rubric, judges, functions)
            for identity, rubric in rubrics.items()
        }
        if limits.max_cost is not None:
            refuse_unpriced(plans.values())
        self.identity = RunIdentity.of(
            plans,
            responses=jobs_digest,
            count=count,
            seed=seed,
            top=top,
            precision=precision,
        )
        self._memory = Memory(store)
        agenda = _agenda(top, precision)
        self._proceedings = Proceedings(
            *_ends(jobs, agenda, outlet, top),
            plans,
            Surroundings(
                functions=functions,
                facts=facts,
                clock=clock,
                stopwatch=stopwatch,
                redactor=redactor or Redactor(),
                listener=listener,
                memory=self._memory,
                accounts=accounts,
            ),
            agenda,
        )
        self._stopwatch = stopwatch
        self._started = stopwatch()
        self._seconds = 0.0
        # The event loop's clock, once there is a loop.
        self._now: Clock = time.monotonic
        self._courier = Courier(
            self._proceedings, self._memory, limits=limits, seed=seed
        )
        self._patience = patience
        self._lanes: dict[int, Lane] = {}
        self._timers: dict[object, asyncio.Handle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup | None = None
        self._changed = asyncio.Event()
        self._committing = False
        # Opened by workers, since the event loop had its turn.
        self._in_a_row = 0
        self._unkept: Exception | None = None
        self._stopped = False

    # ---------------------------------------------------------------- public

    @property
    def started(self) -> RunStarted:
        """What is told of it when it begins."""
        return RunStarted(
            jobs=self._proceedings.jobs,
            rubrics=tuple(self.identity.rubrics),
            judges=tuple(self.identity.judges),
        )

    async def run(self) -> EvaluationResult:
        """Judge and score everything.

        When the task that runs it is cancelled, requests in flight are dropped and
        the cancellation goes on; `result` then still gives all that was judged.

        Raises:
            RubricError: D4xx when a verdict cannot be kept; what was kept before
                stays.
        """
        self._now = asyncio.get_running_loop().time
        self._started = self._stopwatch()
        self._courier.begin(self._now)
        started = self.started
        self._proceedings.tell(lambda listener: listener.run_started(started))
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._set_the_end()
                self._beat()
                await self._feed()
            if self._unkept is None and not self._proceedings.is_finished:
                self._remember(self._proceedings.hand_on_the_rest)
        finally:
            self._group = None
            for timer in self._timers.values():
                timer.cancel()
            self._courier.end()
            self._seconds = self._stopwatch() - self._started
            self._report_end()
            if self._unkept is None:
                self._memory.end()
        if self._unkept is not None:
            raise self._unkept
        return self.result()

    def cancel(self) -> None:
        """Stop sending; called again, drop what is in flight, too.

        `run` then returns with all that was judged.
        """
        if self._stopped:
            for task in self._tasks:
                task.cancel()
        self._stopped = True
        self._changed.set()

    def look_again(self) -> None:
        """See whether more can be opened: somebody has taken a scorecard."""
        self._changed.set()

    def result(self) -> EvaluationResult:
        """Give what is known by now; what is missing failed as ``cancelled``."""
        proceedings = self._proceedings
        return EvaluationResult(
            scorecards=proceedings.scorecards(),
            judge_calls=self._courier.account.calls,
            retries=self._courier.retries,
            cached=proceedings.tally.cached,
            usage=self._courier.account.usage,
            seconds=self._seconds,
            remarks=proceedings.remarks,
            hidden=proceedings.hidden,
            peaks={lane.judge.name: lane.peak for lane in self._lanes.values()},
            cancelled=proceedings.scored < proceedings.jobs,
        )

    # --------------------------------------------------------------- feeding

    async def _feed(self) -> None:
        """Open dockets as long as there are any, and wait for the last verdict."""
        while True:
            self._in_a_row = 0
            while self._open_some():  # noqa: ASYNC110 - nothing is waited for
                # Lets workers start, and a cancellation come through.
                await asyncio.sleep(0)
            if self._is_over():
                return
            self._changed.clear()
            await self._changed.wait()

    def _open_some(self) -> bool:
        """Open dockets; gives whether there may be more to open."""
        try:
            with self._memory.reading():
                return all(self._open_one() for _ in range(_IN_A_ROW))
        except Exception as error:  # noqa: BLE001 - of a store, or a reader, or an outlet
            self._end_with(error)
            return False

    def _open_one(self) -> bool:
        """Open the next docket, where there is one, and room for it."""
        if self._stopped or not self._has_room():
            return False
        try:
            batches = self._proceedings.open_next()
        except Exception as error:  # noqa: BLE001 - of a reader, or an outlet
            self._end_with(error)
            return False
        if batches is None:
            return False
        self._enqueue(batches)
        return True

    def _has_room(self) -> bool:
        if not self._proceedings.has_room:
            return False
        loads = [lane.load for lane in self._lanes.values()]
        return may_open(loads, self._proceedings.opened)

    def _is_over(self) -> bool:
        if self._stopped:
            return not self._tasks
        return self._proceedings.is_finished

    def _enqueue(self, batches: Sequence[Batch]) -> None:
        """Put requests into their lanes, and see that somebody carries them."""
        lanes: dict[int, Lane] = {}
        for batch in batches:
            lane = self._lane(batch.judge)
            lane.add(batch)
            lanes[id(lane)] = lane
        for lane in lanes.values():
            self._pump(lane)

    def _lane(self, judge: Judge) -> Lane:
        lane = self._lanes.get(id(judge))
        if lane is None:
            lane = self._lanes[id(judge)] = Lane(
                judge,
                Pace(judge.concurrency, adaptive=judge.adaptive),
                Circuit(judge.name, self._patience),
            )
        return lane

    def _pump(self, lane: Lane) -> None:
        """Start the workers that a lane can use, now or when it is time."""
        if self._group is None or self._stopped:
            return
        now = self._now()
        hopeless = lane.circuit.failure or self._courier.out_of_time(now)
        if hopeless is not None:
            for batch in lane.drain():
                self._conclude(outcomes.failed(self._proceedings, batch, hopeless))
            return
        for _ in range(lane.wanted(now)):
            lane.workers += 1
            task = self._group.create_task(self._work(lane))
            self._tasks.add(task)
            task.add_done_callback(self._worked)
        look = lane.next_look(now)
        if look is not None and look > now:
            self._wake(lane, look)

    def _set_the_end(self) -> None:
        """See that what waits when time is up does not wait any longer."""
        ends_at = self._courier.ends_at
        if ends_at is not None:
            loop = asyncio.get_running_loop()
            self._timers["end"] = loop.call_at(ends_at, self._time_is_up)

    def _time_is_up(self) -> None:
        for lane in list(self._lanes.values()):
            self._pump(lane)
        self._changed.set()

    def _wake(self, lane: Lane, at: float) -> None:
        """See to a lane again at a time."""
        known = self._timers.get(lane)
        if known is not None:
            # Asked of the lane: uvloop's handles do not all know their time.
            if lane.seen_to_at == at:
                return
            known.cancel()
        lane.seen_to_at = at
        loop = asyncio.get_running_loop()
        self._timers[lane] = loop.call_at(at, self._woken, lane)

    def _woken(self, lane: Lane) -> None:
        del self._timers[lane]
        self._pump(lane)

    async def _work(self, lane: Lane) -> None:
        try:
            while not self._stopped:
                errand = lane.take(self._now())
                if errand is None:
                    break
                self._conclude(await self._courier.carry(lane, errand))
                if not lane.is_busy(self._now()):
                    self._pump(lane)
                if self._proceedings.is_heard:
                    self._report_progress()
                if lane.waiting < lane.judge.concurrency:
                    self._refill(lane)
        except RubricError as error:
            self._end_with(error)
        finally:
            lane.workers -= 1

    def _refill(self, lane: Lane) -> None:
        """See that a lane has requests: for one that is done, open another."""
        # Now and then the event loop must have its turn: some judges never wait.
        if self._in_a_row < _IN_A_ROW:
            self._in_a_row += 1
            self._open_one()
            if lane.waiting >= lane.judge.concurrency:
                return
        self._changed.set()

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._changed.set()

    # ------------------------------------------------------------- concluding

    def _conclude(self, outcome: Outcome) -> None:
        """Hand out verdicts, and ask what they make it possible to ask."""
        batches = list(outcome.again)
        if outcome.bundle is not None:
            batches += self._proceedings.settle_bundle(outcome.bundle, outcome.bundled)
        for inquiry, verdict in outcome.verdicts:
            inquiry.suspect = outcome.suspect
            batches += self._proceedings.settle(inquiry, verdict)
        if batches:
            self._enqueue(batches)
        if self._memory.is_dirty and not self._committing:
            # Once for all verdicts that come at about the same time.
            self._committing = True
            loop = asyncio.get_running_loop()
            self._timers["commit"] = loop.call_later(_KEPT_WITHIN, self._commit)

    def _commit(self) -> None:
        """Write verdicts down; where that cannot be, the run ends.

        Verdicts that could not be kept would have to be paid for again.
        """
        self._committing = False
        self._remember(self._memory.commit)

    def _beat(self) -> None:
        """Keep claims alive, and fetch what other processes were asked for."""
        self._remember(self._memory.beat)
        if self._proceedings.waits_elsewhere:
            self._remember(self._look_elsewhere)
        loop = asyncio.get_running_loop()
        self._timers["beat"] = loop.call_later(_BEAT, self._beat)

    def _look_elsewhere(self) -> None:
        self._enqueue(self._proceedings.look_elsewhere())
        self._changed.set()

    def _remember(self, step: Callable[[], None]) -> None:
        try:
            step()
        except RubricError as error:
            self._end_with(error)

    def _end_with(self, error: Exception) -> None:
        """Stop, since the store, the reader or the outlet is of no use any more."""
        self._unkept = self._unkept or error
        self.cancel()

    # ----------------------------------------------------------------- other

    def _report_progress(self) -> None:
        lanes, now = self._lanes.values(), self._now()
        usage, tally = self._courier.account.usage, self._proceedings.tally
        progress = Progress(
            sent=self._courier.account.calls,
            in_flight=sum(lane.in_flight for lane in lanes),
            waiting=sum(lane.waiting for lane in lanes),
            retries=self._courier.retries,
            verdicts=tally.verdicts,
            cached=tally.cached,
            failures=dict(tally.failures),
            tokens=usage.prompt_tokens + usage.completion_tokens,
            cost=usage.cost,
            scored=self._proceedings.scored,
            jobs=self._proceedings.jobs,
            seconds=self._stopwatch() - self._started,
            paused=tuple(lane.judge.name for lane in lanes if lane.is_paused(now)),
        )
        self._proceedings.tell(lambda listener: listener.progressed(progress))

    def _report_end(self) -> None:
        if not self._proceedings.is_heard:
            return
        proceedings = self._proceedings
        ended = RunFinished(
            jobs=proceedings.jobs,
            incomplete=proceedings.incomplete,
            judge_calls=self._courier.account.calls,
            usage=self._courier.account.usage,
            seconds=self._seconds,
            stopped=proceedings.scored < proceedings.jobs,
        )
        proceedings.tell(lambda listener: listener.run_finished(ended))


def _ends(
    jobs: Sequence[Job] | JobStream,
    agenda: Agenda,
    outlet: Outlet | None,
    top: int | None,
) -> tuple[Intake, Tray]:
    """Give where dockets come from and where scorecards go."""
    if not isinstance(jobs, JobStream):
        whole = WholeIntake(jobs, agenda)
        tray = KeepingTray(len(jobs)) if outlet is None else PassingTray(outlet)
        return whole, tray
    if top is not None or outlet is None:
        raise ValueError("a stream of jobs needs an outlet, and can have no top")
    return BlockIntake(jobs, agenda), PassingTray(outlet)


def _agenda(top: int | None, precision: Precision | None) -> Agenda:
    if precision is None:
        return Everything() if top is None else BestOf(top)
    return UntilKnown(precision) if top is None else UntilDecided(top, precision)
