"""The parts of a run that live in Ray's actors."""

import os
import pickle
import platform
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.actor import ActorHandle

from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.model.execution import Limits
from rubricdsl.model.judgement import Usage
from rubricdsl_ray.cluster import packed
from rubricdsl_ray.judging import BlockJudge
from rubricdsl_ray.keeper import Keeper
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

Rows = Mapping[str, Sequence[Any]]


class JudgingActor:
    """What Ray Data makes an actor of, and hands blocks to: a row is a block."""

    def __init__(self, order: bytes, keeper: "ActorHandle[Any]") -> None:
        actor = ray.get_runtime_context().get_actor_id() or ""
        self._refused: tuple[Diagnostic, ...] = ()
        self._judge: BlockJudge | None = None
        try:
            read: WorkOrder = pickle.loads(order)  # noqa: S301 - the driver's
            enter(read.working_folder, read.folder)
            self._judge = BlockJudge(read, _Calls(keeper), actor=actor)
        except RubricError as error:
            self._refused = error.diagnostics

    async def __call__(self, rows: Rows) -> AsyncIterator[dict[str, list[bytes]]]:
        """Judge the blocks in ``rows``, and give what came of each."""
        for row in rows["block"]:
            block: BlockOfJobs = pickle.loads(row)  # noqa: S301 - the driver's
            if self._judge is None:
                outcome = BlockOutcome(
                    number=block.number,
                    actor="",
                    result=None,
                    diagnostics=self._refused,
                )
            else:
                outcome = await self._judge.judge(block)
            yield {"outcome": [packed(outcome)]}


def enter(working_folder: Path, folder: Path) -> None:
    """Work where the driver works; raises RubricError (D404) where that is not there.

    Files of judges, of checks and ``rub.toml`` are read there.
    """
    for needed in (working_folder, folder):
        if not needed.is_dir():
            fail(
                "D404",
                f"the folder {needed} is not there on the node {platform.node()}",
                hint="give all nodes the project's folder at the same path, or run "
                "without --executor",
            )
    os.chdir(working_folder)


class KeeperActor(Keeper):
    """The keeper as an actor; one that Ray has made again knows that it is."""

    def __init__(
        self, path: Path | None, *, durable: bool, limits: Limits, slots: int
    ) -> None:
        super().__init__(
            path,
            durable=durable,
            limits=limits,
            slots=slots,
            restored=ray.get_runtime_context().was_current_actor_reconstructed,
        )


class _Calls:
    """The keeper, called from an actor."""

    def __init__(self, keeper: "ActorHandle[Any]") -> None:
        self._keeper = keeper

    async def begin(self, block: int, keys: Sequence[VerdictKey]) -> Begun:
        """Begin a block."""
        begun: Begun = await self._keeper.begin.remote(block, keys)
        return begun

    async def look(
        self, block: int, keys: Sequence[VerdictKey]
    ) -> tuple[KnownVerdicts, frozenset[VerdictKey]]:
        """Look again for what others were asking."""
        known, still = await self._keeper.look.remote(block, keys)
        return known, still

    async def keep(self, news: News) -> Halt:
        """Keep what an actor tells."""
        return Halt(await self._keeper.keep.remote(news))

    async def finish(self, block: int) -> None:
        """End a block."""
        await self._keeper.finish.remote(block)

    async def lease(self, block: int, share: int) -> Lease | None:
        """Give a block a part of the budget."""
        lease: Lease | None = await self._keeper.lease.remote(block, share)
        return lease

    async def settle(self, block: int, calls: int, usage: Usage) -> None:
        """Take back what a block did not spend."""
        await self._keeper.settle.remote(block, calls, usage)
