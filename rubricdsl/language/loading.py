"""From files to rubrics that are sound: imports resolved, everything checked.

Imports stay inside the project: the nearest folder upward with a ``rub.toml``, else
the folder of the file that was asked for.  Links that lead out are refused.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import attrs
from attrs import define, field, frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, Severity
from rubricdsl.language.building import Built, build
from rubricdsl.language.characters import MAX_BYTES, Source, decode
from rubricdsl.language.checking import check
from rubricdsl.language.parsing import parse
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Rubric, Use
from rubricdsl.model.source import Span

PROJECT_FILE = "rub.toml"
MAX_FILES = 1_000
MAX_IMPORT_DEPTH = 32
MAX_IMPORT_BYTES = MAX_BYTES


class _Refuse(Protocol):
    def __call__(self, message: str, hint: str, code: str = "E305") -> None: ...


@frozen
class Loaded:
    """The rubrics of a file and all that is wrong with it and what it imports."""

    rubrics: tuple[Rubric, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def sound(self) -> bool:
        """Whether there is no error."""
        return all(d.severity is not Severity.ERROR for d in self.diagnostics)

    def checked(self) -> tuple[Rubric, ...]:
        """Give the rubrics; raises RubricError if there is an error."""
        if not self.sound:
            raise RubricError(self.diagnostics)
        return self.rubrics


def project_root(path: Path) -> Path:
    """Find the project that a file belongs to."""
    folder = path.resolve().parent
    for parent in (folder, *folder.parents):
        if (parent / PROJECT_FILE).is_file():
            return parent
    return folder


def load_file(path: Path, functions: FunctionTable, *, name: str = "") -> Loaded:
    """Load a ``.rub`` file, known to messages as ``name`` or by its path.

    Raises RubricError (D101) if the file cannot be read.
    """
    loader = _Loader(functions, project_root(path))
    built, found = loader.read(path.resolve(), name or str(path), ())
    return loader.loaded(built, found)


def load_text(
    text: str, functions: FunctionTable, *, name: str = "<text>", folder: Path
) -> Loaded:
    """Load source text; its imports are looked for in ``folder``."""
    loader = _Loader(functions, project_root(folder / "-"))
    source = Source.of(text, name)
    built, found = loader.build(source, folder.resolve(), ())
    return loader.loaded(built, found)


def _by_place(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by file in order of first mention, then place; leave out repetitions."""
    unique = dict.fromkeys(diagnostics)
    files = {d.span.file: None for d in unique}
    order = {file: index for index, file in enumerate(files)}
    return tuple(
        sorted(
            unique,
            key=lambda d: (order[d.span.file], d.span.line, d.span.column, d.code),
        )
    )


@define
class _Loader:
    functions: FunctionTable
    root: Path
    read_bytes: int = 0
    cache: dict[Path, tuple[list[Built], list[Diagnostic]]] = field(factory=dict)

    def loaded(self, built: list[Built], found: list[Diagnostic]) -> Loaded:
        for path_built, path_found in list(self.cache.values()):
            if path_built is not built:
                found.extend(d for d in path_found if d not in found)
        return Loaded(tuple(b.rubric for b in built), _by_place(found))

    def read(
        self, path: Path, name: str, chain: tuple[Path, ...]
    ) -> tuple[list[Built], list[Diagnostic]]:
        """Read one file, once."""
        if path in self.cache:
            return self.cache[path]
        try:
            data = path.read_bytes()
        except OSError as error:
            span = Span(name, 1, 1, 1, 2)
            reason = (error.strerror or type(error).__name__).lower()
            message = f"the file cannot be read: {reason}"
            hint = "check the path and the permissions"
            raise RubricError([Diagnostic("D101", message, span, hint)]) from None
        self.read_bytes += len(data)
        source, found = decode(data, name)
        built, more = self.build(source, path.parent, (*chain, path))
        self.cache[path] = (built, [*found, *more])
        return self.cache[path]

    def build(
        self, source: Source, folder: Path, chain: tuple[Path, ...]
    ) -> tuple[list[Built], list[Diagnostic]]:
        """Build and check all rubrics of one source."""
        syntax = parse(source)
        found = list(syntax.diagnostics)
        result: list[Built] = []
        for tree in syntax.rubrics:
            built = build(source.name, tree)
            built.rubric = self.resolve(built, folder, chain)
            found += built.found
            found += check(built, self.functions)
            result.append(built)
        found += _same_names(result)
        return result, found

    def resolve(self, built: Built, folder: Path, chain: tuple[Path, ...]) -> Rubric:
        """Attach what a rubric imports."""
        imported: list[tuple[str, Rubric]] = []
        for use in built.rubric.uses:
            rubric = self.use(use, folder, chain, built.found)
            if rubric is not None:
                imported.append((use.alias, rubric))
        return attrs.evolve(built.rubric, imported=tuple(imported))

    def use(
        self,
        use: Use,
        folder: Path,
        chain: tuple[Path, ...],
        found: list[Diagnostic],
    ) -> Rubric | None:
        """Load one import; None, with the reason in ``found``, if that fails."""

        def refuse(message: str, hint: str, code: str = "E305") -> None:
            found.append(Diagnostic(code, message, use.span, hint))

        file = use.path.partition("#")[0]
        path = (folder / file).resolve()
        if "://" in file or Path(file).is_absolute():
            refuse(
                f"`{file}` is no relative path",
                "imports name files of the project, relative to this one",
            )
        elif not path.is_relative_to(self.root):
            refuse(
                f"`{file}` lies outside the project",
                f"move it into the project, or put a {PROJECT_FILE} higher up",
            )
        elif path in chain:
            names = [p.name for p in (*chain[chain.index(path) :], path)]
            refuse(
                f"the imports run in a circle: {' → '.join(names)}",
                "move what both need into a third file",
                "E306",
            )
        elif self.exhausted(chain):
            refuse(
                "the imports are too deep, too many or too large",
                f"the most is {MAX_IMPORT_DEPTH} deep, {MAX_FILES} files, "
                f"{MAX_IMPORT_BYTES // 1_000_000} MB",
            )
        elif not path.is_file():
            refuse(f"there is no file `{file}`", f"looked for in {_shown(folder)}")
        else:
            return self.imported(use, path, chain, refuse)
        return None

    def exhausted(self, chain: tuple[Path, ...]) -> bool:
        """Say whether the imports go too far."""
        return (
            len(chain) > MAX_IMPORT_DEPTH
            or len(self.cache) > MAX_FILES
            or self.read_bytes > MAX_IMPORT_BYTES
        )

    def imported(
        self, use: Use, path: Path, chain: tuple[Path, ...], refuse: _Refuse
    ) -> Rubric | None:
        """Read the file of an import and pick its rubric."""
        file, _, wanted = use.path.partition("#")
        name = str(Path(use.span.file).parent / file)
        try:
            rubrics = [b.rubric for b in self.read(path, name, chain)[0]]
        except RubricError as error:
            refuse(error.diagnostics[0].message, error.diagnostics[0].hint)
            return None
        return _pick(rubrics, wanted, file, refuse)


def _pick(
    rubrics: list[Rubric], wanted: str, file: str, refuse: _Refuse
) -> Rubric | None:
    names = ", ".join(rubric.name for rubric in rubrics)
    if not wanted and len(rubrics) == 1:
        return rubrics[0]
    match = next((rubric for rubric in rubrics if rubric.name == wanted), None)
    if match is None:
        refuse(
            f"`{file}` has no rubric `{wanted}`"
            if wanted
            else f"`{file}` holds {len(rubrics)} rubrics",
            f'name one of them: `use "{file}#name"` ({names})',
        )
    return match


def _shown(folder: Path) -> str:
    """Name a folder without telling where on this machine it is."""
    return f"`{folder.name}`" if folder.name else "the folder of this file"


def _same_names(built: list[Built]) -> Iterator[Diagnostic]:
    seen: dict[str, int] = {}
    for one in built:
        name, span = one.rubric.name, one.rubric.span
        if name in seen:
            message = f"a rubric `{name}` stands already in line {seen[name]}"
            hint = "choose another name; results and includes refer to it"
            yield Diagnostic("E301", message, span, hint)
        seen.setdefault(name, span.line)
