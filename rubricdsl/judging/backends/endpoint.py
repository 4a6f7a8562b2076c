"""One model behind an OpenAI-compatible server: what judges and chat models share.

Keys come from the environment and reach no message; a reply that is none is an error
of a known kind.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Self

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.completions import (
    DISPENSABLE,
    Completion,
    Manner,
    read_completion,
)
from rubricdsl.judging.backends.correspondence import Correspondent
from rubricdsl.judging.backends.services import (
    Service,
    Tariff,
    connections_of,
    number_option,
    whole_option,
)
from rubricdsl.judging.backends.transport import JsonPoster, Poster
from rubricdsl.model.protocols import JudgeSettings

SERVICE = Service(
    address="https://api.openai.com/v1",
    address_variable="OPENAI_BASE_URL",
    key_variable="OPENAI_API_KEY",
    sample_model="gpt-4.1-mini",
)
OPTIONS = (
    "base_url",
    "temperature",
    "max_tokens",
    "api_key_env",
    "price_prompt",
    "price_completion",
)
"""The SPEC options of everything that stands behind such a server."""


class ChatEndpoint:
    """A model at an address, asked for one completion at a time.

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
        self.manner = Manner(
            model=settings.model,
            temperature=number_option(settings, "temperature"),
            max_tokens=whole_option(settings, "max_tokens"),
        )
        self._speaker = speaker
        self.usage = Tariff.of(settings).usage
        dispensable = dict(DISPENSABLE)
        if self.manner.temperature is not None:
            # What somebody chose is not dropped behind their back.
            del dispensable["temperature"]
        base = settings.options.get("base_url", SERVICE.address)
        self._correspondent = Correspondent(
            poster
            or JsonPoster(
                f"{base}/chat/completions",
                headers={"Authorization": f"Bearer {key}"} if key else {},
                connections=connections_of(settings),
            ),
            key=key,
            key_variable=SERVICE.key_variable_of(settings),
            dispensable=dispensable,
        )

    @classmethod
    def of(
        cls, settings: JudgeSettings, environ: Mapping[str, str], *, speaker: str
    ) -> Self:
        """Set one up; its key is in the environment.

        Raises RubricError as `Service.key_of` does.
        """
        settings = SERVICE.resolve(settings, environ)
        key = SERVICE.key_of(settings, environ, speaker)
        return cls(settings, key=key, speaker=speaker)

    async def complete(
        self,
        write: Callable[[frozenset[str]], bytes],
        *,
        without: Collection[str] = (),
    ) -> Completion:
        """Post what ``write`` makes, as `Correspondent.post`; read the completion.

        Raises:
            JudgeError: when there is no completion.
        """
        reply = await self._correspondent.post(write, without=without)
        try:
            return read_completion(
                reply, peer=self._correspondent.peer, speaker=self._speaker
            )
        except JudgeError as error:
            raise self.redacted(error) from None

    def redacted(self, error: JudgeError) -> JudgeError:
        """Keep the key out of an error about what the server said."""
        return self._correspondent.redacted(error)

    def prepare(self) -> None:
        """Load the HTTP client, which takes most of a second, and open a session."""
        self._correspondent.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._correspondent.close()
