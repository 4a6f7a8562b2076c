"""Where a model is: its provider, its address and its key, before LiteLLM is loaded.

LiteLLM finds all of these by itself, but only when it is asked; what it would find in
the environment is looked up here, so that it is part of the judge's identity and a
mistake is told before anything is sent.
"""

import importlib.util
from collections.abc import Mapping

from attrs import evolve, field, frozen

from rubricdsl.diagnostics import fail
from rubricdsl.judging.options import OptionError, check_option
from rubricdsl.judging.redaction import Redactor
from rubricdsl.judging.spec import keys_hint
from rubricdsl.model.protocols import JudgeSettings

OPTIONS = (
    "base_url",
    "temperature",
    "max_tokens",
    "api_key_env",
    "price_prompt",
    "price_completion",
)
"""The SPEC options of judge and chat model."""

_ADDRESSES = ("_API_BASE", "_BASE_URL")
# Their replies tell nothing of other words that were likely.
_WITHOUT_PROBABILITIES = frozenset(
    {"anthropic", "bedrock", "cohere", "cohere_chat", "ollama", "ollama_chat"}
)
_NO_KEY = "none"


@frozen(kw_only=True)
class Route:
    """The way to a model: ``model`` as LiteLLM writes it, ``provider/name``.

    ``key_variable`` is where messages say that the key is.  LiteLLM looks for
    credentials itself where there is no ``key``.
    """

    model: str
    address: str | None
    key: str | None = field(repr=False)
    key_variable: str
    redact: Redactor = field(repr=False)

    @property
    def provider(self) -> str:
        """Who has the model: ``openai``, ``anthropic``."""
        return self.model.partition("/")[0]

    @property
    def name(self) -> str:
        """What the provider calls the model."""
        return self.model.rpartition("/")[2]

    @property
    def tells_probabilities(self) -> bool:
        """Whether replies of this provider can hold log-probabilities."""
        return self.provider not in _WITHOUT_PROBABILITIES

    @property
    def effective_key(self) -> str | None:
        """The key to send; servers of one's own often want any and check none."""
        return self.key or (_NO_KEY if self.address else None)

    @classmethod
    def of(
        cls, settings: JudgeSettings, environ: Mapping[str, str], speaker: str
    ) -> "Route":
        """Take it from resolved settings; ``speaker`` is what messages call the model.

        Raises:
            RubricError: D205 without a model or the key that was named, or where
                LiteLLM is not installed.
        """
        provider, slash, name = settings.model.partition("/")
        if not (provider and slash and name):
            fail(
                "D205",
                f"the {speaker} `{settings.backend}` needs a provider and its model",
                hint=f"name both, as in {settings.backend}:mistral/open-mistral-7b",
            )
        if importlib.util.find_spec("litellm") is None:
            fail(
                "D205",
                f"the {speaker} {settings.name} needs litellm, which is not installed",
                hint="pip install litellm",
            )
        named = settings.options.get("api_key_env")
        variable = str(named or f"{_prefix(provider)}_API_KEY")
        key = environ.get(variable, "").strip() or None
        if named and key is None:
            fail(
                "D205",
                f"the {speaker} {settings.name} has no key: {variable} is not set",
                hint=keys_hint(f"{_prefix(provider)}_API_KEY"),
            )
        if key is not None and not (key.isascii() and key.isprintable()):
            fail(
                "D205",
                f"the key in {variable} holds characters that no key has",
                hint="copy it again, without line breaks or quotation marks",
            )
        address = settings.options.get("base_url")
        return cls(
            model=settings.model,
            address=None if address is None else str(address),
            key=key,
            key_variable=variable,
            redact=Redactor.of_environment(environ, [variable]),
        )


def resolve(settings: JudgeSettings, environ: Mapping[str, str]) -> JudgeSettings:
    """Write an address that the environment holds for the provider into the settings.

    Raises RubricError (D205) for one that is none.
    """
    if "base_url" in settings.options:
        return settings
    prefix = _prefix(settings.model.partition("/")[0])
    for variable in (f"{prefix}{ending}" for ending in _ADDRESSES):
        found = environ.get(variable, "").strip()
        if not found:
            continue
        try:
            address = check_option("base_url", found)
        except OptionError as error:
            fail(
                "D205",
                f"the address in {variable} {error}",
                hint="set it to the server's address, as in http://127.0.0.1:8080/v1",
            )
        return evolve(settings, options={**settings.options, "base_url": address})
    return settings


def _prefix(provider: str) -> str:
    return provider.replace("-", "_").upper()
