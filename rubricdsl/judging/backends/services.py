"""Services on the network: where each is, which key opens it, and what it charges."""

from collections.abc import Mapping
from typing import Self

from attrs import evolve, frozen

from rubricdsl.diagnostics import fail
from rubricdsl.judging.options import OptionError, check_option
from rubricdsl.judging.spec import keys_hint
from rubricdsl.model.judgement import Usage
from rubricdsl.model.protocols import JudgeSettings

_PER_MILLION = 1_000_000
_CONNECTIONS = 16


@frozen(kw_only=True)
class Service:
    """A service that models are asked at.

    ``address`` is its own; ``address_variable`` and ``key_variable`` name what says
    otherwise, and what holds the key.  ``sample_model`` is one that it has.
    """

    address: str
    address_variable: str
    key_variable: str
    sample_model: str

    def resolve(
        self, settings: JudgeSettings, environ: Mapping[str, str]
    ) -> JudgeSettings:
        """Write the address into the settings: the SPEC's, else the environment's.

        Raises RubricError (D205) for an address in the environment that is none.
        """
        if "base_url" in settings.options:
            return settings
        found = environ.get(self.address_variable, "").strip() or self.address
        try:
            address = check_option("base_url", found)
        except OptionError as error:
            fail(
                "D205",
                f"the address in {self.address_variable} {error}",
                hint="set it to the server's address, as in http://127.0.0.1:8080/v1",
            )
        return evolve(settings, options={**settings.options, "base_url": address})

    def key_of(
        self, settings: JudgeSettings, environ: Mapping[str, str], speaker: str
    ) -> str | None:
        """Find the key of a model whose address is resolved; servers may need none.

        ``speaker`` is what messages call the model.

        Raises:
            RubricError: D205 where there is no model, or no key for the service at
                its own address.
        """
        self.check_model(settings, speaker)
        variable = self.key_variable_of(settings)
        key = environ.get(variable, "").strip() or None
        if key is None and (
            settings.options["base_url"] == self.address
            or "api_key_env" in settings.options
        ):
            fail(
                "D205",
                f"the {speaker} {settings.name} has no key: {variable} is not set",
                hint=keys_hint(self.key_variable),
            )
        if key is not None and not (key.isascii() and key.isprintable()):
            fail(
                "D205",
                f"the key in {variable} holds characters that no key has",
                hint="copy it again, without line breaks or quotation marks",
            )
        return key

    def key_variable_of(self, settings: JudgeSettings) -> str:
        """Name the environment variable that holds the key."""
        return str(settings.options.get("api_key_env", self.key_variable))

    def check_model(self, settings: JudgeSettings, speaker: str) -> None:
        """Raise RubricError (D205) where no model is named."""
        if not settings.model:
            fail(
                "D205",
                f"the {speaker} `{settings.backend}` needs a model",
                hint=f"name one, as in {settings.backend}:{self.sample_model}",
            )


@frozen
class Tariff:
    """What a million tokens to read and to write cost; None where it is not known."""

    prompt: float | None
    completion: float | None

    @classmethod
    def of(cls, settings: JudgeSettings) -> Self:
        """Take the prices from a judge's options."""
        return cls(
            number_option(settings, "price_prompt"),
            number_option(settings, "price_completion"),
        )

    def usage(
        self, prompt_tokens: int, completion_tokens: int, *, billed: float | None = None
    ) -> Usage:
        """Give what so many tokens cost.

        ``billed`` is how many tokens to read are paid for, where some cost more or
        less than others.
        """
        cost = None
        if self.prompt is not None and self.completion is not None:
            read = prompt_tokens if billed is None else billed
            cost = (self.prompt * read + self.completion * completion_tokens) / (
                _PER_MILLION
            )
        return Usage(
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost=cost,
        )


def number_option(settings: JudgeSettings, name: str) -> float | None:
    """Give an option that is a number; None where it is not given."""
    value = settings.options.get(name)
    return float(value) if isinstance(value, int | float) else None


def whole_option(settings: JudgeSettings, name: str) -> int | None:
    """Give an option that is a whole number; None where it is not given."""
    value = number_option(settings, name)
    return None if value is None else int(value)


def connections_of(settings: JudgeSettings) -> int:
    """Give how many connections a judge's requests may take at once."""
    return whole_option(settings, "concurrency") or _CONNECTIONS
