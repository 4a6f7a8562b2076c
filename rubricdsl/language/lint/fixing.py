"""Making fixes: edits to source text, round after round until nothing is left to do."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from attrs import frozen

from rubricdsl.diagnostics import Applicability, Diagnostic, Fix
from rubricdsl.language.lint.running import Choice, lint
from rubricdsl.language.loading import Loaded

# A fix may bring up another, but never without end.
_MOST_ROUNDS = 20
_MARK = "\ufeff"


@frozen
class Fixed:
    """A text after its fixes, how many they were, and what it loads as."""

    text: str
    count: int
    loaded: Loaded


def fix_text(
    text: str,
    load: Callable[[str], Loaded],
    file: str,
    choice: Choice,
    allowed: frozenset[Applicability],
) -> Fixed:
    """Make the fixes of errors and chosen lints in the text of ``file``.

    ``load`` loads a text under that name.  A text that would have errors afterwards
    is still given: whoever writes it decides.
    """
    count = 0
    loaded = load(text)
    for _ in range(_MOST_ROUNDS):
        found = (*loaded.diagnostics, *lint(loaded, choice))
        fixes = fixes_of(found, file, allowed)
        text, made = apply_fixes(text, fixes)
        if not made:
            break
        count += made
        loaded = load(text)
    return Fixed(text, count, loaded)


def fixes_of(
    diagnostics: Iterable[Diagnostic], file: str, allowed: frozenset[Applicability]
) -> Iterator[Fix]:
    """Give the fixes of one file that may be made."""
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or fix.applicability not in allowed:
            continue
        if all(edit.span.file == file for edit in fix.edits):
            yield fix


def apply_fixes(text: str, fixes: Iterable[Fix]) -> tuple[str, int]:
    """Make fixes, and give how many; of two that overlap, the first is made.

    Line ends stay as they are, new lines get those of the first line.
    """
    mark = _MARK if text.startswith(_MARK) else ""
    text = text.removeprefix(_MARK)
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    taken: list[tuple[int, int, str]] = []
    made = 0
    for fix in fixes:
        edits = [
            (
                min(starts[edit.span.line - 1] + edit.span.column - 1, len(text)),
                min(
                    starts[edit.span.end_line - 1] + edit.span.end_column - 1, len(text)
                ),
                edit.text.replace("\n", newline),
            )
            for edit in fix.edits
        ]
        if any(_overlap(edit, other) for edit in edits for other in taken):
            continue
        taken += edits
        made += 1
    for start, end, new in sorted(taken, reverse=True):
        text = text[:start] + new + text[end:]
    return mark + text, made


def _overlap(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    """Say whether two edits touch the same text, or insert at the same place."""
    return one[0] == other[0] or (one[0] < other[1] and other[0] < one[1])
