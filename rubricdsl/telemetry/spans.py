"""A listener that tells a run as OpenTelemetry's spans and events.

The run has a span, and so has each response when it is scored; the events are in the
context of the response's span.  Where the response says in ``meta.traceparent`` which
span made it, they are in the context of that one, as the conventions want it, and our
span links to it.
"""

from contextvars import Token
from importlib.metadata import version as package_version
from time import time_ns

from attrs import frozen
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry._logs import LoggerProvider, get_logger
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from rubricdsl.judging.listening import ListenerError, Silence
from rubricdsl.model.events import RunFinished, RunStarted, VerdictReached
from rubricdsl.model.response import Response
from rubricdsl.model.ruling import FailureKind
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.telemetry.evaluations import (
    ERROR_TYPE,
    EVENT_NAME,
    Attribute,
    EvaluationRecord,
    clean,
    evaluations,
    overall,
    stated,
)

SCOPE = "rubricdsl"
RUN_SPAN = "rubricdsl.run"
RESPONSE_SPAN = "rubricdsl.response"
_NANOSECONDS = 1_000_000_000


@frozen
class _Run:
    """The run that is told: its span, and what it is in the context of."""

    span: Span
    context: Context
    token: Token[Context]


class RunTelemetry(Silence):
    """Tells one run at a time; without providers, those set for the application.

    While a run goes on its span is the current one, so that the spans of whatever
    asks judges over the network are below it.  What a run that was stopped did not
    score, it does not tell; the run that goes on with it does.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        logger_provider: LoggerProvider | None = None,
        *,
        reasons: bool = False,
    ) -> None:
        version = package_version(SCOPE)
        self._tracer = trace.get_tracer(SCOPE, version, tracer_provider)
        self._logger = get_logger(SCOPE, version, logger_provider)
        self._reasons = reasons
        self._run: _Run | None = None
        # Of responses that are under way and say which span made them.
        self._judged: dict[tuple[str, str, str], Context] = {}

    def run_started(self, event: RunStarted) -> None:
        """Open the run's span, below the span that is current."""
        if self._run is not None:
            raise ListenerError(
                "a telemetry listener tells one run at a time; make another for this"
            )
        attributes: dict[str, Attribute] = {
            "rubricdsl.run.responses": event.jobs,
            "rubricdsl.run.rubrics": event.rubrics,
            "rubricdsl.run.judges": event.judges,
        }
        span = self._tracer.start_span(
            RUN_SPAN, attributes=attributes, start_time=time_ns()
        )
        context = trace.set_span_in_context(span)
        self._run = _Run(span, context, contexts.attach(context))

    def verdict_reached(self, event: VerdictReached) -> None:
        """Keep in mind which span made the response."""
        judged = _judged_span(event.response)
        if judged is not None:
            response = event.response
            key = (event.rubric.name, response.prompt_id, response.response_id)
            self._judged[key] = judged

    def scored(self, scorecard: Scorecard) -> None:
        """Tell a response: its span, and an event for each evaluation."""
        if self._run is None:
            return
        key = (scorecard.rubric, scorecard.prompt_id, scorecard.response_id)
        judged = self._judged.pop(key, None)
        whole = overall(scorecard)
        ended = time_ns()
        span = self._tracer.start_span(
            RESPONSE_SPAN,
            context=self._run.context,
            attributes=_response_attributes(scorecard, whole),
            links=() if judged is None else (_link(judged),),
            start_time=ended - round(scorecard.seconds * _NANOSECONDS),
        )
        context = judged or trace.set_span_in_context(span, self._run.context)
        for record in evaluations(scorecard, reasons=self._reasons):
            self._logger.emit(
                timestamp=ended,
                context=context,
                event_name=EVENT_NAME,
                attributes=record.attributes(),
            )
        if whole.error is not None:
            span.set_status(Status(StatusCode.ERROR, whole.label))
        span.end(ended)

    def run_finished(self, event: RunFinished) -> None:
        """End the run's span; one that was stopped has failed as ``cancelled``."""
        run, self._run = self._run, None
        self._judged.clear()
        if run is None:
            return
        run.span.set_attributes(
            stated(
                {
                    "rubricdsl.run.incomplete": event.incomplete,
                    "rubricdsl.run.judge_calls": event.judge_calls,
                    "rubricdsl.run.stopped": event.stopped,
                    "rubricdsl.usage.prompt_tokens": event.usage.prompt_tokens,
                    "rubricdsl.usage.completion_tokens": event.usage.completion_tokens,
                    "rubricdsl.usage.cost": event.usage.cost,
                    ERROR_TYPE: str(FailureKind.CANCELLED) if event.stopped else None,
                }
            )
        )
        if event.stopped:
            run.span.set_status(Status(StatusCode.ERROR, "stopped before the end"))
        run.span.end(time_ns())
        contexts.detach(run.token)


def _response_attributes(
    scorecard: Scorecard, whole: EvaluationRecord
) -> dict[str, Attribute]:
    return stated(
        {
            **whole.further,
            "gen_ai.response.id": whole.response_id,
            "rubricdsl.status": str(scorecard.status),
            "rubricdsl.score": scorecard.score,
            "rubricdsl.passed": scorecard.passed,
            "rubricdsl.judge_calls": scorecard.judge_calls,
            ERROR_TYPE: whole.error,
        }
    )


def _judged_span(response: Response) -> Context | None:
    """Give the context of the span that made a response, if it says which."""
    named = response.meta.get("traceparent")
    if not isinstance(named, str):
        return None
    context = TraceContextTextMapPropagator().extract(
        {"traceparent": clean(named)}, context=Context()
    )
    is_valid = trace.get_current_span(context).get_span_context().is_valid
    return context if is_valid else None


def _link(judged: Context) -> Link:
    return Link(trace.get_current_span(judged).get_span_context())
