"""What is wrong, where, and the way out: diagnostics as values, and our errors.

::

    Exception
    ├── RubricError (ValueError)       bad input; carries diagnostics with places
    ├── JudgeError (RuntimeError)      a request to a judge failed as a whole
    └── CheckError (RuntimeError)      a check could not be decided
        └── FactMissingError           a recorded fact is not there

The table of codes is `rubricdsl.diagnostics.codes`, and what each means at length
`rubricdsl.diagnostics.explanations`.  Rendering is elsewhere: `render` for people and
scripts, `github` and `sarif` for CI.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NoReturn, Self

from attrs import frozen

from rubricdsl.model.ruling import Failure, FailureKind
from rubricdsl.model.source import ARGUMENTS, Span


class Severity(StrEnum):
    """How much a diagnostic matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Applicability(StrEnum):
    """Whether a fix may be made without asking.

    A safe one changes neither a score nor what a judge is asked, nor a name that
    others may refer to.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"


@frozen
class Edit:
    """New text for a stretch of source; an empty stretch is where to insert it."""

    span: Span
    text: str


@frozen
class Fix:
    """Edits of one file that belong together, and what they do."""

    message: str
    edits: tuple[Edit, ...]
    applicability: Applicability = Applicability.SAFE


@frozen
class Diagnostic:
    """One finding: a stable code, a sentence, a place, and a way out."""

    code: str
    message: str
    span: Span
    hint: str
    severity: Severity = Severity.ERROR
    fix: Fix | None = None


class RubricError(ValueError):
    """Bad input.  ``diagnostics`` say what, where and what to do about it."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(
            "\n".join(f"{d.span}: {d.code} {d.message}" for d in self.diagnostics)
        )

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Diagnostic, ...]]]:
        # An exception is made again of its arguments, and that is the text.
        return type(self), (self.diagnostics,)


def fail(code: str, message: str, *, hint: str, span: Span | None = None) -> NoReturn:
    """Raise a `RubricError` with one diagnostic; without a span, on the call."""
    raise RubricError([Diagnostic(code, message, span or ARGUMENTS, hint)])


class JudgeError(RuntimeError):
    """A request to a judge failed as a whole: no question of it has an answer.

    ``transient`` says whether the same request may succeed later; that is a property
    of the occurrence and not of its kind.  ``retry_after`` is how many seconds the
    judge asked to be left alone, if it did.  ``too_long`` says that the request did
    not fit, so that one with fewer questions may; ``fitting`` is how many do, where
    the judge knows.
    """

    def __init__(  # noqa: PLR0913 - all that may be known of it, by name
        self,
        kind: FailureKind | str,
        reason: str,
        *,
        transient: bool = False,
        retry_after: float | None = None,
        too_long: bool = False,
        fitting: int | None = None,
    ) -> None:
        super().__init__(f"{kind}: {reason}")
        self.failure = Failure(str(kind), reason)
        self.transient = transient
        self.retry_after = retry_after
        self.too_long = too_long
        self.fitting = fitting


class CheckError(RuntimeError):
    """A check could not be decided for this response; the reason is the text."""

    kind = FailureKind.CHECK_FAILED


class FactMissingError(CheckError):
    """A check asked for a fact that was not recorded with the response."""

    kind = FailureKind.FACT_MISSING
