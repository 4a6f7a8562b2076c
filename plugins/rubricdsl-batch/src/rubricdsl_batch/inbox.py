"""Results: what services have answered, in whatever order and however many files.

Only where each result stands is kept in memory; it is read when it is asked for.
"""

import codecs
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NoReturn

import attrs
from attrs import field, frozen

from rubricdsl.diagnostics import Diagnostic, RubricError
from rubricdsl.formats.sources import (
    Line,
    LongLine,
    decoding_fault,
    lines,
    opened,
    place,
)
from rubricdsl.model.digest import digest
from rubricdsl_batch.providers import Outcome, Provider, ResultError, Undone

FOLDER = "results"
"""The folder of a batch's folder that results are put into."""

_OK = 200
_HINT = "put the files here as the service gave them"


@frozen
class _Entry:
    """Where a result stands, and how it can be told from another."""

    path: Path
    line: int
    offset: int
    is_good: bool
    digest: str


@attrs.define(eq=False)
class Inbox:
    """The results in a folder, as far as they are a judge's.

    ``slug`` begins the names of its request files.  ``strange`` counts results by file
    that are of no request of this folder.
    """

    folder: Path
    provider: Provider
    slug: str
    strange: dict[str, int] = field(factory=dict)
    _entries: dict[str, _Entry] = field(factory=dict)
    _read: set[str] = field(factory=set)
    _open: dict[Path, IO[bytes]] = field(factory=dict)

    def look(self, written: Mapping[str, str]) -> None:
        """Read the files that were not there before.

        ``written`` is the file of each request of this folder, whichever judge's.

        Raises:
            RubricError: D206 with file and line for what is no result, and for two
                that contradict each other; D101 and D104 for files that cannot be
                read.
        """
        for path in sorted((self.folder / FOLDER).glob("*.jsonl")):
            if path.name not in self._read:
                self._read.add(path.name)
                self._read_file(path, written)

    def find(self, name: str) -> Outcome | None:
        """Give what came of a request; None where nothing has come."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        file = self._open.get(entry.path)
        if file is None:
            file = self._open[entry.path] = entry.path.open("rb")
        file.seek(entry.offset)
        document = _document(file.readline())
        return Undone("") if document is None else self.provider.outcome(document)

    @property
    def names(self) -> frozenset[str]:
        """The requests of which something came."""
        return frozenset(self._entries)

    def is_good(self, name: str) -> bool:
        """Tell whether a request was answered with status 200."""
        entry = self._entries.get(name)
        return entry is not None and entry.is_good

    def close(self) -> None:
        """Close the files."""
        while self._open:
            self._open.popitem()[1].close()

    def _read_file(self, path: Path, written: Mapping[str, str]) -> None:
        for line, name, document in _documents(path):
            stem = written.get(name)
            if stem is None:
                self.strange[path.name] = self.strange.get(path.name, 0) + 1
            elif stem.rpartition("-")[0] == self.slug:
                self._take(name, self._entry(path, line, document))

    def _entry(self, path: Path, line: Line, document: Mapping[str, object]) -> _Entry:
        try:
            outcome = self.provider.outcome(document)
        except ResultError as error:
            _refuse(path, line.number, str(error))
        if isinstance(outcome, Undone):
            is_good, said = False, outcome.reason
        else:
            is_good, said = outcome.status == _OK, outcome.body.decode()
        return _Entry(path, line.number, line.offset, is_good, digest(said))

    def _take(self, name: str, entry: _Entry) -> None:
        """Keep a result: a good one before any other, and never one of two."""
        earlier = self._entries.get(name)
        if earlier is None or (entry.is_good and not earlier.is_good):
            self._entries[name] = entry
        elif entry.is_good and earlier.digest != entry.digest:
            _refuse(
                entry.path,
                entry.line,
                f"{name} was answered otherwise in {earlier.path}:{earlier.line}",
            )


def _documents(path: Path) -> Iterator[tuple[Line, str, dict[str, object]]]:
    """Give the results of a file, each with its line and its name."""
    file_name = str(path)
    with opened(file_name) as file:
        for line in lines(file, file_name):
            if isinstance(line, LongLine):
                _refuse(path, line.number, "it is too long")
            if not line.content.strip():
                continue
            try:
                document = _document(line.content)
            except UnicodeDecodeError as error:
                fault = decoding_fault(
                    error, file_name, line=line.number, offset=line.offset
                )
                raise RubricError([fault]) from None
            name = None if document is None else document.get("custom_id")
            if document is None or not isinstance(name, str):
                _refuse(path, line.number, "it is no JSON object with `custom_id`")
            yield line, name, document


def _document(line: bytes) -> dict[str, object] | None:
    """Read a line; what stands in it is the live judge's to be strict about."""
    text = line.removeprefix(codecs.BOM_UTF8).decode()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _refuse(path: Path, line: int, reason: str) -> NoReturn:
    message = f"this is no result of a batch: {reason}"
    raise RubricError([Diagnostic("D206", message, place(str(path), line), _HINT)])
