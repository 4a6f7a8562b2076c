"""The chat model ``anthropic``, which proposes and attacks.

Unless somebody chose a temperature it is the server's own, at which the same request
is answered in another way each time; there is no seed.
"""

from collections.abc import Mapping
from functools import partial

from rubricdsl.judging.backends.documents import encoded
from rubricdsl.model.chat import ChatModelOffer, ChatReply, ChatRequest
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl_anthropic.endpoint import OPTIONS, SERVICE, MessagesEndpoint, resolve
from rubricdsl_anthropic.messages import TEMPERATURE, text_block

# Where nobody bounds the answer; asked again there is twice the room, as far as
# every model gives it.
_ROOM = 8_192
_MOST_ROOM = 32_768


class AnthropicChat:
    """Completes messages at a server that speaks Messages."""

    def __init__(self, endpoint: MessagesEndpoint) -> None:
        self._endpoint = endpoint

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Ask the model."""
        message = await self._endpoint.ask(partial(self._body, request))
        return ChatReply(
            text=message.content,
            usage=self._endpoint.usage(message.tokens),
            model=message.model,
            truncated=message.truncated,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()

    def _body(self, request: ChatRequest, without: frozenset[str]) -> bytes:
        manner = self._endpoint.manner
        if manner.max_tokens is None:
            room = min(_ROOM << request.attempt, _MOST_ROOM)
        else:
            room = manner.max_tokens << request.attempt
        system = [turn.text for turn in request.messages if turn.speaker == "system"]
        body = manner.parameters(
            room=room,
            system="\n\n".join(system),
            schema=request.schema,
            without=without,
        )
        messages: list[Plain] = [
            {"role": turn.speaker, "content": [text_block(turn.text)]}
            for turn in request.messages
            if turn.speaker != "system"
        ]
        body["messages"] = messages
        if manner.temperature is not None and TEMPERATURE not in without:
            body["temperature"] = manner.temperature
        return encoded(body)


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> AnthropicChat:
    """Make the model; raises RubricError (D205) without a model or a needed key."""
    settings = resolve(settings, environ)
    key = SERVICE.key_of(settings, environ, "model")
    return AnthropicChat(MessagesEndpoint(settings, key=key, speaker="model"))


OFFER = ChatModelOffer(
    name="anthropic",
    description="Claude, over Anthropic's Messages API",
    create=create,
    options=OPTIONS,
    resolve=resolve,
)
