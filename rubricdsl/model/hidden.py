"""Characters that a reader cannot see, and that therefore stand in no rubric."""

import re
from collections.abc import Iterator

# Control characters, zero-width characters, bidirectional overrides, and the byte
# order mark anywhere but at the start.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff]"
)
# Joiners inside a word are part of how many scripts are written, and of emoji; at
# the edge of one, or beside ASCII, they only hide.
_LOOSE_JOINER = re.compile(
    "(?<![^\\s\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\\s\x00-\x7f])"
)


def hidden_in(text: str) -> Iterator[re.Match[str]]:
    """Find the hidden characters of a text; tabs and line feeds are none."""
    yield from _HIDDEN.finditer(text)
    if "\u200c" in text or "\u200d" in text:
        yield from _LOOSE_JOINER.finditer(text)
