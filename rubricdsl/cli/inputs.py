"""What the paths on a command line stand for: rubric files, folders, stdin."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import frozen

from rubricdsl.cli.hosts import host_of
from rubricdsl.cli.output import standard_input
from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.language.loading import Loaded, project_root
from rubricdsl.model.rubric import Rubric
from rubricdsl.model.source import Span
from rubricdsl.project import Project, pick


@frozen
class RubricFile:
    """A rubric file on the command line; ``name`` picks one of its rubrics."""

    path: str
    name: str = ""


def find_files(paths: Sequence[str]) -> Iterator[RubricFile]:
    """Give the files that paths stand for; folders are searched for ``*.rub``.

    Raises RubricError for a folder without any.
    """
    for path in paths:
        file, _, name = path.partition("#")
        if file == "-" or not Path(file).is_dir():
            yield RubricFile(file, name)
            continue
        found = files_below(Path(file))
        if not found:
            span = Span(file, 1, 1, 1, 1)
            fail("D101", "no .rub file is in the folder", hint="name a file", span=span)
        yield from (RubricFile(str(p)) for p in found)


def files_below(folder: Path) -> list[Path]:
    """Give all rubric files in a folder and in those inside it, sorted."""
    return sorted(p for p in folder.rglob("*.rub") if p.is_file())


def files_of_project(root: Path) -> list[Path]:
    """Give the rubric files of a project, without those of projects inside it."""
    return [path for path in files_below(root) if project_root(path) == root]


def open_project(file: RubricFile) -> Project:
    """Open the project that a file belongs to."""
    folder = Path() if file.path == "-" else Path(file.path).parent
    return Project(folder, os.environ, host_of(folder))


def load(file: RubricFile, project: Project) -> Loaded:
    """Load one file, or standard input."""
    if file.path == "-":
        return project.load_text(standard_input().decode("utf-8", "replace"), name="-")
    return project.load(Path(file.path), name=file.path)


def load_sound(paths: Sequence[str]) -> tuple[list[Rubric], Project]:
    """Load rubrics that a command cannot do without.

    Raises RubricError with everything that is wrong with any of them.
    """
    files = list(find_files(paths))
    project = open_project(files[0])
    rubrics: list[Rubric] = []
    found: list[Diagnostic] = []
    for file in files:
        loaded = load(file, open_project(file))
        found += loaded.diagnostics
        if loaded.sound:
            rubrics += (
                [pick(loaded.rubrics, file.name, file.path)]
                if file.name
                else loaded.rubrics
            )
    if any(d.severity == "error" for d in found):
        raise RubricError(found)
    return rubrics, project
