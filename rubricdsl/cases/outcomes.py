"""How tests come out: the tier that decided, the outcome, and what moved the score."""

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.model.rubric import BoundRubric
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.model.source import Span


class Tier(StrEnum):
    """Where the verdicts of a test come from."""

    ARITHMETIC = "arithmetic"
    RECORDED = "recorded"
    LIVE = "live"


class Outcome(StrEnum):
    """How a test came out.

    ``error``: a verdict could not be had, so there is neither a pass nor a fail.
    """

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


@frozen(kw_only=True)
class Comparison:
    """Two scorecards whose difference shows what moved a score.

    ``label`` names the one that disappoints and ``reference_label`` what it is held
    against: another response of the test, or the best or worst that is possible.
    """

    card: Scorecard
    label: str
    reference: Scorecard
    reference_label: str


@frozen(kw_only=True)
class CaseFailure:
    """An expectation that does not hold, with what explains it, where that is known."""

    diagnostic: Diagnostic
    comparison: Comparison | None = None


@frozen(kw_only=True)
class CaseResult:
    """The outcome of one test.

    ``reason`` says why it was skipped or why it is an error.  ``cards`` are the
    scorecards by the name of the response; one without a name, and a test without
    responses, has the name None.  ``bound`` is the rubric with the test's
    parameters; None where one has no value.  ``seconds`` is how long it took, for
    people to read.
    """

    rubric: str
    title: str
    span: Span
    tier: Tier
    outcome: Outcome
    failures: tuple[CaseFailure, ...] = ()
    reason: str = ""
    bound: BoundRubric | None = field(default=None, repr=False)
    cards: Mapping[str | None, Scorecard] = field(factory=dict, repr=False)
    seconds: float = 0.0

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong, if the test failed."""
        return tuple(failure.diagnostic for failure in self.failures)
