"""Running tests without a judge, and saying how any test came out.

The tier of a test is worked out by trying: what it fixes and what checks say is
enough, or the recorded verdicts are, or a judge must be asked.  A line ``tier:``
states it instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter

from attrs import evolve, frozen

from rubricdsl.cases.expectations import Assessment, Cards, assess, listed
from rubricdsl.cases.outcomes import CaseFailure, CaseResult, Outcome, Tier
from rubricdsl.cases.recording import Recording
from rubricdsl.cases.trials import Trial, Trials, nobody
from rubricdsl.diagnostics import Diagnostic
from rubricdsl.model.protocols import CheckFunction
from rubricdsl.model.rubric import Rubric, TestCase
from rubricdsl.model.scorecard import CriterionResult


@frozen(kw_only=True)
class OfflineRun:
    """What a test comes to without asking anybody.

    ``awaits_judge`` says that a judge would have to be asked, and may be.
    """

    trial: Trial
    result: CaseResult
    awaits_judge: bool


def run_cases(
    rubric: Rubric,
    functions: Mapping[str, CheckFunction],
    *,
    recording: Recording | None = None,
    root: Path | None = None,
) -> Iterator[CaseResult]:
    """Run the tests of a rubric that is loaded and sound, in their order.

    No judge is asked: a test that needs one is answered from ``recording``, or
    skipped.  Checks may read files inside ``root``.
    """
    trials = Trials(rubric, functions, root)
    for test in rubric.tests:
        trial = trials.of(test)
        if isinstance(trial, Trial):
            yield run_offline(trial, recording or Recording()).result
        else:
            yield unbound(rubric, test, trial)


def run_offline(trial: Trial, recording: Recording) -> OfflineRun:
    """Run a test with what it fixes, its checks, and recorded verdicts."""
    started = perf_counter()
    declared = None
    if trial.test.tier is not None and trial.test.responses:
        declared = Tier(trial.test.tier)
    cards = trial.cards(nobody)
    assessment = assess(trial, cards)
    tier, reason = declared or Tier.ARITHMETIC, ""
    if assessment.missing and declared is Tier.ARITHMETIC:
        assessment = _all_given(trial, assessment)
    elif assessment.missing:
        tier = declared or Tier.RECORDED
        if declared is not Tier.LIVE:
            recorded = trial.cards(lambda *of: recording.verdict(trial, *of))
            answered = assess(trial, recorded)
            if not answered.missing or declared or recording.knows(trial):
                cards, assessment = recorded, answered
            else:
                tier = Tier.LIVE
        reason = _who_must_decide(assessment.missing) if tier is Tier.LIVE else ""
    elif declared is Tier.LIVE:
        reason = "its `tier:` line asks for a judge"
    seconds = perf_counter() - started
    result = judged(trial, tier, cards, assessment, seconds=seconds)
    if reason:
        outcome = Outcome.FAILED if assessment.failures else Outcome.SKIPPED
        result = evolve(result, outcome=outcome, reason=reason)
    return OfflineRun(
        trial=trial, result=result, awaits_judge=tier is not Tier.ARITHMETIC
    )


def judged(
    trial: Trial,
    tier: Tier,
    cards: Cards,
    assessment: Assessment,
    *,
    seconds: float,
) -> CaseResult:
    """Say how a test came out whose verdicts are in.

    A failure is certain whatever else is missing, so it outweighs what is.
    """
    reason = _why_missing(assessment.missing)
    outcome = Outcome.ERROR if assessment.missing else Outcome.PASSED
    if assessment.failures:
        outcome = Outcome.FAILED
    return CaseResult(
        rubric=trial.rubric.name,
        title=trial.test.title,
        span=trial.test.span,
        tier=tier,
        outcome=outcome,
        failures=assessment.failures,
        reason=reason,
        bound=trial.rubric,
        cards=cards,
        seconds=seconds,
    )


def unbound(rubric: Rubric, test: TestCase, problem: Diagnostic) -> CaseResult:
    """Give the result of a test whose rubric has a parameter without a value."""
    return CaseResult(
        rubric=rubric.name,
        title=test.title,
        span=test.span,
        tier=Tier.ARITHMETIC,
        outcome=Outcome.FAILED,
        failures=(CaseFailure(diagnostic=problem),),
    )


def _all_given(trial: Trial, assessment: Assessment) -> Assessment:
    """Turn missing verdicts into faults of a test that says it needs none."""
    names = listed(list(dict.fromkeys(f"`{r.path}`" for r in assessment.missing)))
    diagnostic = Diagnostic(
        "E502",
        f"no verdict on {names}, and the test is arithmetic",
        trial.test.span,
        "add a `given` line for each, or delete `tier: arithmetic`",
    )
    failure = CaseFailure(diagnostic=diagnostic)
    return Assessment((*assessment.failures, failure), ())


def _who_must_decide(missing: Sequence[CriterionResult]) -> str:
    names = list(dict.fromkeys(f"`{result.path}`" for result in missing))
    return f"a judge must decide {listed(names)}"


def _why_missing(missing: Sequence[CriterionResult]) -> str:
    """Give each reason once, with the criteria that it concerns."""
    paths: dict[str, dict[str, None]] = {}
    for result in missing:
        if result.verdict.failure is not None:
            failure = result.verdict.failure
            text = f"{failure.kind}: {failure.reason}"
            paths.setdefault(text, {})[f"`{result.path}`"] = None
    return "; ".join(
        f"no verdict on {listed(list(names))} ({text})" for text, names in paths.items()
    )
