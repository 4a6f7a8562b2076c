"""The chat model ``llamacpp``, which proposes and attacks.

Unless somebody chose a temperature it is the library's own; what was asked before in
vain is asked with another seed.
"""

from collections.abc import Mapping

from rubricdsl.judging.backends.completions import response_format
from rubricdsl.model.chat import ChatModelOffer, ChatReply, ChatRequest
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Usage
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl_llamacpp.launch import OPTIONS, Launch, Manner, resolve
from rubricdsl_llamacpp.resident import Tenancy

# Where nobody bounds the answer; without a bound, a small model may fill its context.
_ROOM = 4_096
# The library keeps a seed in 32 bits, of which one value stands for no seed.
_SEEDS = 2**31


class LlamaCppChat:
    """A model in a file, loaded when it is first needed."""

    def __init__(self, launch: Launch, manner: Manner) -> None:
        self._tenancy = Tenancy(launch)
        self._manner = manner

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Ask the model."""
        resident = self._tenancy.resident
        completion = await resident.complete(self._body(request), "model")
        return ChatReply(
            text=completion.content,
            usage=Usage(
                prompt_tokens=completion.prompt_tokens,
                completion_tokens=completion.completion_tokens,
                cost=0.0,
            ),
            model=resident.launch.name,
            truncated=completion.truncated,
        )

    async def close(self) -> None:
        """Give the memory back, unless somebody else asks the same model."""
        await self._tenancy.move_out()

    def _body(self, request: ChatRequest) -> dict[str, Plain]:
        body: dict[str, Plain] = {
            "messages": [
                {"role": turn.speaker, "content": _sound(turn.text)}
                for turn in request.messages
            ],
            "max_tokens": self._manner.room(_ROOM, request.attempt),
            "seed": (request.seed + request.attempt) % _SEEDS,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        if self._manner.temperature is not None:
            body["temperature"] = self._manner.temperature
        if request.schema:
            body["response_format"] = response_format(dict(request.schema), "answer")
        return body


def _sound(text: str) -> str:
    """Give text that can be written in UTF-8, which half a character cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> LlamaCppChat:
    """Make the model; raises RubricError as `Launch.of` does."""
    del environ
    return LlamaCppChat(Launch.of(settings, "model"), Manner.of(settings))


OFFER = ChatModelOffer(
    name="llamacpp",
    description="a model in a GGUF file on this machine, through llama.cpp",
    create=create,
    options=OPTIONS,
    resolve=resolve,
)
