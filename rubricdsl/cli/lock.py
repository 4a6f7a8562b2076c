"""``rub lock``: pin what the rubrics of a project import."""

import argparse
from pathlib import Path

from rubricdsl.cli.exits import Exit
from rubricdsl.cli.inputs import RubricFile, files_of_project, load, open_project
from rubricdsl.cli.output import plural, say, shown
from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.language.loading import PROJECT_FILE, find_project
from rubricdsl.language.locking import LOCK_FILE, Import, Lock, read_lock

DESCRIPTION = f"""\
Pin every file that a rubric of the project imports, in {LOCK_FILE} beside
{PROJECT_FILE}; `rub check --locked` then finds what has changed since."""
EPILOG = """\
examples:
  rub lock examples/teacher
  rub lock examples/teacher/misconceptions.rub

The project is the nearest folder upward from PATH with a rub.toml.  A rubric of it
that has errors stops the command, and the old lock stays as it was.

exit codes: 0 done, 2 no project, or a rubric that is not sound"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "path", nargs="?", default=".", metavar="PATH", help="in the project (.)"
    )


def run(options: argparse.Namespace) -> Exit:
    """Run the command."""
    start = Path(options.path)
    if not start.exists():
        fail("D101", f"there is no {options.path}", hint="check the path")
    root = find_project(start / "-" if start.is_dir() else start)
    if root is None:
        hint = "put one into the folder that is the project; it may be empty"
        fail("D401", f"there is no {PROJECT_FILE} above {options.path}", hint=hint)
    path = root / LOCK_FILE
    new = Lock.of(_imports(root))
    old = _old(path)
    if new.pins or path.exists():
        with whole_file(str(path)) as out:
            out.write(new.render().encode("utf-8"))
    say(f"{LOCK_FILE}: {plural(len(new.pins), 'import')} pinned{_changes(old, new)}")
    return Exit.FINE


def _imports(root: Path) -> list[Import]:
    """Collect the imports of all rubrics of a project.

    Raises RubricError if any of them is not sound.
    """
    imports: list[Import] = []
    found: dict[Diagnostic, None] = {}
    sound = True
    for path in files_of_project(root):
        file = RubricFile(shown(path))
        loaded = load(file, open_project(file))
        imports += loaded.imports
        found |= dict.fromkeys(loaded.diagnostics)
        sound = sound and loaded.sound
    if not sound:
        raise RubricError(found)
    return imports


def _old(path: Path) -> Lock:
    try:
        return read_lock(path) or Lock()
    except RubricError:
        return Lock()  # it is about to be put right


def _changes(old: Lock, new: Lock) -> str:
    """Say what is not as it was."""
    both = old.pins.keys() & new.pins.keys()
    numbers = {
        "new": len(new.pins) - len(both),
        "changed": sum(old.pins[path] != new.pins[path] for path in both),
        "gone": len(old.pins) - len(both),
    }
    told = ", ".join(f"{number} {word}" for word, number in numbers.items() if number)
    return f" ({told})" if told else ""
