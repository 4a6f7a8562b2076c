"""What batch services differ in: the judge behind each, and what stands around it.

A request of a batch is the body that the live judge would post, in an envelope with an
id; a result is the reply that it would have got, in another.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NoReturn, Protocol, TypeAlias

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.judging.backends import endpoint, openai
from rubricdsl.judging.backends.services import Service
from rubricdsl.judging.backends.transport import Poster, Reply, clean
from rubricdsl.judging.prompting import PromptWriter
from rubricdsl.model.protocols import JudgeBackend, JudgeSettings

_OK = 200
_INTERNAL_ERROR = 500


@frozen
class Undone:
    """A request that the service did not get to, and why."""

    reason: str


Outcome: TypeAlias = Reply | Undone
"""What came of a request: a reply of whatever status, or nothing."""


class ResultError(ValueError):
    """A line that is no result of a batch; the text says why."""


class Provider(Protocol):
    """A batch service.

    A batch holds ``most_requests`` in ``most_bytes`` at most.
    """

    @property
    def name(self) -> str:
        """What a SPEC calls it, before the model."""
        ...

    @property
    def most_requests(self) -> int:
        """How many requests a batch may hold."""
        ...

    @property
    def most_bytes(self) -> int:
        """How large the file of a batch may be."""
        ...

    @property
    def options(self) -> tuple[str, ...]:
        """The options of the judge that an answer can depend on."""
        ...

    def service(self) -> Service:
        """Say where the service is, and which key opens it."""
        ...

    def judge(self, settings: JudgeSettings, poster: Poster | None) -> JudgeBackend:
        """Make the live judge, whose requests go to a poster in place of a server.

        Raises RubricError (D205) where it is not installed.
        """
        ...

    def line(self, name: str, body: bytes) -> bytes:
        """Give the line of a request, without its end."""
        ...

    def outcome(self, document: Mapping[str, object]) -> Outcome:
        """Read what came of a request from a line of results.

        Raises ResultError.
        """
        ...


class OpenAI:
    """OpenAI's Batch API, and servers that speak like it."""

    name = "openai"
    most_requests = 50_000
    most_bytes = 200 * 1000**2
    options = ("temperature", "max_tokens")

    def service(self) -> Service:
        """Give OpenAI."""
        return endpoint.SERVICE

    def judge(self, settings: JudgeSettings, poster: Poster | None) -> JudgeBackend:
        """Make the judge `openai`."""
        return openai.OpenAIJudge(
            settings, key=None, writer=PromptWriter(), poster=poster
        )

    def line(self, name: str, body: bytes) -> bytes:
        """Give a line of the input file."""
        return (
            b'{"custom_id":"%b","method":"POST","url":"/v1/chat/completions","body":%b}'
            % (name.encode(), body)
        )

    def outcome(self, document: Mapping[str, object]) -> Outcome:
        """Read a line of the output file or of the file of errors."""
        match document:
            case {"response": {"status_code": int(status), "body": body}}:
                return Reply(status, _NO_HEADERS, _bytes(body))
            case {"error": {**error}}:
                return Undone(_said(error.get("message"), error.get("code")))
        raise ResultError("neither `response` nor `error` of a batch stands in it")


class Anthropic:
    """Anthropic's Message Batches."""

    name = "anthropic"
    most_requests = 100_000
    # Beside the requests there is a frame around all of them.
    most_bytes = 256 * 1000**2 - 64
    options = ("temperature", "max_tokens", "effort")

    def service(self) -> Service:
        """Give Anthropic."""
        try:
            from rubricdsl_anthropic.endpoint import SERVICE
        except ImportError:
            _not_installed()
        return SERVICE

    def judge(self, settings: JudgeSettings, poster: Poster | None) -> JudgeBackend:
        """Make the judge `anthropic`."""
        try:
            from rubricdsl_anthropic.judge import AnthropicJudge
        except ImportError:
            _not_installed()
        return AnthropicJudge(settings, key=None, writer=PromptWriter(), poster=poster)

    def line(self, name: str, body: bytes) -> bytes:
        """Give an element of `requests`."""
        return b'{"custom_id":"%b","params":%b}' % (name.encode(), body)

    def outcome(self, document: Mapping[str, object]) -> Outcome:
        """Read a line of the results."""
        match document:
            case {"result": {"type": "succeeded", "message": message}}:
                return Reply(_OK, _NO_HEADERS, _bytes(message))
            case {"result": {"type": "errored", "error": {**error}}}:
                found = error.get("error")
                kind = found.get("type") if isinstance(found, dict) else error["type"]
                status = _STATUSES.get(str(kind), _INTERNAL_ERROR)
                return Reply(status, _NO_HEADERS, _bytes(error))
            case {"result": {"type": "canceled" | "expired" as word}}:
                return Undone(word)
        raise ResultError("no `result` of a batch stands in it")


PROVIDERS: Mapping[str, Provider] = {
    provider.name: provider for provider in (OpenAI(), Anthropic())
}

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})

# What the service answers with where a request is sent by itself.
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def _bytes(document: object) -> bytes:
    return json.dumps(document).encode()


def _said(*parts: object) -> str:
    told = (clean(part) for part in parts if isinstance(part, str) and part.strip())
    return next(told, "no reason is given")


def _not_installed() -> NoReturn:
    fail(
        "D205",
        "batches for Anthropic need its judge, which is not installed",
        hint='pip install "rubricdsl-batch[anthropic]"',
    )
