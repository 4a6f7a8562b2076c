"""LiteLLM, loaded when it is first used, and kept quiet.

Its import takes seconds and 200 MB, so nothing here is imported before a model is
asked, or its price is looked up.  It fetches no table of prices, prints nothing, and
repeats no request.
"""

import logging
import os
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Protocol, cast

from rubricdsl.model.digest import Plain

# They write requests and replies down as they are, with the keys in them.
_LOGGERS = {
    "LiteLLM": logging.CRITICAL,
    "openai": logging.WARNING,
    "httpcore": logging.WARNING,
}


class Message(Protocol):
    """A reply of LiteLLM."""

    _hidden_params: Mapping[str, object]

    def model_dump(self) -> dict[str, object]:
        """Give the reply as a chat completion."""
        ...


class Library(Protocol):
    """What is used of LiteLLM."""

    async def acompletion(self, **parameters: object) -> Message:
        """Ask for one completion."""
        ...

    def get_supported_openai_params(
        self, model: str, custom_llm_provider: str
    ) -> list[str] | None:
        """Name the parameters that can be sent to a model."""
        ...

    def cost_per_token(
        self, *, model: str, prompt_tokens: int, completion_tokens: int
    ) -> tuple[float, float]:
        """Give the dollars for tokens read and tokens written."""
        ...


@cache
def library() -> Library:
    """Load LiteLLM."""
    # Without this it fetches its table of prices when it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import litellm
    # Its types are checked when they are first used, with a warning about each.
    warnings.filterwarnings("ignore", message=".*`ReadOnly` qualifier")
    litellm.suppress_debug_info = True
    for name, level in _LOGGERS.items():
        logging.getLogger(name).setLevel(level)
    return cast("Library", litellm)


def price(model: str, prompt_tokens: int, completion_tokens: int) -> float | None:
    """Give the dollars that tokens cost by LiteLLM's table; None for other models."""
    try:
        parts = library().cost_per_token(
            model=model,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
        )
    except Exception:  # noqa: BLE001 - it raises many things for what it does not know
        return None
    return sum(parts)


def sound(messages: list[tuple[str, str]]) -> list[Plain]:
    """Give messages that can be written in UTF-8, which half a character cannot."""
    return [
        {"role": role, "content": text.encode("utf-8", "replace").decode("utf-8")}
        for role, text in messages
    ]
