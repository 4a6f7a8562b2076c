"""How texts of strangers stand in a prompt: between lines that they cannot foresee.

Whatever such a text says, it cannot end its own fence, and nothing in it is hidden
from people who read the prompt.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping

_FENCE_MARKS = "=-~#*_+:"
_FENCE_RUN = 8

# Characters that a person would not see: zero width, direction, tags.  Joiners
# are left, since some scripts and emoji need them.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")

Secret = Callable[[], bytes]


def fresh_secret() -> bytes:
    """Give bytes that nobody can foresee."""
    return secrets.token_bytes(32)


class Fencer:
    """Makes fence lines, the same for the same texts.

    They depend on a secret made afresh for each fencer, and on the texts.  They enter
    no digest.
    """

    def __init__(self, *, secret: Secret = fresh_secret) -> None:
        self._secret = secret()

    def fence(self, texts: Mapping[str, str]) -> str:
        """Give a line that stands in none of the texts."""
        keyed = hashlib.blake2b(key=self._secret, digest_size=8)
        for name, text in texts.items():
            keyed.update(f"{name}\0{len(text)}\0{text}\0".encode())
        run = _FENCE_RUN
        while True:
            for mark in _FENCE_MARKS:
                if all(mark * run not in text for text in texts.values()):
                    return f"{mark * run}{keyed.hexdigest()}{mark * run}"
            run *= 2


def visible(text: str) -> tuple[str, int]:
    """Give a text without what cannot be seen, and how many characters that were."""
    if text.isascii():
        return text, 0
    seen, removed = _INVISIBLE.subn("", text)
    seen, replaced = _SURROGATE.subn("\ufffd", seen)
    return seen, removed + replaced


def fenced(heading: str, text: str, fence: str) -> str:
    """Give a text under its heading, between its fence lines, and a blank line."""
    return f"{heading}\n{fence}\n{text}\n{fence}\n\n"
