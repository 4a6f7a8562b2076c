"""Judges that answer as a test wants, and small things to judge."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import evolve, field, frozen, mutable

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.checks.functions import builtin_functions
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.intake import JobStream
from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.model.execution import EvaluationResult, Job
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Ask, BoundRubric, Criterion, Group, Weight
from rubricdsl.model.ruling import Failure, Ruling
from rubricdsl.model.scorecard import Scorecard

Answering = Callable[[JudgeRequest, str, Question], Answer | Exception | None]


_QUOTED = re.compile('[“"«‘](\\w+)[”"»’]')  # noqa: RUF001 - as canaries quote


def quoted(statement: str) -> str | None:
    """Give the word that a canary is about; None for what is no canary."""
    found = _QUOTED.search(statement)
    return found and found[1]


def say(ruling: Ruling) -> Answering:
    return lambda _request, name, _question: Answer(id=name, ruling=ruling)


@mutable(eq=False)
class FakeJudge:
    """Answers by a function, after as many turns of the loop as it is told."""

    answering: Answering
    capabilities: Capabilities = Capabilities(probabilities=True)
    template: str = "template"
    turns: Callable[[], int] = lambda: 0
    requests: list[JudgeRequest] = field(factory=list)
    in_flight: int = 0
    peak: int = 0
    closed: int = 0

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Answer, or raise what the function gives for an exception."""
        self.requests.append(request)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            for _ in range(self.turns()):
                await asyncio.sleep(0)
            answers = [
                self.answering(request, name, question)
                for name, question in request.questions.items()
            ]
        finally:
            self.in_flight -= 1
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return JudgeReply(
            answers=tuple(a for a in answers if isinstance(a, Answer)),
            usage=Usage(prompt_tokens=10, completion_tokens=1, cost=0.1),
        )

    async def close(self) -> None:
        """Count the call."""
        self.closed += 1

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Responses and statements, in the order asked."""
        return [
            (request.seen.get("response", ""), question.text)
            for request in self.requests
            for question in request.questions.values()
        ]


@frozen
class Panels:
    """Gives panels by name; the unnamed one for all others."""

    panels: Mapping[str | None, Panel]

    def panel(self, rubric: BoundRubric, name: str | None) -> Panel:
        """Give a panel."""
        del rubric
        return self.panels.get(name) or self.panels[None]


def judge_of(
    backend: FakeJudge, *, concurrency: int = 4, timeout: float = 60.0, name: str = "m"
) -> Judge:
    settings = JudgeSettings(backend="fake", model=name)
    return Judge(
        settings=settings, backend=backend, concurrency=concurrency, timeout=timeout
    )


def panels_of(
    backend: FakeJudge, *, ask: Ask = Ask.EACH, concurrency: int = 4
) -> Panels:
    judge = judge_of(backend, concurrency=concurrency)
    return Panels({None: Panel(members=(judge,), ask=ask)})


def criterion(name: str, **changes: Any) -> Criterion:
    plain = Criterion(
        name=name,
        path=name,
        mark=Weight(1.0),
        text=f"Shows {name}.",
        sees=("prompt", "response"),
    )
    return evolve(plain, **changes)


def rubric_of(*criteria: Criterion, name: str = "r") -> BoundRubric:
    root = Group(name=name, mark=Weight(1.0), items=criteria)
    return BoundRubric(name=name, root=root, digest=name)


def response_of(text: str, *, id: str = "r1") -> Response:  # noqa: A002
    return Response(text=text, prompt_id="p1", response_id=id, prompt="Why?")


def evaluation_of(
    jobs: Sequence[Job] | JobStream, panels: Panels, **options: Any
) -> Evaluation:
    functions = {f.signature.name: f for f in builtin_functions()}
    return Evaluation(
        jobs,
        panels,
        functions=functions,
        facts=ResponseFacts,
        clock=lambda: 0.0,
        stopwatch=lambda: 0.0,
        **options,
    )


def run(
    jobs: Sequence[Job] | JobStream, panels: Panels, **options: Any
) -> EvaluationResult:
    return asyncio.run(evaluation_of(jobs, panels, **options).run())


def only(result: EvaluationResult) -> Scorecard:
    (scorecard,) = result.scorecards
    return scorecard


def failure_of(scorecard: Scorecard, path: str) -> Failure:
    failure = next(c for c in scorecard.criteria if c.path == path).verdict.failure
    assert failure is not None
    return failure


def many_jobs(count: int) -> list[Job]:
    rubric = rubric_of(criterion("a"), criterion("b", needs=("a",)))
    return [Job(rubric, response_of(f"text {n}", id=f"r{n}")) for n in range(count)]
