"""The judge ``openai``: any server that speaks OpenAI's chat completions.

Answers are bound to a JSON schema where the server can do that, and read strictly
where it cannot.
"""

from collections.abc import Mapping
from functools import partial

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.answering import (
    estimate_prompt,
    estimate_reply,
    other_model,
    read_answers,
)
from rubricdsl.judging.backends.completions import BodyWriter, Completion
from rubricdsl.judging.backends.endpoint import OPTIONS, SERVICE, ChatEndpoint
from rubricdsl.judging.backends.transport import Poster
from rubricdsl.judging.made_once import MadeOnce
from rubricdsl.judging.prompting import PromptWriter, template_digest
from rubricdsl.model.judgement import (
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings

_UNUSED = frozenset({"seed"})
_UNUSED_FOR_QUOTES = frozenset({"seed", "logprobs"})
# So many lists of questions are told apart.
_KEPT = 128


class OpenAIJudge:
    """A chat model behind an OpenAI-compatible server."""

    capabilities = Capabilities(probabilities=True)

    def __init__(
        self,
        settings: JudgeSettings,
        *,
        key: str | None,
        writer: PromptWriter,
        poster: Poster | None = None,
    ) -> None:
        self._writer = writer
        self._endpoint = ChatEndpoint(settings, key=key, speaker="judge", poster=poster)
        self._bodies = BodyWriter(self._endpoint.manner)
        self._without = MadeOnce(_unused, _KEPT)

    @property
    def template(self) -> str:
        """Digest of the prompt template."""
        return template_digest()

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Ask the model."""
        prompt = self._writer.write(request)
        body = partial(
            self._bodies.write,
            prompt,
            request.questions,
            self._writer.schema,
            repeats=request.repeats,
        )
        without = self._without.of(request.questions)
        completion = await self._endpoint.complete(body, without=without)
        try:
            return self._answers(request, completion, removed=prompt.removed)
        except JudgeError as error:
            raise self._endpoint.redacted(error) from None

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give about what a request takes; a model that thinks first takes more."""
        prompt_tokens = estimate_prompt(self._writer.write(request))
        completion_tokens = estimate_reply(request.questions)
        most = self._endpoint.manner.max_tokens
        if most is not None:
            completion_tokens = min(completion_tokens, most)
        return self._endpoint.usage(prompt_tokens, completion_tokens)

    def prepare(self) -> None:
        """Load the HTTP client, which takes most of a second, and open a session."""
        self._endpoint.prepare()

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    def _answers(
        self, request: JudgeRequest, completion: Completion, *, removed: int
    ) -> JudgeReply:
        read = read_answers(completion, request.questions)
        model = completion.model
        notices = (*read.notices, *other_model(model, self._endpoint.manner.model))
        return JudgeReply(
            answers=read.answers,
            usage=self._endpoint.usage(
                completion.prompt_tokens, completion.completion_tokens
            ),
            model=model,
            notices=notices,
            hidden=removed,
        )

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Give the money that so many tokens cost; None where no price is known."""
        return self._endpoint.usage(prompt_tokens, completion_tokens).cost


def _unused(questions: Mapping[str, Question]) -> frozenset[str]:
    # Quotes are long, and twenty choices for each of their tokens much longer.
    quotes = any(question.evidence for question in questions.values())
    return _UNUSED_FOR_QUOTES if quotes else _UNUSED


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> OpenAIJudge:
    """Make the judge; raises RubricError as `Service.key_of` does."""
    settings = SERVICE.resolve(settings, environ)
    key = SERVICE.key_of(settings, environ, "judge")
    return OpenAIJudge(settings, key=key, writer=PromptWriter())


def create_estimator(
    settings: JudgeSettings, environ: Mapping[str, str]
) -> OpenAIJudge:
    """Make a judge that is asked for estimates only; raises D205 without a model."""
    settings = SERVICE.resolve(settings, environ)
    SERVICE.check_model(settings, "judge")
    return OpenAIJudge(settings, key=None, writer=PromptWriter())


OFFER = JudgeBackendOffer(
    name="openai",
    description="a chat model behind any OpenAI-compatible server",
    create=create,
    options=OPTIONS,
    resolve=SERVICE.resolve,
    estimator=create_estimator,
)
