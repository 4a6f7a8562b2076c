"""Chat models: what proposers and attackers stand on, and how plugins offer one."""

from collections.abc import Callable, Mapping
from typing import Protocol

from attrs import field, frozen

from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Usage
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import Turn


@frozen(kw_only=True)
class ChatRequest:
    """Messages to complete; with a ``schema``, by JSON that it describes.

    ``attempt`` counts, from 0, how often the same was asked before in vain; a model
    that answers the same way every time is asked differently then (another seed).
    """

    messages: tuple[Turn, ...]
    schema: Mapping[str, Plain] | None = field(default=None, hash=False)
    seed: int = 0
    attempt: int = 0


@frozen(kw_only=True)
class ChatReply:
    """What a model answered.

    ``truncated`` says that it was cut short; ``model`` is what it calls itself.
    """

    text: str
    usage: Usage = Usage()
    model: str | None = None
    truncated: bool = False


class ChatModel(Protocol):
    """Completes messages; neither retries, caches nor limits."""

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Give the next message.

        Raises `rubricdsl.diagnostics.JudgeError` when there is none.
        """
        ...

    async def close(self) -> None:
        """Give back connections and the like; called once, after the last call."""
        ...


@frozen(kw_only=True)
class ChatModelOffer:
    """A chat model that a plugin offers; with the fields of `JudgeBackendOffer`."""

    name: str
    description: str
    create: Callable[[JudgeSettings, Mapping[str, str]], ChatModel]
    options: tuple[str, ...] = ()
    resolve: Callable[[JudgeSettings, Mapping[str, str]], JudgeSettings] | None = None
