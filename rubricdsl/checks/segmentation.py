"""Words and sentences by the rules of Unicode Standard Annex 29.

Each character becomes a letter that stands for its property, and one regular
expression over these letters is the annex's list of rules.  That takes a second
for a million characters, where segmentation character by character takes a minute.
The properties come from uniseg.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

from rubricdsl.checks.tables import CharacterTable

_HOLDS_WORD = re.compile(r"[^\W_]")
# Half of all segments are a single blank.
_BLANK = "w"


def words(text: str) -> Iterator[str]:
    """Give the words: what UAX 29 joins and holds a letter or a digit."""
    if text.isascii():
        return iter(_ASCII_WORD.findall(text))
    return _segments(text, _word_letters(), _WORD_SEGMENT)


def sentences(text: str) -> Iterator[str]:
    """Give the sentences of UAX 29 that hold a letter or a digit."""
    return _segments(text, _sentence_letters(), _SENTENCE)


def word_segments(text: str) -> Iterator[str]:
    """Give all that lies between two word boundaries, blanks and marks too."""
    return _cut(text, _word_letters(), _WORD_SEGMENT)


def sentence_segments(text: str) -> Iterator[str]:
    """Give all that lies between two sentence boundaries."""
    return _cut(text, _sentence_letters(), _SENTENCE)


def _segments(
    text: str, letters: CharacterTable, segment: "re.Pattern[str]"
) -> Iterator[str]:
    end = 0
    for found in segment.findall(text.translate(letters)):
        start, end = end, end + len(found)
        if found != _BLANK and _HOLDS_WORD.search(text, start, end):
            yield text[start:end]


def _cut(
    text: str, letters: CharacterTable, segment: "re.Pattern[str]"
) -> Iterator[str]:
    for found in segment.finditer(text.translate(letters)):
        yield text[found.start() : found.end()]


# --------------------------------------------------------------------- words

# r CR, f LF, n Newline, w WSegSpace, A ALetter, Q ALetter that is pictographic,
# H Hebrew_Letter, N Numeric, K Katakana, E ExtendNumLet, L MidLetter, B MidNumLet,
# M MidNum, s Single_Quote, d Double_Quote, R Regional_Indicator, P other
# pictographic, x Extend and Format, z ZWJ, o Other.
_WORD_LETTERS = {
    "CR": "r",
    "LF": "f",
    "Newline": "n",
    "WSegSpace": "w",
    "ALetter": "A",
    "Hebrew_Letter": "H",
    "Numeric": "N",
    "Katakana": "K",
    "ExtendNumLet": "E",
    "MidLetter": "L",
    "MidNumLet": "B",
    "MidNum": "M",
    "Single_Quote": "s",
    "Double_Quote": "d",
    "Regional_Indicator": "R",
    "Extend": "x",
    "Format": "x",
    "ZWJ": "z",
}
# `_` stands for [xz]*+, which WB4 lets follow anything.
_LETTER = r"(?:[AQ]_|H(?!_s_(?![AQH]))_(?:d_(?=H))?)"
_LETTERS = rf"{_LETTER}(?:[LBs]_(?=[AQH]){_LETTER}|{_LETTER})*+"  # WB5-7, 7b, 7c
_DIGITS = r"N_(?:[MBs]_N_|N_)*+"  # WB8, 11, 12
_CORE = rf"(?:(?:{_LETTERS}|{_DIGITS})++|(?:K_)++)"  # WB9, 10, 13
_WORD = (
    rf"(?:(?:E_)*+{_CORE}(?:(?:E_)++{_CORE})*+(?:E_)*+(?:H_s_)?+"  # WB13a, 13b, 7a
    r"|(?:E_)++(?:H_s_)?+|H_s_)"
)
# What holds a letter or a digit of ASCII, by the same rules.
_ASCII_WORD = re.compile(
    "_*+{core}(?:_++{core})*+_*+".format(
        core=r"(?:[A-Za-z]++(?:[:.'](?=[A-Za-z])[A-Za-z]++)*+"
        r"|[0-9]++(?:[,;.'](?=[0-9])[0-9]++)*+)++"
    )
)
_WORD_SEGMENT = re.compile(
    rf"""
    rf | [rnf]                                  # WB3, 3a, 3b
    | (?: w++_ | R_R_ | R_ | {_WORD} | [^rnf]_ ) # WB3d, 15, 16, 999
      (?: (?<=z)(?: P_ | (?=Q){_WORD} ) )*+     # WB3c
    """.replace("_", "[xz]*+"),
    re.VERBOSE,
)


@cache
def _word_letters() -> CharacterTable:
    from uniseg.emoji import extended_pictographic  # type: ignore[import-untyped]
    from uniseg.wordbreak import word_break  # type: ignore[import-untyped]

    def letter(char: str) -> str:
        kind = _WORD_LETTERS.get(_name(word_break, char), "o")
        if kind in "Ao" and extended_pictographic(char):
            return "Q" if kind == "A" else "P"
        return kind

    return CharacterTable(letter)


# ----------------------------------------------------------------- sentences

# r CR, f LF, n Sep, s Sp, l Lower, U Upper, O OLetter, N Numeric, a ATerm, t STerm,
# c SContinue, q Close, x Extend and Format, o Other.
_SENTENCE_LETTERS = {
    "CR": "r",
    "LF": "f",
    "Sep": "n",
    "Sp": "s",
    "Lower": "l",
    "Upper": "U",
    "OLetter": "O",
    "Numeric": "N",
    "ATerm": "a",
    "STerm": "t",
    "SContinue": "c",
    "Close": "q",
    "Extend": "x",
    "Format": "x",
}
# `_` stands for x*+, which SB5 lets follow anything but a paragraph separator.
_AFTER = r"(?:q_)*+(?:s_)*+"
_END = r"[at]_(?:q_)*+(?:s_)*+(?:rf|[rnf])?+|rf|[rnf]"  # SB3, 4, 9-11
_SENTENCE = re.compile(
    rf"""
    (?:
        [lU]_a_(?=U)                                # SB7
      | a_(?=N)                                     # SB6
      | a_{_AFTER}(?=[^OUlrnfat]*+l)                 # SB8
      | [at]_{_AFTER}(?=[cat])                      # SB8a
      | [^atrnf]                                     # SB998
    )++ (?:{_END})?+
    | {_END}
    """.replace("_", "x*+"),
    re.VERBOSE,
)


@cache
def _sentence_letters() -> CharacterTable:
    from uniseg.sentencebreak import sentence_break  # type: ignore[import-untyped]

    return CharacterTable(
        lambda char: _SENTENCE_LETTERS.get(_name(sentence_break, char), "o")
    )


def _name(prop: Callable[[str], object], char: str) -> str:
    value = getattr(prop(char), "value", "")
    return str(value)
