"""The bench of refinements: the engine, shared by all that are under way."""

import asyncio
from collections.abc import Sequence

from attrs import define, field, frozen

from rubricdsl.judging.book import JudgeBook
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.events import Listener
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.project import Project
from rubricdsl.refinement.ledger import Ledger
from rubricdsl.runs import evaluation

# What is asked for within this time, in seconds, is judged in one run.
_GATHERED_WITHIN = 0.005


@define(eq=False)
class EngineBench:
    """Scores responses with the engine, for many refinements at once.

    What they ask for at about the same time becomes one run, so that concurrency and
    budgets hold for all of them together.  The ``ledger`` tells of all runs so far.
    """

    project: Project
    judges: JudgeBook
    store: VerdictStore | None = None
    ledger: Ledger = field(factory=Ledger)
    seed: int = 0
    listener: Listener | None = None
    notices: set[str] = field(factory=set, init=False)
    _waiting: list["_Errand"] = field(factory=list, init=False)
    _server: "asyncio.Task[None] | None" = field(default=None, init=False)
    _run: Evaluation | None = field(default=None, init=False)
    _stopped: bool = field(default=False, init=False)

    async def score(
        self, rubric: Rubric, responses: Sequence[Response]
    ) -> Sequence[Scorecard]:
        """Give the scorecards, in the order of the responses.

        Raises RubricError where a judge cannot be had, or verdicts cannot be kept.
        """
        if not responses:
            return ()
        bound = self.project.bind(rubric)
        loop = asyncio.get_running_loop()
        errand = _Errand([Job(bound, one) for one in responses], loop.create_future())
        self._waiting.append(errand)
        if self._server is None or self._server.done():
            self._server = loop.create_task(self._serve())
        return await errand.cards

    async def close(self) -> None:
        """Give back the judges."""
        await self.judges.close()

    def cancel(self) -> None:
        """Stop asking; called again, drop what is in flight."""
        self._stopped = True
        if self._run is not None:
            self._run.cancel()

    async def _serve(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHERED_WITHIN)
            errands, self._waiting = self._waiting, []
            try:
                result = await self._evaluate([j for one in errands for j in one.jobs])
            except BaseException as error:
                # Whoever waits must hear of it, whatever it is.
                for errand in errands:
                    errand.fail(error)
                if not isinstance(error, Exception):
                    raise
                continue
            cards = iter(result.scorecards)
            for errand in errands:
                errand.settle([next(cards) for _ in errand.jobs])

    async def _evaluate(self, jobs: Sequence[Job]) -> EvaluationResult:
        run = evaluation(
            self.project,
            jobs,
            self.judges,
            listener=self.listener,
            store=self.store,
            limits=self.ledger.left,
            seed=self.seed,
        )
        self._run = run
        if self._stopped:
            run.cancel()
        try:
            result = await run.run()
        finally:
            self._run = None
        self.ledger.add_judging(result.judge_calls, result.usage, result.seconds)
        self.notices.update(result.notices)
        return result


@frozen(eq=False)
class _Errand:
    """Jobs that one refinement waits for."""

    jobs: Sequence[Job]
    cards: "asyncio.Future[Sequence[Scorecard]]"

    def settle(self, cards: Sequence[Scorecard]) -> None:
        if not self.cards.done():
            self.cards.set_result(cards)

    def fail(self, error: BaseException) -> None:
        if not self.cards.done():
            self.cards.set_exception(error)
