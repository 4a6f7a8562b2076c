"""The two files that ``rub diff`` and ``rub breaking`` compare."""

import os
from collections.abc import Iterator
from pathlib import Path

from attrs import field, frozen

from rubricdsl.changes.files import RubricPair, pair_rubrics
from rubricdsl.changes.snapshots import Snapshot
from rubricdsl.cli.hosts import host_of
from rubricdsl.cli.inputs import RubricFile, load, open_project
from rubricdsl.cli.output import SourceLines
from rubricdsl.cli.revisions import PREFIX, Address, RevisionFile, load_revision
from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.language.loading import Loaded
from rubricdsl.model.rubric import Rubric
from rubricdsl.plugins.host import PluginHost
from rubricdsl.project import pick

OLD_HELP = "file, git:REV:PATH, or git:REV for NEW as it was"
NEW_HELP = "file, - or git:REV:PATH"


class UnsoundError(RubricError):
    """A file was read, and has errors."""


@frozen(eq=False)
class Lines:
    """Lines of files, be they of today or of a revision."""

    revisions: tuple[RevisionFile, ...] = ()
    files: SourceLines = field(factory=SourceLines)

    def __call__(self, file: str, line: int) -> str | None:
        """Give a line of a file; None if it cannot be shown."""
        for revision in self.revisions:
            text = revision.line(file, line)
            if text is not None:
                return text
        return self.files(file, line)


@frozen(eq=False)
class Comparands:
    """The rubrics of both files, paired, and where their lines are to be found."""

    pairs: tuple[RubricPair, ...]
    lines: Lines

    @property
    def old_count(self) -> int:
        """How many rubrics there were."""
        return sum(pair.old is not None for pair in self.pairs)


def load_comparands(old: str, new: str) -> Comparands:
    """Load what two arguments name.

    Raises UnsoundError for a rubric with errors, RubricError for what cannot be read.
    """
    new_path, _, new_name = new.partition("#")
    host = host_of(Path(new_path).parent)
    old_path, _, old_name = old.partition("#")
    folder = Path()
    if old_path.startswith(PREFIX) and not Address.parse(old_path).path:
        old_path, folder = _same_file(old_path, new_path)
        old_name = old_name or new_name
    sides = list(_loaded(((old_path, folder), (new_path, Path())), host))
    lines = Lines(tuple(s for s in sides if isinstance(s, RevisionFile)))
    loaded = [s.loaded if isinstance(s, RevisionFile) else s for s in sides]
    if not all(one.sound for one in loaded):
        raise UnsoundError(d for one in loaded for d in one.diagnostics)
    snapshots = [
        [Snapshot.of(rubric, host.function_table) for rubric in rubrics]
        for rubrics in (
            _picked(loaded[0], old_name, old_path),
            _picked(loaded[1], new_name, new_path),
        )
    ]
    return Comparands(pair_rubrics(*snapshots), lines)


def _picked(loaded: Loaded, name: str, path: str) -> tuple[Rubric, ...]:
    return (pick(loaded.rubrics, name, path),) if name else loaded.rubrics


def _same_file(old: str, new: str) -> tuple[str, Path]:
    """Give the address of the new file at a revision, and the folder it is in."""
    if new.startswith(PREFIX):
        return f"{old.rstrip(':')}:{Address.parse(new).path}", Path()
    if new == "-":
        hint = "write `git:REV:PATH`"
        fail("D401", "standard input was never committed under a name", hint=hint)
    path = Path(new)
    return f"{old.rstrip(':')}:./{path.name}", path.parent


def _loaded(
    sides: tuple[tuple[str, Path], ...], host: PluginHost
) -> Iterator[Loaded | RevisionFile]:
    for path, folder in sides:
        if path.startswith(PREFIX):
            yield load_revision(Address.parse(path), folder, host, os.environ)
        else:
            file = RubricFile(path)
            yield load(file, open_project(file))
