"""What goes from a block to the keeper, one message at a time.

While one is under way the next is gathered, so a keeper that has much to do gets fewer
and larger ones, and never more at once than there are blocks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.dockets import Account
from rubricdsl.judging.store.records import VerdictKey
from rubricdsl.judging.store.spending import Spending
from rubricdsl.model.events import Progress
from rubricdsl.model.judgement import Usage, Verdict
from rubricdsl_ray.messages import Begun, Halt, KnownVerdicts, News, Spent


class Post:
    """Takes news of one block, and sends it to the keeper.

    Of the ``accounts`` of jobs, by place, it tells what was answered.
    """

    def __init__(
        self,
        block: int,
        keep: Callable[[News], Awaitable[Halt]],
        accounts: Mapping[int, Account],
    ) -> None:
        self.block = block
        self._keep = keep
        self._accounts = accounts
        self._told = {place: account.replies for place, account in accounts.items()}
        self._verdicts: list[tuple[VerdictKey, Verdict]] = []
        self._released: list[VerdictKey] = []
        self._spent: list[Spent] = []
        self._progress: Progress | None = None
        self._sending: asyncio.Task[None] | None = None
        self._error: RubricError | None = None
        self.halt = Halt.NO

    def add(self, key: VerdictKey, verdict: Verdict) -> None:
        """Take a verdict."""
        self._verdicts.append((key, verdict))

    def release(self, keys: Iterable[VerdictKey]) -> None:
        """Take claims that are given back."""
        self._released += keys

    def spend(self, spent: Spent) -> None:
        """Take what a request took."""
        self._spent.append(spent)

    def report(self, progress: Progress | None) -> None:
        """Send how far the block is, with all that was taken."""
        self._progress = progress
        self._start()

    def send(self) -> None:
        """Send what was taken, now or with the next message.

        Raises RubricError if the keeper could not keep what it got before.
        """
        if self._error is not None:
            raise self._error
        self._start()

    async def flush(self) -> None:
        """Wait until everything is kept; raises RubricError where it cannot be."""
        while self._error is None:
            self.send()
            if self._sending is None:
                return
            await self._sending
        raise self._error

    def _start(self) -> None:
        has_news = self._verdicts or self._released or self._spent or self._progress
        if self._sending is None and has_news and self._error is None:
            self._sending = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        news = News(
            block=self.block,
            verdicts=tuple(self._verdicts),
            released=tuple(self._released),
            spent=tuple(self._spent),
            accounts=self._news_of_accounts(),
            progress=self._progress,
        )
        self._verdicts, self._released, self._spent = [], [], []
        self._progress = None
        try:
            self.halt = max(self.halt, await self._keep(news))
        except RubricError as error:
            self._error = error
        finally:
            self._sending = None

    def _news_of_accounts(self) -> dict[int, Account]:
        """Give the accounts with answers that were not told before.

        They go with the verdicts of these answers, in one message.
        """
        news = {
            place: account.answered()
            for place, account in self._accounts.items()
            if account.replies != self._told[place]
        }
        self._told |= {place: account.replies for place, account in news.items()}
        return news


class BlockVerdicts:
    """The verdict store as the engine of one block sees it.

    All that may be asked was looked up and claimed before it began; nothing here waits.
    Votes beyond those that the rubric asks for count as claimed, too.
    """

    def __init__(self, begun: Begun, post: Post) -> None:
        self._known = {seen: dict(about) for seen, about in begun.known.items()}
        self.elsewhere = begun.elsewhere
        self._post = post
        self._spending: dict[str, Spending] = {}

    def learn(self, known: KnownVerdicts, elsewhere: frozenset[VerdictKey]) -> None:
        """Take in what other processes have found out, and what they still ask."""
        for seen, about in known.items():
            self._known.setdefault(seen, {}).update(about)
        self.elsewhere = elsewhere

    def known(self, response: str) -> Mapping[tuple[str, str], Verdict]:
        """Give all verdicts about what is seen, by question and judge."""
        return self._known.get(response, {})

    def reading(self) -> AbstractContextManager[None]:
        """Look up many things in the block: all are here."""
        return nullcontext()

    def claim(self, keys: Iterable[VerdictKey]) -> frozenset[VerdictKey]:
        """Give those of the keys that nobody else is asking."""
        return frozenset(keys) - self.elsewhere

    def release(self, keys: Iterable[VerdictKey]) -> None:
        """Give claims back for which there will be no verdict."""
        self._post.release(keys)
        self._post.send()

    def add(self, key: VerdictKey, verdict: Verdict) -> None:
        """Take a verdict in."""
        about = self._known.setdefault(key.response, {})
        about.setdefault((key.question, key.judge), verdict)
        self._post.add(key, verdict)

    def spend(
        self,
        judge: str,
        tokens: Usage,
        *,
        characters: int = 0,
        seconds: float | None = None,
    ) -> None:
        """Count a request to a judge, by its digest."""
        spending = self._spending.setdefault(judge, Spending())
        spending.count(tokens, characters=characters, seconds=seconds)
        self._post.spend(Spent(judge, tokens, characters, seconds))

    def spending(self) -> Mapping[str, Spending]:
        """Give what was spent for this block, by the digest of the judge."""
        return self._spending

    def commit(self) -> None:
        """Send what was added; raises RubricError where it could not be kept."""
        self._post.send()

    def heartbeat(self) -> None:
        """Do nothing: the keeper shows that the run lives."""
