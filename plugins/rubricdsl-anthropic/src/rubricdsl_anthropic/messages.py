"""The Messages protocol: what is sent, and what a reply must look like."""

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.correspondence import Dispensable
from rubricdsl.judging.backends.documents import (
    model_name,
    read_document,
    token_count,
    unreadable,
)
from rubricdsl.judging.backends.transport import Reply, clean
from rubricdsl.model.digest import Plain
from rubricdsl.model.ruling import FailureKind

FORMAT, MARKS, TEMPERATURE = "format", "marks", "temperature"

# What some models or servers refuse, with what they call it when they do.  Without
# it the answers are the same in form, only less certain to be so, or dearer.
DISPENSABLE: Dispensable = {
    MARKS: ("cache_control",),
    FORMAT: (
        "output_config",
        "output_format",
        "output format",
        "json_schema",
        "schema",
        "structured output",
        "grammar",
    ),
    TEMPERATURE: ("temperature",),
}

# Of the price of a token to read: into the cache for five minutes, and out of it.
_WRITTEN = 1.25
_CACHED = 0.1

# The model thinks in these, and answers in others.
_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
# The room ends where the context does, whatever was allowed.
_CUT = frozenset({"max_tokens", "model_context_window_exceeded"})


@frozen(kw_only=True)
class Tokens:
    """What a reply took: tokens read afresh, into the cache, out of it, and written."""

    fresh: int
    stored: int
    cached: int
    completion: int

    @property
    def prompt(self) -> int:
        """All tokens that were read."""
        return self.fresh + self.stored + self.cached

    @property
    def billed(self) -> float:
        """The tokens that were read, each as much as it costs."""
        return self.fresh + _WRITTEN * self.stored + _CACHED * self.cached


@frozen(kw_only=True)
class Message:
    """The message of a reply, and what it cost.

    One that is ``truncated`` was cut at its greatest length, and may be empty.
    ``unread`` names the kinds of content that stood in it beside text.
    """

    content: str
    tokens: Tokens
    model: str | None
    truncated: bool
    unread: tuple[str, ...]


def text_block(text: str, *, marked: bool = False) -> dict[str, Plain]:
    """Give a piece of a message; the prompt up to one that is marked is cached."""
    block: dict[str, Plain] = {"type": "text", "text": text}
    if marked:
        block["cache_control"] = {"type": "ephemeral"}
    return block


def output_config(
    schema: Mapping[str, Plain] | None, effort: str | None
) -> dict[str, Plain]:
    """Give the parameter that binds an answer to a schema, and to an effort."""
    config: dict[str, Plain] = {}
    if schema is not None:
        config["format"] = {"type": "json_schema", "schema": dict(schema)}
    if effort is not None:
        config["effort"] = effort
    return {"output_config": config} if config else {}


def read_reply_message(reply: Reply, *, peer: str, speaker: str) -> Message:
    """Read a reply with status 200; ``speaker`` is what messages call the model.

    Raises:
        JudgeError: ``judge_unparseable`` for what is no message with text,
            ``judge_refused``.
    """
    document = read_document(reply, peer=peer)
    stop = document.get("stop_reason")
    if stop == "refusal":
        said = _refused(document.get("stop_details"))
        raise JudgeError(
            FailureKind.JUDGE_REFUSED, f"the {speaker} refused to answer: {said}"
        )
    content = document.get("content")
    if not isinstance(content, list):
        raise unreadable(f"the reply of {peer} is no message")
    truncated = stop in _CUT
    texts, others = _sorted_blocks(content)
    if stop == "tool_use" or any(kind.endswith("tool_use") for kind in others):
        raise unreadable(f"the {speaker}'s message calls a tool instead of answering")
    if stop == "pause_turn":
        raise unreadable(f"the {speaker} paused instead of answering")
    text = "".join(texts)
    if not text.strip() and not truncated:
        raise unreadable(f"the {speaker}'s message has no text")
    return Message(
        content=text,
        tokens=_tokens(document.get("usage")),
        model=model_name(document.get("model")),
        truncated=truncated,
        unread=tuple(sorted(set(others) - _THOUGHTS)),
    )


def _refused(details: object) -> str:
    if not isinstance(details, dict):
        return "no reason is given"
    said = (details.get("explanation"), details.get("category"))
    return next((clean(s) for s in said if isinstance(s, str) and s.strip()), "policy")


def _sorted_blocks(content: Iterable[object]) -> tuple[Sequence[str], Sequence[str]]:
    """Give the texts, and the kinds of all other blocks."""
    texts: list[str] = []
    others: list[str] = []
    for block in content:
        kind = block.get("type") if isinstance(block, dict) else None
        text = block.get("text") if isinstance(block, dict) else None
        if kind == "text" and isinstance(text, str):
            texts.append(text)
        else:
            others.append(clean(kind, limit=40) if isinstance(kind, str) else "?")
    return texts, others


def _tokens(usage: object) -> Tokens:
    counts = usage if isinstance(usage, dict) else {}
    return Tokens(
        fresh=token_count(counts.get("input_tokens")),
        stored=token_count(counts.get("cache_creation_input_tokens")),
        cached=token_count(counts.get("cache_read_input_tokens")),
        completion=token_count(counts.get("output_tokens")),
    )
