"""From files to rubrics that are sound: imports resolved, everything checked.

Imports stay inside the project: the nearest folder upward with a ``rub.toml``, else
the folder of the file that was asked for.  Links that lead out are refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import attrs
from attrs import define, field, frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, Severity
from rubricdsl.language.building import Built
from rubricdsl.language.characters import MAX_BYTES, Source, decode
from rubricdsl.language.checking import check
from rubricdsl.language.reading import SourceReading, read_source
from rubricdsl.model.collector import collector_paused
from rubricdsl.model.rubric import Group, Include, Item, Rubric, Use
from rubricdsl.model.source import Span

if TYPE_CHECKING:
    from rubricdsl.language.locking import Import
    from rubricdsl.model.protocols import FunctionTable

PROJECT_FILE = "rub.toml"
MAX_FILES = 1_000
MAX_IMPORT_DEPTH = 32
MAX_IMPORT_BYTES = MAX_BYTES
MAX_INCLUDED = 10_000
"""How many items the includes of a rubric may come to."""

Unsaved: TypeAlias = Mapping[Path, str]
"""Texts of files, by resolved path, that count instead of what is on the disk."""

NOTHING_UNSAVED: Unsaved = MappingProxyType({})

# No text of so many characters can have more bytes than are allowed.
MAX_CHARACTERS = MAX_BYTES // 4


class _RefusedError(Exception):
    """An import that cannot be had, with what to say of it."""

    def __init__(self, message: str, hint: str, code: str = "E305") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


@frozen
class Loaded:
    """The rubrics of a file and all that is wrong with it and what it imports.

    ``source`` is the file's text; None where nothing could be made of its bytes.
    ``imports`` are those of the file and of what it imports.
    """

    rubrics: tuple[Rubric, ...]
    diagnostics: tuple[Diagnostic, ...]
    source: Source | None = field(default=None, eq=False, repr=False)
    imports: tuple["Import", ...] = field(default=(), eq=False, repr=False)

    @property
    def sound(self) -> bool:
        """Whether there is no error."""
        return all(d.severity is not Severity.ERROR for d in self.diagnostics)

    def checked(self) -> tuple[Rubric, ...]:
        """Give the rubrics; raises RubricError if there is an error."""
        if not self.sound:
            raise RubricError(self.diagnostics)
        return self.rubrics


def find_project(path: Path) -> Path | None:
    """Find the nearest folder with a ``rub.toml`` upward from a file."""
    folder = path.resolve().parent
    above = (folder, *folder.parents)
    return next((p for p in above if (p / PROJECT_FILE).is_file()), None)


def project_root(path: Path) -> Path:
    """Give the folder that a file's imports may not leave."""
    return find_project(path) or path.resolve().parent


def load_file(
    path: Path,
    functions: "FunctionTable",
    *,
    name: str = "",
    unsaved: Unsaved = NOTHING_UNSAVED,
) -> Loaded:
    """Load a ``.rub`` file, known to messages as ``name`` or by its path.

    Raises RubricError (D101) if the file cannot be read.
    """
    loader = _Loader(functions, path, unsaved)
    with collector_paused():
        return loader.loaded(loader.read(path.resolve(), name or str(path), ()))


def load_text(
    text: str,
    functions: "FunctionTable",
    *,
    name: str = "<text>",
    folder: Path,
    unsaved: Unsaved = NOTHING_UNSAVED,
) -> Loaded:
    """Load source text; its imports are looked for in ``folder``."""
    loader = _Loader(functions, folder / "-", unsaved)
    data = text.encode("utf-8", "surrogatepass") if len(text) > MAX_CHARACTERS else b""
    if len(data) > MAX_BYTES:
        _, found = decode(data, name)
        return Loaded((), found)
    with collector_paused():
        return loader.text(read_source(Source.of(text, name)), folder)


def load_reading(
    reading: SourceReading,
    functions: "FunctionTable",
    *,
    folder: Path,
    unsaved: Unsaved = NOTHING_UNSAVED,
) -> Loaded:
    """Load source text that is read already, as `load_text` does."""
    with collector_paused():
        return _Loader(functions, folder / "-", unsaved).text(reading, folder)


def _by_place(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by file in order of first mention, then line; leave out repetitions."""
    unique = dict.fromkeys(diagnostics)
    files = {d.span.file: None for d in unique}
    order = {file: index for index, file in enumerate(files)}
    return tuple(
        sorted(
            unique,
            key=lambda d: (order[d.span.file], d.span.line, d.code, d.span.column),
        )
    )


@frozen
class _Read:
    """The rubrics of one file, with what is wrong with the file.

    ``sizes`` are the numbers of items that they come to with their includes.
    """

    built: tuple[Built, ...]
    found: list[Diagnostic]
    sizes: tuple[int, ...] = ()
    source: Source | None = None


@frozen
class _Link:
    """A file that is being read, and the ``use`` in it that is being followed."""

    path: Path
    use: Use | None = None


@define
class _Loader:
    functions: "FunctionTable"
    start: Path
    unsaved: Unsaved = NOTHING_UNSAVED
    imported_files: int = 0
    imported_bytes: int = 0
    cache: dict[Path, _Read] = field(factory=dict)
    circles: list[Diagnostic] = field(factory=list)
    imports: list["Import"] = field(factory=list)

    @cached_property
    def root(self) -> Path:
        """The folder that imports may not leave; only they ask for it."""
        return project_root(self.start)

    def text(self, reading: SourceReading, folder: Path) -> Loaded:
        """Load a text, whose imports are looked for in a folder."""
        # It is the first link of the chain, as a file would be; it has no path.
        return self.loaded(self.build(reading, folder.resolve(), (_Link(Path()),)))

    def loaded(self, read: _Read) -> Loaded:
        found = [*read.found, *self.circles]
        for other in self.cache.values():
            if other is not read:
                found += other.found
        rubrics = tuple(built.rubric for built in read.built)
        return Loaded(rubrics, _by_place(found), read.source, tuple(self.imports))

    def read(self, path: Path, name: str, chain: tuple[_Link, ...]) -> _Read:
        """Read one file, once."""
        if path in self.cache:
            return self.cache[path]
        try:
            data = self.data(path)
        except OSError as error:
            span = Span(name, 1, 1, 1, 2)
            reason = (error.strerror or type(error).__name__).lower()
            message = f"the file cannot be read: {reason}"
            hint = "check the path and the permissions"
            raise RubricError([Diagnostic("D101", message, span, hint)]) from None
        source, faults = decode(data, name)
        if source is None:
            self.cache[path] = _Read((), list(faults))
            return self.cache[path]
        reading = read_source(source, faults)
        read = self.build(reading, path.parent, (*chain, _Link(path)))
        self.cache[path] = read
        return read

    def data(self, path: Path) -> bytes:
        """Give what a file holds, up to more than is allowed."""
        if path in self.unsaved:
            return self.unsaved[path].encode("utf-8", "surrogatepass")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)

    def build(
        self, reading: SourceReading, folder: Path, chain: tuple[_Link, ...]
    ) -> _Read:
        """Follow the imports of all rubrics of one source, and check them."""
        found = list(reading.syntax)
        result: list[Built] = []
        sizes: list[int] = []
        for one in reading.built:
            # What is read may be loaded again, with other imports.
            built = attrs.evolve(one, found=list(one.found))
            sizes.append(self.resolve(built, folder, chain))
            found += built.found
            found += check(built, self.functions)
            result.append(built)
        found += _same_names(result)
        return _Read(tuple(result), found, tuple(sizes), reading.source)

    def resolve(self, built: Built, folder: Path, chain: tuple[_Link, ...]) -> int:
        """Attach what a rubric imports; give the number of items it then has."""
        imported: list[tuple[str, Rubric]] = []
        sizes: dict[str, int] = {}
        for use in built.rubric.uses:
            try:
                rubric, sizes[use.alias] = self.follow(use, folder, chain)
            except _RefusedError as refusal:
                built.found.append(
                    Diagnostic(refusal.code, str(refusal), use.span, refusal.hint)
                )
            else:
                imported.append((use.alias, rubric))
        size, included = _size(built.rubric.items, sizes)
        if included > MAX_INCLUDED:
            message = f"the includes bring {included:,} criteria and groups"
            hint = f"the most is {MAX_INCLUDED:,}; include less"
            span = built.rubric.uses[0].span
            built.found.append(Diagnostic("E305", message, span, hint))
            size, imported = 0, []
        built.rubric = attrs.evolve(built.rubric, imported=tuple(imported))
        return size

    def follow(
        self, use: Use, folder: Path, chain: tuple[_Link, ...]
    ) -> tuple[Rubric, int]:
        """Load one import, and give its size.

        Raises _RefusedError if it cannot be had.
        """
        file, _, wanted = use.path.partition("#")
        if "://" in file or Path(file).is_absolute():
            raise _RefusedError(
                f"`{file}` is no relative path",
                "imports name files of the project, relative to this one",
            )
        try:
            path = (folder / file).resolve()
            size = self._size_of(path)
        except (OSError, RuntimeError, ValueError):
            # A name too long, a circle of links, a NUL: no such file can be.
            path, size = self.root, None
        if not path.is_relative_to(self.root):
            raise _RefusedError(
                f"`{file}` lies outside the project",
                f"move it into the project, or put a {PROJECT_FILE} higher up",
            )
        self._refuse_circle(path, chain)
        if size is None:
            hint = f"looked for in {_shown(folder)}"
            raise _RefusedError(f"there is no file `{file}`", hint)
        if path not in self.cache:
            self._count(size, chain)
        name = str(Path(use.span.file).parent / file)
        chain = (*chain[:-1], _Link(chain[-1].path, use))
        try:
            read = self.read(path, name, chain)
        except RubricError as error:
            fault = error.diagnostics[0]
            raise _RefusedError(fault.message, fault.hint) from None
        if read.source is not None:
            self.imports.append(self.pinnable(path, read.source, use))
        return _pick(read, wanted, file)

    def _size_of(self, path: Path) -> int | None:
        """Give the size of a file in bytes; None if there is none."""
        if path in self.unsaved:
            return len(self.unsaved[path].encode("utf-8", "surrogatepass"))
        return path.stat().st_size if path.is_file() else None

    def pinnable(self, path: Path, source: Source, use: Use) -> "Import":
        """Say what a lock can pin of an import."""
        from rubricdsl.language.locking import Import, text_digest

        below = path.relative_to(self.root).as_posix()
        return Import(below, text_digest(source.text), use.span)

    def _refuse_circle(self, path: Path, chain: tuple[_Link, ...]) -> None:
        """Refuse a file that is being read; report each link of the circle."""
        start = next((i for i, link in enumerate(chain) if link.path == path), None)
        if start is None:
            return
        circle = [link.path for link in (*chain[start:], chain[start])]
        names = " → ".join(each.relative_to(self.root).as_posix() for each in circle)
        message = f"the imports run in a circle: {names}"
        hint = "move what both need into a third file"
        for link in chain[start:-1]:
            if link.use is not None:
                fault = Diagnostic("E306", message, link.use.span, hint)
                self.circles.append(fault)
        raise _RefusedError(message, hint, "E306")

    def _count(self, size: int, chain: tuple[_Link, ...]) -> None:
        """Count one more file; raises _RefusedError if that is one too many."""
        self.imported_files += 1
        self.imported_bytes += size
        if (
            len(chain) > MAX_IMPORT_DEPTH
            or self.imported_files > MAX_FILES
            or self.imported_bytes > MAX_IMPORT_BYTES
        ):
            raise _RefusedError(
                "the imports are too deep, too many or too large",
                f"the most is {MAX_IMPORT_DEPTH} deep, {MAX_FILES:,} files, "
                f"{MAX_IMPORT_BYTES // 1_000_000} MB",
            )


def _size(items: Iterable[Item], sizes: Mapping[str, int]) -> tuple[int, int]:
    """Count items, and those of them that come with includes.

    ``sizes`` are those of the imports, by alias.
    """
    own = included = 0
    stack = list(items)
    while stack:
        item = stack.pop()
        own += 1
        if isinstance(item, Group):
            stack.extend(item.items)
        elif isinstance(item, Include):
            included += sizes.get(item.alias, 0)
    return own + included, included


def _pick(read: _Read, wanted: str, file: str) -> tuple[Rubric, int]:
    """Choose the rubric of a file that an import names, and give its size."""
    rubrics = [built.rubric for built in read.built]
    names = [rubric.name for rubric in rubrics]
    if not wanted and len(rubrics) == 1:
        return rubrics[0], read.sizes[0]
    if wanted in names:
        index = names.index(wanted)
        return rubrics[index], read.sizes[index]
    message = f"`{file}` holds {len(rubrics)} rubrics"
    if wanted:
        message = f"`{file}` has no rubric `{wanted}`"
    hint = f'name one of them: `use "{file}#name"` ({", ".join(names)})'
    raise _RefusedError(message, hint)


def _shown(folder: Path) -> str:
    """Name a folder without telling where on this machine it is."""
    return f"`{folder.name}`" if folder.name else "the folder of this file"


def _same_names(built: Iterable[Built]) -> Iterator[Diagnostic]:
    seen: dict[str, int] = {}
    for one in built:
        name, span = one.rubric.name, one.rubric.span
        if name in seen:
            message = f"a rubric `{name}` stands already in line {seen[name]}"
            hint = "choose another name; results and includes refer to it"
            yield Diagnostic("E301", message, span, hint)
        seen.setdefault(name, span.line)
