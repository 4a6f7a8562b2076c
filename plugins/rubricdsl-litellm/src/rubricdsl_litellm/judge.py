"""The judge ``litellm``: a model at any of the providers that LiteLLM reaches.

Answers are bound to a JSON schema where the model can do that, and read strictly
where it cannot.
"""

from collections.abc import Mapping

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.answering import (
    estimate_prompt,
    estimate_reply,
    other_model,
    read_answers,
)
from rubricdsl.judging.backends.completions import parameters
from rubricdsl.judging.prompting import PromptWriter, template_digest
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Capabilities, JudgeReply, JudgeRequest, Usage
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl_litellm.endpoint import LiteLLMEndpoint
from rubricdsl_litellm.library import sound
from rubricdsl_litellm.route import OPTIONS, Route, resolve


class LiteLLMJudge:
    """A model that LiteLLM reaches."""

    def __init__(
        self, settings: JudgeSettings, route: Route, writer: PromptWriter
    ) -> None:
        self._writer = writer
        self._endpoint = LiteLLMEndpoint(settings, route, "judge")
        self.capabilities = Capabilities(probabilities=route.tells_probabilities)

    @property
    def template(self) -> str:
        """Digest of the prompt template."""
        return template_digest()

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Ask the model."""
        prompt = self._writer.write(request)
        manner = self._endpoint.manner.with_room(request.repeats)
        schema = self._writer.schema(request.questions)
        sent: dict[str, Plain] = parameters(manner, schema, without=frozenset())
        sent["messages"] = sound([("system", prompt.system), ("user", prompt.user)])
        # Quotes are long, and twenty choices for each of their tokens much longer.
        quotes = any(question.evidence for question in request.questions.values())
        told = self.capabilities.probabilities and not quotes
        without = () if told else ("logprobs",)
        completion, usage = await self._endpoint.complete(sent, without=without)
        try:
            read = read_answers(completion, request.questions)
        except JudgeError as error:
            raise self._endpoint.redacted(error) from None
        named = self._endpoint.route.name
        return JudgeReply(
            answers=read.answers,
            usage=usage,
            model=completion.model,
            notices=(*read.notices, *other_model(completion.model, named)),
            hidden=prompt.removed,
        )

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give about what a request takes; a model that thinks first takes more."""
        completion_tokens = estimate_reply(request.questions)
        most = self._endpoint.manner.max_tokens
        if most is not None:
            completion_tokens = min(completion_tokens, most)
        prompt_tokens = estimate_prompt(self._writer.write(request))
        return self._endpoint.usage(prompt_tokens, completion_tokens)

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Give the money that so many tokens cost; None where no price is known."""
        return self._endpoint.usage(prompt_tokens, completion_tokens).cost

    def prepare(self) -> None:
        """Load LiteLLM, which takes seconds."""
        self._endpoint.prepare()

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> LiteLLMJudge:
    """Make the judge; raises RubricError (D205) as `Route.of` does."""
    settings = resolve(settings, environ)
    route = Route.of(settings, environ, "judge")
    return LiteLLMJudge(settings, route, PromptWriter())


OFFER = JudgeBackendOffer(
    name="litellm",
    description="a model at any of the providers that LiteLLM reaches",
    create=create,
    options=OPTIONS,
    resolve=resolve,
)
