"""How many tokens a text takes, roughly, for a model whose vocabulary is not at hand.

Byte-pair vocabularies of today's models cut text much alike: a common word is one
token with the blank before it, a long one more; digits go by threes, signs by runs,
lines by their ends, and an ideograph is about one.  The factors were fitted to the
counts of o200k and cl100k on answers, criteria, code and JSON in English, German,
Spanish and Chinese; each factor stands between the two.
"""

import re
from functools import lru_cache
from math import ceil

# Around each message of a chat stand marks, and the name of who speaks.
TOKENS_OF_MESSAGE = 4
TOKENS_OF_CHAT = 3

# The end of a line takes the blanks around it along.
_LINE = re.compile(r"[\r\n]\s*")
_GAP = re.compile(r"[ \t]{2,}+(?!\n)")
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = b"0123456789"
_SIGNS = b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_BLANKS = b" \t\n\v\f\r\x1c\x1d\x1e\x1f"
_TOKENS_OF_LINE = 0.55
_TOKENS_OF_GAP = 0.95
_TOKENS_OF_WORD = 0.92
_TOKENS_OF_DIGITS = 1.25
_TOKENS_OF_SIGNS = 1.08
_TOKENS_OF_OTHER = 1.5
# Longer words are made of several tokens.
_SHORT_WORD = 7
_TOKENS_OF_LETTER = 0.3
# Of what is not ASCII: the first kind that a character is of counts.
_WIDE = re.compile(r"[^\x00-\x7f]")
_WIDE_KINDS = (
    (
        0.9,
        re.compile(
            "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]"
        ),
    ),
    (1.3, re.compile("[\u2000-\u206f\u3000-\u303f\uff00-\uffef]")),
    (0.45, re.compile(r"[^\W\d_]")),
    (_TOKENS_OF_OTHER, re.compile(r"\S")),
)
_KEPT = 256


@lru_cache(maxsize=_KEPT)
def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text; at least 1 if there is any.

    The texts of many requests begin alike, so counts are kept for a while.
    """
    tokens = 0.0
    if "\n" in text or "\r" in text:
        text, lines = _LINE.subn("\n", text)
        tokens += _TOKENS_OF_LINE * lines
    if "  " in text or "\t" in text:
        tokens += _TOKENS_OF_GAP * len(_GAP.findall(text))
    if not text.isascii():
        tokens += _tokens_of_wide(text)
        text = _WIDE.sub(" ", text)
    tokens += _tokens_of_ascii(text.encode("ascii"))
    # Sums of decimal fractions may come out a little over a whole number.
    return ceil(round(tokens, 6))


def _tokens_of_ascii(text: bytes) -> float:
    words = text.translate(_NO_LETTERS).split()
    long = sum([size - _SHORT_WORD for size in map(len, words) if size > _SHORT_WORD])
    digits = sum([(len(run) + 2) // 3 for run in text.translate(_NO_DIGITS).split()])
    signs = len(text.translate(_NO_SIGNS).split())
    others = len(text.translate(None, _LETTERS + _DIGITS + _SIGNS + _BLANKS))
    return (
        _TOKENS_OF_WORD * len(words)
        + _TOKENS_OF_LETTER * long
        + _TOKENS_OF_DIGITS * digits
        + _TOKENS_OF_SIGNS * signs
        + _TOKENS_OF_OTHER * others
    )


def _tokens_of_wide(text: str) -> float:
    wide, tokens = "".join(_WIDE.findall(text)), 0.0
    for factor, kind in _WIDE_KINDS:
        wide, count = kind.subn("", wide)
        tokens += factor * count
    return tokens


def _blanked(kept: bytes) -> bytes:
    """Give a table that makes blanks of all bytes but some."""
    return bytes(byte if byte in kept else _BLANKS[0] for byte in range(256))


# A regular expression takes several times as long to cut a text into runs.
_NO_LETTERS = _blanked(_LETTERS)
_NO_DIGITS = _blanked(_DIGITS)
_NO_SIGNS = _blanked(_SIGNS)
