"""Asking a judge: all tests of all files in one run, so that questions are shared.

A judge is asked only what the expectations depend on.  What a test fixes (``given``)
is answered in the judge's place, so that it decides what is asked next (``needs``) as
a judge's word would.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
from attrs import frozen

from rubricdsl.cases.trials import Trial
from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.judging.book import JudgeBook
from rubricdsl.judging.config import find_config
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.panels import Judge, Panel
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.events import Listener
from rubricdsl.model.execution import EvaluationResult, Job, JudgeOptions
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
)
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import BoundRubric, Criterion, Group
from rubricdsl.model.ruling import Failure, FailureKind, Ruling
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.project import Project
from rubricdsl.runs import judge_book, project_config

# No judge of a rubric can be called this: it is no name.
_STAND_IN = "given:"
_UNWANTED = Failure(
    FailureKind.NOT_RECORDED.value, "not asked: no expectation depends on it"
)


@frozen(eq=False)
class LiveTrial:
    """A trial that a judge must decide, and the project that it belongs to."""

    trial: Trial
    project: Project


@frozen(kw_only=True)
class LiveResult:
    """What a run came to; ``cards`` are in the order of the trials."""

    cards: Sequence[Mapping[str | None, Scorecard]]
    judge_calls: int
    notices: tuple[str, ...]
    cancelled: bool


class LiveRun:
    """One run of a judge over the responses of tests; run it once."""

    def __init__(
        self,
        trials: Sequence[LiveTrial],
        options: JudgeOptions,
        *,
        listener: Listener | None = None,
    ) -> None:
        self._trials = trials
        self._bench = _Bench(options)
        self._jobs: list[tuple[int, str | None, Job]] = []
        for number, live in enumerate(trials):
            for name, response in live.trial.responses.items():
                rubric = self._bench.seat(live, name)
                self._jobs.append((number, name, Job(rubric, response)))
        self._listener = listener
        self._evaluation: Evaluation | None = None

    def cancel(self) -> None:
        """Stop asking; called again, drop what is in flight, too."""
        if self._evaluation is not None:
            self._evaluation.cancel()

    async def run(self) -> LiveResult:
        """Judge everything; whatever happens, the judges are closed.

        Raises RubricError if a judge cannot be had; nothing was asked then.
        """
        roots: dict[int, Path] = {}
        variables: set[str] = set()
        for number, _, job in self._jobs:
            project = self._trials[number].project
            roots[id(job.response)] = project.root
            config = project_config(project)
            variables.update(config.key_variables if config else ())
        project = self._trials[0].project
        try:
            self._evaluation = Evaluation(
                [job for _, _, job in self._jobs],
                self._bench,
                functions=project.host.check_functions,
                facts=lambda response: ResponseFacts(response, roots[id(response)]),
                redactor=Redactor.of_environment(project.environ, sorted(variables)),
                listener=self._listener,
            )
            return self._result(await self._evaluation.run())
        finally:
            await self._bench.close()

    def _result(self, result: EvaluationResult) -> LiveResult:
        cards: list[dict[str | None, Scorecard]] = [{} for _ in self._trials]
        for (number, name, _), card in zip(self._jobs, result.scorecards, strict=True):
            cards[number][name] = card
        return LiveResult(
            cards=cards,
            judge_calls=result.judge_calls - self._bench.spared,
            notices=result.notices,
            cancelled=result.cancelled,
        )


class _Bench:
    """Gives each criterion its judge: that of its project, or a stand-in."""

    def __init__(self, options: JudgeOptions) -> None:
        self._options = options
        # Tests under one rub.toml share their judges and what these hold open.
        self._books: dict[Path | None, JudgeBook] = {}
        self._book_of: dict[int, JudgeBook] = {}
        self._stand_ins: dict[str, _StandIn] = {}
        self._rubrics: dict[tuple[object, ...], BoundRubric] = {}

    def seat(self, live: LiveTrial, name: str | None) -> BoundRubric:
        """Give the rubric of a trial as one of its responses is to be judged by it.

        What the test fixes, and what no expectation depends on, is a stand-in's.
        """
        trial, project = live.trial, live.project
        place = find_config(project.folder)
        if place not in self._books:
            self._books[place] = judge_book(project, self._options)
        wanted = trial.wanted(name)
        answers: dict[str, Ruling | None] = dict(trial.fixed)
        for criterion in trial.judged():
            if criterion.path not in wanted:
                answers[criterion.path] = None
        key = (place, id(trial.rubric), *sorted(answers.items(), key=str))
        if key not in self._rubrics:
            self._rubrics[key] = rubric = self._prepared(trial.rubric, answers)
            self._book_of[id(rubric)] = self._books[place]
        return self._rubrics[key]

    def _prepared(
        self, rubric: BoundRubric, answers: Mapping[str, Ruling | None]
    ) -> BoundRubric:
        """Give a rubric in which a stand-in has the answers to some criteria."""
        if not answers:
            return rubric
        judge = f"{_STAND_IN}{len(self._stand_ins)}"
        self._stand_ins[judge] = _StandIn(answers)
        return attrs.evolve(rubric, root=_replaced(rubric.root, answers, judge))

    @property
    def spared(self) -> int:
        """How many requests the stand-ins took."""
        return sum(stand_in.requests for stand_in in self._stand_ins.values())

    def panel(self, rubric: BoundRubric, name: str | None) -> Panel:
        """Give the panel for a criterion's judge; raises as `JudgeBook.panel`."""
        stand_in = self._stand_ins.get(name or "")
        if stand_in is None:
            return self._book_of[id(rubric)].panel(rubric, name)
        settings = JudgeSettings(backend="given", model=(name or "")[len(_STAND_IN) :])
        return Panel(members=(Judge(settings=settings, backend=stand_in),))

    async def close(self) -> None:
        """Close all judges."""
        for book in self._books.values():
            await book.close()


class _StandIn:
    """Answers what a test fixes, by path; None is what nobody wants to know."""

    capabilities = Capabilities(is_model=False, by_name=True, storable=False)
    template = ""

    def __init__(self, answers: Mapping[str, Ruling | None]) -> None:
        self._answers = answers
        self.requests = 0

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Give the answers."""
        self.requests += 1
        return JudgeReply(
            answers=tuple(
                self._answer(name, question)
                for name, question in request.questions.items()
            )
        )

    async def close(self) -> None:
        """Nothing to give back."""

    def _answer(self, name: str, question: Question) -> Answer:
        _, path, _, _ = question.asker
        ruling = self._answers[path]
        if ruling is None:
            return Answer(id=name, failure=_UNWANTED)
        return Answer(id=name, ruling=ruling)


def _replaced(group: Group, paths: Mapping[str, object], judge: str) -> Group:
    """Give a group in which a judge decides the criteria at ``paths``."""
    items: list[Criterion | Group] = []
    for node in group.nodes:
        if isinstance(node, Group):
            items.append(_replaced(node, paths, judge))
        elif node.path in paths:
            items.append(
                attrs.evolve(
                    node, judge=judge, check=None, evidence=False, sees=("response",)
                )
            )
        else:
            items.append(node)
    return attrs.evolve(group, items=tuple(items))
