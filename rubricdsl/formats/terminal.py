"""Texts on a terminal: what they may hold, how wide they are, and how they fit.

Texts come from models and strangers: what could move the cursor, colour the screen
or turn the reading direction never gets through.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import cache

from attrs import astuple, field, frozen

MIN_WIDTH = 40
# Control sequences as a whole, so that no `[31m` is left of them.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])"
    r"[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?"
)
# Joiners shape letters and emoji; all else of these categories cannot be seen.
_JOINERS = "\u200c\u200d"
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_EMOJI_STYLE = "\ufe0f"
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")


@frozen(kw_only=True)
class Symbols:
    """The marks of a table, each one column wide."""

    yes: str = "✓"
    no: str = "✗"
    partly: str = "½"
    na: str = "\u2013"
    missing: str = "?"
    dash: str = "\u2013"
    dot: str = "·"
    ellipsis: str = "…"
    line: str = "─"
    bar: str = "█"
    rest: str = "░"

    @classmethod
    @cache
    def for_encoding(cls, encoding: str) -> "Symbols":
        """Give symbols that can be written in ``encoding``."""
        try:
            "".join(astuple(UNICODE)).encode(encoding)
        except (UnicodeEncodeError, LookupError):
            return ASCII
        return UNICODE


UNICODE = Symbols()
ASCII = Symbols(
    yes="y",
    no="n",
    partly="h",
    na="-",
    dash="-",
    dot="|",
    ellipsis="~",
    line="-",
    bar="#",
    rest=".",
)


class Tone(StrEnum):
    """What a colour stands for."""

    GOOD = "32"
    BAD = "31"
    DOUBTFUL = "33"
    STRONG = "1"
    FAINT = "2"


Painter = Callable[[str, Tone], str]


def plain(text: str, tone: Tone) -> str:
    """Leave ``text`` as it is, whatever its tone."""
    del tone
    return text


def ansi(text: str, tone: Tone) -> str:
    """Colour ``text`` by the escape sequences of a terminal."""
    return f"\x1b[{tone}m{text}\x1b[0m"


def _at_least_min(width: int) -> int:
    return max(width, MIN_WIDTH)


@frozen(kw_only=True)
class Style:
    """How a table is written: for how many columns, encoding and painter.

    No table is narrower than `MIN_WIDTH`.
    """

    width: int = field(default=80, converter=_at_least_min)
    encoding: str = "utf-8"
    paint: Painter = plain

    @property
    def symbols(self) -> Symbols:
        """The marks that the encoding allows."""
        return Symbols.for_encoding(self.encoding)

    def clean(self, text: str) -> str:
        """Give ``text`` on one line, harmless and as far as it can be written."""
        safe = harmless(text)
        try:
            return safe.encode(self.encoding, "replace").decode(self.encoding)
        except LookupError:
            return safe.encode("ascii", "replace").decode("ascii")


def harmless(text: str) -> str:
    """Put ``text`` on one line and drop what acts on a terminal or cannot be seen."""
    if text.isascii() and text.isprintable():
        return text
    flat = " ".join(_SEQUENCE.sub("", text).split())
    return "".join(
        char
        for char in flat
        if char in _JOINERS or unicodedata.category(char) not in _HIDDEN_CATEGORIES
    )


def width_of(text: str) -> int:
    """Give the columns that ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_cluster_width, _clusters(text)))


def cut(text: str, width: int, *, ellipsis: str = "…") -> str:
    """Shorten ``text`` to at most ``width`` columns, never within a character."""
    if width_of(text) <= width:
        return text
    room = width - width_of(ellipsis)
    if room < 0:
        return ""
    kept: list[str] = []
    for cluster in _clusters(text):
        room -= _cluster_width(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + ellipsis


def left(text: str, width: int) -> str:
    """Pad ``text`` with blanks behind it."""
    return text + " " * (width - width_of(text))


def right(text: str, width: int) -> str:
    """Pad ``text`` with blanks before it."""
    return " " * (width - width_of(text)) + text


def _clusters(text: str) -> list[str]:
    if text.isascii():
        return list(text)
    from uniseg.graphemecluster import (  # type: ignore[import-untyped]
        grapheme_clusters,
    )

    return list(grapheme_clusters(text))


def _cluster_width(cluster: str) -> int:
    if _EMOJI_STYLE in cluster or _FLAG.fullmatch(cluster):
        return 2
    return max(map(_character_width, cluster))


def _character_width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
