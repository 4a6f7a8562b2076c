"""A run on a Ray cluster, as its driver sees it.

Blocks of jobs stream through Ray Data to actors, a bounded number at a time; what
comes of them streams back.  Ray starts lost actors again, elsewhere if need be, and
gives them their blocks once more; the keeper of verdicts sees to it that of those
nothing is asked again that had been answered.
"""

import asyncio
import logging
import pickle
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import attrs

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.listening import problem_of
from rubricdsl.judging.tallies import Tally
from rubricdsl.model.events import Listener, Progress, RunFinished, VerdictReached
from rubricdsl.model.execution import Commission, EvaluationResult
from rubricdsl.model.judgement import Usage
from rubricdsl.model.scorecard import Scorecard, Status
from rubricdsl.project import Project, installed_plugins
from rubricdsl.runs import judge_book
from rubricdsl_ray.blocks import blocks, fitting_size
from rubricdsl_ray.cluster import connected, cpus, explained, packed
from rubricdsl_ray.judging import sent_environment
from rubricdsl_ray.messages import (
    BlockOfJobs,
    BlockOutcome,
    Halt,
    Overview,
    WorkOrder,
)
from rubricdsl_ray.options import RayOptions
from rubricdsl_ray.sharing import narrowest

if TYPE_CHECKING:
    from ray.actor import ActorHandle
    from ray.data import Dataset

# So many blocks are under way in an actor: while one waits for its last answers, the
# other keeps the judges busy.
_AT_ONCE = 2
# How often the listener hears how far the run is, in seconds.
_EVERY = 0.25
_NOTHING = EvaluationResult(
    scorecards=(),
    judge_calls=0,
    retries=0,
    cached=0,
    usage=Usage(),
    seconds=0.0,
    remarks=(),
    peaks={},
    cancelled=False,
)


@attrs.frozen
class _Spread:
    """How a run is spread out: actors, and blocks under way in each."""

    actors: int
    at_once: int

    @property
    def slots(self) -> int:
        """How many blocks can be under way."""
        return self.actors * self.at_once


class RayExecution:
    """A run that is about to be made on a cluster."""

    def __init__(self, options: RayOptions, commission: Commission) -> None:
        self._options = options
        self._commission = commission
        self._scorecards: list[Scorecard | None] = [None] * len(commission.jobs)
        self._total = _NOTHING
        self._peaks: dict[str, dict[str, list[int]]] = {}
        self._remarks: set[str] = set()
        self._halt = Halt.NO
        self._keeper: ActorHandle[Any] | None = None
        self._abandoned = Event()
        self._error: RubricError | None = None
        self._lost_calls = 0
        self._incomplete = 0
        self._tally = Tally()
        self._scored = 0
        self._at_once = _AT_ONCE
        self._started = self._seconds = 0.0

    # ---------------------------------------------------------------- public

    async def run(self) -> EvaluationResult:
        """Judge and score everything.

        Raises:
            RubricError: D404 where the cluster cannot be had, or fails for good; D5xx
                when a verdict cannot be kept.  What was kept before stays.
        """
        self._started = time.perf_counter()
        self._tell(lambda listener: listener.run_started(self._commission.started))
        try:
            if self._commission.jobs:
                await self._run()
        finally:
            self._seconds = time.perf_counter() - self._started
            self._tell(lambda listener: listener.run_finished(self._ended()))
        if self._error is not None:
            raise self._error
        return self.result()

    def cancel(self) -> None:
        """Stop asking; called again, drop what is in flight, too."""
        self._halt = Halt(min(self._halt + 1, Halt.DROP))
        if self._keeper is not None:
            self._keeper.halt.remote(self._halt)

    def result(self) -> EvaluationResult:
        """Give what is known by now; what is missing failed as ``cancelled``."""
        cards = self._scorecards
        missing = any(card is None for card in cards)
        spare = self._commission.here.result().scorecards if missing else ()
        whole = tuple(
            spare[place] if card is None else card for place, card in enumerate(cards)
        )
        return attrs.evolve(
            self._total,
            scorecards=whole,
            judge_calls=self._total.judge_calls + self._lost_calls,
            seconds=self._seconds,
            remarks=tuple(sorted({*self._total.remarks, *self._remarks})),
            peaks={
                judge: sum(map(sum, peaks.values()))
                for judge, peaks in self._peaks.items()
            },
            cancelled=missing or self._total.cancelled,
        )

    # --------------------------------------------------------------- cluster

    async def _run(self) -> None:
        """Connect, judge, and leave the cluster as it was."""
        with ExitStack() as stack:
            # Ray starts processes, which takes a while; the loop goes on meanwhile.
            await asyncio.to_thread(
                stack.enter_context, connected(self._options.address)
            )
            spread = await self._spread()
            self._at_once = spread.at_once
            keeper = await asyncio.to_thread(self._new_keeper, spread)
            self._keeper = keeper
            if self._halt:
                keeper.halt.remote(self._halt)
            loop = asyncio.get_running_loop()
            watching = loop.create_task(self._watch(keeper))
            streaming = loop.create_task(
                asyncio.to_thread(self._stream, keeper, spread, loop)
            )
            try:
                await asyncio.shield(streaming)
            except asyncio.CancelledError:
                self._abandoned.set()
                await keeper.halt.remote(Halt.DROP)
                await asyncio.wait([streaming])
                raise
            finally:
                watching.cancel()
                self._keeper = None
                await self._closed(keeper)

    async def _spread(self) -> _Spread:
        """Say how many actors there are to be.

        Not more than there are responses, nor more than a judge takes requests.
        """
        commission, options = self._commission, self._options
        folder = commission.folder
        project = Project(folder, commission.environ, installed_plugins(folder))
        book = judge_book(project, commission.judges)
        try:
            rubrics = {id(job.rubric): job.rubric for job in commission.jobs}
            given = narrowest(book, rubrics.values())
        finally:
            await book.close()
        most = len(commission.jobs) if given is None else given
        wanted = options.actors
        if wanted is None:
            wanted = await asyncio.to_thread(cpus)
        actors = max(1, min(wanted, most, len(commission.jobs)))
        at_once = _AT_ONCE if given is None or given >= _AT_ONCE * actors else 1
        if options.per_actor is not None:
            at_once = min(at_once, options.per_actor)
        return _Spread(actors, at_once)

    def _new_keeper(self, spread: _Spread) -> "ActorHandle[Any]":
        """Start the keeper where the store is: beside the driver."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        from rubricdsl_ray.actors import KeeperActor

        here = NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        actor: Any = ray.remote(KeeperActor).options(
            num_cpus=0,
            max_restarts=-1,
            max_task_retries=-1,
            scheduling_strategy=here,
        )
        keeper: ActorHandle[Any] = actor.remote(
            self._commission.store,
            durable=self._commission.durable,
            limits=self._commission.limits,
            slots=spread.slots,
        )
        with explained():
            ray.get(keeper.overview.remote())
        return keeper

    async def _closed(self, keeper: "ActorHandle[Any]") -> None:
        """Have the keeper write what is left, and end it."""
        import ray

        try:
            with explained():
                overview: Overview = await keeper.overview.remote()
                self._lost_calls = overview.lost_calls
                await keeper.close.remote()
        except RubricError as error:
            self._error = self._error or error
        finally:
            ray.kill(keeper)

    # ------------------------------------------------------------- streaming

    def _stream(
        self,
        keeper: "ActorHandle[Any]",
        spread: _Spread,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Send blocks and take outcomes until all are there; runs in a thread."""
        with explained():
            found = self._dataset(keeper, spread).iter_batches(
                batch_size=None, batch_format="numpy", prefetch_batches=0
            )
            for rows in found:
                for packed in rows["outcome"]:
                    outcome: BlockOutcome = pickle.loads(packed)  # noqa: S301 - ours
                    loop.call_soon_threadsafe(self._arrived, outcome)
                if self._abandoned.is_set():
                    return

    def _dataset(self, keeper: "ActorHandle[Any]", spread: _Spread) -> "Dataset":
        """Describe the way of the blocks through the actors."""
        import ray.data

        from rubricdsl_ray.actors import JudgingActor

        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        for name in ("ray.data", "ray.data._internal"):
            logging.getLogger(name).setLevel(logging.ERROR)
        commission = self._commission
        rubrics = {id(job.rubric): job.rubric for job in commission.jobs}
        order = WorkOrder(
            folder=commission.folder,
            working_folder=Path.cwd(),
            environ=sent_environment(commission.environ, commission.consulted),
            rubrics=tuple(rubrics.values()),
            judges=commission.judges,
            seed=commission.seed,
            top=commission.top,
            precision=commission.precision,
            is_bounded=any(v is not None for v in attrs.astuple(commission.limits)),
            at_once=spread.at_once,
            slots=spread.slots,
            per_actor=self._options.per_actor,
        )
        rows = [
            {"block": packed(block)} for block in self._blocks(list(rubrics), spread)
        ]
        return ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            JudgingActor,
            fn_constructor_kwargs={
                "order": packed(order),
                "keeper": keeper,
            },
            batch_size=None,
            batch_format="numpy",
            compute=ray.data.ActorPoolStrategy(
                size=min(spread.actors, len(rows)),
                max_tasks_in_flight_per_actor=spread.at_once + 1,
                max_concurrent_calls_per_actor=spread.at_once,
            ),
            num_cpus=self._options.cpus,
        )

    def _blocks(self, rubrics: list[int], spread: _Spread) -> Iterator[BlockOfJobs]:
        """Give the blocks, and remember which jobs are in which."""
        commission = self._commission
        jobs = commission.jobs
        numbers = {identity: number for number, identity in enumerate(rubrics)}
        self._places = blocks(
            jobs,
            ranked=commission.top is not None,
            size=self._options.block or fitting_size(len(jobs), spread.slots),
        )
        for number, places in enumerate(self._places):
            yield BlockOfJobs(
                number=number,
                jobs=tuple(
                    (numbers[id(jobs[place].rubric)], jobs[place].response)
                    for place in places
                ),
            )

    def _arrived(self, outcome: BlockOutcome) -> None:
        """Take what came of a block."""
        if self._keeper is not None:
            self._keeper.forget.remote(outcome.number)
        if outcome.diagnostics:
            self._error = self._error or RubricError(outcome.diagnostics)
            while self._halt < Halt.DROP:
                self.cancel()
        result = outcome.result
        if result is None:
            return
        for place, card in zip(
            self._places[outcome.number], result.scorecards, strict=True
        ):
            self._scorecards[place] = card
            self._incomplete += card.status is Status.INCOMPLETE
            self._tally.count_all([result.verdict for result in card.criteria])
            self._scored += 1
            self._tell_of(place, card)
        self._total += attrs.evolve(result, scorecards=())
        for judge, peak in result.peaks.items():
            peaks = self._peaks.setdefault(judge, {}).setdefault(outcome.actor, [])
            # The blocks of an actor that are under way at once: those with most.
            peaks[:] = sorted((*peaks, peak))[-self._at_once :]

    # ---------------------------------------------------------------- telling

    async def _watch(self, keeper: "ActorHandle[Any]") -> None:
        """Tell the listener how far the run is, now and then."""
        while self._commission.listener is not None:
            overview: Overview = await keeper.overview.remote()
            self._report(overview)
            await asyncio.sleep(_EVERY)

    def _report(self, overview: Overview) -> None:
        done = self._total
        running = overview.running
        usage = done.usage
        failures = Counter(self._tally.failures)
        for some in running:
            failures.update(some.failures)
        costs = [c for c in (usage.cost, *(p.cost for p in running)) if c is not None]
        progress = Progress(
            sent=done.judge_calls + overview.lost_calls + sum(p.sent for p in running),
            in_flight=sum(p.in_flight for p in running),
            waiting=sum(p.waiting for p in running),
            retries=done.retries + sum(p.retries for p in running),
            verdicts=self._tally.verdicts + sum(p.verdicts for p in running),
            cached=done.cached + sum(p.cached for p in running),
            failures=failures,
            tokens=usage.prompt_tokens
            + usage.completion_tokens
            + sum(p.tokens for p in running),
            cost=sum(costs) if costs else None,
            scored=self._scored + sum(p.scored for p in running),
            jobs=len(self._scorecards),
            seconds=time.perf_counter() - self._started,
            paused=tuple(sorted({name for p in running for name in p.paused})),
        )
        self._tell(lambda listener: listener.progressed(progress))

    def _tell_of(self, place: int, card: Scorecard) -> None:
        """Tell the listener of a response's verdicts, and that it is scored."""
        if self._commission.listener is None:
            return
        job = self._commission.jobs[place]
        criteria = {criterion.path: criterion for criterion in job.rubric.criteria()}
        for result in card.criteria:
            if result.verdict.asked:
                event = VerdictReached(
                    rubric=job.rubric,
                    response=job.response,
                    criterion=criteria[result.path],
                    verdict=result.verdict,
                )
                self._tell(partial(_tell_verdict, event))
        self._tell(lambda listener: listener.scored(card))

    def _ended(self) -> RunFinished:
        return RunFinished(
            jobs=len(self._scorecards),
            incomplete=self._incomplete,
            judge_calls=self._total.judge_calls + self._lost_calls,
            usage=self._total.usage,
            seconds=self._seconds,
            stopped=any(card is None for card in self._scorecards),
        )

    def _tell(self, say: Callable[[Listener], None]) -> None:
        """Tell the listener something; what it raises becomes a remark."""
        listener = self._commission.listener
        if listener is None:
            return
        try:
            say(listener)
        except Exception as error:  # noqa: BLE001 - a listener never ends a run
            self._remarks.add(problem_of(listener, error))


def _tell_verdict(event: VerdictReached, listener: Listener) -> None:
    listener.verdict_reached(event)
