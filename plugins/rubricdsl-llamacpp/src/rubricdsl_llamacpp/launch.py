"""How a model is loaded: its file, and what it gets of this machine.

All that can be known without loading it is checked here, so that a mistake is told
before anything is asked.
"""

import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path

from attrs import evolve, field, frozen

from rubricdsl.diagnostics import fail
from rubricdsl.judging.backends.services import number_option, whole_option
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl_llamacpp.gguf import GgufError, ModelCard, fingerprint, read_card

OPTIONS = ("n_ctx", "parallel", "threads", "temperature", "max_tokens")
"""The SPEC options of judge and chat model."""

# The digest of the file, which no SPEC can hold: another model is another judge.
_FINGERPRINT = "model_digest"

_CONTEXT = 8_192
_BOUNDS = {"n_ctx": (256, 2**24), "parallel": (1, 256), "threads": (1, 1_024)}


@frozen(kw_only=True)
class Launch:
    """A model file, and how it is loaded; equal ones are loaded once.

    ``context_tokens`` is what one request may take, prompt and answer together.
    Without ``threads`` there are as many as llama.cpp finds good.
    """

    path: Path
    context_tokens: int
    parallel: int
    threads: int | None
    model_digest: str
    card: ModelCard = field(eq=False)

    @property
    def name(self) -> str:
        """What the file calls its model, else its own name."""
        return self.card.name or self.path.name

    @classmethod
    def of(cls, settings: JudgeSettings, speaker: str) -> "Launch":
        """Take it from settings; ``speaker`` is what messages call the model.

        Raises:
            RubricError: D205 for a file that is no model, or where the library is
                missing; D203 for an option out of its bounds.
        """
        path, card = _model_file(settings, speaker)
        if importlib.util.find_spec("xllamacpp") is None:
            fail(
                "D205",
                f"the {speaker} {settings.name} needs xllamacpp, which is missing",
                hint="pip install xllamacpp",
            )
        chosen = _whole(settings, "n_ctx") or _CONTEXT
        trained = card.context_tokens or chosen
        return cls(
            path=path,
            context_tokens=min(chosen, trained),
            parallel=_whole(settings, "parallel") or 1,
            threads=_whole(settings, "threads"),
            model_digest=fingerprint(path),
            card=card,
        )


@frozen(kw_only=True)
class Manner:
    """How answers are drawn: what of a request does not depend on it."""

    temperature: float | None
    max_tokens: int | None

    @classmethod
    def of(cls, settings: JudgeSettings) -> "Manner":
        """Take it from settings."""
        return cls(
            temperature=number_option(settings, "temperature"),
            max_tokens=whole_option(settings, "max_tokens"),
        )

    def room(self, usual: int, repeats: int) -> int:
        """Give the tokens that an answer may take: double for each cut before."""
        return (self.max_tokens or usual) << repeats


def resolve(settings: JudgeSettings, environ: Mapping[str, str]) -> JudgeSettings:
    """Write the digest of the model's file into the settings.

    Raises RubricError (D205) for a file that is no model.
    """
    del environ
    path, _ = _model_file(settings, "judge")
    options = {**settings.options, _FINGERPRINT: fingerprint(path)}
    return evolve(settings, options=options)


def _model_file(settings: JudgeSettings, speaker: str) -> tuple[Path, ModelCard]:
    sample = f"name one, as in {settings.backend}:/models/mistral.gguf"
    if not settings.model:
        fail(
            "D205",
            f"the {speaker} `{settings.backend}` needs a model file",
            hint=sample,
        )
    path = Path(settings.model).expanduser()
    try:
        card = read_card(path)
    except OSError as error:
        fail(
            "D205",
            f"the model file {path} cannot be read: {error.strerror or error}",
            hint="check the path; it is relative to where the command runs",
        )
    except GgufError as error:
        fail(
            "D205",
            f"{path} is no model that llama.cpp can load: {error}",
            hint="name a GGUF file; models in other formats are converted to it first",
        )
    if card.kind != "model":
        fail(
            "D205",
            f"{path} holds no language model, but a part of one: {card.kind}",
            hint=sample,
        )
    return path.resolve(), card


def _whole(settings: JudgeSettings, name: str) -> int | None:
    """Give an option that is a whole number; raises RubricError (D203)."""
    value = settings.options.get(name)
    if value is None:
        return None
    low, high = _BOUNDS[name]
    number = number_option(settings, name)
    is_whole = number is not None and math.floor(number) == number
    if isinstance(value, bool) or not is_whole or not low <= (number or 0) <= high:
        fail(
            "D203",
            f"`{name}` of {settings.name} must be a whole number from {low} to {high}, "
            f"not {value}",
            hint="leave it out, and a usual one holds",
        )
    return whole_option(settings, name)
