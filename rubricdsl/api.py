"""The front door: load rubrics, write them, evaluate responses.

Everything here is also reached as ``rubricdsl.load`` and so on.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import SupportsIndex, TypeAlias, cast, overload

from rubricdsl.formats.responses import responses_of_row
from rubricdsl.judging.engine import EvaluationResult
from rubricdsl.judging.listening import Listener
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.digest import Plain
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.scorecard import Scorecard
from rubricdsl.model.source import Span
from rubricdsl.project import Project, installed_plugins, pick
from rubricdsl.runs import JudgeOptions, assign, evaluation, judge_book

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
) -> Scorecards:
    """Judge and score responses; the scorecards come in their order.

    A response is a `Response`, its text, or a mapping with the keys of a row
    (``response``, ``prompt_id``, …).  ``judge`` is one SPEC or several, as for
    ``rub eval --judge``.  A verdict that cannot be had leaves its scorecard
    incomplete, with the reason; it raises nothing.

    Verdicts are kept in the file ``store``, if one is named, and those that it holds
    are not asked for again; processes may share it.  ``seed`` is that of all that is
    drawn.

    Raises:
        RubricError: for a judge that cannot be had, a malformed response or a file
            that is no store, before anything is asked; and when verdicts can be kept
            no more.
    """
    rubrics = (rubric,) if isinstance(rubric, Rubric) else tuple(rubric)
    specs = (judge,) if isinstance(judge, str) else tuple(judge)
    project = open_project(folder)
    jobs = assign(project, rubrics, read_given(responses))
    book = judge_book(project, JudgeOptions(specs=specs, concurrency=concurrency))
    with ExitStack() as stack:
        kept = stack.enter_context(VerdictStore.open(Path(store))) if store else None
        try:
            run = evaluation(
                project, jobs, book, listener=listener, store=kept, seed=seed
            )
            result: EvaluationResult = await run.run()
        finally:
            await book.close()
    return Scorecards(result.scorecards)


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
