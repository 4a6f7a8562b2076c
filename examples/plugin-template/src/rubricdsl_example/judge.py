"""The judge: one request to ``/api/chat`` for each request of the engine.

The engine keeps verdicts, repeats what may pass, limits what is in flight and watches
the clock.  A judge asks once, and says by kind what went wrong.
"""

import json
from collections.abc import Mapping

from attrs import evolve

from rubricdsl.diagnostics import JudgeError, fail
from rubricdsl.judging.backends.refusals import refusal
from rubricdsl.judging.backends.tokens import estimate_tokens
from rubricdsl.judging.backends.transport import JsonPoster, Reply, clean
from rubricdsl.judging.options import OptionError, check_option
from rubricdsl.judging.prompting import (
    Prompt,
    PromptWriter,
    sample_reply,
    template_digest,
)
from rubricdsl.judging.redaction import Redactor
from rubricdsl.judging.replies import read_reply
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Capabilities, JudgeReply, JudgeRequest, Usage
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.ruling import FailureKind

_ADDRESS = "http://127.0.0.1:11434"
_ADDRESS_VARIABLE = "OLLAMA_HOST"
_KEY_VARIABLE = "OLLAMA_API_KEY"
_CONNECTIONS = 8
_OK = 200


def resolve(settings: JudgeSettings, environment: Mapping[str, str]) -> JudgeSettings:
    """Write the address into the settings, since it is part of who judges.

    Raises `rubricdsl.diagnostics.RubricError` (D205) for an address that is none.
    """
    if "base_url" in settings.options:
        return settings
    found = environment.get(_ADDRESS_VARIABLE, "").strip() or _ADDRESS
    try:
        # Ollama itself takes it without a scheme, as in 127.0.0.1:11434.
        address = check_option(
            "base_url", found if "://" in found else f"http://{found}"
        )
    except OptionError as error:
        fail(
            "D205",
            f"the address in {_ADDRESS_VARIABLE} {error}",
            hint=f"set it to that of the server, as in {_ADDRESS}",
        )
    return evolve(settings, options={**settings.options, "base_url": address})


def create(settings: JudgeSettings, environment: Mapping[str, str]) -> "ExampleJudge":
    """Make the judge; raises `rubricdsl.diagnostics.RubricError` (D205)."""
    if not settings.model:
        fail(
            "D205",
            f"the judge `{settings.backend}` needs a model",
            hint=f"name one that is pulled, as in {settings.backend}:llama3.2",
        )
    settings = resolve(settings, environment)
    return ExampleJudge(settings, key=environment.get(_KEY_VARIABLE, "").strip())


class ExampleJudge:
    """A model behind an Ollama server (`rubricdsl.model.protocols.JudgeBackend`)."""

    capabilities = Capabilities()

    def __init__(self, settings: JudgeSettings, *, key: str) -> None:
        options = settings.options
        self._model = settings.model
        self._parameters: dict[str, Plain] = {
            "temperature": options.get("temperature", 0)
        }
        if "max_tokens" in options:
            self._parameters["num_predict"] = int(options["max_tokens"])
        self._writer = PromptWriter()
        self._redact = Redactor([key])
        self._poster = JsonPoster(
            f"{options['base_url']}/api/chat",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            connections=int(options.get("concurrency", _CONNECTIONS)),
        )

    @property
    def template(self) -> str:
        """Digest of the prompt, which is the core's."""
        return template_digest()

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Ask the model; raises `JudgeError` by kind when there is no reply."""
        prompt = self._writer.write(request)
        reply = await self._poster.post(self._body(request, prompt))
        if reply.status != _OK:
            raise refusal(
                reply,
                peer=self._poster.peer,
                key_variable=_KEY_VARIABLE,
                redact=self._redact,
            )
        try:
            return self._read(reply, request, prompt)
        except JudgeError as error:
            failure = error.failure
            raise JudgeError(failure.kind, self._redact(failure.reason)) from None

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give about what a request takes."""
        prompt = self._writer.write(request)
        return Usage(
            prompt_tokens=sum(map(estimate_tokens, (prompt.system, prompt.user))),
            completion_tokens=estimate_tokens(sample_reply(request.questions)),
        )

    def prepare(self) -> None:
        """Load the HTTP client before a question's time begins to run."""
        self._poster.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._poster.close()

    def _body(self, request: JudgeRequest, prompt: Prompt) -> bytes:
        body: Plain = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            "format": self._writer.schema(request.questions),
            "options": self._parameters,
            "stream": False,
        }
        return json.dumps(body).encode()

    def _read(self, reply: Reply, request: JudgeRequest, prompt: Prompt) -> JudgeReply:
        """Read a reply; raises JudgeError for what is none."""
        document = _document(reply)
        message = document.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        if document.get("done_reason") == "length":
            raise JudgeError(
                FailureKind.JUDGE_TRUNCATED,
                "the reply was cut at its greatest length; raise max_tokens",
            )
        if not isinstance(content, str):
            raise JudgeError(
                FailureKind.JUDGE_UNPARSEABLE, "the reply has no message of text"
            )
        read = read_reply(content, request.questions)
        model = document.get("model")
        return JudgeReply(
            answers=read.answers,
            usage=Usage(
                prompt_tokens=_count(document.get("prompt_eval_count")),
                completion_tokens=_count(document.get("eval_count")),
            ),
            model=clean(model) if isinstance(model, str) else None,
            notices=read.notices,
            hidden=prompt.removed,
        )


def _document(reply: Reply) -> dict[str, object]:
    try:
        document = json.loads(reply.body.decode())
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise JudgeError(
            FailureKind.JUDGE_UNPARSEABLE, "the reply's body is no JSON object"
        )
    return document


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
