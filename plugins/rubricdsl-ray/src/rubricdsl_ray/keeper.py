"""The keeper of verdicts: the one process of a run that has the store open.

Actors look up what is known, claim what they are about to ask, and hand in what they
were told; all of it by the block.  What was handed in outlives the actor: who takes
over its block gets it back.  Nothing here knows of Ray, which makes an actor of it.
"""

import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import evolve

from rubricdsl.judging.dockets import Account
from rubricdsl.judging.store.database import Durability
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.events import Progress
from rubricdsl.model.execution import Limits
from rubricdsl.model.judgement import Usage, Verdict
from rubricdsl.model.protocols import Clock
from rubricdsl_ray.messages import Begun, Halt, KnownVerdicts, Lease, News, Overview
from rubricdsl_ray.purse import Purse


class Keeper:
    """Keeps verdicts, claims and budgets for all actors of one run.

    Without a ``path`` verdicts are kept for the time of the run only, in a ``folder``
    of their own.  ``slots`` is how
    many blocks can be under way.  A keeper that is ``restored`` in the place of one
    that was lost knows nothing of what was spent, so it gives out nothing of a budget.
    """

    def __init__(  # noqa: PLR0913 - all that comes from outside, by name
        self,
        path: Path | None,
        *,
        durable: bool,
        limits: Limits,
        slots: int,
        restored: bool = False,
        clock: Clock = time.monotonic,
    ) -> None:
        self.folder: str | None = None
        if path is None:
            self.folder = tempfile.mkdtemp(prefix="rubricdsl-")
            path = Path(self.folder, "verdicts.sqlite")
        self._store = VerdictStore.open(
            path,
            durability=Durability.FULL if durable else Durability.NORMAL,
        )
        self._purse = Purse(limits, slots=slots, empty=restored, clock=clock)
        self._halt = Halt.NO
        self._running: dict[int, Progress | None] = {}
        # Had in this run, of blocks whose outcome has not arrived; not from an earlier
        # run.
        self._fresh: dict[int, set[VerdictKey]] = defaultdict(set)
        self._claimed: dict[int, set[VerdictKey]] = defaultdict(set)
        # What was answered for jobs of such blocks, and how much of that an actor that
        # was lost was told.
        self._accounts: dict[int, dict[int, Account]] = defaultdict(dict)
        self._carried: dict[int, int] = defaultdict(int)
        self._lost_calls = 0

    # ----------------------------------------------------------------- blocks

    def begin(self, block: int, keys: Iterable[VerdictKey]) -> Begun:
        """Begin a block, or begin it anew after its actor was lost."""
        wanted = list(keys)
        before, accounts = self._running.get(block), self._accounts[block]
        replies = sum(account.replies for account in accounts.values())
        fresh = replies - self._carried[block]
        # What was sent was told now and then, each answer when it was kept.
        self._lost_calls += max(fresh, 0 if before is None else before.sent)
        self._carried[block] = replies
        self._running[block] = None
        self._purse.forfeit(block)
        granted = self._store.claim(wanted)
        self._claimed[block] |= granted
        known = self._known(block, dict.fromkeys(key.response for key in wanted))
        elsewhere = {
            key
            for key in wanted
            if key not in granted and key[1:] not in known[key.response]
        }
        return Begun(
            known=known,
            accounts={place: each.answered() for place, each in accounts.items()},
            elsewhere=frozenset(elsewhere),
            halt=self._halt,
        )

    def look(
        self, block: int, keys: Iterable[VerdictKey]
    ) -> tuple[KnownVerdicts, frozenset[VerdictKey]]:
        """Look again for what others were asking.

        Gives what is known by now, and what is still asked elsewhere; the rest was
        given up, and is claimed for the block.
        """
        self._store.heartbeat()
        wanted = list(keys)
        granted = self._store.claim(wanted)
        self._claimed[block] |= granted
        known = self._known(block, dict.fromkeys(key.response for key in wanted))
        still = {
            key
            for key in wanted
            if key not in granted and key[1:] not in known[key.response]
        }
        return known, frozenset(still)

    def keep(self, news: News) -> Halt:
        """Keep verdicts and whatever else an actor tells; says whether to go on.

        When it returns, the verdicts outlive every process of the run.  Raises
        RubricError where they cannot be kept.
        """
        fresh, claimed = self._fresh[news.block], self._claimed[news.block]
        for key, verdict in news.verdicts:
            self._store.add(key, verdict)
            fresh.add(key)
        for spent in news.spent:
            self._store.spend(
                spent.judge,
                spent.usage,
                characters=spent.characters,
                seconds=spent.seconds,
            )
        self._accounts[news.block].update(news.accounts)
        if news.verdicts or news.spent:
            self._store.commit()
        if news.released:
            self._store.release(news.released)
        claimed.difference_update(news.released)
        if news.progress is not None and news.block in self._running:
            self._running[news.block] = news.progress
        self._store.heartbeat()
        return self._halt

    def finish(self, block: int) -> None:
        """End a block: what was claimed for it and not answered is free again.

        It may begin anew: its outcome can be lost with the node where it is.
        """
        left = self._claimed.pop(block, set()) - self._fresh.get(block, set())
        if left:
            self._store.release(left)
        self._running.pop(block, None)
        self._purse.forfeit(block)

    def forget(self, block: int) -> None:
        """Forget a block whose outcome has arrived: nobody will begin it anew."""
        for by_block in (self._fresh, self._accounts, self._carried):
            by_block.pop(block, None)

    # ---------------------------------------------------------------- budgets

    def lease(self, block: int, share: int) -> Lease | None:
        """Give a block something to spend: one part in ``share`` of what is left.

        None where all that is left is in the hands of others, who may give it back.
        """
        return self._purse.lease(block, share)

    def settle(self, block: int, calls: int, usage: Usage) -> None:
        """Take back what a block did not spend."""
        self._purse.settle(block, calls, usage)

    # -------------------------------------------------------------------- run

    def halt(self, halt: Halt) -> None:
        """Have all actors stop; they hear of it the next time they tell something."""
        self._halt = max(self._halt, halt)

    def overview(self) -> Overview:
        """Say how far all are."""
        self._store.heartbeat()
        running = tuple(p for p in self._running.values() if p is not None)
        return Overview(running=running, lost_calls=self._lost_calls)

    def close(self) -> None:
        """Write what is left and close the store; raises RubricError as `keep`."""
        self._store.close()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---------------------------------------------------------------- private

    def _known(
        self, block: int, responses: Iterable[str]
    ) -> dict[str, Mapping[tuple[str, str], Verdict]]:
        fresh = self._fresh[block]
        found: dict[str, Mapping[tuple[str, str], Verdict]] = {}
        for response in responses:
            about = self._store.known(response)
            found[response] = (
                {
                    pair: evolve(
                        verdict, cached=VerdictKey(response, *pair) not in fresh
                    )
                    for pair, verdict in about.items()
                }
                if fresh
                else about
            )
        return found
