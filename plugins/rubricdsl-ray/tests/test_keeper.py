"""The keeper, and blocks that are judged with it: without Ray, with real requests."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from rubricdsl.api import open_project
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.execution import JudgeOptions, Limits
from rubricdsl.model.judgement import Provenance, Usage, Verdict
from rubricdsl.model.response import Response
from rubricdsl.model.ruling import YES
from rubricdsl_ray.judging import BlockJudge, KeeperCalls
from rubricdsl_ray.keeper import Keeper
from rubricdsl_ray.messages import BlockOfJobs, BlockOutcome, Halt, News, WorkOrder
from tests.faults.runs import CRITERIA, Project, text
from tests.faults.server import Apart


def key(number: int) -> VerdictKey:
    return VerdictKey(f"{number:032x}", "b" * 32, "c" * 32)


def verdict(of: VerdictKey) -> Verdict:
    return Verdict(
        ruling=YES,
        provenance=Provenance(judge="j", response=of.response),
    )


def keeper(path: Path | None, limits: Limits | None = None, slots: int = 2) -> Keeper:
    return Keeper(path, durable=False, limits=limits or Limits(), slots=slots)


@pytest.fixture(params=["store", "no store"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "s.sqlite" if request.param == "store" else None


def test_who_takes_over_a_block_gets_what_had_been_answered(path: Path | None) -> None:
    kept = keeper(path)
    keys = [key(n) for n in range(3)]
    assert not any(kept.begin(0, keys).known.values())
    kept.keep(News(block=0, verdicts=((keys[0], verdict(keys[0])),)))
    begun = kept.begin(0, keys)
    assert not begun.elsewhere
    (again,) = begun.known[keys[0].response].values()
    assert again == verdict(keys[0])
    # Somebody was asked for it in this run.
    assert not again.cached
    kept.finish(0)
    # What came of the block was lost on its way.
    (anew,) = kept.begin(0, keys).known[keys[0].response].values()
    assert not anew.cached
    kept.finish(0)
    kept.forget(0)
    (no_more,) = kept.begin(0, keys).known[keys[0].response].values()
    assert no_more.cached
    (later,) = kept.begin(1, keys).known[keys[0].response].values()
    assert later.cached
    kept.close()


def test_what_another_process_asks_is_not_asked_and_comes_when_it_is_there(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s.sqlite"
    one, other = key(1), key(2)
    with VerdictStore.open(path) as elsewhere:
        assert elsewhere.claim([one, other]) == {one, other}
        kept = keeper(path)
        assert kept.begin(0, [one, other]).elsewhere == {one, other}
        elsewhere.add(one, verdict(one))
        elsewhere.commit()
        known, still = kept.look(0, [one, other])
        assert list(known[one.response].values()) == [verdict(one)]
        assert still == {other}
        elsewhere.release([other])
        assert kept.look(0, [other])[1] == frozenset()
        # By now it is claimed for the block.
        assert elsewhere.claim([other]) == frozenset()
        kept.finish(0)
        assert elsewhere.claim([other]) == {other}
        kept.close()


def test_a_store_that_is_not_named_is_gone_in_the_end() -> None:
    kept = keeper(None)
    folder = Path(str(kept.folder))
    assert folder.is_dir()
    kept.close()
    assert not folder.exists()


def test_everybody_hears_that_the_run_is_to_stop() -> None:
    kept = keeper(None)
    assert kept.keep(News(block=0)) is Halt.NO
    kept.halt(Halt.DROP)
    kept.halt(Halt.STOP)
    assert kept.keep(News(block=0)) is Halt.DROP
    assert kept.begin(1, ()).halt is Halt.DROP
    kept.close()


class Direct:
    """The keeper as actors reach it, in the same process."""

    def __init__(self, kept: Keeper) -> None:
        self._kept = kept

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Give a method of the keeper as one that is awaited."""
        method = getattr(self._kept, name)

        async def called(*arguments: object) -> Any:
            return method(*arguments)

        return called


def work_order(folder: Path, server: Apart) -> WorkOrder:
    made = Project.made(folder, server.base, responses=1)
    project = open_project(made.folder)
    (rubric,) = project.load(made.folder / "capital.rub").checked()
    spec = f"openai:test?base_url={server.base}&ask=each&concurrency=8"
    return WorkOrder(
        folder=made.folder,
        working_folder=made.folder,
        environ={"OPENAI_API_KEY": "sk-local-0123456789"},
        rubrics=(project.bind(rubric),),
        judges=JudgeOptions(specs=(spec,)),
        seed=0,
        top=None,
        precision=None,
        is_bounded=True,
        at_once=2,
        slots=2,
        per_actor=None,
    )


def block_of(numbers: Sequence[int], *, number: int = 0) -> BlockOfJobs:
    return BlockOfJobs(
        number=number,
        jobs=tuple(
            (0, Response(text=text(n), prompt_id="p", response_id=f"r{n}"))
            for n in numbers
        ),
    )


def judged(
    folder: Path, server: Apart, kept: Keeper, numbers: Sequence[Sequence[int]]
) -> list[BlockOutcome]:
    """Judge blocks of responses of these numbers, all of them at once."""
    order = work_order(folder, server)
    blocks = [block_of(some, number=number) for number, some in enumerate(numbers)]

    async def judge() -> list[BlockOutcome]:
        judging = BlockJudge(order, cast("KeeperCalls", Direct(kept)), actor="a")
        try:
            return list(await asyncio.gather(*map(judging.judge, blocks)))
        finally:
            await judging.close()

    return asyncio.run(judge())


@pytest.mark.parametrize("calls", [1, 5, 23, 100])
def test_a_budget_is_kept_and_spent_to_the_last_call(
    tmp_path: Path, server: Apart, calls: int
) -> None:
    before = server.noted("asked").total()
    kept = keeper(tmp_path / "s.sqlite", Limits(max_calls=calls))
    outcomes = judged(tmp_path / "run", server, kept, [[0, 1, 2], [3, 4, 5], [6, 7]])
    questions = 8 * len(CRITERIA)
    sent = server.noted("asked").total() - before
    assert sent == min(calls, questions)
    cards = [card for o in outcomes if o.result for card in o.result.scorecards]
    assert sum(card.judge_calls for card in cards) == sent
    failed = [c.verdict.failure for card in cards for c in card.criteria]
    kinds = [failure.kind for failure in failed if failure is not None]
    assert kinds == ["budget_exhausted"] * (questions - sent)
    kept.close()


def test_what_was_had_is_not_asked_again_by_another_actor(
    tmp_path: Path, server: Apart
) -> None:
    path = tmp_path / "s.sqlite"
    first = keeper(path)
    judged(tmp_path / "run", server, first, [[10, 11]])
    first.close()
    before = server.noted("asked").total()
    second = keeper(path)
    (outcome,) = judged(tmp_path / "run", server, second, [[10, 11]])
    assert server.noted("asked").total() == before
    assert outcome.result is not None
    assert outcome.result.cached == 2 * len(CRITERIA)
    second.close()


class Unreachable(Direct):
    """The keeper for an actor that is lost once so many verdicts were kept."""

    def __init__(self, kept: Keeper, after: int) -> None:
        super().__init__(kept)
        self._left = after
        self.is_lost = asyncio.Event()

    async def keep(self, news: News) -> Halt:
        """Keep what an actor tells, while it is there."""
        if self.is_lost.is_set():
            await asyncio.Event().wait()
        self._left -= len(news.verdicts)
        if self._left <= 0:
            self.is_lost.set()
        return self._kept.keep(news)


@pytest.mark.parametrize("after", [1, 9, 20])
def test_who_takes_over_a_block_counts_what_it_took_before(
    tmp_path: Path, server: Apart, after: int
) -> None:
    order = work_order(tmp_path / "run", server)
    block = block_of(range(100, 106))

    async def lost_and_taken_over(kept: Keeper) -> list[BlockOutcome]:
        reach = Unreachable(kept, after)
        losing = BlockJudge(order, cast("KeeperCalls", reach), actor="a")
        running = asyncio.ensure_future(losing.judge(block))
        await reach.is_lost.wait()
        running.cancel()
        await asyncio.wait([running])
        await losing.close()
        judging = BlockJudge(order, cast("KeeperCalls", Direct(kept)), actor="b")
        try:
            return [await judging.judge(block), await judging.judge(block)]
        finally:
            await judging.close()

    questions = 6 * len(CRITERIA)
    before = server.noted("asked").total()
    kept = keeper(None)
    taken_over, anew = asyncio.run(lost_and_taken_over(kept))
    calls = kept.overview().lost_calls
    kept.close()
    # What came of it was lost as well, so it was begun anew, and nobody was asked.
    assert anew.result is not None
    assert anew.result.judge_calls == 0
    assert questions <= calls <= server.noted("asked").total() - before
    for result in (taken_over.result, anew.result):
        assert result is not None
        for card in result.scorecards:
            assert card.judge_calls == len(CRITERIA)
            assert card.usage == Usage(prompt_tokens=400, completion_tokens=20)
            assert not any(c.verdict.cached for c in card.criteria)
        assert result.usage.prompt_tokens == 100 * questions


def test_blocks_end_when_the_run_is_stopped_and_what_was_had_stays(
    tmp_path: Path, server: Apart
) -> None:
    class Stopping(Keeper):
        def keep(self, news: News) -> Halt:
            if news.verdicts:
                self.halt(Halt.STOP)
            return super().keep(news)

    path = tmp_path / "s.sqlite"
    before = server.noted("answered").total()
    kept = Stopping(path, durable=False, limits=Limits(), slots=2)
    numbers = [range(20, 40), range(40, 60), range(60, 80)]
    outcomes = judged(tmp_path / "run", server, kept, numbers)
    kept.close()
    answered = server.noted("answered").total() - before
    assert 0 < answered < 60 * len(CRITERIA)
    results = [outcome.result for outcome in outcomes]
    assert any(result is None or result.cancelled for result in results)
    cards = [card for result in results if result for card in result.scorecards]
    ruled = [c for card in cards for c in card.criteria if c.verdict.ruling is not None]
    assert len(ruled) == answered
    kinds = {c.verdict.failure.kind for card in cards for c in card.criteria
             if c.verdict.failure is not None}  # fmt: skip
    assert kinds <= {"cancelled"}
