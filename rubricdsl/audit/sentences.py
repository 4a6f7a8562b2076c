"""A text as its sentences and what stands between them."""

import re
from collections.abc import Sequence
from typing import Self

from attrs import frozen

from rubricdsl.checks.segmentation import sentence_segments

_HOLDS_WORD = re.compile(r"[^\W_]")


@frozen
class Sentences:
    """The sentences of a text, and the gaps before, between and behind them.

    There is one gap more than there are sentences.  A gap holds blanks, line breaks
    and whatever has neither a letter nor a digit.
    """

    cores: tuple[str, ...]
    gaps: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """Take a text apart; `text` puts it together again."""
        cores: list[str] = []
        gaps = [""]
        for segment in sentence_segments(text):
            if _HOLDS_WORD.search(segment) is None:
                gaps[-1] += segment
                continue
            core = segment.strip()
            lead, _, trail = segment.partition(core)
            gaps[-1] += lead
            cores.append(core)
            gaps.append(trail)
        return cls(tuple(cores), tuple(gaps))

    @property
    def text(self) -> str:
        """The whole text."""
        pieces = [self.gaps[0]]
        for core, gap in zip(self.cores, self.gaps[1:], strict=True):
            pieces += [core, gap]
        return "".join(pieces)

    def without(self, place: int) -> str:
        """Give the text without a sentence, and without the gap before it.

        The first one goes with the gap behind it.
        """
        gap = max(place, 1) if len(self.cores) > 1 else 1
        cores = self.cores[:place] + self.cores[place + 1 :]
        gaps = self.gaps[:gap] + self.gaps[gap + 1 :]
        return type(self)(cores, gaps).text

    def with_cores(self, cores: Sequence[str]) -> str:
        """Give the text with other sentences in the same places."""
        return type(self)(tuple(cores), self.gaps).text
