"""The lock of a project: what each imported file was when somebody last looked.

``rub.lock`` stands beside ``rub.toml`` and pins the text of every file that a rubric
of the project imports, so that nobody changes a shared criterion under those who
score with it.  It is for people to read and for version control to merge: one sorted
line for each file.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn, Self

from attrs import field, frozen

from rubricdsl.diagnostics import Diagnostic, fail
from rubricdsl.language.characters import MAX_BYTES
from rubricdsl.model.source import Span

LOCK_FILE = "rub.lock"
VERSION = 1

_HEAD = f"""\
# What each file was that a rubric of this project imports.  `rub lock` writes this;
# `rub check --locked` compares.
version = {VERSION}

[imports]
"""
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_KEY = re.compile(r'\s*("(?:[^"\\]|\\.)*")\s*=')
_REPAIR = f"delete {LOCK_FILE} and run `rub lock`, which writes it anew"


@frozen
class Import:
    """A ``use`` that was followed: ``path`` is the file's, from the project's root.

    ``digest`` is that of its text, whatever the line ends; ``span`` is the line that
    names it.
    """

    path: str
    digest: str
    span: Span = field(eq=False)


def text_digest(text: str) -> str:
    """Give the digest that stands in a lock: SHA-256 of the text as UTF-8.

    It is what ``sha256sum`` says of a file with line feeds and no byte order mark.
    """
    data = text.encode("utf-8", "surrogatepass")
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@frozen
class Lock:
    """Digests by path from the root of the project, with slashes on every system.

    ``lines`` tell where an entry stands in the file; they do not make another lock.
    """

    pins: Mapping[str, str] = field(factory=dict, hash=False)
    lines: Mapping[str, int] = field(factory=dict, eq=False, repr=False)

    @classmethod
    def of(cls, imports: Iterable[Import]) -> Self:
        """Pin what is imported."""
        return cls({each.path: each.digest for each in imports})

    def render(self) -> str:
        """Give the text of the file: the same for the same pins."""
        pins = sorted(self.pins.items())
        return _HEAD + "".join(f'{_quoted(path)} = "{pin}"\n' for path, pin in pins)

    def faults(self, imports: Iterable[Import]) -> Iterator[Diagnostic]:
        """Report imports that are not pinned (D304) or not what they were (D305)."""
        for each in imports:
            pin = self.pins.get(each.path)
            if pin is None:
                message = f"{LOCK_FILE} does not pin `{each.path}`"
                hint = f"run `rub lock`, and keep {LOCK_FILE} with the rubrics"
                yield Diagnostic("D304", message, each.span, hint)
            elif pin != each.digest:
                message = f"`{each.path}` is not what {LOCK_FILE} pins"
                hint = "read what changed; if it is right, run `rub lock`"
                yield Diagnostic("D305", message, each.span, hint)

    def superfluous(self, imported: Iterable[str], name: str) -> Iterator[Diagnostic]:
        """Report pins of files that nothing imports (D306), in the lock ``name``."""
        for path in sorted(set(self.pins) - set(imported)):
            line = self.lines.get(path, 1)
            span = Span(name, line, 1, line, len(_quoted(path)) + 1)
            message = f"no rubric of the project imports `{path}`"
            hint = "run `rub lock`, which drops it"
            yield Diagnostic("D306", message, span, hint)


def read_lock(path: Path, name: str = "") -> Lock | None:
    """Read a lock, known to messages as ``name``; None where there is none.

    Raises RubricError (D303) if it is no lock, or D101 if it cannot be read.
    """
    name = name or str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        message = f"the file cannot be read: {reason}"
        hint = "check the path and the permissions"
        fail("D101", message, hint=hint, span=Span(name, 1, 1, 1, 2))
    if len(data) > MAX_BYTES:
        _refuse(f"the file has more than {MAX_BYTES:,} bytes", name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse("the file is not UTF-8", name)
    return parse_lock(text, name)


def parse_lock(text: str, name: str = LOCK_FILE) -> Lock:
    """Read the text of a lock; raises RubricError (D303) if it is none."""
    import tomllib

    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"\(at line (\d+)", str(error))
        _refuse(f"no TOML: {error}", name, int(at[1]) if at else 1)
    version, pins = table.pop("version", None), table.pop("imports", {})
    if version != VERSION or isinstance(version, bool):
        _refuse(f"`version` is not {VERSION}", name)
    if table:
        _refuse(f"there is no `{next(iter(table))}` in a lock", name)
    if not isinstance(pins, dict):
        _refuse("`imports` is no table", name)
    lines = _lines(text)
    for path, pin in pins.items():
        if not isinstance(pin, str) or not _DIGEST.fullmatch(pin):
            _refuse(f"the digest of `{path}` is none", name, lines.get(path, 1))
    return Lock(pins, lines)


def _quoted(text: str) -> str:
    # What JSON leaves as it is and TOML does not.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _lines(text: str) -> dict[str, int]:
    """Find the line of each entry (tomllib does not tell)."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if match := _KEY.match(line):
            try:
                found[json.loads(match[1])] = number
            except ValueError:
                continue  # an escape that TOML alone has
    return found


def _refuse(message: str, name: str, line: int = 1) -> NoReturn:
    fail("D303", message, hint=_REPAIR, span=Span(name, line, 1, line, 2))
