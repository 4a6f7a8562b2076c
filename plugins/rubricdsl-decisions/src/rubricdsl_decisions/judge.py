"""The judge ``decisions``: a model that decides on all questions of a response at once.

It writes nothing, so there is nothing to parse but numbers, and each answer has a
probability.  What does not fit into one request is told apart before it is sent.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate

from rubricdsl.diagnostics import JudgeError
from rubricdsl.diagnostics.strict_json import loads_strict
from rubricdsl.judging.backends.answering import other_model
from rubricdsl.judging.backends.correspondence import Correspondent
from rubricdsl.judging.backends.documents import (
    encoded,
    model_name,
    read_document,
    token_count,
    unreadable,
)
from rubricdsl.judging.backends.services import Tariff, connections_of
from rubricdsl.judging.backends.tokens import estimate_tokens
from rubricdsl.judging.backends.transport import JsonPoster, clean
from rubricdsl.judging.exhibits import Exhibitor
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl.model.ruling import FailureKind
from rubricdsl_decisions import questions as wording
from rubricdsl_decisions.decisions import (
    DecisionError,
    RefusalError,
    answer_of,
    failed,
)
from rubricdsl_decisions.questions import Asked
from rubricdsl_decisions.shapes import Limits, resolve, shape_of, threshold_of

_KEPT = 4_096
_LATEST = "-latest"


class DecisionsJudge:
    """A decision model behind a server that speaks one of the two protocols."""

    def __init__(self, settings: JudgeSettings, *, key: str | None) -> None:
        shape = shape_of(settings)
        self._codec = shape.codec
        self._model = settings.model
        self._limits = Limits.of(settings, shape)
        self._threshold = threshold_of(settings)
        tariff = Tariff.of(settings)
        # What these models write is a few numbers, and mostly not charged.
        self._tariff = Tariff(tariff.prompt, tariff.completion or 0.0)
        self._exhibitor = Exhibitor(wording.text("state.txt"))
        self._asked = lru_cache(maxsize=_KEPT)(wording.asked)
        self._correspondent = Correspondent(
            JsonPoster(
                str(settings.options["base_url"]),
                headers={"Authorization": f"Bearer {key}"} if key else {},
                connections=connections_of(settings),
            ),
            key=key,
            key_variable=shape.service.key_variable_of(settings),
            dispensable={},
        )

    @property
    def capabilities(self) -> Capabilities:
        """What this judge can do."""
        return Capabilities(
            probabilities=True,
            max_questions=self._limits.max_questions,
            context_tokens=self._limits.context_tokens,
        )

    @property
    def template(self) -> str:
        """Digest of the words that questions are put in."""
        return wording.template_digest()

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Have everything decided that a decision model can decide.

        Raises:
            JudgeError: as `Correspondent.post`; ``judge_unparseable``; or
                ``request_rejected``, before anything is sent, for what does not fit.
        """
        able = self._able(request.questions)
        unable = tuple(
            failed(name, FailureKind.JUDGE_UNSUPPORTED, reason)
            for name, question in request.questions.items()
            if (reason := wording.unsupported(question)) is not None
        )
        if not able:
            return JudgeReply(answers=unable)
        guidance = _guidance(request.instructions)
        exhibit = self._exhibitor.exhibit(request.seen)
        self._refuse_too_long(_tokens_of(guidance, exhibit.text), able)
        body = encoded(self._codec.body(self._model, guidance, exhibit.text, able))
        reply = await self._correspondent.post(lambda _: body)
        try:
            document = read_document(
                reply,
                peer=self._correspondent.peer,
                loads=lambda raw: loads_strict(raw.decode()),
            )
            answers, notices = self._read(document, request.questions, able)
        except JudgeError as error:
            raise self._correspondent.redacted(error) from None
        model = model_name(document.get("model"))
        return JudgeReply(
            answers=(*answers, *unable),
            usage=self._usage(document.get("usage")),
            model=model,
            notices=(*notices, *other_model(model, self._model.removesuffix(_LATEST))),
            hidden=exhibit.removed,
        )

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give about what a request takes."""
        able = self._able(request.questions)
        if not able:
            return self._tariff.usage(0, 0)
        exhibit = self._exhibitor.exhibit(request.seen)
        texts = _tokens_of(_guidance(request.instructions), exhibit.text)
        sizes = [on.tokens for on in able.values()]
        requests, room = 1, 0
        for size in sizes:
            room += size
            most = self._limits.request_tokens
            if most is not None and room > size and texts + room > most:
                requests, room = requests + 1, size
        # A probability for each question is all that is written.
        return self._tariff.usage(requests * texts + sum(sizes), len(able))

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Give the money that so many tokens cost; None where no price is known."""
        return self._tariff.usage(prompt_tokens, completion_tokens).cost

    def prepare(self) -> None:
        """Load the HTTP client, which takes most of a second, and open a session."""
        self._correspondent.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._correspondent.close()

    def _able(self, questions: Mapping[str, Question]) -> Mapping[str, Asked]:
        return {
            name: self._asked(question)
            for name, question in questions.items()
            if wording.unsupported(question) is None
        }

    def _refuse_too_long(self, texts: int, able: Mapping[str, Asked]) -> None:
        """See that a request fits; raises JudgeError that says how much of it does."""
        sizes = [on.tokens for on in able.values()]
        context, whole = self._limits.context_tokens, self._limits.request_tokens
        if context is not None and texts + max(sizes) > context:
            # Only a longer question than the others' can be at fault beside the texts.
            fits = sum(texts + size <= context for size in sizes)
            raise _too_long(texts + max(sizes), context, fitting=1 if fits else None)
        if whole is not None and texts + sum(sizes) > whole:
            totals = accumulate(sizes, initial=texts)
            fitting = sum(total <= whole for total in totals) - 1
            raise _too_long(texts + sum(sizes), whole, fitting=max(fitting, 1))

    def _read(
        self,
        document: Mapping[str, object],
        questions: Mapping[str, Question],
        able: Mapping[str, Asked],
    ) -> tuple[tuple[Answer, ...], tuple[str, ...]]:
        """Give the answers to what was asked, and what else stood in the reply."""
        found: dict[str, list[Mapping[str, object]]] = {}
        notices: list[str] = []
        for name, answer in self._codec.answers(document):
            if name is None:
                notices.append("an answer without a name")
            elif name not in able:
                shown = clean(name, limit=40)
                notices.append(f"an answer to {shown!r}, which was not asked")
            else:
                found.setdefault(name, []).append(answer)
        answers = tuple(
            self._answer(name, found[name], questions[name], on)
            for name, on in able.items()
            if name in found
        )
        if not answers:
            raise unreadable("the reply answers none of the questions")
        return answers, tuple(notices)

    def _answer(
        self,
        name: str,
        given: list[Mapping[str, object]],
        question: Question,
        on: Asked,
    ) -> Answer:
        if len(given) > 1:
            return failed(name, FailureKind.JUDGE_UNPARSEABLE, "answered twice")
        try:
            decision = self._codec.decision(given[0], on, threshold=self._threshold)
        except DecisionError as error:
            reason = clean(self._correspondent.redact(str(error)))
            return failed(name, FailureKind.JUDGE_UNPARSEABLE, reason)
        except RefusalError:
            reason = "the judge declined to decide this question"
            return failed(name, FailureKind.JUDGE_REFUSED, reason)
        return answer_of(name, question, on, decision)

    def _usage(self, usage: object) -> Usage:
        counts = usage if isinstance(usage, dict) else {}
        return self._tariff.usage(
            token_count(counts.get("input_tokens")),
            token_count(counts.get("output_tokens")),
        )


def _guidance(instructions: str | None) -> str:
    guidance = wording.text("guidance.txt")
    if instructions:
        guidance = f"{guidance}\n\nFurther instructions:\n{instructions}"
    return guidance


def _tokens_of(*texts: str) -> int:
    return sum(map(estimate_tokens, texts))


def _too_long(tokens: int, most: int, *, fitting: int | None) -> JudgeError:
    return JudgeError(
        FailureKind.REQUEST_REJECTED,
        f"the texts and questions are too long for the model: about {tokens} tokens, "
        f"and it takes {most}",
        too_long=fitting is not None,
        fitting=fitting,
    )


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> DecisionsJudge:
    """Make the judge; raises RubricError as `Service.key_of` does, or D203."""
    settings = resolve(settings, environ)
    key = shape_of(settings).service.key_of(settings, environ, "judge")
    return DecisionsJudge(settings, key=key)


def create_estimator(
    settings: JudgeSettings, environ: Mapping[str, str]
) -> DecisionsJudge:
    """Make a judge that is asked for estimates only; raises D205 without a model."""
    settings = resolve(settings, environ)
    shape_of(settings).service.check_model(settings, "judge")
    return DecisionsJudge(settings, key=None)


OFFER = JudgeBackendOffer(
    name="decisions",
    description="a decision model: all questions in one request, with probabilities",
    create=create,
    options=(
        "base_url",
        "shape",
        "threshold",
        "max_questions",
        "context_tokens",
        "request_tokens",
        "api_key_env",
        "price_prompt",
        "price_completion",
    ),
    resolve=resolve,
    estimator=create_estimator,
)
