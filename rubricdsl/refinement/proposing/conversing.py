"""Asking a chat model until its answer can be read: it is told what is wrong with it.

An answer of which nothing can be read is shown back to the model with what is wrong,
at most `MOST_REPAIRS` times, each time with another seed.  Nobody else repairs it.
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from attrs import frozen

from rubricdsl.model.chat import ChatRequest
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.judgement import Usage
from rubricdsl.model.refinement import Unread
from rubricdsl.model.rubric import Turn
from rubricdsl.model.ruling import Failure, FailureKind
from rubricdsl.refinement.proposing.carrying import Carrier

MOST_REPAIRS = 2

_MOST_SHOWN = 8_000
_MOST_PROBLEMS = 8

_Read = TypeVar("_Read")


class NotReadError(ValueError):
    """An answer that is none, with what is wrong with it, in words for the model.

    ``unread`` are its pieces that were meant to be edits.
    """

    def __init__(self, *problems: str, unread: tuple[Unread, ...] = ()) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        self.unread = unread


@frozen(kw_only=True)
class Heard(Generic[_Read]):
    """What a model answered; ``value`` is None where there is a failure.

    ``unread`` is what stood in an answer of which nothing could be read, and
    ``problems`` what was wrong with it.
    """

    value: _Read | None = None
    calls: int
    usage: Usage
    failure: Failure | None = None
    unread: tuple[Unread, ...] = ()
    problems: tuple[str, ...] = ()


async def converse(
    carrier: Carrier,
    messages: tuple[Turn, ...],
    *,
    schema: Mapping[str, Plain],
    seed: int,
    read: Callable[[str], _Read],
) -> Heard[_Read]:
    """Ask, and ask again with what is wrong; ``read`` raises `NotReadError`."""
    asked, calls, usage = messages, 0, Usage()
    error = NotReadError()
    failure: Failure | None = None
    for attempt in range(1 + MOST_REPAIRS):
        carried = await carrier.carry(
            ChatRequest(messages=asked, schema=schema, seed=seed, attempt=attempt)
        )
        calls += carried.calls
        failure, reply = carried.failure, carried.reply
        if reply is None:
            # What was no completion at all may be one when it is asked for afresh.
            if failure and failure.kind == FailureKind.JUDGE_UNPARSEABLE:
                continue
            break
        usage += reply.usage
        try:
            if not reply.truncated:
                return Heard(value=read(reply.text), calls=calls, usage=usage)
            error = NotReadError("It was cut off, since it is too long: be brief.")
        except NotReadError as found:
            error = found
        failure = _unreadable(carrier.name, error, truncated=reply.truncated)
        asked = (*messages, *_shown_back(reply.text, error))
    return Heard(
        calls=calls,
        usage=usage,
        failure=failure,
        unread=error.unread,
        problems=error.problems,
    )


def _unreadable(name: str, error: NotReadError, *, truncated: bool) -> Failure:
    if truncated:
        return Failure(
            FailureKind.JUDGE_TRUNCATED.value,
            f"the answer of {name} was cut at its greatest length; raise max_tokens",
        )
    first, more = error.problems[:1], len(error.problems) - 1
    tail = f" (and {more} more)" if more > 0 else ""
    return Failure(
        FailureKind.JUDGE_UNPARSEABLE.value,
        f"the answer of {name} could not be read: {' '.join(first)}{tail}",
    )


def _shown_back(answer: str, error: NotReadError) -> tuple[Turn, ...]:
    problems = "\n".join(f"- {one}" for one in error.problems[:_MOST_PROBLEMS])
    request = Turn(
        "user",
        "Your answer could not be used:\n"
        f"{problems}\n"
        "Answer the request above again, in the form that it asks for: one JSON object "
        "and nothing else.",
    )
    # Some servers take no message that is empty.
    if not answer.strip():
        return (request,)
    return (Turn("assistant", answer[:_MOST_SHOWN]), request)


def seed_of(*parts: Plain) -> int:
    """Give a seed, below 2**31, that depends on all of the parts."""
    return int(digest("seed", *parts)[:12], 16) % 2**31
