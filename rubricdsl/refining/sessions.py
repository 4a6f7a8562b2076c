"""One refinement of rubrics by a project's judges, from wishes to refined source."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from attrs import define, evolve, field

from rubricdsl.judging.book import JudgeBook
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.execution import JudgeOptions, Limits
from rubricdsl.model.refinement import RefinedRubric
from rubricdsl.project import Project
from rubricdsl.refinement.courses import Course
from rubricdsl.refinement.journal import Journal, JournalledProposer
from rubricdsl.refinement.ledger import Ledger
from rubricdsl.refinement.listening import RoundListener
from rubricdsl.refinement.loop import Means
from rubricdsl.refinement.planning import Wishes, course_of
from rubricdsl.refinement.proposing.resolving import Resolved, resolve_proposer
from rubricdsl.refining.bench import EngineBench
from rubricdsl.refining.refinery import refine_all
from rubricdsl.refining.subjects import Subject
from rubricdsl.runs import judge_book, project_config

_FOLDER = Path(".rub", "refinements")


@define(eq=False, kw_only=True)
class RefinementSession:
    """A refinement of rubrics, run once.

    ``proposer`` is a SPEC.  Verdicts are kept in ``store``, and only because of it is
    none asked for twice.  With ``resume``, what proposers answered when the same was
    refined before is not asked again.  ``listener`` hears of rounds, and the ``ledger``
    tells what it took.

    Raises RubricError when it is made: for wishes that cannot be met, a judge or
    proposer that cannot be had, and a journal that cannot be used.
    """

    project: Project
    subjects: Sequence[Subject]
    wishes: Wishes
    store: VerdictStore
    judge: JudgeOptions = JudgeOptions()
    proposer: str | None = None
    limits: Limits = Limits()
    seed: int = 0
    resume: bool = False
    listener: RoundListener | None = None
    ledger: Ledger = field(init=False)
    bench: EngineBench = field(init=False)
    _proposing: Resolved | None = field(init=False)
    _course: Course = field(init=False)
    _journal: Journal = field(init=False)
    _asked: JournalledProposer | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        project = self.project
        self._proposing = None
        if self.proposer is not None:
            self._proposing = resolve_proposer(
                self.proposer,
                host=project.host,
                environ=project.environ,
                config=project_config(project),
                seed=self.seed,
            )
        course = planned_course(
            project,
            self.subjects,
            self.wishes,
            proposer=None if self._proposing is None else self._author,
        )
        judges = self._judges()
        self._journal = Journal.open(self.journal, resume=self.resume)
        self._course = evolve(course, on=_began(self._journal))
        self.ledger = Ledger(self.limits)
        self.bench = EngineBench(
            project,
            judges,
            store=self.store,
            ledger=self.ledger,
            seed=self.seed,
        )

    @property
    def journal(self) -> Path:
        """The file of what proposers answered; the same for the same refinement."""
        return self.project.root / _FOLDER / f"{self._identity}.jsonl"

    @property
    def has_gold(self) -> bool:
        """Whether anybody said how good any of the responses is."""
        return _has_gold(self.subjects)

    async def run(self) -> tuple[RefinedRubric, ...]:
        """Refine all rubrics; what goes wrong with one of them touches no other."""
        proposer = None
        if self._proposing is not None:
            proposer = self._asked = JournalledProposer(
                self._proposing.proposer,
                self._proposing.attacker,
                self._journal,
                self.ledger,
                self._proposing.identity,
            )
        means = Means(
            bench=self.bench,
            proposer=proposer,
            attacker=proposer,
            listener=self.listener,
            seed=self.seed,
        )
        try:
            return await refine_all(self.subjects, self._course, means)
        finally:
            await self.bench.close()
            if proposer is not None:
                await proposer.close()

    def cancel(self) -> None:
        """Stop asking; called again, drop what is in flight."""
        self.bench.cancel()
        if self._asked is not None:
            self._asked.cancel()

    def _judges(self) -> JudgeBook:
        """Make the judges of all criteria, so that what is wrong is known at once."""
        judges = judge_book(self.project, self.judge)
        for subject in self.subjects:
            rubric = subject.project.bind(subject.rubric)
            for criterion in rubric.criteria():
                if criterion.check is None:
                    judges.panel(rubric, criterion.judge)
        return judges

    @property
    def _author(self) -> str:
        """Give the name by which the history tells of who proposed."""
        name = "" if self._proposing is None else self._proposing.name
        backend, _, model = name.partition(":")
        return model if model and backend in self.project.host.chat_models else backend

    @property
    def _identity(self) -> str:
        """Identify the refinement: the same is gone on with, and no other."""
        pools: list[Plain] = []
        for subject in self.subjects:
            pool = subject.pool
            responses = (*pool.responses, *pool.held_out)
            ids: list[Plain] = [
                [one.prompt_id, one.response_id, one.text] for one in responses
            ]
            gold: list[Plain] = [
                [*key, gold] for key, gold in sorted(pool.gold.items())
            ]
            preferred: list[Plain] = [
                [one.prompt_id, one.better, one.worse] for one in pool.preferences
            ]
            pools.append([subject.text, ids, gold, preferred])
        return digest(
            pools,
            [*self.judge.specs],
            "" if self._proposing is None else self._proposing.identity,
            repr(self.wishes),
            self.seed,
        )[:16]


def planned_course(
    project: Project,
    subjects: Sequence[Subject],
    wishes: Wishes,
    *,
    proposer: str | None,
) -> Course:
    """Give the course that a refinement takes; raises as `course_of`."""
    host = project.host
    return course_of(
        wishes,
        strategies={n: o.offer for n, o in host.refinement_strategies.items()},
        selectors={n: o.offer for n, o in host.pair_selectors.items()},
        proposer=proposer,
        has_gold=_has_gold(subjects),
    )


def _has_gold(subjects: Sequence[Subject]) -> bool:
    pools = (subject.pool for subject in subjects)
    return any(pool.gold or pool.preferences for pool in pools)


def _began(journal: Journal) -> str:
    """Give the day on which a refinement began, which its history tells."""
    known = journal.answer("began")
    if isinstance(known, str):
        return known
    today = datetime.now(UTC).date().isoformat()
    journal.write("began", today)
    return today
