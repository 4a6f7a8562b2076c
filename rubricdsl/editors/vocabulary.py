"""The words of the language by what they are, for whatever colours them.

All are taken from the tables that the language itself reads by; what is added to those
is coloured, too.
"""

from collections.abc import Mapping
from enum import StrEnum

from rubricdsl.language.words import (
    EXPECT_WORDS,
    EXPRESSION_LINES,
    EXPRESSION_WORDS,
    FIELD_KEYS,
    ITEM_WORDS,
    KIND_WORDS,
    MARK_WORDS,
    RULING_WORDS,
    SPEAKERS,
    TEXT_KEYS,
    TEXT_LINES,
    VALUE_LINES,
)

NA = "n/a"
ORDER = "order"
TEST_LINES = frozenset({"given", "expect"})


class WordKind(StrEnum):
    """What a word of the language is."""

    LINE = "line"
    MARK = "mark"
    KIND = "kind"
    JOINING = "joining"
    VERDICT = "verdict"
    OPERATOR = "operator"
    FIELD = "field"


_LINES = TEXT_LINES.keys() | VALUE_LINES.keys() | EXPRESSION_LINES | SPEAKERS
_IN_VALUES = frozenset(word for words in VALUE_LINES.values() for word in words)

WORDS: Mapping[WordKind, frozenset[str]] = {
    WordKind.LINE: frozenset(_LINES | TEST_LINES),
    WordKind.MARK: MARK_WORDS,
    WordKind.KIND: KIND_WORDS | {"least"},
    WordKind.JOINING: (ITEM_WORDS - KIND_WORDS - {"least"})
    | _IN_VALUES
    | (EXPECT_WORDS - RULING_WORDS - _LINES)
    | {ORDER},
    WordKind.VERDICT: RULING_WORDS | {NA},
    WordKind.OPERATOR: EXPRESSION_WORDS,
    WordKind.FIELD: FIELD_KEYS,
}
"""Each word by what it is; a few are more than one thing, by where they stand."""

VALUE_FIELDS = FIELD_KEYS - TEXT_KEYS
TEXT_FIELDS = TEXT_KEYS
