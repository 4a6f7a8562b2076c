"""What OpenTelemetry is told of real runs, as its in-memory exporters keep it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve
from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import (
    InMemoryLogRecordExporter,
    SimpleLogRecordProcessor,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.listening import Audience, Silence
from rubricdsl.model.events import Listener, RunFinished, RunStarted, VerdictReached
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.judgement import Answer, JudgeRequest, Question, Usage
from rubricdsl.model.rubric import (
    BoundRubric,
    Level,
    LevelScale,
    NaPolicy,
    Never,
    Weight,
)
from rubricdsl.model.ruling import NA, NO, YES, FailureKind, Ruling
from rubricdsl.telemetry import telemetry_listener
from tests.judging.fakes import (
    FakeJudge,
    criterion,
    evaluation_of,
    many_jobs,
    panels_of,
    response_of,
    rubric_of,
    say,
)

NAME = "gen_ai.evaluation.name"
VALUE = "gen_ai.evaluation.score.value"
LABEL = "gen_ai.evaluation.score.label"
EXPLANATION = "gen_ai.evaluation.explanation"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Kept:
    """Providers that keep all they are told."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._events = InMemoryLogRecordExporter()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.loggers = LoggerProvider(shutdown_on_exit=False)
        self.loggers.add_log_record_processor(SimpleLogRecordProcessor(self._events))

    def listener(self, *, reasons: bool = False) -> Listener:
        """Give a listener that tells these."""
        return telemetry_listener(
            tracer_provider=self.tracers, logger_provider=self.loggers, reasons=reasons
        )

    def spans(self, name: str) -> list[ReadableSpan]:
        """Give the spans of one name that have ended."""
        return [s for s in self._spans.get_finished_spans() if s.name == name]

    @property
    def run(self) -> ReadableSpan:
        """The only run."""
        (span,) = self.spans("rubricdsl.run")
        return span

    @property
    def response(self) -> ReadableSpan:
        """The only response."""
        (span,) = self.spans("rubricdsl.response")
        return span

    @property
    def events(self) -> Sequence[ReadableLogRecord]:
        """All events, in order."""
        return self._events.get_finished_logs()

    @property
    def said(self) -> dict[str, Mapping[str, Any]]:
        """Attributes of the events by name, where there is one of each."""
        said = {
            str(attributes[NAME]): attributes
            for event in self.events
            if (attributes := event.log_record.attributes) is not None
        }
        assert len(said) == len(self.events)
        return said

    @property
    def everything(self) -> str:
        """All that was told, as text."""
        events = [event.to_json() for event in self.events]
        return " ".join(
            [*events, *(span.to_json() for span in self._spans.get_finished_spans())]
        )


@pytest.fixture
def kept() -> Kept:
    return Kept()


def judged(
    kept: Kept,
    answering: Any,
    *criteria: Any,
    reasons: bool = False,
    **changes: Any,
) -> EvaluationResult:
    """Judge one response."""
    rubric = changes.pop("rubric", None) or rubric_of(*criteria)
    job = Job(rubric, evolve(response_of("My secret text."), **changes))
    evaluation = evaluation_of(
        [job], panels_of(FakeJudge(answering)), listener=kept.listener(reasons=reasons)
    )
    result = asyncio.run(evaluation.run())
    assert not result.notices
    return result


# ------------------------------------------------------------------------- events


def test_each_criterion_has_an_event_and_the_response_one_more(kept: Kept) -> None:
    answers = {"Shows a.": YES, "Shows b.": NO}
    judged(
        kept,
        lambda _, name, question: Answer(
            id=name, ruling=answers[question.text], probability=0.75
        ),
        criterion("a", mark=Weight(3.0)),
        criterion("b"),
    )
    assert [e.log_record.event_name for e in kept.events] == [
        "gen_ai.evaluation.result"
    ] * 3
    assert list(kept.said) == ["r.a", "r.b", "r"]
    yes, no, whole = kept.said.values()
    assert (yes[VALUE], yes[LABEL]) == (1.0, "yes")
    assert (no[VALUE], no[LABEL]) == (0.0, "no")
    assert whole[VALUE] == 0.75
    assert yes["rubricdsl.judge.name"] == "fake:m"
    assert yes["rubricdsl.verdict.probability"] == 0.75
    for attributes in kept.said.values():
        assert attributes["gen_ai.response.id"] == "r1"
        assert attributes["rubricdsl.prompt.id"] == "p1"
        assert attributes["rubricdsl.rubric.digest"] == "r"
        assert "error.type" not in attributes


def test_a_pass_mark_makes_a_label(kept: Kept) -> None:
    rubric = evolve(rubric_of(criterion("a")), passing=0.5)
    judged(kept, say(YES), rubric=rubric)
    judged(kept, say(NO), rubric=rubric)
    labels = [(e.log_record.attributes or {}).get(LABEL) for e in kept.events]
    assert labels == ["yes", "pass", "no", "fail"]


def test_what_could_not_be_measured_is_an_error_and_no_score(kept: Kept) -> None:
    def answering(_: JudgeRequest, name: str, question: Question) -> Answer | Exception:
        if question.text == "Shows b.":
            return JudgeError(FailureKind.QUOTA_EXHAUSTED, "no money left")
        return Answer(id=name, ruling=YES)

    judged(kept, answering, criterion("a"), criterion("b"))
    said = kept.said
    assert said["r.a"][VALUE] == 1.0
    for name in ("r.b", "r"):
        assert said[name]["error.type"] == "quota_exhausted"
        assert VALUE not in said[name]
    assert LABEL not in said["r.b"]
    assert said["r"][LABEL] == "incomplete"
    response = kept.response
    assert response.status.status_code is StatusCode.ERROR
    assert (response.attributes or {})["error.type"] == "quota_exhausted"
    assert (kept.run.attributes or {})["rubricdsl.run.incomplete"] == 1
    assert kept.run.status.status_code is StatusCode.UNSET


def test_not_applicable_is_neither_a_score_nor_an_error(kept: Kept) -> None:
    judged(kept, say(NA), criterion("a", na=NaPolicy.SKIP))
    for name, label in (("r.a", "n/a"), ("r", "undefined")):
        assert kept.said[name][LABEL] == label
        assert VALUE not in kept.said[name]
        assert "error.type" not in kept.said[name]
    assert kept.response.status.status_code is StatusCode.UNSET


def test_a_gate_that_fires_is_named(kept: Kept) -> None:
    judged(kept, say(YES), criterion("a"), criterion("harm", mark=Never()))
    whole = kept.said["r"]
    assert whole[VALUE] == 0.0
    assert whole["rubricdsl.gates"] == ("harm",)
    assert kept.said["r.harm"]["rubricdsl.criterion.mark"] == "never"
    assert (kept.response.attributes or {})["rubricdsl.gates"] == ("harm",)


def test_a_level_is_worth_its_place_on_the_scale(kept: Kept) -> None:
    scale = LevelScale(
        1, 5, (Level(1, None, "Bad."), Level(5, None, "Good.")), stated=True
    )
    judged(kept, say(Ruling.level(2)), criterion("a", scale=scale))
    assert kept.said["r.a"][LABEL] == "level 2"
    assert kept.said["r.a"][VALUE] == 0.25


# ------------------------------------------------------------------------ privacy


def reasoned(_: JudgeRequest, name: str, question: Question) -> Answer | Exception:
    del question
    return Answer(id=name, ruling=YES, reason="It says so.", evidence="My secret text.")


def test_texts_and_reasons_are_not_told(kept: Kept) -> None:
    judged(kept, reasoned, criterion("a", evidence=True), meta={"key": "My secret key"})
    assert kept.said["r.a"][VALUE] == 1.0
    for text in ("secret", "It says so", "Shows a", "Why?"):
        assert text not in kept.everything


def test_reasons_are_told_if_wanted_and_texts_still_are_not(kept: Kept) -> None:
    judged(kept, reasoned, criterion("a", evidence=True), reasons=True)
    assert kept.said["r.a"][EXPLANATION] == "It says so."
    assert EXPLANATION not in kept.said["r"]
    assert "secret" not in kept.everything


def test_the_reason_of_a_failure_is_its_explanation(kept: Kept) -> None:
    def failing(*_: object) -> Answer | Exception:
        return JudgeError(FailureKind.AUTH_FAILED, "no such key")

    judged(kept, failing, criterion("a"))
    assert "no such key" not in kept.everything
    told = Kept()
    judged(told, failing, criterion("a"), reasons=True)
    assert "no such key" in told.said["r.a"][EXPLANATION]


# -------------------------------------------------------------------------- spans


def test_a_response_is_below_the_run_and_its_events_are_in_its_span(kept: Kept) -> None:
    judged(kept, say(YES), criterion("a"))
    run, response = kept.run, kept.response
    assert run.parent is None
    assert response.parent == run.context
    assert (run.attributes or {})["rubricdsl.run.responses"] == 1
    assert (run.attributes or {})["rubricdsl.run.rubrics"] == ("r",)
    assert (run.attributes or {})["rubricdsl.run.judge_calls"] == 1
    assert (run.attributes or {})["rubricdsl.usage.prompt_tokens"] == 10
    assert (run.attributes or {})["rubricdsl.usage.cost"] == 0.1
    assert (response.attributes or {})["rubricdsl.status"] == "complete"
    for event in kept.events:
        record = event.log_record
        assert response.context is not None
        assert record.trace_id == response.context.trace_id
        assert record.span_id == response.context.span_id


def test_a_response_lasts_as_long_as_judging_it_took(kept: Kept) -> None:
    (scorecard,) = judged(Kept(), say(YES), criterion("a")).scorecards
    listener = kept.listener()
    listener.run_started(RunStarted(jobs=1, rubrics=("r",), judges=("m",)))
    listener.scored(evolve(scorecard, seconds=1.5))
    start, end = kept.response.start_time, kept.response.end_time
    assert start is not None
    assert end is not None
    assert end - start == 1_500_000_000
    listener.run_finished(
        RunFinished(
            jobs=1, incomplete=0, judge_calls=1, usage=Usage(), seconds=2, stopped=False
        )
    )
    assert not trace.get_current_span().get_span_context().is_valid


def test_the_callers_span_is_the_parent_and_stays_the_current_one(kept: Kept) -> None:
    tracer = kept.tracers.get_tracer("caller")
    with tracer.start_as_current_span("caller") as caller:
        judged(kept, say(YES), criterion("a"))
        assert trace.get_current_span() is caller
    assert kept.run.parent == caller.get_span_context()
    assert kept.response.parent == kept.run.context
    assert not trace.get_current_span().get_span_context().is_valid


def test_what_judges_send_is_below_the_run(kept: Kept) -> None:
    def sending(_: JudgeRequest, name: str, question: Question) -> Answer:
        del question
        with kept.tracers.get_tracer("http").start_as_current_span("POST"):
            return Answer(id=name, ruling=YES)

    backend = FakeJudge(sending, turns=lambda: 2)
    evaluation = evaluation_of(
        many_jobs(5), panels_of(backend), listener=kept.listener()
    )
    asyncio.run(evaluation.run())
    requests = kept.spans("POST")
    assert len(requests) == 10
    assert all(span.parent == kept.run.context for span in requests)


def test_events_are_in_the_span_that_made_the_response(kept: Kept) -> None:
    meta = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
    judged(kept, say(YES), criterion("a"), meta=meta)
    assert len(kept.events) == 2
    for event in kept.events:
        assert f"{event.log_record.trace_id:032x}" == TRACE
        assert f"{event.log_record.span_id:016x}" == SPAN
    (link,) = kept.response.links
    assert f"{link.context.span_id:016x}" == SPAN
    assert kept.response.parent == kept.run.context


@pytest.mark.parametrize("named", ["", "00-0-0-01", f"00-{'0' * 32}-{SPAN}-01", 7])
def test_what_names_no_span_is_no_span(kept: Kept, named: object) -> None:
    judged(kept, say(YES), criterion("a"), meta={"traceparent": named})
    assert not kept.response.links
    assert kept.response.context is not None
    ids = {event.log_record.span_id for event in kept.events}
    assert ids == {kept.response.context.span_id}


# ------------------------------------------------------- stopping and other trouble


def test_a_run_that_is_stopped_has_told_what_it_scored(kept: Kept) -> None:
    class Stopper(Silence):
        heard = 0

        def verdict_reached(self, event: VerdictReached) -> None:
            del event
            self.heard += 1
            if self.heard == 10:
                evaluation.cancel()

    evaluation = evaluation_of(
        many_jobs(50),
        panels_of(FakeJudge(say(YES), turns=lambda: 3)),
        listener=Audience([Stopper(), kept.listener()]),
    )
    result = asyncio.run(evaluation.run())
    scored = [card for card in result.scorecards if card.score is not None]
    assert result.cancelled
    assert 0 < len(scored) < 50
    assert len(kept.spans("rubricdsl.response")) == len(scored)
    assert len(kept.events) == 3 * len(scored)
    assert not [
        e for e in kept.events if "error.type" in (e.log_record.attributes or {})
    ]
    assert kept.run.status.status_code is StatusCode.ERROR
    attributes = kept.run.attributes or {}
    assert attributes["error.type"] == "cancelled"
    assert attributes["rubricdsl.run.stopped"] is True


def test_a_run_whose_task_is_cancelled_ends_its_span(kept: Kept) -> None:
    async def scenario() -> None:
        backend = FakeJudge(say(YES), turns=lambda: 10_000_000)
        evaluation = evaluation_of(
            many_jobs(3), panels_of(backend), listener=kept.listener()
        )
        task = asyncio.create_task(evaluation.run())
        await asyncio.wait({task}, timeout=0.05)
        assert backend.requests
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert (kept.run.attributes or {})["error.type"] == "cancelled"
    assert not kept.events


def test_a_listener_tells_runs_one_after_the_other_and_refuses_two_at_once(
    kept: Kept,
) -> None:
    listener = kept.listener()

    def evaluation() -> Evaluation:
        backend = FakeJudge(say(YES), turns=lambda: 2)
        return evaluation_of(many_jobs(2), panels_of(backend), listener=listener)

    assert not asyncio.run(evaluation().run()).notices
    assert not asyncio.run(evaluation().run()).notices
    assert len(kept.spans("rubricdsl.run")) == 2

    async def both() -> Sequence[EvaluationResult]:
        return await asyncio.gather(evaluation().run(), evaluation().run())

    notices = [notice for result in asyncio.run(both()) for notice in result.notices]
    assert any("one run at a time" in notice for notice in notices)


def test_ids_that_no_exporter_could_send_are_made_whole(kept: Kept) -> None:
    judged(kept, say(YES), criterion("a"), response_id="r\ud800", prompt_id="\udfffp")
    assert kept.said["r"]["gen_ai.response.id"] == "r\N{REPLACEMENT CHARACTER}"
    kept.everything.encode("utf-8")


def test_without_providers_nobody_is_told_and_nothing_breaks() -> None:
    evaluation = evaluation_of(
        many_jobs(2), panels_of(FakeJudge(say(YES))), listener=telemetry_listener()
    )
    result = asyncio.run(evaluation.run())
    assert [card.score for card in result.scorecards] == [1.0, 1.0]
    assert not result.notices


def test_criteria_left_out_as_not_needed_have_no_event(kept: Kept) -> None:
    rubric: BoundRubric = rubric_of(criterion("a", mark=Weight(9.0)), criterion("b"))
    answers = {"good": YES, "bad": NO}
    jobs = [Job(rubric, response_of(text, id=text)) for text in answers]
    evaluation = evaluation_of(
        jobs,
        panels_of(
            FakeJudge(
                lambda request, name, _: Answer(
                    id=name, ruling=answers[request.seen["response"]]
                )
            ),
            concurrency=1,
        ),
        listener=kept.listener(),
        top=1,
    )
    result = asyncio.run(evaluation.run())
    asked = [c for s in result.scorecards for c in s.criteria if c.verdict.asked]
    assert len(asked) < 4
    assert len(kept.events) == len(asked) + 2
