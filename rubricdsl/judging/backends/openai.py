"""The judge ``openai``: any server that speaks OpenAI's chat completions.

Answers are bound to a JSON schema where the server can do that, and read strictly
where it cannot; what a server refused once (schema, log-probabilities, temperature)
it is not asked for again.
"""

from collections.abc import Mapping

from attrs import evolve

from rubricdsl.diagnostics import JudgeError, fail
from rubricdsl.judging.backends.completions import (
    DISPENSABLE,
    BodyWriter,
    Completion,
    Manner,
    read_completion,
)
from rubricdsl.judging.backends.probabilities import probability_of_yes
from rubricdsl.judging.backends.refusals import Complaint, refusal
from rubricdsl.judging.backends.tokens import (
    TOKENS_OF_CHAT,
    TOKENS_OF_MESSAGE,
    estimate_tokens,
)
from rubricdsl.judging.backends.transport import JsonPoster, Reply
from rubricdsl.judging.options import OptionError, check_option
from rubricdsl.judging.prompting import (
    Prompt,
    PromptWriter,
    sample_reply,
    template_digest,
)
from rubricdsl.judging.redaction import Redactor
from rubricdsl.judging.replies import read_reply
from rubricdsl.judging.spec import KEYS_HINT
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Usage,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings

DEFAULT_ADDRESS = "https://api.openai.com/v1"
_KEY_VARIABLE = "OPENAI_API_KEY"
_ADDRESS_VARIABLE = "OPENAI_BASE_URL"
_CONNECTIONS = 16
_PER_MILLION = 1_000_000

_OK = 200
_NEGOTIABLE = frozenset({400, 422, 501})


class OpenAIJudge:
    """A chat model behind an OpenAI-compatible server."""

    capabilities = Capabilities(probabilities=True)

    def __init__(
        self, settings: JudgeSettings, *, key: str | None, writer: PromptWriter
    ) -> None:
        options = settings.options
        self._key_variable = str(options.get("api_key_env", _KEY_VARIABLE))
        self._redactor = Redactor([key] if key else [])
        self._writer = writer
        self._manner = Manner(
            model=settings.model,
            temperature=_number(options, "temperature"),
            max_tokens=_whole(options, "max_tokens"),
        )
        self._bodies = BodyWriter(self._manner)
        self._prices = (
            _number(options, "price_prompt"),
            _number(options, "price_completion"),
        )
        self._poster = JsonPoster(
            f"{options.get('base_url', DEFAULT_ADDRESS)}/chat/completions",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            connections=_whole(options, "concurrency") or _CONNECTIONS,
        )
        self._refused: frozenset[str] = frozenset()

    @property
    def template(self) -> str:
        """Digest of the prompt template."""
        return template_digest()

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Ask the model."""
        prompt = self._writer.write(request)
        without = self._without(request)
        reply = await self._post(prompt, request, without)
        # Each turn gives up one more parameter, so this ends.
        while reply.status in _NEGOTIABLE:
            refused = self._refused_parameter(reply, without)
            if refused is None:
                break
            self._refused |= {refused}
            without |= {refused}
            reply = await self._post(prompt, request, without)
        if reply.status != _OK:
            raise refusal(
                reply,
                peer=self._poster.peer,
                key_variable=self._key_variable,
                redact=self._redactor,
            )
        try:
            completion = read_completion(reply, peer=self._poster.peer)
            return self._answers(request, completion, removed=prompt.removed)
        except JudgeError as error:
            failure = error.failure
            raise JudgeError(
                failure.kind,
                self._redactor(failure.reason),
                transient=error.transient,
                retry_after=error.retry_after,
            ) from None

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give about what a request takes; a model that thinks first takes more."""
        prompt = self._writer.write(request)
        parts = (prompt.system, prompt.opening, prompt.closing)
        prompt_tokens = sum(map(estimate_tokens, parts))
        prompt_tokens += 2 * TOKENS_OF_MESSAGE + TOKENS_OF_CHAT
        completion_tokens = estimate_tokens(sample_reply(request.questions))
        if self._manner.max_tokens is not None:
            completion_tokens = min(completion_tokens, self._manner.max_tokens)
        return Usage(
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost=self.price(prompt_tokens, completion_tokens),
        )

    def prepare(self) -> None:
        """Load the HTTP client, which takes most of a second, and open a session."""
        self._poster.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._poster.close()

    async def _post(
        self, prompt: Prompt, request: JudgeRequest, without: frozenset[str]
    ) -> Reply:
        body = self._bodies.write(
            prompt,
            request.questions,
            schema=self._writer.schema,
            without=without,
            repeats=request.repeats,
        )
        return await self._poster.post(body)

    def _without(self, request: JudgeRequest) -> frozenset[str]:
        # Quotes are long, and twenty choices for each of their tokens much longer.
        quotes = any(question.evidence for question in request.questions.values())
        return self._refused | {"logprobs"} if quotes else self._refused

    def _refused_parameter(self, reply: Reply, without: frozenset[str]) -> str | None:
        complaint = Complaint.of(reply)
        if complaint.is_about_context:
            return None
        said = f"{complaint.code} {complaint.message}".casefold()
        for parameter, names in DISPENSABLE.items():
            # A temperature that somebody chose is not dropped behind their back.
            chosen = parameter == "temperature" and self._manner.temperature is not None
            if parameter in without or chosen:
                continue
            if any(name in said for name in names):
                return parameter
        return None

    def _answers(
        self, request: JudgeRequest, completion: Completion, *, removed: int
    ) -> JudgeReply:
        read = read_reply(completion.content, request.questions)
        notices = list(read.notices)
        model = completion.model
        if model is not None and self._manner.model.casefold() not in model.casefold():
            notices.append(f"the server answered as model {model!r}")
        answers = read.answers
        if completion.tokens:
            answers = tuple(
                self._with_probability(answer, request, completion)
                for answer in answers
            )
        return JudgeReply(
            answers=answers,
            usage=Usage(
                prompt_tokens=completion.prompt_tokens,
                completion_tokens=completion.completion_tokens,
                cost=self.price(completion.prompt_tokens, completion.completion_tokens),
            ),
            model=model,
            notices=tuple(notices),
            hidden=removed,
        )

    @staticmethod
    def _with_probability(
        answer: Answer, request: JudgeRequest, completion: Completion
    ) -> Answer:
        if answer.ruling is None:
            return answer
        question = request.questions[answer.id]
        probability = probability_of_yes(
            completion.content, completion.tokens, answer.id, question
        )
        return evolve(answer, probability=probability)

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Give the money that so many tokens cost; None where no price is known."""
        prompt, reply = self._prices
        if prompt is None or reply is None:
            return None
        return (prompt * prompt_tokens + reply * completion_tokens) / _PER_MILLION


def resolve(settings: JudgeSettings, environ: Mapping[str, str]) -> JudgeSettings:
    """Write the address into the settings: the SPEC's, else the environment's."""
    address = settings.options.get("base_url")
    if address is None:
        found = environ.get(_ADDRESS_VARIABLE, "").strip() or DEFAULT_ADDRESS
        try:
            address = check_option("base_url", found)
        except OptionError as error:
            fail(
                "D205",
                f"the address in {_ADDRESS_VARIABLE} {error}",
                hint="set it to the server's address, as in http://127.0.0.1:8080/v1",
            )
    return evolve(settings, options={**settings.options, "base_url": address})


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> OpenAIJudge:
    """Make the judge.

    Raises:
        RubricError: D205 where it has no model, or no key for OpenAI's own server.
    """
    settings = _resolved(settings, environ)
    variable = str(settings.options.get("api_key_env", _KEY_VARIABLE))
    key = environ.get(variable, "").strip() or None
    if key is None and (
        settings.options["base_url"] == DEFAULT_ADDRESS
        or "api_key_env" in settings.options
    ):
        fail(
            "D205",
            f"the judge {settings.name} has no key: {variable} is not set",
            hint=KEYS_HINT,
        )
    if key is not None and not (key.isascii() and key.isprintable()):
        fail(
            "D205",
            f"the key in {variable} holds characters that no key has",
            hint="copy it again, without line breaks or quotation marks",
        )
    return OpenAIJudge(settings, key=key, writer=PromptWriter())


def create_estimator(
    settings: JudgeSettings, environ: Mapping[str, str]
) -> OpenAIJudge:
    """Make a judge that is asked for estimates only; raises D205 without a model."""
    return OpenAIJudge(_resolved(settings, environ), key=None, writer=PromptWriter())


def _resolved(settings: JudgeSettings, environ: Mapping[str, str]) -> JudgeSettings:
    settings = resolve(settings, environ)
    if not settings.model:
        fail(
            "D205",
            "the judge `openai` needs a model",
            hint="name one, as in openai:gpt-4.1-mini",
        )
    return settings


def _number(options: Mapping[str, str | float | bool], name: str) -> float | None:
    value = options.get(name)
    return float(value) if isinstance(value, int | float) else None


def _whole(options: Mapping[str, str | float | bool], name: str) -> int | None:
    value = _number(options, name)
    return None if value is None else int(value)


OFFER = JudgeBackendOffer(
    name="openai",
    description="a chat model behind any OpenAI-compatible server",
    create=create,
    options=(
        "base_url",
        "temperature",
        "max_tokens",
        "api_key_env",
        "price_prompt",
        "price_completion",
    ),
    resolve=resolve,
    estimator=create_estimator,
)
