"""How different two texts are, by the words that they have in common.

A text is the set of its pairs of neighbouring words, the edges counted as words; the
distance of two texts is that of Jaccard between their sets.  It is a metric on these
sets, takes time in proportion to the length of the texts, and asks nothing of the
language that they are in.
"""

from itertools import pairwise
from typing import TypeAlias

from rubricdsl.checks.segmentation import word_segments

Shingles: TypeAlias = frozenset[tuple[str, str]]


def shingles(text: str) -> Shingles:
    """Give the pairs of neighbouring words and marks in a text."""
    words = (word for word in word_segments(text) if not word.isspace())
    return frozenset(pairwise(["", *words, ""]))


def distance(first: Shingles, second: Shingles) -> float:
    """Give a number from 0, for equal texts, to 1, for nothing in common."""
    return 1.0 - len(first & second) / len(first | second)
