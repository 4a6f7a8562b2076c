"""Which tests ``-k`` picks: words with ``and``, ``or``, ``not`` and parentheses.

A word, or several in quotation marks, holds for a test if it is part of the name of
its rubric, its title or its tags; case does not matter.
"""

import re
from collections.abc import Callable
from typing import NoReturn

from rubricdsl.diagnostics import fail
from rubricdsl.model.rubric import Rubric, TestCase

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[()])|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<word>[^\s()"']+))"""
)
_DEEPEST = 50
_HINT = 'write words with and, or, not, as in -k "padded and not slow"'

Matcher = Callable[[str], bool]


def searched(rubric: Rubric, test: TestCase) -> str:
    """Give the text in which the words are looked for."""
    tags = (f"{tag.name}={tag.value}" if tag.value else tag.name for tag in test.tags)
    return " ".join((rubric.name, test.title, *tags))


def matcher(pattern: str) -> Matcher:
    """Read a pattern; raises RubricError (D401) for one that cannot be read."""
    return _Reader(pattern).read()


class _Reader:
    """Reads a pattern from left to right; ``and`` binds closer than ``or``."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.tokens: list[tuple[str, bool]] = []
        place = 0
        text = pattern.rstrip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                self.refuse("a quotation mark is not closed")
            quoted = match["double"] if match["double"] is not None else match["single"]
            if quoted is not None:
                self.tokens.append((quoted, True))
            else:
                self.tokens.append((match["mark"] or match["word"], False))
            place = match.end()
        self.tokens.reverse()

    def read(self) -> Matcher:
        found = self.either(0)
        if self.tokens:
            self.refuse(f"`{self.tokens[-1][0]}` stands where it makes no sense")
        return found

    def either(self, depth: int) -> Matcher:
        options = [self.both(depth)]
        while self.take("or"):
            options.append(self.both(depth))
        return lambda text: any(option(text) for option in options)

    def both(self, depth: int) -> Matcher:
        conditions = [self.single(depth)]
        while self.take("and"):
            conditions.append(self.single(depth))
        return lambda text: all(condition(text) for condition in conditions)

    def single(self, depth: int) -> Matcher:
        if depth > _DEEPEST:
            self.refuse("it nests too deep")
        if self.take("not"):
            negated = self.single(depth + 1)
            return lambda text: not negated(text)
        if self.take("("):
            inner = self.either(depth + 1)
            if not self.take(")"):
                self.refuse("a parenthesis is not closed")
            return inner
        if not self.tokens:
            self.refuse("a word is missing at the end")
        word, quoted = self.tokens.pop()
        if not quoted and word in {"and", "or", ")"}:
            self.refuse(f"`{word}` stands where a word should be")
        folded = word.casefold()
        return lambda text: folded in text.casefold()

    def take(self, word: str) -> bool:
        if self.tokens and self.tokens[-1] == (word, False):
            self.tokens.pop()
            return True
        return False

    def refuse(self, reason: str) -> NoReturn:
        fail("D401", f"the pattern -k {self.pattern!r}: {reason}", hint=_HINT)
