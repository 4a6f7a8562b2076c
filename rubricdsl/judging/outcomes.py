"""What came of a request: verdicts, and what must be asked again.

Nothing here waits or sends.  What was not said, or cannot be read, is never made up:
it is asked once more, by itself, and then it has failed.
"""

from collections.abc import Mapping, Sequence

from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.acceptance import Acceptance
from rubricdsl.judging.batches import Batch
from rubricdsl.judging.canaries import Asked
from rubricdsl.judging.dockets import Bundle, Inquiry
from rubricdsl.judging.proceedings import Proceedings
from rubricdsl.model.judgement import Answer, JudgeReply, Verdict
from rubricdsl.model.ruling import Failure, FailureKind

# An answer that cannot be read is asked for once more, with a fresh sample.
_REPEATS = 1
# How often a request that is too long is divided, in hope that questions are the cause.
_DIVISIONS = 2


@frozen(eq=False)
class Outcome:
    """What a request led to.

    ``verdicts`` are settled, and so is all of the ``bundle`` that was answered by
    ``bundled``; ``again`` are requests to send in its place.  ``suspect`` says that a
    canary was answered wrongly.
    """

    verdicts: Sequence[tuple[Inquiry, Verdict]] = ()
    again: Sequence[Batch] = ()
    suspect: bool = False
    bundle: Bundle | None = None
    bundled: Sequence[Verdict] = ()


def of_reply(
    proceedings: Proceedings, batch: Batch, asked: Asked, reply: JudgeReply
) -> Outcome:
    """Sort a reply into verdicts and what must be asked again."""
    _note(proceedings, batch, asked, reply)
    bundle = batch.inquiries
    if isinstance(bundle, Bundle) and bundle.is_whole and not asked.canaries:
        bundled = _bundled(proceedings, batch, reply)
        if bundled is not None:
            return Outcome(bundle=bundle, bundled=bundled)
    given = _given(reply)
    if asked.are_unanswered(given):
        # Whoever leaves out what it cannot know was a canary left out the rest, too.
        reason = f"{batch.judge.name} did not answer all that it was asked"
        failure = Failure(FailureKind.JUDGE_UNPARSEABLE.value, reason)
        return of_failure(proceedings, batch, failure)
    suspect = asked.are_tripped(given)
    named = asked.renamed(given)
    verdicts: list[tuple[Inquiry, Verdict]] = []
    again: list[Batch] = []
    acceptance = _acceptance(proceedings, batch, reply)
    for name, inquiry in zip(batch.names, batch.inquiries, strict=True):
        answer = named.get(name) or _no_answer(name, named)
        verdict = acceptance.verdict(answer, inquiry.question)
        if verdict.failure is not None and _is_unreadable(verdict.failure):
            # Left out among others is no failed attempt at this one question.
            missed = name not in named and len(batch.inquiries) > 1
            if missed or _may_repeat(batch):
                repeats = batch.repeats if missed else batch.repeats + 1
                again.append(batch.alone(inquiry, repeats=repeats))
                continue
        verdicts.append((inquiry, verdict))
    return Outcome(verdicts, again, suspect)


def _bundled(
    proceedings: Proceedings, batch: Batch, reply: JudgeReply
) -> Sequence[Verdict] | None:
    """Give the verdicts of a reply in which each question has its one answer.

    None where it is not so, or where an answer cannot be read.
    """
    if [answer.id for answer in reply.answers] != [*batch.names]:
        return None
    accept = _acceptance(proceedings, batch, reply).verdict
    verdicts = list(map(accept, reply.answers, batch.questions))
    failures = [v.failure for v in verdicts if v.failure is not None]
    if any(map(_is_unreadable, failures)):
        return None
    return verdicts


def _acceptance(
    proceedings: Proceedings, batch: Batch, reply: JudgeReply
) -> Acceptance:
    clerk = proceedings.clerk
    return Acceptance(
        source=batch.seen.quotes,
        provenance=clerk.provenance(batch.seat, batch.seen, model=reply.model),
        at=clerk.now(),
        redact=clerk.redact,
    )


def of_failure(proceedings: Proceedings, batch: Batch, failure: Failure) -> Outcome:
    """Deal with a request that failed as a whole and will not be sent as it is."""
    is_cut = failure.kind == FailureKind.JUDGE_TRUNCATED
    if is_cut and len(batch.inquiries) > 1:
        return Outcome(again=batch.halves())
    if (is_cut or _is_unreadable(failure)) and _may_repeat(batch):
        return Outcome(again=[batch.repeated()])
    return failed(proceedings, batch, failure)


def of_too_long(proceedings: Proceedings, batch: Batch, error: JudgeError) -> Outcome:
    """Deal with a request that did not fit: with fewer questions it may.

    Where the judge does not know how many do, it is not divided more than twice:
    then it is the response that is too long.
    """
    fitting = error.fitting
    if fitting is not None and 0 < fitting < len(batch.inquiries):
        return Outcome(again=batch.parts(fitting))
    if len(batch.inquiries) > 1 and batch.divided < _DIVISIONS:
        return Outcome(again=batch.halves())
    return failed(proceedings, batch, error.failure)


def failed(proceedings: Proceedings, batch: Batch, failure: Failure) -> Outcome:
    """Give every question of a request the same failure."""
    clerk = proceedings.clerk
    provenance = clerk.provenance(batch.seat, batch.seen)
    verdict = clerk.failed(failure.kind, failure.reason, provenance=provenance)
    return Outcome([(inquiry, verdict) for inquiry in batch.inquiries])


def _given(reply: JudgeReply) -> Mapping[str, Answer | None]:
    given: dict[str, Answer | None] = {}
    for answer in reply.answers:
        # Two answers to one question are none.
        given[answer.id] = None if answer.id in given else answer
    return given


def _note(
    proceedings: Proceedings, batch: Batch, asked: Asked, reply: JudgeReply
) -> None:
    """Keep what people should know of a reply, beside the answers."""
    judge = batch.judge
    known = asked.questions
    for name in {a.id for a in reply.answers if a.id not in known}:
        proceedings.note(f"{judge.name} answered `{name}`, never asked")
    if reply.hidden:
        seen = batch.seen.sight.digest
        proceedings.hidden.setdefault(judge.name, {})[seen] = reply.hidden
    for notice in reply.notices:
        proceedings.note(f"{judge.name}: {notice}")


def _is_unreadable(failure: Failure) -> bool:
    return failure.kind == FailureKind.JUDGE_UNPARSEABLE


def _may_repeat(batch: Batch) -> bool:
    """Tell whether asking once more can help: records stay as they are."""
    return batch.repeats < _REPEATS and batch.judge.backend.capabilities.is_model


def _no_answer(name: str, given: Mapping[str, Answer | None]) -> Answer:
    reason = "answered twice" if name in given else "not answered"
    failure = Failure(FailureKind.JUDGE_UNPARSEABLE.value, f"the question was {reason}")
    return Answer(id=name, failure=failure)
