"""What must hold of everything that a judge gives: replies, errors, estimates."""

import math
import re
from collections.abc import Sequence
from typing import NoReturn

from rubricdsl.diagnostics import JudgeError
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.rubric import LevelScale
from rubricdsl.model.ruling import Failure, FailureKind, Ruling, RulingWord

_PLUGIN_KIND = re.compile(r"[a-z0-9][a-z0-9._-]*:[a-z0-9_]+")
_LONGEST_REASON = 4_000


def demand(truth: object, message: str) -> None:
    """Raise AssertionError with a message, unless something is true."""
    if not truth:
        broken(message)


def broken(message: str) -> NoReturn:
    """Raise AssertionError: a law is broken."""
    raise AssertionError(message)


def check_capabilities(can: Capabilities) -> None:
    """Check what is declared: a record, whose limits can be kept."""
    demand(isinstance(can, Capabilities), f"`capabilities` are {can!r}")
    for limit in (can.max_questions, can.context_tokens):
        demand(
            limit is None or (_is_count(limit) and limit),
            f"a limit of {limit!r} is none; leave out what is not limited",
        )


def check_outcome(
    outcome: JudgeReply | JudgeError,
    request: JudgeRequest,
    capabilities: Capabilities,
) -> None:
    """Check whatever came of a request."""
    if isinstance(outcome, JudgeError):
        check_error(outcome)
    else:
        check_reply(outcome, request, capabilities)


def check_reply(
    reply: JudgeReply, request: JudgeRequest, capabilities: Capabilities
) -> None:
    """Check a reply: answers to what was asked, each a legal one."""
    demand(isinstance(reply, JudgeReply), f"`judge` gave {reply!r}, no JudgeReply")
    check_ids(reply, request)
    for answer in reply.answers:
        check_answer(answer, request.questions[answer.id], capabilities)
    check_usage(reply.usage)
    demand(
        _is_count(reply.hidden),
        f"`hidden` is {reply.hidden!r}; it counts characters",
    )
    demand(
        all(map(_is_text, reply.notices)),
        f"`notices` are {reply.notices!r}; each is a sentence for a person",
    )


def check_ids(reply: JudgeReply, request: JudgeRequest) -> None:
    """Check that the answers are to questions that were asked, one to each."""
    ids = [answer.id for answer in reply.answers]
    strange = [name for name in ids if name not in request.questions]
    demand(
        not strange,
        f"answers to {strange}, which were not asked (asked were "
        f"{list(request.questions)}); drop them, and say so in `notices`",
    )
    twice = sorted({name for name in ids if ids.count(name) > 1})
    demand(not twice, f"more than one answer to {twice}")


def check_answer(answer: Answer, question: Question, can: Capabilities) -> None:
    """Check one answer: a legal ruling or a failure, and a probability if declared."""
    demand(
        (answer.ruling is None) is not (answer.failure is None),
        f"{answer.id} must have just one of `ruling` and `failure`: {answer}",
    )
    if answer.failure is not None:
        check_failure(answer.failure)
    else:
        check_ruling(answer, question)
    probability = answer.probability
    if probability is not None:
        demand(
            can.probabilities,
            f"{answer.id} has the probability {probability}, and `capabilities` "
            "declare none",
        )
        demand(
            _is_amount(probability) and probability <= 1.0,
            f"{answer.id} has the probability {probability!r}; it is that of yes, "
            "from 0 to 1",
        )


def check_ruling(answer: Answer, question: Question) -> None:
    """Check that a ruling is one of the legal answers to its question."""
    ruling = answer.ruling
    demand(isinstance(ruling, Ruling), f"{answer.id} has {ruling!r} as its ruling")
    legal = str(ruling) in question.answers
    if question.asker and ruling is not None and ruling.number is not None:
        # A record may hold the mean of a panel, which lies among the answers.
        low, high = 0.0, 1.0
        if isinstance(question.scale, LevelScale):
            low, high = question.scale.low, question.scale.high
        legal = low <= ruling.number <= high
    demand(
        legal,
        f"{answer.id} was answered {ruling}; legal are {', '.join(question.answers)}",
    )
    if ruling is not None and ruling.word is RulingWord.LEVEL:
        demand(
            isinstance(question.scale, LevelScale),
            f"{answer.id} was answered {ruling}, and has no levels",
        )


def check_error(error: JudgeError) -> None:
    """Check an error: of a known kind, with a reason, and a wait that can be."""
    check_failure(error.failure)
    wait = error.retry_after
    demand(
        wait is None or _is_amount(wait),
        f"`retry_after` is {wait}; it is seconds, or None",
    )
    demand(
        wait is None or error.transient,
        "`retry_after` says when to ask again, and `transient` that it is no use",
    )


def check_failure(failure: Failure) -> None:
    """Check why there is no ruling: a known kind, and one line for a person."""
    kind, reason = failure.kind, failure.reason
    demand(
        kind in set(FailureKind) or _PLUGIN_KIND.fullmatch(str(kind)),
        f"{kind!r} is no kind of failure; use a FailureKind, or "
        "`<distribution>:<kind>` for one of your own",
    )
    demand(
        _is_text(reason),
        f"a failure of kind {kind} without a reason for people",
    )
    demand(
        len(reason) <= _LONGEST_REASON and not _CONTROL.search(reason),
        f"the reason of a failure is too long, or holds control characters: "
        f"{reason[:200]!r}",
    )


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def check_usage(usage: Usage) -> None:
    """Check a cost: counts of tokens, and money where it is known."""
    for count in (usage.prompt_tokens, usage.completion_tokens):
        demand(
            _is_count(count),
            f"{count!r} is no number of tokens",
        )
    cost = usage.cost
    demand(
        cost is None or _is_amount(cost),
        f"a cost of {cost}; it is money, or None where no price is known",
    )


def check_hidden(secret: str, texts: Sequence[tuple[str, str]]) -> None:
    """Check that no text, each with what it is called, holds a secret."""
    for what, text in texts:
        demand(secret not in text, f"the key stands in {what}")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_amount(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value >= 0
