"""The chat model ``litellm``, which proposes and attacks.

Unless somebody chose a temperature it is the provider's own, and 1 for what was asked
before in vain.
"""

from collections.abc import Mapping

from rubricdsl.judging.backends.completions import response_format
from rubricdsl.model.chat import ChatModelOffer, ChatReply, ChatRequest
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl_litellm.endpoint import LiteLLMEndpoint
from rubricdsl_litellm.library import sound
from rubricdsl_litellm.route import OPTIONS, Route, resolve

_AGAIN_TEMPERATURE = 1.0
# Providers keep a seed in a signed number of 32 bits.
_SEEDS = 2**31


class LiteLLMChat:
    """Completes messages at a model that LiteLLM reaches."""

    def __init__(self, endpoint: LiteLLMEndpoint) -> None:
        self._endpoint = endpoint

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Ask the model."""
        manner = self._endpoint.manner.with_room(request.attempt)
        sent: dict[str, Plain] = {
            "messages": sound([(turn.speaker, turn.text) for turn in request.messages]),
            "seed": (request.seed + request.attempt) % _SEEDS,
            **manner.longest(frozenset()),
        }
        temperature = manner.temperature
        if temperature is None and request.attempt:
            temperature = _AGAIN_TEMPERATURE
        if temperature is not None:
            sent["temperature"] = temperature
        if request.schema:
            sent["response_format"] = response_format(dict(request.schema), "answer")
        completion, usage = await self._endpoint.complete(sent)
        return ChatReply(
            text=completion.content,
            usage=usage,
            model=completion.model,
            truncated=completion.truncated,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> LiteLLMChat:
    """Make the model; raises RubricError (D205) as `Route.of` does."""
    settings = resolve(settings, environ)
    route = Route.of(settings, environ, "model")
    return LiteLLMChat(LiteLLMEndpoint(settings, route, "model"))


OFFER = ChatModelOffer(
    name="litellm",
    description="a model at any of the providers that LiteLLM reaches",
    create=create,
    options=OPTIONS,
    resolve=resolve,
)
