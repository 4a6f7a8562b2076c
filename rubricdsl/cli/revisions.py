"""Files as they stood at a revision: ``git:REV:PATH``, read from git's own store.

PATH is as git has it: from the top of the repository, or from here after ``./``.  The
file is laid out in a temporary folder together with what it imports at that revision,
so that imports are followed, and fenced in, as those of any other file.
"""

import posixpath
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NoReturn

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.language.loading import MAX_FILES, PROJECT_FILE, Loaded, load_text
from rubricdsl.model.source import Span
from rubricdsl.plugins.host import PluginHost
from rubricdsl.project import Project

PREFIX = "git:"
_SECONDS = 60


@frozen
class Address:
    """``git:REV`` or ``git:REV:PATH``; the path is empty where none is given."""

    revision: str
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read what follows ``git:``."""
        revision, _, path = text.removeprefix(PREFIX).partition(":")
        return cls(revision, path)

    def __str__(self) -> str:
        return f"{PREFIX}{self.revision}:{self.path}"


@frozen(eq=False)
class RevisionFile:
    """A file loaded at a revision, with the texts of all files read, by path."""

    loaded: Loaded
    texts: Mapping[str, str]
    revision: str

    def line(self, file: str, number: int) -> str | None:
        """Give a line of a file of this revision, as messages name it."""
        start = f"{PREFIX}{self.revision}:"
        if not file.startswith(start):
            return None
        text = self.texts.get(posixpath.normpath(file.removeprefix(start)), "")
        lines = text.removeprefix("\ufeff").split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else None


class Repository:
    """The git repository around a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def commit(self, address: Address) -> str:
        """Give the commit that a revision names; raises RubricError (D101)."""
        revision = address.revision
        if not revision or revision.startswith("-"):
            self._fail(address, f"`{revision}` is no revision")
        done = self._git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        if done.returncode:
            self._fail(address, f"there is no revision `{revision}`")
        return done.stdout.decode("ascii", "replace").strip()

    def full_path(self, address: Address) -> str:
        """Give a path from the top; raises RubricError (D101) outside of git."""
        done = self._git("rev-parse", "--show-prefix")
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            self._fail(address, lines[0] if lines else "this is no git repository")
        prefix = done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
        path = address.path
        if path.startswith(("./", "../")):
            path = posixpath.normpath(posixpath.join(prefix, path))
        return path

    def read(self, commit: str, path: str) -> bytes | None:
        """Give a file of a commit; None if there is none."""
        done = self._git("cat-file", "blob", f"{commit}:{path}")
        return None if done.returncode else done.stdout

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        span = Span(PREFIX, 1, 1, 1, 2)
        command = ["git", "-C", str(self.folder), *arguments]
        try:
            return subprocess.run(  # noqa: S603 - no shell, and no option from outside
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            hint = "install git, or name a file"
            fail("D101", "the program `git` is not there", hint=hint, span=span)
        except subprocess.TimeoutExpired:
            message = f"git gave no answer in {_SECONDS} seconds"
            fail("D101", message, hint="name a file instead", span=span)

    def _fail(self, address: Address, message: str) -> NoReturn:
        span = Span(str(address).removesuffix(":"), 1, 1, 1, 2)
        hint = "write `git:REV:PATH`, with a branch, tag or commit of the repository"
        fail("D101", message, hint=hint, span=span)


def load_revision(
    address: Address, folder: Path, host: PluginHost, environ: Mapping[str, str]
) -> RevisionFile:
    """Load a file at a revision of the repository around ``folder``.

    Raises RubricError (D101) if git, the revision or the file is not there.
    """
    repository = Repository(folder)
    top = repository.full_path(address)
    commit = repository.commit(address)
    data = repository.read(commit, top)
    if data is None:
        span = Span(str(address), 1, 1, 1, 2)
        hint = "PATH counts from the top of the repository; `./PATH` from this folder"
        message = f"there is no file `{top}` at `{address.revision}`"
        fail("D101", message, hint=hint, span=span)
    # Messages name imports relative to the file: that must not lose the revision.
    name = f"{PREFIX}{address.revision}:" + (top if "/" in top else f"./{top}")
    texts: dict[str, str] = {}
    with TemporaryDirectory(prefix="rub-") as temporary:
        root = Path(temporary).resolve()
        for path, content in _files(repository, commit, top, data, host):
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            texts[path] = content.decode("utf-8", "replace")
        project = Project((root / top).parent, environ, host)
        loaded = project.load(root / top, name=name)
    return RevisionFile(loaded, texts, address.revision)


def _files(
    repository: Repository, commit: str, top: str, data: bytes, host: PluginHost
) -> Iterator[tuple[str, bytes]]:
    """Give the file, the project file above it, and all that it imports, by path."""
    for above in PurePosixPath(top).parents:
        path = str(above / PROJECT_FILE)
        project_file = repository.read(commit, path)
        if project_file is not None:
            yield path, project_file
            break
    waiting: list[tuple[str, bytes | None]] = [(top, data)]
    seen = {top}
    while waiting:
        path, content = waiting.pop()
        if content is None:
            content = repository.read(commit, path)
        if content is None:
            continue  # loading says so, at the line that imports it
        yield path, content
        for imported in _imports(path, content, host):
            if imported not in seen and len(seen) <= MAX_FILES:
                seen.add(imported)
                waiting.append((imported, None))


def _imports(path: str, content: bytes, host: PluginHost) -> Iterator[str]:
    """Give the paths that a file imports, as far as they stay in the repository."""
    with TemporaryDirectory(prefix="rub-") as empty:
        text = content.decode("utf-8", "replace")
        loaded = load_text(text, host.function_table, folder=Path(empty))
    for rubric in loaded.rubrics:
        for use in rubric.uses:
            file = use.path.partition("#")[0]
            joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
            if not joined.startswith(("/", "..")) and "\0" not in joined:
                yield joined
