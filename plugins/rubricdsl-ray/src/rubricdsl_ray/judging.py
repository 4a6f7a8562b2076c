"""Judging one block of jobs in an actor; nothing here knows of Ray."""

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import attrs

from rubricdsl.diagnostics import FactMissingError, RubricError
from rubricdsl.judging.clerk import Clerk
from rubricdsl.judging.dockets import Account, Sheet
from rubricdsl.judging.listening import Silence
from rubricdsl.judging.planning import JudgedCriterion, RubricPlan
from rubricdsl.judging.sight import EVERYTHING, look
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.model.events import Progress
from rubricdsl.model.execution import EvaluationResult, Job, Limits
from rubricdsl.model.judgement import Usage
from rubricdsl.model.ruling import FailureKind
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.project import Project, installed_plugins
from rubricdsl.runs import judge_book, partial_evaluation
from rubricdsl_ray.messages import (
    Begun,
    BlockOfJobs,
    BlockOutcome,
    Halt,
    KnownVerdicts,
    Lease,
    News,
    WorkOrder,
)
from rubricdsl_ray.post import BlockVerdicts, Post
from rubricdsl_ray.sharing import SharedJudges

# How often an actor tells how far a block is, and hears whether to stop, in seconds.
_PULSE = 0.25
# How often it looks for what other processes have found out.
_LOOK = 0.5
# How often it asks for a part of the budget while others have all of it.
_ASK = 0.1
_EVERYTHING_ELSE = Lease(limits=Limits(), is_last=True)


class KeeperCalls(Protocol):
    """The keeper, as an actor reaches it: each call waits for the answer."""

    async def begin(self, block: int, keys: Sequence[VerdictKey]) -> Begun:
        """Begin a block."""
        ...

    async def look(
        self, block: int, keys: Sequence[VerdictKey]
    ) -> tuple[KnownVerdicts, frozenset[VerdictKey]]:
        """Look again for what others were asking."""
        ...

    async def keep(self, news: News) -> Halt:
        """Keep what an actor tells."""
        ...

    async def finish(self, block: int) -> None:
        """End a block."""
        ...

    async def lease(self, block: int, share: int) -> Lease | None:
        """Give a block a part of the budget."""
        ...

    async def settle(self, block: int, calls: int, usage: Usage) -> None:
        """Take back what a block did not spend."""
        ...


class BlockJudge:
    """Judges blocks, in one event loop, with judges that are made once.

    Raises RubricError for judges that cannot be had where it is.
    """

    def __init__(self, order: WorkOrder, keeper: KeeperCalls, *, actor: str) -> None:
        self._order = order
        self._keeper = keeper
        self._actor = actor
        environ = {**os.environ, **order.environ}
        self._project = Project(order.folder, environ, installed_plugins(order.folder))
        self._book = judge_book(self._project, order.judges)
        self._judges = SharedJudges(
            self._book,
            slots=order.slots,
            at_once=order.at_once,
            per_actor=order.per_actor,
        )
        functions = self._project.host.check_functions
        self._plans = {
            id(rubric): RubricPlan.of(rubric, self._judges, functions)
            for rubric in order.rubrics
        }

    async def close(self) -> None:
        """Close all judges."""
        await self._book.close()

    async def judge(self, block: BlockOfJobs) -> BlockOutcome:
        """Judge a block; whatever keeps the run from going on is in the outcome."""
        try:
            result = await self._judged(block)
        except RubricError as error:
            return BlockOutcome(
                number=block.number,
                actor=self._actor,
                result=None,
                diagnostics=error.diagnostics,
            )
        return BlockOutcome(number=block.number, actor=self._actor, result=result)

    async def _judged(self, block: BlockOfJobs) -> EvaluationResult | None:
        """Judge a block as often as budgets let it go on; None if the run has ended."""
        jobs = [Job(self._order.rubrics[n], response) for n, response in block.jobs]
        keys = list(dict.fromkeys(self._keys(jobs)))
        begun = await self._keeper.begin(block.number, keys)
        carried = begun.accounts
        accounts = {n: carried.get(n) or Account() for n in range(len(jobs))}
        spent = sum((each.usage for each in carried.values()), Usage())
        lasting = {n: accounts[n] for n, job in enumerate(jobs) if self._lasts(job)}
        post = Post(block.number, self._keeper.keep, lasting)
        verdicts = BlockVerdicts(begun, post)
        found: dict[int, Scorecard] = {}
        total: EvaluationResult | None = None
        is_cancelled = False
        places = list(range(len(jobs)))
        share = 2 * self._order.slots
        post.halt = begun.halt
        while places and not post.halt:
            lease = await self._leased(block.number, share, post)
            if lease is None:
                break
            result = await self._evaluated(
                [jobs[place] for place in places],
                [accounts[place] for place in places],
                verdicts,
                post,
                lease.limits,
            )
            await post.flush()
            if self._order.is_bounded:
                await self._keeper.settle(
                    block.number, result.judge_calls, result.usage
                )
            for place, card in zip(places, result.scorecards, strict=True):
                found[place] = _with_seconds(card, found.get(place))
            part = attrs.evolve(result, scorecards=())
            total = part if total is None else total + part
            is_cancelled = result.cancelled
            if lease.is_last:
                break
            short = [place for place in places if _is_short(found[place])]
            # What is ranked is ranked as a whole.
            places = places if short and self._order.top is not None else short
            share = max(1, share // 2)
        await self._keeper.finish(block.number)
        if total is None:
            return None
        cards = tuple(found[place] for place in range(len(jobs)))
        return attrs.evolve(
            total,
            scorecards=cards,
            usage=spent + total.usage,
            cancelled=is_cancelled,
        )

    async def _leased(self, block: int, share: int, post: Post) -> Lease | None:
        """Get something to spend; None if the run ends before there is any."""
        if not self._order.is_bounded:
            return _EVERYTHING_ELSE
        while not post.halt:
            lease = await self._keeper.lease(block, share)
            if lease is not None:
                return lease
            await asyncio.sleep(_ASK)
            post.halt = max(post.halt, await self._keeper.keep(News(block=block)))
        return None

    async def _evaluated(
        self,
        jobs: Sequence[Job],
        accounts: Sequence[Account],
        verdicts: BlockVerdicts,
        post: Post,
        limits: Limits,
    ) -> EvaluationResult:
        order = self._order
        watch = _Watch()
        engine = partial_evaluation(
            self._project,
            jobs,
            self._judges,
            listener=watch,
            store=verdicts,
            accounts=dict(enumerate(accounts)),
            limits=limits,
            seed=order.seed,
            top=order.top,
            precision=order.precision,
        )
        running = asyncio.ensure_future(engine.run())
        beside = [asyncio.ensure_future(self._look(verdicts, post.block))]
        heard = Halt.NO
        try:
            while not running.done():
                await asyncio.wait([running], timeout=_PULSE)
                while heard < post.halt:
                    engine.cancel()
                    heard = Halt(heard + 1)
                post.report(watch.progress)
        finally:
            for task in (running, *beside):
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        return await running

    async def _look(self, verdicts: BlockVerdicts, block: int) -> None:
        """Look for what other processes have found out, as long as they ask."""
        while verdicts.elsewhere:
            await asyncio.sleep(_LOOK)
            asked = list(verdicts.elsewhere)
            verdicts.learn(*await self._keeper.look(block, asked))

    def _lasts(self, job: Job) -> bool:
        """Tell whether all answers about a job are kept for who may take over."""
        return all(
            seat.judge.backend.capabilities.storable
            for planned in self._plans[id(job.rubric)].criteria.values()
            if isinstance(planned, JudgedCriterion)
            for seat in planned.panel.seats
        )

    def _keys(self, jobs: Iterable[Job]) -> Iterator[VerdictKey]:
        """Give the keys of all that may be asked of jobs."""
        for job in jobs:
            sheet = Sheet(0, self._plans[id(job.rubric)], job.response, 0.0)
            digests: dict[tuple[str, ...], str] = {}
            for planned in sheet.plan.criteria.values():
                if isinstance(planned, JudgedCriterion):
                    yield from _keys_of(sheet, planned, digests)


class _Watch(Silence):
    """Remembers how far a run is."""

    def __init__(self) -> None:
        self.progress: Progress | None = None

    def progressed(self, progress: Progress) -> None:
        """Remember it."""
        self.progress = progress


def _keys_of(
    sheet: Sheet, planned: JudgedCriterion, digests: dict[tuple[str, ...], str]
) -> Iterator[VerdictKey]:
    sees = planned.criterion.sees or EVERYTHING
    if sees not in digests:
        try:
            digests[sees] = look(sees, sheet.plan.rubric, sheet.response).digest
        except FactMissingError:
            return
    for seat in planned.panel.seats:
        if seat.judge.backend.capabilities.storable:
            question = Clerk.question(sheet, planned, seat)
            yield VerdictKey(digests[sees], question.digest, seat.identity)


def _is_short(card: Scorecard) -> bool:
    """Whether something was not asked for want of budget."""
    kind = FailureKind.BUDGET_EXHAUSTED
    return any(
        failure is not None and failure.kind == kind
        for result in card.criteria
        for failure in (
            result.verdict.failure,
            *(ballot.failure for ballot in result.verdict.ballots),
        )
    )


def _with_seconds(card: Scorecard, before: Scorecard | None) -> Scorecard:
    """Give a scorecard with the time that it took before, too."""
    if before is None:
        return card
    return attrs.evolve(card, seconds=card.seconds + before.seconds)


def sent_environment(
    environ: Mapping[str, str], names: Iterable[str]
) -> dict[str, str]:
    """Give the variables that go to actors: those named that are set."""
    return {name: environ[name] for name in sorted(names) if name in environ}
