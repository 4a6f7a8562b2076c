"""Where in a text a quote stands, if it does.

Quotes are compared as judges' evidence is (`rubricdsl.judging.quotes`): kinds of
quotation marks, dashes and white space are one, case and wording are kept.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

from attrs import frozen

from rubricdsl.judging.quotes import normalized

_QUOTED = " \"'`"
# White space, or a character with the marks that combine with it.
_CLUSTER = re.compile(r"\s+|.[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]*")


@frozen
class Passage:
    """A stretch of a text, and the numbers of the quotes that cover it."""

    text: str
    quotes: tuple[int, ...]


@frozen(slots=False)
class QuotedText:
    """A text in which quotes are looked for."""

    text: str

    def find(self, quote: str) -> tuple[int, int] | None:
        """Give from where to where a quote stands; None if it does not."""
        exact = quote.strip().strip(_QUOTED)
        start = self.text.find(exact) if exact else -1
        if start >= 0:
            return start, start + len(exact)
        wanted = normalized(quote).strip(_QUOTED)
        folded, places = self._folded
        start = folded.find(wanted) if wanted else -1
        if start < 0:
            return None
        first, last = places[start], places[start + len(wanted) - 1]
        after = (place for place in places[start + len(wanted) :] if place > last)
        return first, next(after, len(self.text))

    @cached_property
    def _folded(self) -> tuple[str, list[int]]:
        """Give the folded text, and where in the text each of its characters is."""
        characters: list[str] = []
        places: list[int] = []
        for match in _CLUSTER.finditer(self.text):
            # Hidden characters fold to nothing, white space to one blank.
            folded = " " if match[0].isspace() else normalized(match[0])
            if folded == " " and characters[-1:] in ([" "], []):
                continue
            characters.extend(folded)
            places.extend([match.start()] * len(folded))
        return "".join(characters), places

    def passages(self, places: Iterable[tuple[int, tuple[int, int]]]) -> list[Passage]:
        """Take the text apart at the ends of quotes, each given by its number."""
        spans = list(places)
        ends = {end for _, span in spans for end in span}
        borders = sorted({0, len(self.text), *ends})
        return [
            Passage(
                self.text[start:end],
                tuple(
                    number
                    for number, (first, last) in spans
                    if first <= start and end <= last
                ),
            )
            for start, end in pairwise(borders)
        ]
