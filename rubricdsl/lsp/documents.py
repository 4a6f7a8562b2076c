"""The documents that are open, and what each of them says.

What an editor holds wins over the disk, in a document itself and where another one
imports it.  A document is loaded when something is asked of it, once for each of its
texts; a change makes only it, and those that import it, be loaded anew.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path

from attrs import define, field, frozen
from pygls.uris import from_fs_path, to_fs_path

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.language.binding import bind_open
from rubricdsl.language.characters import MAX_BYTES, Source
from rubricdsl.language.layout import Layout, Line, lay_out
from rubricdsl.language.lint.running import lint
from rubricdsl.language.loading import (
    Loaded,
    load_file,
    load_text,
    project_root,
)
from rubricdsl.language.scopes import Scope
from rubricdsl.lsp.places import Places
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import Rubric
from rubricdsl.scoring.meaning import Meaning

# A project may stand in a folder of much else.
_MOST_FILES = 2_000
_MOST_DEEP = 12


@frozen
class Document:
    """A text in an editor; ``path`` is None for one that was never saved."""

    uri: str
    path: Path | None
    text: str
    version: int | None = None

    @property
    def name(self) -> str:
        """What the spans of the document call it."""
        return self.uri if self.path is None else str(self.path)

    @property
    def folder(self) -> Path:
        """Where its imports are looked for."""
        return Path.cwd() if self.path is None else self.path.parent


@define(slots=False, eq=False)
class Reading:
    """A document, and what it loads as."""

    document: Document
    loaded: Loaded
    functions: FunctionTable
    encoding: str = "utf-16"

    @cached_property
    def source(self) -> Source:
        """The text as spans count it."""
        return self.loaded.source or Source.of("", self.document.name)

    @cached_property
    def places(self) -> Places:
        """The places of the text."""
        return Places(self.document.text, self.encoding)

    @cached_property
    def layout(self) -> Layout:
        """The lines of the document."""
        return lay_out(self.source)

    @cached_property
    def lines(self) -> Mapping[int, tuple[Line, ...]]:
        """Each line with those above it in its block, by every row that it covers.

        The outermost comes first, the line itself last.
        """
        found: dict[int, tuple[Line, ...]] = {}
        stack: list[tuple[Line, ...]] = [(line,) for line in self.layout.lines]
        while stack:
            chain = stack.pop()
            for row in range(chain[-1].number, chain[-1].last + 1):
                found[row] = chain
            stack.extend((*chain, child) for child in chain[-1].children)
        return found

    @cached_property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All that `rub check` says of the document and what it imports."""
        return (*self.loaded.diagnostics, *lint(self.loaded))

    @cached_property
    def _scopes(self) -> dict[int, Scope]:
        return {}

    def rubric_at(self, line: int) -> Rubric | None:
        """Give the rubric that a line belongs to."""
        before = [r for r in self.loaded.rubrics if r.span.line <= line]
        return before[-1] if before else None

    def scope(self, rubric: Rubric) -> Scope:
        """Give the names of one of the document's rubrics."""
        key = id(rubric)
        if key not in self._scopes:
            self._scopes[key] = Scope.of(rubric)
        return self._scopes[key]

    @cached_property
    def _meanings(self) -> dict[int, Meaning | None]:
        return {}

    def meaning(self, rubric: Rubric) -> Meaning | None:
        """Give the meaning of one of the rubrics; None where the file has errors.

        Its parameters without a value are left open.
        """
        key = id(rubric)
        if key not in self._meanings:
            self._meanings[key] = None
            if self.loaded.sound:
                bound = bind_open(rubric, self.functions)
                self._meanings[key] = Meaning.of(bound)
        return self._meanings[key]

    @property
    def imported(self) -> frozenset[str]:
        """The files that rubrics of the document come from, as spans call them."""
        return frozenset(
            rubric.span.file
            for own in self.loaded.rubrics
            for rubric in imported_rubrics(own)
        )


def imported_rubrics(rubric: Rubric) -> Iterator[Rubric]:
    """Give every rubric that one imports, by whatever way; each once."""
    seen: set[int] = set()
    stack = [imported for _, imported in rubric.imported]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        stack.extend(imported for _, imported in one.imported)


@define(eq=False)
class Library:
    """The documents that are open, by URI, and their readings."""

    functions: FunctionTable
    encoding: str = "utf-16"
    _open: dict[str, Document] = field(factory=dict)
    _readings: dict[str, Reading] = field(factory=dict)

    def put(self, uri: str, text: str, version: int | None = None) -> None:
        """Open a document, or give it another text."""
        self._open[uri] = Document(uri, path_of(uri), text, version)
        self._forget(uri)

    def close(self, uri: str) -> None:
        """Close a document: what is on the disk counts again."""
        self._forget(uri)
        self._open.pop(uri, None)

    def refresh(self) -> None:
        """Forget what was read, because files on the disk have changed."""
        self._readings.clear()

    def _forget(self, uri: str) -> None:
        """Forget a reading, and those of documents that import it, or may now."""
        for other, reading in tuple(self._readings.items()):
            if other == uri or self._may_import(reading, uri):
                del self._readings[other]

    def _may_import(self, reading: Reading, uri: str) -> bool:
        path = path_of(uri)
        if path is None or not any(rubric.uses for rubric in reading.loaded.rubrics):
            return False
        # An import that failed left no trace but its diagnostic.
        failed = any(d.code in {"E305", "E306"} for d in reading.loaded.diagnostics)
        files = reading.imported | {d.span.file for d in reading.loaded.diagnostics}
        return failed or any(resolved(file) == path for file in files)

    @property
    def uris(self) -> tuple[str, ...]:
        """The documents that are open."""
        return tuple(self._open)

    @property
    def unsaved(self) -> Mapping[Path, str]:
        """The texts that win over the disk."""
        return {d.path: d.text for d in self._open.values() if d.path is not None}

    def read(self, uri: str) -> Reading | None:
        """Read an open document, or what was read of it; None if it is not open."""
        if uri not in self._readings:
            document = self._open.get(uri)
            if document is None:
                return None
            self._readings[uri] = self.reading(document)
        return self._readings[uri]

    def reading(
        self, document: Document, instead: Mapping[Path, str] | None = None
    ) -> Reading:
        """Read a document, which need not be open.

        ``instead`` are texts that win even over those of open documents.
        """
        unsaved = {**self.unsaved, **(instead or {})}
        if document.path is None:
            loaded = load_text(
                document.text,
                self.functions,
                name=document.name,
                folder=document.folder,
                unsaved=unsaved,
            )
        else:
            unsaved[document.path] = document.text
            loaded = load_file(
                document.path, self.functions, name=document.name, unsaved=unsaved
            )
        return Reading(document, loaded, self.functions, self.encoding)

    def document_at(self, path: Path) -> Document | None:
        """Give the document of a file, open or not; None if it cannot be read."""
        for document in self._open.values():
            if document.path == path:
                return document
        try:
            with path.open("rb") as file:
                text = file.read(MAX_BYTES).decode("utf-8", "replace")
        except OSError:
            return None
        return Document(from_fs_path(str(path)) or path.as_uri(), path, text)

    def places_in(self, file: str) -> tuple[str, Places] | None:
        """Give the URI and places of a file that spans speak of."""
        for document in self._open.values():
            if document.name == file:
                return document.uri, Places(document.text, self.encoding)
        path = resolved(file)
        found = None if path is None else self.document_at(path)
        return None if found is None else (found.uri, Places(found.text, self.encoding))

    def neighbours(self, reading: Reading) -> Iterator[Reading]:
        """Read every other document of a document's project, open or on the disk."""
        path = reading.document.path
        if path is None:
            return
        root = project_root(path)
        paths = {p for p in self.unsaved if p.is_relative_to(root)}
        paths.update(_rubric_files(root))
        for other in sorted(paths - {path}):
            document = self.document_at(other)
            if document is None or "use" not in document.text:
                continue
            try:
                yield self.reading(document)
            except RubricError:
                continue


def _rubric_files(root: Path) -> Iterator[Path]:
    """Give the rubric files below a folder; hidden folders are left out."""
    count = 0
    stack = [(root, 0)]
    while stack and count < _MOST_FILES:
        folder, depth = stack.pop()
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir() and depth < _MOST_DEEP:
                stack.append((entry, depth + 1))
            elif entry.suffix == ".rub" and entry.is_file():
                count += 1
                yield entry


def path_of(uri: str) -> Path | None:
    """Give the file of a URI; None if it names none."""
    if not uri.startswith("file:"):
        return None
    try:
        return resolved(to_fs_path(uri) or "")
    except ValueError:
        return None


def resolved(file: str | PathLike[str]) -> Path | None:
    """Give the real path of a file that spans speak of; None if there can be none."""
    if not Path(file).is_absolute():
        return None
    try:
        return Path(file).resolve()
    except (OSError, RuntimeError, ValueError):
        return None
