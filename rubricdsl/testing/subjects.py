"""The rubric that a law or a fixture is about, and the project that it belongs to."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import attrs

from rubricdsl.cases.recording import Recording
from rubricdsl.cases.trials import Trials
from rubricdsl.model.protocols import CheckFunction
from rubricdsl.model.rubric import BoundRubric, Rubric
from rubricdsl.project import Project, installed_plugins, pick
from rubricdsl.scoring.scorecards import Scorer

RubricLike: TypeAlias = Rubric | str | os.PathLike[str]
"""A rubric, or the path of its file; ``file.rub#name`` picks one of several."""


@attrs.frozen(eq=False, kw_only=True, slots=False)
class Subject:
    """A rubric that is sound, in its project; ``file`` is None if it has no file."""

    rubric: Rubric
    project: Project
    file: Path | None

    @classmethod
    def of(cls, given: RubricLike, *, folder: Path | None = None) -> "Subject":
        """Load a rubric, or find the project of one that is loaded.

        A relative path starts from ``folder``, the working folder by default.
        Raises RubricError for a rubric that is not sound.
        """
        if isinstance(given, Rubric):
            path = Path(given.span.file)
            file = path if path.is_file() else None
            project = _project(path.parent if file else Path())
            return cls(rubric=given, project=project, file=file)
        name, _, wanted = os.fspath(given).partition("#")
        path = (folder or Path()) / name
        project = _project(path.parent)
        rubric = pick(project.load(path).checked(), wanted, name)
        return cls(rubric=rubric, project=project, file=path)

    @property
    def functions(self) -> Mapping[str, CheckFunction]:
        """The check functions that are installed."""
        return self.project.host.check_functions

    @property
    def recording(self) -> Recording:
        """The verdicts recorded beside the file."""
        if self.file is None:
            return Recording()
        return Recording.read(Recording.path_of(str(self.file)))

    @cached_property
    def bound(self) -> BoundRubric:
        """The rubric, bound; raises RubricError (E303) for an open parameter."""
        return self.project.bind(self.rubric)

    @cached_property
    def scorer(self) -> Scorer:
        """What scores its responses."""
        return Scorer.of(self.bound)

    @cached_property
    def trials(self) -> Trials:
        """What makes its tests ready."""
        return Trials(self.rubric, self.functions, self.project.root)

    @property
    def label(self) -> str:
        """What messages call the rubric."""
        place = f" ({self.file})" if self.file else ""
        return f"`{self.rubric.name}`{place}"


def _project(folder: Path) -> Project:
    return Project(folder, os.environ, installed_plugins(folder))
