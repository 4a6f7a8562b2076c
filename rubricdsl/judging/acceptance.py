"""Whether an answer is one: what a judge said, held against what it was asked.

What is not a legal answer to the question is a failure of kind
``judge_unparseable``, whichever backend gave it; nothing is ever guessed.
"""

import math
from collections.abc import Callable

from attrs import field, frozen

from rubricdsl.judging.quotes import QuoteSource
from rubricdsl.model.judgement import Answer, Provenance, Question, Verdict
from rubricdsl.model.rubric import AnswerScale, LevelScale
from rubricdsl.model.ruling import NA, NO, Failure, FailureKind, Ruling, RulingWord
from rubricdsl.scoring.leaves import answer_limits

Redact = Callable[[str], str]

_LONGEST = 4_000


@frozen(eq=False, kw_only=True)
class Acceptance:
    """Makes verdicts of the answers in one reply.

    ``source`` is what quotes are looked for in, ``at`` the time in seconds since the
    epoch.
    """

    source: QuoteSource
    provenance: Provenance
    at: float | None
    redact: Redact
    # By the identity of the ruling, which the verdict keeps from being another's.
    _plain: dict[int, Verdict] = field(factory=dict, init=False)

    def verdict(self, answer: Answer, question: Question) -> Verdict:
        """Make a verdict of an answer; one that says the same can be the same."""
        ruling = answer.ruling
        if (
            ruling is None
            or ruling.word not in question.answers
            or question.evidence
            or answer.failure is not None
            or answer.probability is not None
            or answer.evidence is not None
            or answer.reason is not None
        ):
            return self._checked(answer, question)
        # A legal word and nothing else, as nearly all are: there is nothing to mend.
        verdict = self._plain.get(id(ruling))
        if verdict is None:
            verdict = self._plain[id(ruling)] = Verdict(
                ruling=ruling, at=self.at, provenance=self.provenance
            )
        return verdict

    def _checked(self, answer: Answer, question: Question) -> Verdict:
        failure, ruling, redact = answer.failure, answer.ruling, self.redact
        if failure is not None:
            failure = Failure(str(failure.kind), plain_text(failure.reason, redact))
            ruling = None
        elif (fault := _fault(answer, question)) is not None:
            reason = plain_text(fault, redact)
            failure, ruling = Failure(FailureKind.JUDGE_UNPARSEABLE.value, reason), None
        elif question.evidence and ruling and _needs_quote(ruling, question):
            fault = self.source.fault(answer.evidence, question.text)
            if fault is not None:
                reason = plain_text(f"answered {ruling}, but {fault}", redact)
                failure = Failure(FailureKind.EVIDENCE_NOT_FOUND.value, reason)
                ruling = None
        quote, why = answer.evidence, answer.reason
        return Verdict(
            ruling=ruling,
            failure=failure,
            probability=None if failure else answer.probability,
            evidence=None if quote is None else plain_text(quote, redact),
            reason=None if why is None else plain_text(why, redact),
            at=self.at,
            provenance=self.provenance,
        )


def plain_text(text: str, redact: Redact) -> str:
    """Give a text of a judge or server as results may hold it.

    Secrets are cut out before it is shortened, so that no part of one is left.
    """
    text = redact(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _fault(answer: Answer, question: Question) -> str | None:
    ruling = answer.ruling
    if ruling is None:
        return "neither an answer nor a reason why there is none"
    if not _is_legal(ruling, question):
        return f"answered {ruling}; legal are {', '.join(question.answers)}"
    probability = answer.probability
    if probability is not None and not (
        math.isfinite(probability) and 0 <= probability <= 1
    ):
        return f"gave {probability} as a probability"
    return None


def _is_legal(ruling: Ruling, question: Question) -> bool:
    if ruling.word is RulingWord.NA:
        return question.may_abstain
    if question.asker:
        # A record may hold the mean of a panel, which lies among the answers.
        return _is_on_scale(ruling, question)
    if isinstance(question.scale, AnswerScale):
        return ruling.word in question.scale.answers
    return ruling.word is RulingWord.LEVEL and ruling.number in question.scale.numbers


def _is_on_scale(ruling: Ruling, question: Question) -> bool:
    scale, number = question.scale, ruling.number
    if isinstance(scale, LevelScale):
        is_level = ruling.word is RulingWord.LEVEL and number is not None
        return is_level and scale.low <= (number or 0.0) <= scale.high
    if ruling.word is RulingWord.NUMBER:
        low, high = answer_limits(scale)
        return number is not None and low <= number <= high
    return ruling.word in scale.answers


def _needs_quote(ruling: Ruling, question: Question) -> bool:
    """A quote can show what is there, never what is absent."""
    if isinstance(question.scale, LevelScale):
        return ruling != NA and ruling.number != question.scale.numbers[0]
    return ruling not in {NO, NA}
