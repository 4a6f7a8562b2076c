"""One model behind an OpenAI-compatible server: what judges and chat models share.

What a server refused once (a schema, log-probabilities, a seed) it is not asked for
again; keys come from the environment and reach no message; a reply that is none is an
error of a known kind.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Self

from attrs import evolve

from rubricdsl.diagnostics import JudgeError, fail
from rubricdsl.judging.backends.completions import (
    DISPENSABLE,
    Completion,
    Manner,
    read_completion,
)
from rubricdsl.judging.backends.refusals import Complaint, refusal
from rubricdsl.judging.backends.transport import JsonPoster, Reply
from rubricdsl.judging.options import OptionError, check_option
from rubricdsl.judging.redaction import Redactor
from rubricdsl.judging.spec import KEYS_HINT
from rubricdsl.model.judgement import Usage
from rubricdsl.model.protocols import JudgeSettings

DEFAULT_ADDRESS = "https://api.openai.com/v1"
OPTIONS = (
    "base_url",
    "temperature",
    "max_tokens",
    "api_key_env",
    "price_prompt",
    "price_completion",
)
"""The SPEC options of everything that stands behind such a server."""

_KEY_VARIABLE = "OPENAI_API_KEY"
_ADDRESS_VARIABLE = "OPENAI_BASE_URL"
_CONNECTIONS = 16
_PER_MILLION = 1_000_000

_OK = 200
_NEGOTIABLE = frozenset({400, 422, 501})


class ChatEndpoint:
    """A model at an address, asked for one completion at a time.

    ``speaker`` is what messages call it: a judge, a model.
    """

    def __init__(
        self, settings: JudgeSettings, *, key: str | None, speaker: str
    ) -> None:
        options = settings.options
        self.manner = Manner(
            model=settings.model,
            temperature=_number(options, "temperature"),
            max_tokens=_whole(options, "max_tokens"),
        )
        self._speaker = speaker
        self._key_variable = str(options.get("api_key_env", _KEY_VARIABLE))
        self._redactor = Redactor([key] if key else [])
        self._prices = (
            _number(options, "price_prompt"),
            _number(options, "price_completion"),
        )
        self._poster = JsonPoster(
            f"{options.get('base_url', DEFAULT_ADDRESS)}/chat/completions",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            connections=_whole(options, "concurrency") or _CONNECTIONS,
        )
        self._refused: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, settings: JudgeSettings, environ: Mapping[str, str], *, speaker: str
    ) -> Self:
        """Set one up; its key is in the environment.

        Raises RubricError as `key_of` does.
        """
        settings = resolve(settings, environ)
        return cls(settings, key=key_of(settings, environ, speaker), speaker=speaker)

    async def complete(
        self,
        write: Callable[[frozenset[str]], bytes],
        *,
        without: Collection[str] = (),
    ) -> Completion:
        """Post what ``write`` makes, and read the completion.

        ``write`` gets the parameters to leave out: those that the request goes
        ``without`` anyway, and those that the server has refused.

        Raises:
            JudgeError: when there is no completion.
        """
        left_out = self._refused.union(without)
        reply = await self._poster.post(write(left_out))
        # Each turn gives up one more parameter, so this ends.
        while reply.status in _NEGOTIABLE:
            refused = self._refused_parameter(reply, left_out)
            if refused is None:
                break
            self._refused |= {refused}
            left_out |= {refused}
            reply = await self._poster.post(write(left_out))
        if reply.status != _OK:
            raise refusal(
                reply,
                peer=self._poster.peer,
                key_variable=self._key_variable,
                redact=self._redactor,
            )
        try:
            return read_completion(reply, peer=self._poster.peer, speaker=self._speaker)
        except JudgeError as error:
            raise self.redacted(error) from None

    def redacted(self, error: JudgeError) -> JudgeError:
        """Keep the key out of an error about what the server said."""
        failure = error.failure
        return JudgeError(
            failure.kind,
            self._redactor(failure.reason),
            transient=error.transient,
            retry_after=error.retry_after,
        )

    def usage(self, prompt_tokens: int, completion_tokens: int) -> Usage:
        """Give what so many tokens cost."""
        prompt, reply = self._prices
        cost = None
        if prompt is not None and reply is not None:
            cost = (prompt * prompt_tokens + reply * completion_tokens) / _PER_MILLION
        return Usage(
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost=cost,
        )

    def prepare(self) -> None:
        """Load the HTTP client, which takes most of a second, and open a session."""
        self._poster.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._poster.close()

    def _refused_parameter(self, reply: Reply, without: frozenset[str]) -> str | None:
        complaint = Complaint.of(reply)
        if complaint.is_about_context:
            return None
        said = f"{complaint.code} {complaint.message}".casefold()
        for parameter, names in DISPENSABLE.items():
            # A temperature that somebody chose is not dropped behind their back.
            chosen = parameter == "temperature" and self.manner.temperature is not None
            if parameter in without or chosen:
                continue
            if any(name in said for name in names):
                return parameter
        return None


def resolve(settings: JudgeSettings, environ: Mapping[str, str]) -> JudgeSettings:
    """Write the address into the settings: the SPEC's, else the environment's."""
    address = settings.options.get("base_url")
    if address is None:
        found = environ.get(_ADDRESS_VARIABLE, "").strip() or DEFAULT_ADDRESS
        try:
            address = check_option("base_url", found)
        except OptionError as error:
            fail(
                "D205",
                f"the address in {_ADDRESS_VARIABLE} {error}",
                hint="set it to the server's address, as in http://127.0.0.1:8080/v1",
            )
    return evolve(settings, options={**settings.options, "base_url": address})


def key_of(
    settings: JudgeSettings, environ: Mapping[str, str], speaker: str
) -> str | None:
    """Find the key of a model whose address is resolved; servers may need none.

    Raises:
        RubricError: D205 where there is no model, or no key for OpenAI's own server.
    """
    check_model(settings, speaker)
    variable = str(settings.options.get("api_key_env", _KEY_VARIABLE))
    key = environ.get(variable, "").strip() or None
    if key is None and (
        settings.options["base_url"] == DEFAULT_ADDRESS
        or "api_key_env" in settings.options
    ):
        fail(
            "D205",
            f"the {speaker} {settings.name} has no key: {variable} is not set",
            hint=KEYS_HINT,
        )
    if key is not None and not (key.isascii() and key.isprintable()):
        fail(
            "D205",
            f"the key in {variable} holds characters that no key has",
            hint="copy it again, without line breaks or quotation marks",
        )
    return key


def check_model(settings: JudgeSettings, speaker: str) -> None:
    """Raise RubricError (D205) where no model is named."""
    if not settings.model:
        fail(
            "D205",
            f"the {speaker} `{settings.backend}` needs a model",
            hint=f"name one, as in {settings.backend}:gpt-4.1-mini",
        )


def _number(options: Mapping[str, str | float | bool], name: str) -> float | None:
    value = options.get(name)
    return float(value) if isinstance(value, int | float) else None


def _whole(options: Mapping[str, str | float | bool], name: str) -> int | None:
    value = _number(options, name)
    return None if value is None else int(value)
