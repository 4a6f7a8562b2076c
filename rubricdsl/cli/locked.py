"""What ``rub check --locked`` adds: imports held to the locks of their projects."""

from collections.abc import Iterator
from pathlib import Path

from attrs import define, field

from rubricdsl.cli.inputs import RubricFile, files_of_project
from rubricdsl.cli.output import shown
from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.loading import Loaded, project_root
from rubricdsl.language.locking import LOCK_FILE, Lock, read_lock


@define
class _Seen:
    """One project: its lock, and what of it was checked."""

    lock: Lock
    name: str
    files: set[Path] = field(factory=set)
    imported: set[str] = field(factory=set)
    sound: bool = True


@define
class Locks:
    """The locks of the projects whose files are checked, each read once."""

    seen: dict[Path, _Seen] = field(factory=dict)

    def hold(self, file: RubricFile, loaded: Loaded) -> Iterator[Diagnostic]:
        """Hold what one file imports to the lock of its project.

        Raises RubricError (D303, D101) if that cannot be read.
        """
        path = Path("-" if file.path == "-" else file.path)
        root = project_root(path)
        if root not in self.seen:
            name = shown(root / LOCK_FILE)
            self.seen[root] = _Seen(read_lock(root / LOCK_FILE, name) or Lock(), name)
        project = self.seen[root]
        project.files.add(path.resolve())
        project.imported |= {each.path for each in loaded.imports}
        project.sound = project.sound and loaded.sound
        yield from project.lock.faults(loaded.imports)

    def superfluous(self) -> Iterator[Diagnostic]:
        """Report pins that nobody needs; call it when all files were held.

        Those of files that are still there are known only where all rubrics of the
        project were checked, and could be read.
        """
        for root, project in self.seen.items():
            if not project.sound or not project.lock.pins:
                continue
            needed = set(project.imported)
            everything = {path.resolve() for path in files_of_project(root)}
            if not everything <= project.files:
                needed |= {pin for pin in project.lock.pins if (root / pin).is_file()}
            yield from project.lock.superfluous(needed, project.name)
