"""The figures in a text: where they stand, and the same text with other ones."""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from attrs import frozen

_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90,
}  # fmt: skip
_FIGURE = re.compile(
    r"(?<![\w.,])(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,9})?(?![0-9])"
    r"|[0-9]{1,15}(?:[.,][0-9]{1,9})?(?![0-9]))"
    rf"|\b(?P<word>{'|'.join(_WORDS)})\b",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r",(?=[0-9]{3}(?:[,.]|$))")
# A number that only counts the lines of a list.
_LIST_MARK = re.compile(r"^[ \t]*[0-9]{1,3}[.)](?=\s)", re.MULTILINE)
_PLACES = Decimal("0.1")
_SMALL_PLACES = 3


@frozen
class Figure:
    """A figure of a text, as written and as what it is worth."""

    start: int
    end: int
    text: str
    value: Decimal


def figures(text: str) -> Iterator[Figure]:
    """Give the figures of a text, in order; numbers of list items are none.

    Small numbers in English words count, except for `one`.
    """
    marks = {found.start(0) for found in _LIST_MARK.finditer(text)}
    for found in _FIGURE.finditer(text):
        line = text.rfind("\n", 0, found.start()) + 1
        if line in marks and not text[line : found.start()].strip():
            continue
        word, written = found["word"], found[0]
        value = Decimal(_WORDS[word.lower()]) if word else _value(written)
        yield Figure(found.start(), found.end(), written, value)


def _value(written: str) -> Decimal:
    return Decimal(_THOUSANDS.sub("", written).replace(",", "."))


def scaled(text: str, change: Callable[[Decimal], Decimal]) -> str:
    """Give the text with every figure changed; the same text where there is none."""
    found = list(figures(text))
    return replaced(text, found, [_written(change(one.value)) for one in found])


def replaced(text: str, found: Sequence[Figure], others: Sequence[str]) -> str:
    """Give the text with other words in the places of figures."""
    pieces: list[str] = []
    end = 0
    for figure, other in zip(found, others, strict=True):
        pieces += [text[end : figure.start], other]
        end = figure.end
    return "".join([*pieces, text[end:]])


def _written(value: Decimal) -> str:
    """Write a value with a digit behind the point, or as many as a small one needs."""
    if abs(value) < 1 and value:
        value = value.quantize(Decimal(1).scaleb(value.adjusted() - _SMALL_PLACES))
    elif value != value.to_integral_value():
        value = value.quantize(_PLACES)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
