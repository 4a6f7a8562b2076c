"""What plugins implement, and how they offer it.

An offer has a name, a line that describes it, and a factory that is called only
when the thing is used, so that a plugin costs nothing until then.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import IO, Protocol, runtime_checkable

from attrs import field, frozen

from rubricdsl.model.expression import Value, ValueType
from rubricdsl.model.judgement import (
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Usage,
)
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Rubric

# ------------------------------------------------------------------- judging


@frozen(kw_only=True)
class JudgeSettings:
    """A judge SPEC, resolved: backend, model, and options by name.

    ``options`` hold what the SPEC's query, ``rub.toml`` and the judge block say
    (``base_url``, ``ask``, ``temperature``, …).  No secret is ever in them.
    """

    backend: str
    model: str = ""
    options: Mapping[str, str | float | bool] = field(factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The judge's name in results: ``openai:gpt-4.1-mini``."""
        return f"{self.backend}:{self.model}" if self.model else self.backend


class JudgeBackend(Protocol):
    """Answers questions about one response; neither retries, caches nor limits.

    ``template`` is the digest of the prompt template, empty if there is none.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this judge can do."""
        ...

    @property
    def template(self) -> str:
        """Digest of the prompt template."""
        ...

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Answer what can be answered.

        Raises `rubricdsl.diagnostics.JudgeError` when the request as a whole
        failed.
        """
        ...

    async def close(self) -> None:
        """Give back connections and the like; called once, after the last call."""
        ...


@runtime_checkable
class EstimatingBackend(Protocol):
    """A backend that can tell what a request would cost, before it is sent."""

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give the tokens that a request would take, and the money if known."""
        ...


@runtime_checkable
class PreparedBackend(Protocol):
    """A backend that has something to do before it is asked for the first time."""

    def prepare(self) -> None:
        """Import libraries, open connections and the like, in the event loop.

        Called before a question's time begins to run, in any run that asks anything;
        once or more often.
        """
        ...


@runtime_checkable
class DeferringBackend(Protocol):
    """A backend whose answers come hours later, from people or from a batch.

    What is not answered yet is a failure of kind ``judge_pending``.  Nobody is asked
    something only to see whether such a judge is ready: it tells.
    """

    def readiness(self) -> str:
        """Say in a line how things stand.

        Raises `rubricdsl.diagnostics.JudgeError` where it could ask nobody.
        """
        ...


@runtime_checkable
class PricingBackend(Protocol):
    """A backend that may know what tokens cost."""

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Give the money that so many tokens cost; None where no price is known."""
        ...


@frozen(kw_only=True)
class JudgeBackendOffer:
    """A judge backend that a plugin offers.

    ``create`` gets the settings and the environment variables; it raises
    `rubricdsl.diagnostics.RubricError` if the judge cannot be set up so.
    ``options`` names the SPEC options that it takes beside those of the engine
    (`ask`, `timeout`, `concurrency`).  ``resolve``, if there is one, is called
    first: it writes into the settings what the environment decides, such as an
    address, so that it becomes part of the judge's identity.  ``estimator``, if there
    is one, makes a backend that is asked for nothing but estimates, and so needs no
    key; else `create` makes that, too.
    """

    name: str
    description: str
    create: Callable[[JudgeSettings, Mapping[str, str]], JudgeBackend]
    options: tuple[str, ...] = ()
    resolve: Callable[[JudgeSettings, Mapping[str, str]], JudgeSettings] | None = None
    estimator: Callable[[JudgeSettings, Mapping[str, str]], JudgeBackend] | None = None


@frozen(kw_only=True)
class JudgeWrapperOffer:
    """Something to put around judge backends, which a plugin offers.

    Any judge takes its ``options`` beside the backend's own, and is wrapped where it
    has one of them.  ``wrap`` gets the backend, the judge's settings and the
    environment variables, and gives the backend that is used in its place; it raises
    `rubricdsl.diagnostics.RubricError` if that cannot be.  The one that it gives
    closes the one that it got, and has a template of its own where it changes
    answers.  ``resolve``, if there is one, is called first: it writes into the
    settings what the options stand for, such as the digest of a file, so that it
    becomes part of the judge's identity.
    """

    name: str
    description: str
    options: tuple[str, ...]
    wrap: Callable[[JudgeBackend, JudgeSettings, Mapping[str, str]], JudgeBackend]
    resolve: Callable[[JudgeSettings, Mapping[str, str]], JudgeSettings] | None = None


# -------------------------------------------------------------------- checks


@frozen(kw_only=True)
class Parameter:
    """A parameter of a check function.

    One that is ``named`` is given as ``name = value`` and has a default.
    ``choices`` are the literals allowed; ``pattern`` says that the text must be a
    regular expression.  ``artifact`` says that the argument is an artifact, written
    ``artifact("name")``, of which the function gets the name and not the text.
    """

    name: str
    type: ValueType
    named: bool = False
    default: Value | None = None
    choices: tuple[str, ...] = ()
    pattern: bool = False
    artifact: bool = False


@frozen(kw_only=True)
class Signature:
    """How a check function is called, what it gives, and what it means.

    ``version`` is raised when the function starts to answer differently: it is
    part of every digest that covers a check.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: ValueType
    meaning: str
    version: int = 1


class Facts(Protocol):
    """What a check may look at beside its arguments: recorded facts, and files.

    Each raises `rubricdsl.diagnostics.FactMissingError` for what is not there.
    """

    def artifact(self, name: str) -> str:
        """Give the text of an artifact recorded with the response."""
        ...

    def exit_code(self, artifact: str) -> float:
        """Give the exit code recorded for an artifact, by its name."""
        ...

    def metric(self, name: str) -> float:
        """Give a recorded metric."""
        ...

    def file(self, path: str) -> str:
        """Give the text of a file named in the rubric, inside the project root."""
        ...


@frozen(kw_only=True)
class CheckFunction:
    """A function of the expression language.

    ``call`` gets the facts and then the arguments, in the order of the
    signature, defaults filled in.  It is pure and total: for arguments of the
    right types it raises only `rubricdsl.diagnostics.CheckError` and its kin.
    """

    signature: Signature
    call: Callable[..., Value]


FunctionTable = Mapping[str, Signature]

# ------------------------------------------------------------------- formats


class ResponseReader(Protocol):
    """Reads rows of responses from an open binary file."""

    def __call__(self, file: IO[bytes], name: str) -> Iterable[Response]:
        """Give the responses of a file called ``name``."""
        ...


@frozen(kw_only=True)
class Loss:
    """Something that one format says and the other cannot.

    ``where`` it stands: a place in the source, or a rubric and path.  ``what`` is
    lost, and what was done ``instead``.
    """

    where: str
    what: str
    instead: str


@frozen(kw_only=True)
class ImportedRubric:
    """A rubric made of another format.

    ``text`` is canonical ``.rub`` source, ``file_stem`` a name for its file and
    ``paths`` the source's own ids with the paths they became.  ``losses`` are what
    the source said and the rubric cannot say.  ``digest`` is that of the rubric, if
    the source holds one to compare with.
    """

    file_stem: str
    text: str
    paths: tuple[tuple[str, str], ...] = ()
    losses: tuple[Loss, ...] = ()
    digest: str | None = None


@frozen(kw_only=True)
class ExportedFile:
    """Rubrics in another format, as the bytes of one file.

    ``ending`` is that of its name, such as ``.json``.  ``paths`` are the ids that
    stand in the file with the paths they came from, and ``losses`` what the rubrics
    say and the format cannot.
    """

    data: bytes
    ending: str
    paths: tuple[tuple[str, str], ...] = ()
    losses: tuple[Loss, ...] = ()


class RubricWriter(Protocol):
    """Writes rubrics in another format."""

    def __call__(
        self, rubrics: Sequence[Rubric], bind: Callable[[Rubric], BoundRubric]
    ) -> ExportedFile:
        """Give the file of rubrics that are sound; ``bind`` binds one of them.

        Raises `rubricdsl.diagnostics.RubricError` where nothing could be said.
        """
        ...


@frozen(kw_only=True)
class RubricFormatOffer:
    """Another rubric format that can be read, and perhaps written.

    ``read`` gets the file's bytes and its name, and gives rubrics; it raises
    `rubricdsl.diagnostics.RubricError` with the place for what it cannot read.
    """

    name: str
    description: str
    read: Callable[[bytes, str], Iterable[ImportedRubric]]
    write: RubricWriter | None = None


Sleep = Callable[[float], Awaitable[None]]
Clock = Callable[[], float]
