"""One model behind a server that speaks Messages: what judge and chat model share."""

from collections.abc import Callable, Collection, Mapping

from attrs import evolve, frozen

from rubricdsl.diagnostics import JudgeError, fail
from rubricdsl.judging.backends.correspondence import Correspondent
from rubricdsl.judging.backends.services import (
    Service,
    Tariff,
    connections_of,
    number_option,
    whole_option,
)
from rubricdsl.judging.backends.transport import JsonPoster, Poster
from rubricdsl.model.digest import Plain
from rubricdsl.model.judgement import Usage
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl_anthropic.messages import (
    DISPENSABLE,
    FORMAT,
    MARKS,
    TEMPERATURE,
    Message,
    Tokens,
    output_config,
    read_reply_message,
    text_block,
)

SERVICE = Service(
    address="https://api.anthropic.com",
    address_variable="ANTHROPIC_BASE_URL",
    key_variable="ANTHROPIC_API_KEY",
    sample_model="claude-haiku-4-5",
)
OPTIONS = (
    "base_url",
    "temperature",
    "max_tokens",
    "effort",
    "api_key_env",
    "price_prompt",
    "price_completion",
)
EFFORTS = ("low", "medium", "high", "xhigh", "max")

_VERSION = "2023-06-01"


@frozen(kw_only=True)
class Manner:
    """How to ask: what of a request does not depend on it."""

    model: str
    temperature: float | None
    max_tokens: int | None
    effort: str | None

    @classmethod
    def of(cls, settings: JudgeSettings) -> "Manner":
        """Take it from a judge's options; raises RubricError (D203) for no effort."""
        effort = settings.options.get("effort")
        if effort is not None and effort not in EFFORTS:
            fail(
                "D203",
                f"`effort` of {settings.name} must be one of {', '.join(EFFORTS)}, "
                f"not `{effort}`",
                hint="leave it out, and the model's own holds",
            )
        return cls(
            model=settings.model,
            temperature=number_option(settings, "temperature"),
            max_tokens=whole_option(settings, "max_tokens"),
            effort=None if effort is None else str(effort),
        )

    def parameters(
        self,
        *,
        room: int,
        system: str,
        schema: Mapping[str, Plain] | None,
        without: Collection[str],
    ) -> dict[str, Plain]:
        """Give all of a request but its messages and its temperature.

        ``room`` is how many tokens the answer may take.  What is said to the system
        is the same in many requests, and marked to be cached.
        """
        bound = None if FORMAT in without else schema
        body: dict[str, Plain] = {
            "model": self.model,
            "max_tokens": room,
            **output_config(bound, self.effort),
        }
        if system:
            body["system"] = [text_block(system, marked=MARKS not in without)]
        return body


class MessagesEndpoint:
    """A model at an address, asked for one message at a time.

    ``speaker`` is what messages call it: a judge, a model.  A ``poster`` takes the
    place of requests to the address.
    """

    def __init__(
        self,
        settings: JudgeSettings,
        *,
        key: str | None,
        speaker: str,
        poster: Poster | None = None,
    ) -> None:
        self.manner = Manner.of(settings)
        self._speaker = speaker
        self._tariff = Tariff.of(settings)
        dispensable = dict(DISPENSABLE)
        if self.manner.temperature is not None:
            # What somebody chose is not dropped behind their back.
            del dispensable[TEMPERATURE]
        self._correspondent = Correspondent(
            poster
            or JsonPoster(
                f"{settings.options.get('base_url', SERVICE.address)}/v1/messages",
                headers={
                    "anthropic-version": _VERSION,
                    **({"x-api-key": key} if key else {}),
                },
                connections=connections_of(settings),
            ),
            key=key,
            key_variable=SERVICE.key_variable_of(settings),
            dispensable=dispensable,
        )

    async def ask(self, write: Callable[[frozenset[str]], bytes]) -> Message:
        """Post what ``write`` makes, as `Correspondent.post`; read the message.

        Raises:
            JudgeError: when there is none.
        """
        reply = await self._correspondent.post(write)
        try:
            return read_reply_message(
                reply, peer=self._correspondent.peer, speaker=self._speaker
            )
        except JudgeError as error:
            raise self.redacted(error) from None

    def redacted(self, error: JudgeError) -> JudgeError:
        """Keep the key out of an error about what the server said."""
        return self._correspondent.redacted(error)

    def usage(self, tokens: Tokens) -> Usage:
        """Give what a reply cost, with tokens of the cache at their own price."""
        return self._tariff.usage(
            tokens.prompt, tokens.completion, billed=tokens.billed
        )

    def estimated(self, prompt_tokens: int, completion_tokens: int) -> Usage:
        """Give what so many tokens would cost without a cache."""
        return self._tariff.usage(prompt_tokens, completion_tokens)

    def prepare(self) -> None:
        """Load the HTTP client, which takes most of a second, and open a session."""
        self._correspondent.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._correspondent.close()


def resolve(settings: JudgeSettings, environ: Mapping[str, str]) -> JudgeSettings:
    """Write the address into the settings, in one form: without ``/v1``.

    Raises RubricError as `Service.resolve` does.
    """
    settings = SERVICE.resolve(settings, environ)
    address = str(settings.options["base_url"]).removesuffix("/v1")
    return evolve(settings, options={**settings.options, "base_url": address})
