"""The parts of a run that live in Ray's actors."""

import pickle
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.actor import ActorHandle

from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.model.execution import Limits
from rubricdsl.model.judgement import Usage
from rubricdsl_ray.judging import BlockJudge
from rubricdsl_ray.keeper import Keeper
from rubricdsl_ray.messages import Begun, Halt, KnownVerdicts, Lease, News

Rows = Mapping[str, Sequence[Any]]


class JudgingActor:
    """What Ray Data makes an actor of, and hands blocks to: a row is a block."""

    def __init__(self, order: bytes, keeper: "ActorHandle[Any]") -> None:
        actor = ray.get_runtime_context().get_actor_id() or ""
        self._judge = BlockJudge(pickle.loads(order), _Calls(keeper), actor=actor)  # noqa: S301 - the driver's

    async def __call__(self, rows: Rows) -> AsyncIterator[dict[str, list[bytes]]]:
        """Judge the blocks in ``rows``, and give what came of each."""
        for packed in rows["block"]:
            outcome = await self._judge.judge(pickle.loads(packed))  # noqa: S301 - ours
            yield {"outcome": [packed(outcome)]}


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
