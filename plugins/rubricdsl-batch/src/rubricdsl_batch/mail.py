"""Posting by batch: in place of a server stand a box for requests and one for results.

The live judge writes a body, posts it and reads the reply; that the reply comes hours
later, in another run, it need not know.  So prompts, schemas and the reading of replies
are its own, and verdicts are those that it would have given.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import attrs

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.refusals import refusal
from rubricdsl.judging.backends.transport import Reply
from rubricdsl.model.ruling import FailureKind
from rubricdsl_batch.inbox import Inbox
from rubricdsl_batch.outbox import Outbox
from rubricdsl_batch.providers import Outcome, Undone

MOST_FAILURES = 3
"""So often a request that did not get through is put into a batch."""


@attrs.define
class _Letter:
    """The request under way: its name, and how many bodies were posted for it.

    ``failures`` counts those that did not get through.
    """

    name: str
    posted: int = 0
    failures: int = 0


class Mailbox:
    """Posts by way of files; ``waiting`` is what a person is told meanwhile."""

    peer = "the batch"

    def __init__(self, outbox: Outbox, inbox: Inbox, *, waiting: str) -> None:
        self._outbox = outbox
        self._inbox = inbox
        self._waiting = waiting
        self._letter: ContextVar[_Letter] = ContextVar("letter")
        self._ended: dict[str, str] = {}

    @contextmanager
    def letter(self, name: str) -> Iterator[None]:
        """Have all that is posted in the meantime, by this task, be one request."""
        token = self._letter.set(_Letter(name))
        try:
            yield
        finally:
            self._letter.reset(token)

    def end(self, stem: str, reason: str) -> None:
        """Take note that nothing more will come of a file of requests."""
        self._ended[stem] = reason

    async def post(self, body: bytes) -> Reply:
        """Give the reply that has come, or put the request into the next batch.

        Bodies of one request are told apart by their number: the second is what the
        judge posts after the first was answered, or the same again where the first
        did not get through.

        Raises:
            JudgeError: ``judge_pending`` where nothing has come yet,
                ``provider_unavailable`` where that is so for good.
        """
        letter = self._letter.get()
        while True:
            letter.posted += 1
            name = f"{letter.name}-{letter.posted}"
            outcome = self._outcome(name)
            if outcome is None:
                if name not in self._outbox.written:
                    self._outbox.add(name, body)
                raise JudgeError(FailureKind.JUDGE_PENDING, self._waiting)
            if isinstance(outcome, Reply) and not _may_pass(outcome):
                return outcome
            letter.failures += 1
            if letter.failures >= MOST_FAILURES:
                return _given_up(outcome, letter.failures)

    def open(self) -> None:
        """Make ready: there is nothing to do."""

    async def close(self) -> None:
        """Close nothing: the boxes are not the live judge's."""

    def _outcome(self, name: str) -> Outcome | None:
        outcome = self._inbox.find(name)
        if outcome is None:
            reason = self._ended.get(self._outbox.written.get(name, ""))
            return None if reason is None else Undone(reason)
        return outcome


def _may_pass(reply: Reply) -> bool:
    """Tell whether the same request may be answered another time.

    So it may when the account has something left again: a request costs nothing
    before it is sent.
    """
    if reply.status == 200:  # noqa: PLR2004 - OK
        return False
    error = refusal(reply, peer="", key_variable="", redact=str)
    return error.transient or error.failure.kind == FailureKind.QUOTA_EXHAUSTED


def _given_up(outcome: Outcome, failures: int) -> Reply:
    if isinstance(outcome, Reply):
        return outcome
    raise JudgeError(
        FailureKind.PROVIDER_UNAVAILABLE,
        f"the request was in {failures} batches and not answered: {outcome.reason}",
    )
