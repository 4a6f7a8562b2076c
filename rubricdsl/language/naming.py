"""How a text without a name gets one: short, legal, readable and stable.

A name depends on its text alone; only where two texts come to the same name does
the order decide who gets the number.
"""

import re
import unicodedata

from rubricdsl.language.words import RESERVED as KEYWORDS
from rubricdsl.language.words import skeleton_of

MAX_LENGTH = 40

_GRAMMAR = """
    about assistant by check combine example expect given history instructions judge
    level note param prompt reference response round rubric system test title to
    tool use user why
"""
_FILLERS = """
    a an the this that these those is are was were be been being has have had and or
    of to in at for from with by as it its there which when where should must can
    may do does did each per into using used
"""

#: Words that cannot be names, and those that would make a name hard to read.
RESERVED = KEYWORDS | frozenset(_GRAMMAR.split())

#: English words that say little in a name.
FILLERS = frozenset(_FILLERS.split())


def unique_name(text: str, taken: set[str]) -> str:
    """Make a name from ``text`` that no name in ``taken`` is mistaken for.

    ``taken`` holds skeletons (`rubricdsl.language.words.skeleton_of`); that of the new
    name is added.
    The name is in snake case, at most `MAX_LENGTH` characters long and no word of
    the language.  Letters of every script are kept, but not accents on Latin ones.
    No two names differ just in case, width, such accents, or letters that look alike.
    """
    stem = name_of(text)
    name = stem
    if _is_taken(name, taken):
        name = _numbered(stem, _free_number(stem, taken))
    taken.add(skeleton_of(name))
    return name


def name_of(text: str) -> str:
    """Make a name as `unique_name` does, which may be taken or be a keyword."""
    # A name needs few words; a text may have a million.
    words = _words(text[:2_000])
    telling = [word for word in words if word not in FILLERS] or words or ["item"]
    name = telling[0]
    if not name[0].isalpha():
        name = unicodedata.normalize("NFKC", f"n{name}")
    for word in telling[1:]:
        if len(name) + 1 + len(word) > MAX_LENGTH:
            break
        name = f"{name}_{word}"
    return name[:MAX_LENGTH]


def _is_taken(name: str, taken: set[str]) -> bool:
    return skeleton_of(name) in taken or name in RESERVED


def _numbered(stem: str, number: int) -> str:
    suffix = f"_{number}"
    return stem[: MAX_LENGTH - len(suffix)].rstrip("_") + suffix


def _free_number(stem: str, taken: set[str]) -> int:
    # Thousands of nodes may share a text: double, then halve, do not count up.
    low, high = 1, 2
    while _is_taken(_numbered(stem, high), taken):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if _is_taken(_numbered(stem, middle), taken):
            low = middle
        else:
            high = middle
    return high


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize(
        "NFKD", unicodedata.normalize("NFKC", text).casefold()
    )
    plain = re.sub("([a-z])[\u0300-\u036f]+", r"\1", folded)
    composed = re.sub("['\u2019]", "", unicodedata.normalize("NFKC", plain))
    # `isidentifier`, not `\w`: the latter knows no vowel signs of Indic scripts.
    return "".join(
        char if char != "_" and f"a{char}".isidentifier() else " " for char in composed
    ).split()
