"""Scoring responses with checks, recorded verdicts, or a judge that is named.

Unlike `rubricdsl.evaluate` no judge is asked unless one is named, so that a test
neither costs anything nor depends on what is installed.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import evolve

from rubricdsl.cases import CaseResult, Tier
from rubricdsl.cases.expectations import assess
from rubricdsl.cases.live import LiveRun, LiveTrial
from rubricdsl.cases.running import judged, run_offline
from rubricdsl.cases.trials import Trial
from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.loops import run_async
from rubricdsl.model.execution import JudgeOptions
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Bound, Expect, TestCase, TestResponse
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.testing.subjects import Subject

ResponseLike: TypeAlias = Response | str
"""A response, or its text alone."""


ANY_SCORE = Expect("score", Bound(">=", 0.0))
"""What depends on every criterion that counts."""


def response_of(given: ResponseLike) -> Response:
    """Give a response; one of which only the text is known answers no prompt."""
    if isinstance(given, Response):
        return given
    return Response(text=given, prompt_id="test", response_id="response")


def run_test(
    subject: Subject,
    test: TestCase,
    responses: Mapping[str, Response] | Mapping[None, Response],
    *,
    judge: str | Sequence[str] = (),
) -> CaseResult:
    """Run a test on responses by name, which may carry more than a test can hold.

    ``judge`` is one SPEC or several, as for ``rub eval --judge``; it is asked only
    what checks and recorded verdicts leave open.  Call it outside an event loop.

    Raises RubricError for a judge that cannot be had, and for an open parameter.
    """
    specs = (judge,) if isinstance(judge, str) else tuple(judge)
    trial = subject.trials.of(test)
    if not isinstance(trial, Trial):
        raise RubricError([trial])
    trial = evolve(trial, responses=dict(responses.items()))
    offline = run_offline(trial, subject.recording)
    if not specs or not offline.awaits_judge:
        return offline.result
    run = LiveRun([LiveTrial(trial, subject.project)], JudgeOptions(specs=specs))
    cards = run_async(run.run()).cards[0]
    seconds = max(card.seconds for card in cards.values())
    return judged(trial, Tier.LIVE, cards, assess(trial, cards), seconds=seconds)


def scorecard(
    subject: Subject, given: ResponseLike, *, judge: str | Sequence[str] = ()
) -> Scorecard:
    """Score one response; a verdict that is missing leaves the scorecard incomplete.

    ``judge`` is as for `run_test`, and what it raises is, too.
    """
    response = response_of(given)
    test = TestCase(
        title=response.prompt_id,
        responses=(TestResponse(None, response.text),),
        expects=(ANY_SCORE,),
    )
    return run_test(subject, test, {None: response}, judge=judge).cards[None]
