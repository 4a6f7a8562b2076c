"""Which protocol a judge speaks, where, and how much it takes at once."""

from collections.abc import Iterable, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from rubricdsl.diagnostics import fail
from rubricdsl.judging.backends.services import Service, number_option
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl_decisions.decisions import Decision
from rubricdsl_decisions.openai_decisions import OpenAIDecisions
from rubricdsl_decisions.questions import Asked
from rubricdsl_decisions.systemone import SystemOne

_MODEL_VARIABLE = "TYPESAFE_DEFAULT_MODEL"
# An address that ends so is whole; the same body goes to all of them.
_WHOLE = ("/systemone", "/decisions", "/evaluations")


class Codec(Protocol):
    """How a protocol writes questions and reads answers."""

    def body(
        self, model: str, guidance: str, texts: str, questions: Mapping[str, Asked]
    ) -> dict[str, Plain]:
        """Give the body of a request."""
        ...

    def answers(
        self, document: Mapping[str, object]
    ) -> Iterable[tuple[str | None, Mapping[str, object]]]:
        """Give the answers with their names; raises JudgeError where there are none."""
        ...

    def decision(
        self, answer: Mapping[str, object], on: Asked, *, threshold: float
    ) -> Decision:
        """Read an answer; raises DecisionError, or RefusalError."""
        ...


@frozen(kw_only=True)
class Shape:
    """A protocol, and the service that it is the protocol of.

    ``path`` is what an address lacks that is not whole, and ``default_model`` the
    model where none is named.  ``context_tokens`` bounds the texts and the longest
    question, ``request_tokens`` the texts and all questions; None where no bound is
    known.
    """

    name: str
    service: Service
    codec: Codec = field(eq=False)
    path: str
    default_model: str
    max_questions: int
    context_tokens: int | None = None
    request_tokens: int | None = None


SHAPES: Mapping[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape(
            name="systemone",
            service=Service(
                address="https://api.typesafe.ai/v1/systemone",
                address_variable="TYPESAFE_BASE_URL",
                key_variable="TYPESAFE_API_KEY",
                sample_model="jev-latest",
            ),
            codec=SystemOne(),
            path="/v1/systemone",
            default_model="jev-latest",
            max_questions=64,
            context_tokens=32_000,
            request_tokens=64_000,
        ),
        Shape(
            name="openai",
            service=Service(
                address="https://api.openai.com/v1/decisions",
                address_variable="OPENAI_BASE_URL",
                key_variable="OPENAI_API_KEY",
                sample_model="gpt-6-luna",
            ),
            codec=OpenAIDecisions(),
            path="/decisions",
            default_model="",
            max_questions=400,
        ),
    )
}


@frozen(kw_only=True)
class Limits:
    """How much a judge takes in one request; see `Shape`."""

    max_questions: int
    context_tokens: int | None
    request_tokens: int | None

    @classmethod
    def of(cls, settings: JudgeSettings, shape: Shape) -> "Limits":
        """Take them from a judge's options, else from its protocol; raises D203."""
        most = _limit(settings, "max_questions", shape.max_questions)
        return cls(
            max_questions=most or shape.max_questions,
            context_tokens=_limit(settings, "context_tokens", shape.context_tokens),
            request_tokens=_limit(settings, "request_tokens", shape.request_tokens),
        )


def _limit(settings: JudgeSettings, name: str, default: int | None) -> int | None:
    if name not in settings.options:
        return default
    number = number_option(settings, name)
    if number is None or number < 1 or number != int(number):
        fail(
            "D203",
            f"`{name}` of {settings.name} must be a whole number above 0",
            hint=f"leave it out, or write it as in {name}=64",
        )
    return int(number)


def threshold_of(settings: JudgeSettings) -> float:
    """Give the probability from which it is yes; raises RubricError (D203)."""
    given = settings.options.get("threshold", 0.5)
    number = number_option(settings, "threshold") if given != 0.5 else 0.5  # noqa: PLR2004
    if number is None or isinstance(given, bool) or not 0 < number <= 1:
        fail(
            "D203",
            f"`threshold` of {settings.name} must be above 0 and at most 1",
            hint="leave it out for 0.5",
        )
    return number


def shape_of(settings: JudgeSettings) -> Shape:
    """Give the protocol: the one that is named, else that of the address.

    Raises RubricError (D203) for one that there is not.
    """
    named = settings.options.get("shape")
    if named is None:
        return SHAPES[_shape_at(str(settings.options.get("base_url", "")))]
    if named not in SHAPES:
        fail(
            "D203",
            f"`shape` of {settings.name} must be one of {', '.join(SHAPES)}",
            hint="leave it out, and the address decides",
        )
    return SHAPES[str(named)]


def _shape_at(address: str) -> str:
    parts = urlsplit(address)
    # OpenRouter has the other protocol under this name, in its alpha.
    is_named = parts.path.endswith("/decisions") and "/alpha/" not in parts.path
    host = parts.hostname or ""
    at_openai = host == "openai.com" or host.endswith(".openai.com")
    return "openai" if is_named or at_openai else "systemone"


def resolve(settings: JudgeSettings, environ: Mapping[str, str]) -> JudgeSettings:
    """Write protocol, whole address and model into the settings.

    Raises RubricError (D203) for a protocol that there is not, (D205) for an address
    in the environment that is none.
    """
    shape = shape_of(settings)
    settings = shape.service.resolve(settings, environ)
    options = {**settings.options, "shape": shape.name}
    address = str(options["base_url"])
    if not address.endswith(_WHOLE):
        base = address.removesuffix("/v1") if shape.path.startswith("/v1") else address
        options["base_url"] = f"{base}{shape.path}"
    model = settings.model
    if not model and shape.default_model:
        model = environ.get(_MODEL_VARIABLE, "").strip() or shape.default_model
    return evolve(settings, model=model, options=options)
