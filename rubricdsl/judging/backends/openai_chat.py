"""The chat model ``openai``: any server that speaks OpenAI's chat completions.

Unless somebody chose a temperature it is the server's own, and 1 for what was asked
before in vain: then another answer is wanted, and not the same once more.
"""

from collections.abc import Mapping
from functools import partial

from rubricdsl.judging.backends.completions import response_format
from rubricdsl.judging.backends.documents import encoded
from rubricdsl.judging.backends.endpoint import OPTIONS, SERVICE, ChatEndpoint
from rubricdsl.model.chat import ChatModelOffer, ChatReply, ChatRequest
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import JudgeSettings

_AGAIN_TEMPERATURE = 1.0
# Servers keep a seed in a signed number of 32 bits.
_SEEDS = 2**31


class OpenAIChat:
    """Completes messages at an OpenAI-compatible server."""

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self._endpoint = endpoint

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Ask the model."""
        without = {"logprobs"} if request.schema else {"logprobs", "response_format"}
        body = partial(self._body, request)
        completion = await self._endpoint.complete(body, without=without)
        return ChatReply(
            text=completion.content,
            usage=self._endpoint.usage(
                completion.prompt_tokens, completion.completion_tokens
            ),
            model=completion.model,
            truncated=completion.truncated,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    def _body(self, request: ChatRequest, without: frozenset[str]) -> bytes:
        manner = self._endpoint.manner.with_room(request.attempt)
        temperature = manner.temperature
        if temperature is None and request.attempt:
            temperature = _AGAIN_TEMPERATURE
        body: dict[str, Plain] = {
            "messages": [
                {"role": turn.speaker, "content": turn.text}
                for turn in request.messages
            ],
            "model": manner.model,
        }
        if temperature is not None and "temperature" not in without:
            body["temperature"] = temperature
        body |= manner.longest(without)
        if "seed" not in without:
            body["seed"] = (request.seed + request.attempt) % _SEEDS
        if request.schema and "response_format" not in without:
            body["response_format"] = response_format(dict(request.schema), "answer")
        return encoded(body)


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> OpenAIChat:
    """Make the model; raises RubricError (D205) without a model or a needed key."""
    return OpenAIChat(ChatEndpoint.of(settings, environ, speaker="model"))


OFFER = ChatModelOffer(
    name="openai",
    description="a chat model behind any OpenAI-compatible server",
    create=create,
    options=OPTIONS,
    resolve=SERVICE.resolve,
)
