"""The front door of refinement, also reached as ``rubricdsl.refine``."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from rubricdsl.api import PathLike, open_project, read_given
from rubricdsl.judging.loops import run_async
from rubricdsl.judging.store.verdicts import VerdictStore
from rubricdsl.language.edit import slices
from rubricdsl.model.execution import JudgeOptions
from rubricdsl.model.refinement import Preference, RefinedRubric
from rubricdsl.model.response import Response
from rubricdsl.project import Project
from rubricdsl.refinement.planning import Wishes
from rubricdsl.refinement.pools import Key, Pool
from rubricdsl.refining.sessions import RefinementSession
from rubricdsl.refining.subjects import (
    GoldTable,
    Proof,
    Subject,
    pools,
    subjects_of,
)
from rubricdsl.runs import assign

_NO_GOLD: Mapping[Key, float] = {}
_NO_WISHES = Wishes()


class RefinedRubrics(tuple[RefinedRubric, ...]):
    """Refined rubrics in the order of their file; a notebook shows them as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from rubricdsl.report.notebook import refinements_table

        return refinements_table(self)


async def refine(  # noqa: PLR0913 - options, each by name
    path: PathLike,
    responses: Iterable[Response | str | Mapping[str, object]],
    *,
    judge: str | tuple[str, ...] = (),
    proposer: str | None = None,
    gold: Mapping[Key, float] = _NO_GOLD,
    preferences: Iterable[Preference] = (),
    wishes: Wishes = _NO_WISHES,
    held_out: float = 0.25,
    store: PathLike | None = None,
    seed: int = 0,
) -> RefinedRubrics:
    """Refine the rubrics of a ``.rub`` file that have responses; write nothing.

    Responses are given as for `rubricdsl.evaluate`; ``judge`` and ``proposer`` are
    SPECs, ``gold`` says by prompt id and response id how good responses are, and
    ``held_out`` is the share by which the gate proves edits.  Each `RefinedRubric` has
    the refined source of its rubric, and tells of every round.

    Raises:
        RubricError: for a file, judge, proposer or wish that is not sound, before
            anything is asked.
    """
    file = Path(path)
    project = open_project(file.parent)
    rubrics = project.load(file).checked()
    found = pools(
        assign(project, rubrics, read_given(responses)),
        proof=Proof(share=held_out) if wishes.gate else None,
        gold=GoldTable(scores=dict(gold), preferences=tuple(preferences)),
        seed=seed,
    )
    subjects = _subjects(project, file, found)
    specs = (judge,) if isinstance(judge, str) else judge
    with ExitStack() as stack:
        if store is None:
            folder = stack.enter_context(TemporaryDirectory())
            store = Path(folder, "verdicts.sqlite")
        session = RefinementSession(
            project=project,
            subjects=subjects,
            wishes=wishes,
            store=stack.enter_context(VerdictStore.open(Path(store))),
            judge=JudgeOptions(specs=specs),
            proposer=proposer,
            seed=seed,
        )
        return RefinedRubrics(await session.run())


def _subjects(project: Project, file: Path, found: Mapping[str, Pool]) -> list[Subject]:
    pieces = slices(file.read_bytes().decode())
    return list(subjects_of(project, str(file), pieces, found))


def refine_sync(  # noqa: PLR0913 - options, each by name
    path: PathLike,
    responses: Iterable[Response | str | Mapping[str, object]],
    *,
    judge: str | tuple[str, ...] = (),
    proposer: str | None = None,
    gold: Mapping[Key, float] = _NO_GOLD,
    preferences: Iterable[Preference] = (),
    wishes: Wishes = _NO_WISHES,
    held_out: float = 0.25,
    store: PathLike | None = None,
    seed: int = 0,
) -> RefinedRubrics:
    """Do what `refine` does, outside an event loop."""
    return run_async(
        refine(
            path,
            responses,
            judge=judge,
            proposer=proposer,
            gold=gold,
            preferences=preferences,
            wishes=wishes,
            held_out=held_out,
            store=store,
            seed=seed,
        )
    )
