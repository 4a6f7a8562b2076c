"""What changed inside a text, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

from attrs import frozen

Fate: TypeAlias = Literal["kept", "removed", "added"]

_PIECES = re.compile(r"\s+|\w+|[^\w\s]")
# Comparing takes up to the square of this many steps.
_MOST_PIECES = 3_000


@frozen
class Passage:
    """A stretch of text and what became of it."""

    fate: Fate
    text: str


def compare_words(before: str, after: str) -> tuple[Passage, ...]:
    """Give the passages kept, removed and added, in order.

    Those kept or removed make up ``before``, those kept or added ``after``.  A text
    too long to compare is removed and added as a whole.
    """
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    if max(len(old), len(new)) > _MOST_PIECES:
        return tuple(_passages((("removed", before), ("added", after))))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    found: list[tuple[Fate, str]] = []
    for operation, i, j, k, m in matcher.get_opcodes():
        if operation == "equal":
            found.append(("kept", "".join(old[i:j])))
        else:
            found.append(("removed", "".join(old[i:j])))
            found.append(("added", "".join(new[k:m])))
    return tuple(_passages(_joined(found)))


def mark_words(before: str, after: str) -> str:
    """Give one text in which what was removed stands in [-…-], what is new in {+…+}."""
    marks = {"kept": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    passages = compare_words(before, after)
    return "".join(marks[passage.fate].format(passage.text) for passage in passages)


def _joined(found: list[tuple[Fate, str]]) -> Iterator[tuple[Fate, str]]:
    """Draw changes together between which only blanks were kept."""
    removed = added = ""
    for number, (fate, text) in enumerate(found):
        inside = removed + added and number + 1 < len(found)
        if fate == "kept" and not (inside and text.isspace()):
            yield from (("removed", removed), ("added", added), ("kept", text))
            removed = added = ""
        else:
            removed += text if fate != "added" else ""
            added += text if fate != "removed" else ""
    yield from (("removed", removed), ("added", added))


def _passages(
    found: Iterator[tuple[Fate, str]] | tuple[tuple[Fate, str], ...],
) -> Iterator[Passage]:
    return (Passage(fate, text) for fate, text in found if text)
