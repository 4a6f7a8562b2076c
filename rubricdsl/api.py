"""The front door: load rubrics, write them, evaluate responses.

Everything here is also reached as ``rubricdsl.load`` and so on.
"""

import os
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import SupportsIndex, TypeAlias, cast, overload

from rubricdsl.audit.findings import Findings
from rubricdsl.audit.remedies import Bench
from rubricdsl.audit.running import (
    MUTANTS,
    TOP,
    Attack,
    findings,
    offered_mutations,
    offered_probes,
    run_audit,
)
from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.formats.responses import responses_of_row
from rubricdsl.judging.executor import LOCAL
from rubricdsl.judging.intake import JobStream
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.outlets import ScorecardQueue, taken_from
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.digest import Plain
from rubricdsl.model.events import Listener
from rubricdsl.model.execution import EvaluationResult, Job, JudgeOptions
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.model.source import Span
from rubricdsl.project import Project, installed_plugins, pick
from rubricdsl.runs import (
    Assignment,
    assign,
    assigned,
    evaluation,
    executed,
    judge_book,
)

PathLike: TypeAlias = str | os.PathLike[str]


class Scorecards(tuple[Scorecard, ...]):
    """Scorecards in the order of their responses; a notebook shows them as a table."""

    __slots__ = ()

    @overload
    def __getitem__(self, place: SupportsIndex) -> Scorecard: ...
    @overload
    def __getitem__(self, place: slice) -> "Scorecards": ...
    def __getitem__(self, place: SupportsIndex | slice) -> "Scorecard | Scorecards":
        """Give a scorecard, or several, which a notebook shows as well."""
        if isinstance(place, slice):
            return Scorecards(super().__getitem__(place))
        return super().__getitem__(place)

    def _repr_html_(self) -> str:
        from rubricdsl.report.notebook import scorecards_table

        return scorecards_table(self)


def open_project(folder: PathLike = ".") -> Project:
    """Open the project around a folder: plugins, ``rub.toml``, environment."""
    return Project(Path(folder), os.environ, installed_plugins(Path(folder)))


def load(path: PathLike) -> Rubric:
    """Read a rubric from a ``.rub`` file.

    ``file.rub#name`` picks one of several.

    Raises:
        RubricError: with every error of the file and of what it imports, each
            with its place; or that the file holds several rubrics.
    """
    file, _, name = str(path).partition("#")
    rubrics = open_project(Path(file).parent).load(Path(file)).checked()
    return pick(rubrics, name, file)


def loads(text: str, *, folder: PathLike = ".") -> Rubric:
    """Read a rubric from text; imports are looked for in ``folder``.

    >>> rubric = loads('''
    ... rubric greeting
    ... [2] hello: Says hello.
    ... [1] short: Has at most ten words.
    ...     check: words(response) <= 10
    ... ''')
    >>> [item.name for item in rubric.items]
    ['hello', 'short']

    Raises:
        RubricError: with every error of the text, each with its place.
    """
    rubrics = open_project(folder).load_text(text).checked()
    return pick(rubrics, "", "<text>")


def dumps(rubric: Rubric) -> str:
    """Write a rubric as canonical source; ``loads`` gives it back."""
    return print_rubric(rubric)


async def evaluate(  # noqa: PLR0913 - options, each by name
    rubric: Rubric | Sequence[Rubric],
    responses: Iterable[Response | str | Mapping[str, object]],
    *,
    judge: str | Sequence[str] = (),
    concurrency: int | None = None,
    folder: PathLike = ".",
    listener: Listener | None = None,
    store: PathLike | None = None,
    seed: int = 0,
    executor: str = LOCAL,
) -> Scorecards:
    """Judge and score responses; the scorecards come in their order.

    A response is a `Response`, its text, or a mapping with the keys of a row
    (``response``, ``prompt_id``, …).  ``judge`` is one SPEC or several, as for
    ``rub eval --judge``.  A verdict that cannot be had leaves its scorecard
    incomplete, with the reason; it raises nothing.

    Verdicts are kept in the file ``store``, if one is named, and those that it holds
    are not asked for again; processes may share it.  ``seed`` is that of all that is
    drawn.  ``executor`` is who makes the run, as for ``rub eval --executor``.

    Raises:
        RubricError: for a judge that cannot be had, a malformed response or a file
            that is no store, before anything is asked; and when verdicts can be kept
            no more.
    """
    rubrics = (rubric,) if isinstance(rubric, Rubric) else tuple(rubric)
    specs = (judge,) if isinstance(judge, str) else tuple(judge)
    project = open_project(folder)
    jobs = assign(project, rubrics, read_given(responses))
    judges = JudgeOptions(specs=specs, concurrency=concurrency)
    book = judge_book(project, judges)
    with ExitStack() as stack:
        kept = stack.enter_context(VerdictStore.open(Path(store))) if store else None
        try:
            engine = evaluation(
                project, jobs, book, listener=listener, store=kept, seed=seed
            )
            run = executed(
                project,
                engine,
                executor,
                jobs=jobs,
                judges=judges,
                book=book,
                listener=listener,
                store=kept,
                seed=seed,
            )
            result: EvaluationResult = await run.run()
        finally:
            await book.close()
    return Scorecards(result.scorecards)


async def evaluate_stream(  # noqa: PLR0913 - options, each by name
    rubric: Rubric | Sequence[Rubric],
    responses: Iterable[Response | str | Mapping[str, object]],
    *,
    judge: str | Sequence[str] = (),
    concurrency: int | None = None,
    folder: PathLike = ".",
    listener: Listener | None = None,
    store: PathLike | None = None,
    seed: int = 0,
) -> AsyncGenerator[Scorecard, None]:
    """Judge and score responses as they come; give scorecards as they are there.

    They come in the order of the responses, and are those of `evaluate`.  Responses are
    read no further ahead than some thousands before the last scorecard that was taken,
    so neither all of them nor all scorecards need fit into memory.  Equal responses far
    apart are each asked about, or known from the ``store``.

    >>> import asyncio
    >>> rubric = loads('''
    ... rubric short
    ... [1] brief: Has at most five words.
    ...     check: words(response) <= 5
    ... ''')
    >>> async def total(numbers):
    ...     texts = ("word " * (number % 10) for number in numbers)
    ...     scored = evaluate_stream(rubric, texts)
    ...     return sum([card.score async for card in scored])
    >>> asyncio.run(total(range(1000)))
    600.0

    Raises:
        RubricError: as `evaluate`; for a malformed response, and one without a rubric,
            when its turn has come.
    """
    rubrics = (rubric,) if isinstance(rubric, Rubric) else tuple(rubric)
    specs = (judge,) if isinstance(judge, str) else tuple(judge)
    project = open_project(folder)
    assignment = Assignment(project, rubrics)
    assignment.bind_all()
    jobs = JobStream(
        jobs=assigned(assignment, read_given(responses)), rubrics=assignment.bound
    )
    book = judge_book(project, JudgeOptions(specs=specs, concurrency=concurrency))
    queue = ScorecardQueue()
    with ExitStack() as stack:
        kept = stack.enter_context(VerdictStore.open(Path(store))) if store else None
        try:
            run = evaluation(
                project,
                jobs,
                book,
                outlet=queue,
                listener=listener,
                store=kept,
                seed=seed,
            )
            async with taken_from(queue, run):
                while (scorecard := await queue.take()) is not None:
                    yield scorecard
        finally:
            await book.close()


def evaluate_sync(  # noqa: PLR0913 - options, each by name
    rubric: Rubric | Sequence[Rubric],
    responses: Iterable[Response | str | Mapping[str, object]],
    *,
    judge: str | Sequence[str] = (),
    concurrency: int | None = None,
    folder: PathLike = ".",
    listener: Listener | None = None,
    store: PathLike | None = None,
    seed: int = 0,
    executor: str = LOCAL,
) -> Scorecards:
    """Do what `evaluate` does, outside an event loop.

    >>> rubric = loads('''
    ... rubric short
    ... [3] brief: Has at most five words.
    ...     check: words(response) <= 5
    ... [1] polite: Says please.
    ...     check: contains(response, "please", case = no)
    ... ''')
    >>> cards = evaluate_sync(rubric, ["Close the door.", "Please close the door."])
    >>> [card.score for card in cards]
    [0.75, 1.0]
    """
    return run_async(
        evaluate(
            rubric,
            responses,
            judge=judge,
            concurrency=concurrency,
            folder=folder,
            listener=listener,
            store=store,
            seed=seed,
            executor=executor,
        )
    )


async def audit_rubrics(  # noqa: PLR0913 - options, each by name
    rubric: Rubric | Sequence[Rubric],
    responses: Iterable[Response | str | Mapping[str, object]],
    *,
    judge: str | Sequence[str] = (),
    probes: Sequence[str] | None = None,
    mutate: bool = False,
    mutants: int = MUTANTS,
    top: float = TOP,
    gold: Mapping[tuple[str, str], float] | None = None,
    concurrency: int | None = None,
    folder: PathLike = ".",
    store: PathLike | None = None,
    seed: int = 0,
) -> Findings:
    """Attack rubrics and their judge with known hacks, as ``rub audit`` does.

    Arguments that `evaluate` has, mean the same.  ``probes`` are names, all if None;
    with ``mutate``, good responses are made worse, by each mutation in at most
    ``mutants`` ways.  ``top`` is the share of each prompt's responses that is its top,
    and ``gold`` how good responses are, by the ids of prompt and response, where that
    is known: else the score decides which is the best.

    Raises:
        RubricError: as `evaluate`, and for a probe that is not there.
    """
    rubrics = (rubric,) if isinstance(rubric, Rubric) else tuple(rubric)
    specs = (judge,) if isinstance(judge, str) else tuple(judge)
    project = open_project(folder)
    host = project.host
    attack = Attack(
        probes=offered_probes(host, probes, origin="probes"),
        mutations=offered_mutations(host) if mutate else (),
        top=top,
        most_mutants=mutants,
        seed=seed,
    )
    jobs = assign(project, rubrics, read_given(responses))
    book = judge_book(project, JudgeOptions(specs=specs, concurrency=concurrency))
    with ExitStack() as stack:
        kept = stack.enter_context(VerdictStore.open(Path(store))) if store else None

        async def judged(jobs: Sequence[Job]) -> tuple[EvaluationResult, bool]:
            run = evaluation(project, jobs, book, store=kept, seed=seed)
            return await run.run(), False

        try:
            audited = await run_audit(jobs, attack, judged, gold or {})
        finally:
            await book.close()
    bench = Bench(
        functions=host.check_functions,
        facts=lambda response: ResponseFacts(response, project.root),
    )
    return findings(audited, attack, rubrics, bench)


def audit_rubrics_sync(  # noqa: PLR0913 - options, each by name
    rubric: Rubric | Sequence[Rubric],
    responses: Iterable[Response | str | Mapping[str, object]],
    *,
    judge: str | Sequence[str] = (),
    probes: Sequence[str] | None = None,
    mutate: bool = False,
    mutants: int = MUTANTS,
    top: float = TOP,
    gold: Mapping[tuple[str, str], float] | None = None,
    concurrency: int | None = None,
    folder: PathLike = ".",
    store: PathLike | None = None,
    seed: int = 0,
) -> Findings:
    """Do what `audit_rubrics` does, outside an event loop.

    >>> rubric = loads('''
    ... rubric polite
    ... [1] please: Says please.
    ...     check: contains(response, "please", case = no)
    ... ''')
    >>> asked = {"prompt": "Say please and close the door.", "prompt_id": "door"}
    >>> found = audit_rubrics_sync(
    ...     rubric,
    ...     [{**asked, "response": text} for text in ("Shut it.", "Please shut it.")],
    ...     probes=["copied_prompt", "empty"],
    ... )
    >>> [(one.offer.name, len(one.through), one.measured) for one in found.probes]
    [('copied_prompt', 1, 1), ('empty', 0, 2)]
    """
    return run_async(
        audit_rubrics(
            rubric,
            responses,
            judge=judge,
            probes=probes,
            mutate=mutate,
            mutants=mutants,
            top=top,
            gold=gold,
            concurrency=concurrency,
            folder=folder,
            store=store,
            seed=seed,
        )
    )


def read_given(
    responses: Iterable[Response | str | Mapping[str, object]],
) -> Iterator[Response]:
    """Make responses of texts and mappings, as of the rows of a file."""
    for number, given in enumerate(responses, 1):
        if isinstance(given, Response):
            yield given
            continue
        fields = {"response": given} if isinstance(given, str) else given
        place = Span("<responses>", number, 1, number, 2)
        yield from responses_of_row(cast("Mapping[str, Plain]", fields), place)
