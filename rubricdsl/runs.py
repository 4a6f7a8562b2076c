"""Setting up a run: which rubric judges which response, and who is the judge.

Here the engine is handed its judges, its check functions and its facts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.judging.book import JudgeBook, JudgeChoice
from rubricdsl.judging.config import ProjectConfig, find_config, read_config
from rubricdsl.judging.dockets import Account
from rubricdsl.judging.efforts import Estimate
from rubricdsl.judging.engine import Evaluation
from rubricdsl.judging.estimates import estimate
from rubricdsl.judging.executor import read_executor
from rubricdsl.judging.intake import JobStream
from rubricdsl.judging.listening import Audience, ListenerError, Silence
from rubricdsl.judging.memory import SharedVerdicts
from rubricdsl.judging.outlets import Outlet
from rubricdsl.judging.planning import Judges
from rubricdsl.judging.redaction import Redactor
from rubricdsl.judging.spec import parse_spec
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.model.events import Listener, RunFinished, RunStarted, VerdictReached
from rubricdsl.model.execution import (
    Commission,
    Execution,
    Job,
    JudgeOptions,
    Limits,
    Precision,
)
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Rubric
from rubricdsl.plugins.host import PluginHost
from rubricdsl.project import Project

JUDGE_VARIABLE = "RUB_JUDGE"
EMBEDDED_JUDGE = "presence"


def project_config(project: Project) -> ProjectConfig | None:
    """Read the nearest ``rub.toml``, if there is one."""
    path = find_config(project.folder)
    return None if path is None else read_config(path)


def judge_book(
    project: Project, options: JudgeOptions, *, asked: bool = True
) -> JudgeBook:
    """Make the book of judges for a run, or of judges that are not ``asked``.

    Raises RubricError (D2xx) for a SPEC that makes no sense.
    """
    offered = project.host.judge_backends
    choice = attrs.evolve(
        _chosen(options.specs),
        default=_default_judge(project),
        overrides_from=f"named by {options.origin}" if options.origin else "",
        default_from=f"named by the environment variable {JUDGE_VARIABLE}",
    )
    if options.concurrency is not None:
        choice = attrs.evolve(choice, concurrency=options.concurrency)
    return JudgeBook(
        {name: entry.offer for name, entry in offered.items()},
        environ=project.environ,
        choice=choice,
        config=project_config(project),
        distributions={n: o.plugin.distribution for n, o in offered.items()},
        wrappers=[o.offer for o in project.host.judge_wrappers.values()],
        asked=asked,
    )


def evaluation(  # noqa: PLR0913 - what a run needs, by name
    project: Project,
    jobs: Sequence[Job] | JobStream,
    judges: Judges,
    *,
    outlet: Outlet | None = None,
    listener: Listener | None = None,
    store: VerdictStore | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    top: int | None = None,
    precision: Precision | None = None,
) -> Evaluation:
    """Set up a run; nothing is asked before `Evaluation.run`.

    With ``top``, only what it takes to know the best so many responses to each prompt
    will be asked; with a ``precision``, what wavers again until scores, or with both
    the best, are known so well.  The scorecards of a stream go to the ``outlet``.
    """
    return partial_evaluation(
        project,
        jobs,
        judges,
        outlet=outlet,
        listener=_audience(project.host, listener),
        store=store,
        limits=limits,
        seed=seed,
        top=top,
        precision=precision,
    )


def partial_evaluation(  # noqa: PLR0913 - what a run needs, by name
    project: Project,
    jobs: Sequence[Job] | JobStream,
    judges: Judges,
    *,
    outlet: Outlet | None = None,
    listener: Listener | None = None,
    store: SharedVerdicts | None = None,
    accounts: Mapping[int, Account] | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    top: int | None = None,
    precision: Precision | None = None,
) -> Evaluation:
    """Set up a part of a run that somebody else puts together, as `evaluation` does.

    Plugins hear of the whole, so they hear nothing of its parts.  The ``accounts`` of
    jobs, by place, go on where another part has spent something on them.
    """
    root = project.root
    config = project_config(project)
    return Evaluation(
        jobs,
        judges,
        outlet=outlet,
        functions=project.host.check_functions,
        facts=lambda response: ResponseFacts(response, root),
        redactor=Redactor.of_environment(
            project.environ, config.key_variables if config else ()
        ),
        listener=listener,
        store=store,
        accounts=accounts or {},
        limits=limits or Limits(),
        seed=seed,
        top=top,
        precision=precision,
    )


def executed(  # noqa: PLR0913 - what a run needs, by name
    project: Project,
    engine: Evaluation,
    executor: str,
    *,
    jobs: Sequence[Job],
    judges: JudgeOptions,
    book: JudgeBook,
    listener: Listener | None = None,
    store: VerdictStore | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    top: int | None = None,
    precision: Precision | None = None,
) -> Execution:
    """Give a run that is set up, ``engine``, to an executor, as it is typed.

    All else is what the run was set up with.  Raises RubricError (D401) for an executor
    that there is not, and what it raises.
    """
    offers = {n: o.offer for n, o in project.host.executors.items()}
    commission = Commission(
        here=engine,
        started=engine.started,
        folder=project.folder.resolve(),
        environ=project.environ,
        consulted=book.consulted | {JUDGE_VARIABLE},
        jobs=tuple(jobs),
        judges=judges,
        limits=limits or Limits(),
        seed=seed,
        top=top,
        precision=precision,
        store=None if store is None else store.path.resolve(),
        durable=store is not None and store.is_durable,
        listener=_audience(project.host, listener),
    )
    return read_executor(executor, offers)(commission)


def estimated(  # noqa: PLR0913 - what a run needs, by name
    project: Project,
    jobs: Sequence[Job],
    book: JudgeBook,
    *,
    store: VerdictStore | None = None,
    seed: int = 0,
    precision: Precision | None = None,
    listener: Listener | None = None,
) -> Estimate:
    """Work out what `evaluation` would take; nothing is asked."""
    root = project.root
    return estimate(
        jobs,
        book,
        functions=project.host.check_functions,
        facts=lambda response: ResponseFacts(response, root),
        store=store,
        seed=seed,
        precision=precision,
        listener=listener,
    )


class _HookListener(Silence):
    """Hands what happens to the plugins' hooks."""

    def __init__(self, host: PluginHost) -> None:
        self._host = host

    def run_started(self, event: RunStarted) -> None:
        """Tell the plugins."""
        self._tell("rubricdsl_run_started", event)

    def verdict_reached(self, event: VerdictReached) -> None:
        """Tell the plugins."""
        self._tell("rubricdsl_verdict_reached", event)

    def run_finished(self, event: RunFinished) -> None:
        """Tell the plugins."""
        self._tell("rubricdsl_run_finished", event)

    def _tell(self, hook: str, event: object) -> None:
        problems = self._host.tell(hook, event)
        if problems:
            raise ListenerError("; ".join(problems))


_EVENT_HOOKS = (
    "rubricdsl_run_started",
    "rubricdsl_verdict_reached",
    "rubricdsl_run_finished",
)


def _audience(host: PluginHost, listener: Listener | None) -> Listener | None:
    """Give all who listen as one; None if nobody does, which costs nothing."""
    listeners: list[Listener] = [] if listener is None else [listener]
    if any(map(host.hears, _EVENT_HOOKS)):
        listeners.append(_HookListener(host))
    return Audience(listeners) if len(listeners) > 1 else next(iter(listeners), None)


def assign(
    project: Project, rubrics: Sequence[Rubric], responses: Iterable[Response]
) -> list[Job]:
    """Give each response the rubric that judges it.

    That is the rubric the response names, else the one whose ``for:`` names its
    prompt, else the only one there is.  Raises RubricError (D107) with every
    response that has none, E301 for two rubrics of one name, and E303 for a rubric
    with open parameters.
    """
    assignment = Assignment(project, rubrics)
    jobs: list[Job] = []
    lost: list[Diagnostic] = []
    for response in responses:
        job = assignment.job(response)
        if isinstance(job, Job):
            jobs.append(job)
        else:
            lost.append(job)
    if lost:
        raise RubricError(lost)
    return jobs


def assigned(assignment: "Assignment", responses: Iterable[Response]) -> Iterator[Job]:
    """Give responses with their rubrics as they come.

    Raises RubricError (D107) at the first one that has none.
    """
    for response in responses:
        job = assignment.job(response)
        if not isinstance(job, Job):
            raise RubricError([job])
        yield job


def check_blocks(
    options: JudgeOptions, rubrics: Sequence[Rubric], bound: Iterable[BoundRubric]
) -> None:
    """Refuse a judge for a block that is nowhere: nobody would ask it.

    Raises RubricError (D202).
    """
    names = {block.name for rubric in rubrics for block in rubric.judges}
    names |= {c.judge for rubric in bound for c in rubric.criteria() if c.judge}
    for name in _chosen(options.specs).overrides:
        if name not in names:
            fail(
                "D202",
                f"--judge {name}=…: no rubric here has a judge `{name}`",
                hint=f"they have: {', '.join(sorted(names))}"
                if names
                else "they name none; leave `NAME=` out to replace the judge of all",
            )


def _default_judge(project: Project) -> JudgeSettings | None:
    named = project.environ.get(JUDGE_VARIABLE)
    if named:
        return parse_spec(named, what=f"the judge SPEC in {JUDGE_VARIABLE}")
    if EMBEDDED_JUDGE in project.host.judge_backends:
        return JudgeSettings(backend=EMBEDDED_JUDGE)
    return None


def _refuse_same_names(rubrics: Sequence[Rubric]) -> None:
    """Results name their rubric, so two of one name cannot be told apart."""
    seen: dict[str, Rubric] = {}
    for rubric in rubrics:
        other = seen.setdefault(rubric.name, rubric)
        if other is not rubric:
            fail(
                "E301",
                f"`{rubric.name}` is also the rubric of {other.span}",
                hint="name one file, or pick one rubric: `file.rub#name`",
                span=rubric.span,
            )


class Assignment:
    """Which rubric judges which response.

    Raises RubricError E301 for two rubrics of one name.
    """

    def __init__(self, project: Project, rubrics: Sequence[Rubric]) -> None:
        _refuse_same_names(rubrics)
        self._project = project
        self._bound: dict[str, BoundRubric] = {}
        self.rubrics = rubrics
        self.by_name = {rubric.name: rubric for rubric in rubrics}
        self.by_prompt = {
            prompt: rubric for rubric in rubrics for prompt in rubric.for_prompts
        }

    @property
    def bound(self) -> Sequence[BoundRubric]:
        """All rubrics that judge some response, as far as is known."""
        return tuple(self._bound.values())

    def bind_all(self) -> None:
        """Have every rubric bound; raises RubricError (E303) for open parameters."""
        for rubric in self.rubrics:
            self._bind(rubric)

    def job(self, response: Response) -> Job | Diagnostic:
        """Give the response with its rubric, or say that it has none (D107).

        Raises RubricError (E303) for a rubric with open parameters.
        """
        rubric = self._rubric_of(response)
        if isinstance(rubric, Diagnostic):
            return rubric
        return Job(self._bind(rubric), response)

    def _bind(self, rubric: Rubric) -> BoundRubric:
        bound = self._bound.get(rubric.name)
        if bound is None:
            bound = self._bound[rubric.name] = self._project.bind(rubric)
        return bound

    def _rubric_of(self, response: Response) -> Rubric | Diagnostic:
        if response.rubric is not None:
            return self.by_name.get(response.rubric) or _no_rubric(
                response,
                f"asks for the rubric `{response.rubric}`, which is not here",
                f"the rubrics are: {', '.join(self.by_name)}",
            )
        found = self.by_prompt.get(response.prompt_id)
        if found is None and len(self.rubrics) == 1:
            found = self.rubrics[0]
        return found or _no_rubric(
            response,
            f"(prompt `{response.prompt_id}`) belongs to no rubric",
            "name its rubric in the row's `rubric`, or its prompt in the "
            "rubric's `for:`",
        )


def _no_rubric(response: Response, problem: str, hint: str) -> Diagnostic:
    message = f"the response `{response.response_id}` {problem}"
    return Diagnostic("D107", message, response.span, hint)


def _chosen(specs: Iterable[str]) -> JudgeChoice:
    override: JudgeSettings | None = None
    overrides: dict[str, JudgeSettings] = {}
    for spec in specs:
        name, equals, rest = spec.partition("=")
        if equals and name.isidentifier():
            overrides[name] = parse_spec(rest)
        elif override is not None:
            fail(
                "D202",
                "--judge names two judges for everything",
                hint="write `--judge NAME=SPEC` for one judge block; a panel is "
                "written in a judge block or in rub.toml",
            )
        else:
            override = parse_spec(spec)
    return JudgeChoice(override=override, overrides=overrides)
