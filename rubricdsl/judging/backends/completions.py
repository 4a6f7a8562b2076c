"""The chat-completions protocol: what is sent, and what an answer must look like."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

from attrs import evolve, frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.correspondence import Dispensable
from rubricdsl.judging.backends.documents import (
    ENCODER,
    loads_lax,
    model_name,
    read_document,
    token_count,
    unreadable,
)
from rubricdsl.judging.backends.probabilities import Token, read_tokens
from rubricdsl.judging.backends.transport import Reply, clean
from rubricdsl.judging.made_once import MadeOnce
from rubricdsl.judging.prompting import Prompt
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Question
from rubricdsl.model.ruling import FailureKind

try:
    # The extra `speed`.
    from orjson import loads as _found
except ImportError:
    _fast_loads: Callable[[bytes], object] | None = None
else:
    _fast_loads = _found

# The most that servers allow.
_TOP_LOGPROBS = 20
_KEPT = 128
# Questions are shorter than responses, and come again for each of them.
_KEPT_CLOSINGS = 512

# Parameters that some servers or models refuse, with what they call them when they
# do.  Without them, or by another name, the answers are the same in form, only less
# certain to be so.
DISPENSABLE: Dispensable = {
    "response_format": (
        "response_format",
        "json_schema",
        "schema",
        "grammar",
        "structured",
    ),
    "logprobs": ("logprob",),
    "temperature": ("temperature",),
    "seed": ("seed",),
    # Models that think first want it called by another name, and say so.
    "max_tokens": ("max_completion_tokens",),
}


@frozen(kw_only=True)
class Manner:
    """How to ask: the parameters of a request that do not depend on it."""

    model: str
    temperature: float | None
    max_tokens: int | None

    def longest(self, without: frozenset[str]) -> dict[str, Plain]:
        """Give the parameter that bounds an answer, by the name that is not refused."""
        if self.max_tokens is None:
            return {}
        name = "max_completion_tokens" if "max_tokens" in without else "max_tokens"
        return {name: self.max_tokens}

    def with_room(self, repeats: int) -> "Manner":
        """Give the manner for a request that was answered too long so often."""
        if self.max_tokens is None or not repeats:
            return self
        return evolve(self, max_tokens=self.max_tokens * 2**repeats)


@frozen(kw_only=True)
class Completion:
    """The one message of a reply, with its tokens and what it cost.

    One that is ``truncated`` was cut at its greatest length, and may be empty.
    """

    content: str
    tokens: tuple[Token, ...]
    model: str | None
    prompt_tokens: int
    completion_tokens: int
    truncated: bool = False


# The ends of bodies with the same questions, by repeats and parameters left out.
_Ends: TypeAlias = dict[tuple[int, frozenset[str]], str]


class BodyWriter:
    """Writes the bodies of requests.

    What most requests share (instructions, the texts of one response, the schema of
    one set of answers) is turned into JSON once and kept for a while.
    """

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._json = lru_cache(maxsize=_KEPT)(ENCODER.encode)
        self._closing = lru_cache(maxsize=_KEPT_CLOSINGS)(ENCODER.encode)
        self._ends: dict[tuple[tuple[str, str], ...], _Ends] = {}
        self._ends_of = MadeOnce(self._ends_to, _KEPT)

    def write(
        self,
        prompt: Prompt,
        questions: Mapping[str, Question],
        schema: Callable[[Mapping[str, Question]], Plain],
        without: frozenset[str],
        *,
        repeats: int = 0,
    ) -> bytes:
        """Give the body of a request, without the parameters in ``without``.

        For one that ``repeats`` another there is double the room for the answer.
        """
        ends = self._ends_of.of(questions)
        end = ends.get((repeats, without))
        if end is None:
            manner = self._manner.with_room(repeats)
            written = parameters(manner, schema(questions), without=without)
            end = ends[repeats, without] = ENCODER.encode(written)[1:]
        opening = self._json(prompt.opening)[:-1]
        closing = self._closing(prompt.closing)[1:]
        return (
            f'{{"messages":[{{"role":"system","content":{self._json(prompt.system)}}},'
            f'{{"role":"user","content":{opening}{closing}}}],{end}'
        ).encode("ascii")

    def _ends_to(self, questions: Mapping[str, Question]) -> _Ends:
        asked = tuple([(name, q.digest) for name, q in questions.items()])
        ends = self._ends.get(asked)
        if ends is None:
            if len(self._ends) >= _KEPT:
                self._ends.clear()
            ends = self._ends[asked] = {}
        return ends


def parameters(
    manner: Manner, schema: Plain, *, without: frozenset[str]
) -> dict[str, Plain]:
    """Give the parameters of a request, all but its messages."""
    body: dict[str, Plain] = {"model": manner.model}
    if "temperature" not in without:
        body["temperature"] = 0 if manner.temperature is None else manner.temperature
    body |= manner.longest(without)
    if "response_format" not in without:
        body["response_format"] = response_format(schema, "answers")
    if "logprobs" not in without:
        body["logprobs"] = True
        body["top_logprobs"] = _TOP_LOGPROBS
    return body


def response_format(schema: Plain, name: str) -> Plain:
    """Give the parameter that binds an answer to a JSON schema."""
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "strict": True, "schema": schema},
    }


def read_completion(reply: Reply, *, peer: str, speaker: str) -> Completion:
    """Read a reply with status 200.

    Raises JudgeError as `completion_of`, and for a body that is no JSON object.
    """
    document = read_document(reply, peer=peer, loads=_loads)
    return completion_of(document, peer=peer, speaker=speaker)


def completion_of(
    document: Mapping[str, object], *, peer: str, speaker: str
) -> Completion:
    """Read a chat completion.

    Raises:
        JudgeError: ``judge_unparseable`` for what is none with just one message of
            text, ``judge_refused``.
    """
    choices = document.get("choices")
    if not isinstance(choices, list) or not choices:
        raise unreadable(f"the reply of {peer} has no choices")
    if len(choices) > 1 or not isinstance(choices[0], dict):
        raise unreadable(f"the reply of {peer} has not just one choice")
    choice: dict[str, object] = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise unreadable(f"the reply of {peer} has no message")
    refused, finish = message.get("refusal"), choice.get("finish_reason")
    if refused or finish == "content_filter":
        said = clean(refused) if isinstance(refused, str) else "content filter"
        raise JudgeError(
            FailureKind.JUDGE_REFUSED, f"the {speaker} refused to answer: {said}"
        )
    truncated = finish == "length"
    content = message.get("content")
    if truncated and not isinstance(content, str):
        content = ""
    if not isinstance(content, str) or not (content.strip() or truncated):
        what = "calls a tool" if message.get("tool_calls") else "has no content"
        raise unreadable(f"the {speaker}'s message {what} instead of answering")
    model, usage = document.get("model"), document.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return Completion(
        content=content,
        tokens=read_tokens(choice.get("logprobs")),
        model=model_name(model),
        prompt_tokens=token_count(counts.get("prompt_tokens")),
        completion_tokens=token_count(counts.get("completion_tokens")),
        truncated=truncated,
    )


def _loads(body: bytes) -> object:
    """Read the frame around a judge's message.

    What only the slower reader takes, such as NaN among log-probabilities, it gets.
    """
    if _fast_loads is not None:
        try:
            return _fast_loads(body)
        except ValueError:
            pass
    return loads_lax(body)
