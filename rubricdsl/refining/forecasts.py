"""What a refinement would ask of judges and proposers, before anybody is asked."""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from attrs import evolve, frozen

from rubricdsl.judging.book import JudgeBook
from rubricdsl.judging.efforts import Effort, Estimate
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.language.scopes import Scope
from rubricdsl.model.execution import Job
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Criterion, Rubric, Weight
from rubricdsl.project import Project
from rubricdsl.refinement.courses import Course, Stage
from rubricdsl.refining.subjects import Subject
from rubricdsl.runs import estimated

_TEXT = "Says what it takes to tell an excellent response from a great one."
_PAIR = 2


@frozen(kw_only=True)
class Forecast:
    """What a refinement takes if each round brings so many ``edits``, and all enter.

    Each edit asks for one new thing.  ``begin`` is what is asked before any edit: the
    pool, and the gate's responses.  ``gate`` is what the gate asks of new criteria,
    ``later`` what later rounds ask of them for what is left of the pool; how many
    there are nobody knows beforehand.  ``proposals`` is how often a proposer is asked
    at most, apart from answers that cannot be read.
    """

    rubrics: int
    rounds: int
    edits: int
    proposals: int
    begin: Estimate
    gate: Effort
    later: Effort

    @property
    def whole(self) -> Estimate:
        """All of it at most; at least, what is asked before any edit."""
        most = self.begin.most + self.gate + self.later
        return evolve(self.begin, most=most)


def forecast(  # noqa: PLR0913 - what a refinement needs, by name
    project: Project,
    subjects: Sequence[Subject],
    course: Course,
    book: JudgeBook,
    *,
    edits: int,
    store: VerdictStore | None = None,
    seed: int = 0,
) -> Forecast:
    """Work out what a refinement would take; nothing is asked.

    What an attacker's responses come to is not in it.
    """
    ahead = _Ahead(course)

    def told(jobs: Iterator[Job]) -> Estimate:
        return estimated(project, tuple(jobs), book, store=store, seed=seed)

    begin = told(
        Job(subject.project.bind(subject.rubric), response)
        for subject in subjects
        for response in (
            *(subject.pool.responses if ahead.scores(ahead.stages[:1]) else ()),
            *(_proof(subject) if course.gate else ()),
        )
    )
    # The gate tries every edit by itself, so that each of them takes the same.
    tried = told(
        job
        for subject in subjects
        if course.gate
        for job in _asking(subject, 1, _proof(subject))
    )
    later = [
        told(
            job
            for subject in subjects
            for job in _asking(subject, edits, ahead.left(number, subject))
        )
        for number in range(1, len(ahead.stages))
        if ahead.asks_anew(number)
    ]
    return Forecast(
        rubrics=len(subjects),
        rounds=len(ahead.stages),
        edits=edits,
        proposals=len(ahead.proposing) * len(subjects),
        begin=begin,
        gate=tried.most * (edits * len(ahead.proposing)),
        later=sum((one.most for one in later), start=tried.most * 0),
    )


@frozen
class _Ahead:
    """The rounds of a course, one after another, known by their numbers from 0."""

    course: Course

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stage that each round belongs to."""
        stages = self.course.stages
        return tuple(stage for stage in stages for _ in range(stage.rounds))

    @property
    def proposing(self) -> tuple[int, ...]:
        """The rounds in which a proposer is asked."""
        stages = enumerate(self.stages)
        return tuple(n for n, stage in stages if stage.strategy.needs.proposer)

    def scores(self, stages: Sequence[Stage]) -> bool:
        """Tell whether a round of any of the stages begins with scores of the pool."""
        return any(self.course.scores or s.strategy.needs.scores for s in stages)

    def asks_anew(self, number: int) -> bool:
        """Tell whether a round scores the pool by what the one before it brought."""
        return number - 1 in self.proposing and self.scores([self.stages[number]])

    def left(self, number: int, subject: Subject) -> Sequence[Response]:
        """Give as many responses as are left of the pool in a round."""
        there = subject.pool.responses
        stages = self.stages
        if not (self.course.excludes_used and stages[number].strategy.needs.pair):
            return there
        pairs = sum(stage.strategy.needs.pair for stage in stages[:number])
        return there[_PAIR * pairs :]


def _proof(subject: Subject) -> tuple[Response, ...]:
    """Give what the gate proves edits by."""
    return (*subject.pool.held_out, *subject.pool.junk)


def _asking(
    subject: Subject, count: int, responses: Sequence[Response]
) -> Iterator[Job]:
    """Ask so many new things about responses, and nothing else."""
    if responses:
        bound = subject.project.bind(_renewed(subject.rubric, count))
        yield from (Job(bound, response) for response in responses)


def _renewed(rubric: Rubric, count: int) -> Rubric:
    """Give a rubric of so many new criteria, such as it has."""
    own = [named.item for named in Scope.of(rubric).own]
    like = [one for one in own if isinstance(one, Criterion) and one.check is None]
    models = cycle(like or [Criterion(name="new", mark=Weight(1.0), text=_TEXT)])
    new = [
        evolve(
            model,
            name=f"new_{number}",
            mark=Weight(1.0),
            text=f"{model.text} ({number})",
            needs=(),
        )
        for number, model in enumerate(islice(models, count), 1)
    ]
    return evolve(rubric, items=tuple(new), tests=(), history=())
