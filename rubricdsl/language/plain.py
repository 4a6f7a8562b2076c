"""Plain lines: the few ways in which almost every item and field is written.

A pattern reads such a line at a small part of what tokens and a tree cost.  It takes
only what has no mistake of form, and reads it as the grammar does, which a property
test shows; whatever else a line may be is left to the grammar.  What the values mean
is checked by the same code for both.
"""

import re
from enum import Enum
from functools import cache, lru_cache

from rubricdsl.language.fields import Scalar, Values
from rubricdsl.language.layout import Line
from rubricdsl.language.words import FIELD_KEYS, NAME, TEXT_KEYS

# No number of so few digits is beyond what can be counted with.
_NUMBER = r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?"
_WORD = r"[^\W\d]\w*"
_STRING = r'"[^"\\\x00-\x1f]*"'
# What follows a `:`, or nothing: then the text stands below, in bars.
_TEXT = r"(?: (?P<text>\S.*))?"

_VALUE = (
    rf"(?:(?P<name>{_WORD}) = )?"
    r"(?:(?P<version>[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9})"
    rf"|(?P<low>{_NUMBER})(?: to (?P<high>{_NUMBER}))?"
    rf"|(?P<path>{_WORD}(?:\.{_WORD})*)"
    rf"|(?P<string>{_STRING}))"
)
_ANY_VALUE = re.sub(r"\(\?P<\w+>", "(?:", _VALUE)
# Nothing is gained by trying a value that fits in another way.
VALUES = rf"(?>{_ANY_VALUE})(?:, (?>{_ANY_VALUE}))*+"
VALUE_KEYS = FIELD_KEYS - TEXT_KEYS
_WORDS = re.compile(_WORD)
# Values that stand in many criteria are read once, if they are short.
_SHORT = 200

ITEM = re.compile(
    rf"\[(?:(?P<sort>bonus |cap )?(?P<number>{_NUMBER})|(?P<mark>{NAME}))\] "
    rf"(?:(?P<kind>mean|all|any|at least (?P<count>{_NUMBER})"
    r"|worst|best|geomean|formula) of )?"
    rf"(?P<name>{NAME})(?P<colon>:{_TEXT})?"
)
LEVEL = re.compile(rf"level (?P<number>{_NUMBER})(?: (?P<label>{_STRING}))?:{_TEXT}")
EXAMPLE = re.compile(
    rf"example (?P<ruling>yes|no|partly|n/a|(?:level )?{_NUMBER}):{_TEXT}"
)
# Marks that are none without a number.
_UNMARKED = frozenset({"bonus", "cap"})


class Form(Enum):
    """What a plain line is."""

    CRITERION = "criterion"
    GROUP = "group"
    FIELD = "field"


def form_of(line: Line) -> Form | None:
    """Say what a line with all below it is; None if it is not plain.

    The items in a group are not looked at.
    """
    if line.text[0] != "[":
        return Form.FIELD if _is_field(line) else None
    match = _item(line)
    body = None if match is None else _body(line, match)
    if match is None or body is None:
        return None
    if match["kind"]:
        return Form.GROUP if body and all(map(_is_in_group, body)) else None
    return (
        Form.CRITERION if match["colon"] and all(map(_is_in_criterion, body)) else None
    )


def _item(line: Line) -> re.Match[str] | None:
    """Match the first line of an item whose names are names to Python, too."""
    match = ITEM.fullmatch(line.text)
    if match is None or line.block is not None or line.lost is not None:
        return None
    mark: str | None = match["mark"]
    if mark is not None and (mark in _UNMARKED or not mark.isidentifier()):
        return None
    return match if match["name"].isidentifier() else None


def _body(line: Line, match: re.Match[str]) -> list[Line] | None:
    """Give what stands below an item and its text; None if its text is missing."""
    if match["text"] is not None or match["colon"] is None:
        return line.children
    bars = bars_below(line)
    return line.children[len(bars) :] if bars else None


def bars_below(line: Line) -> list[Line]:
    """Give the bars of text that come first below a line, if all are in order."""
    bars: list[Line] = []
    for child in line.children:
        if child.text[0] != "|":
            break
        if child.children or child.lost is not None:
            return []
        bars.append(child)
    return bars


def _is_in_group(line: Line) -> bool:
    return line.text[0] == "[" or _is_field(line)


def _is_in_criterion(line: Line) -> bool:
    return _is_field(line) or (
        line.block is None
        and line.lost is None
        and (match := LEVEL.fullmatch(line.text) or EXAMPLE.fullmatch(line.text))
        is not None
        and _has_text(match["text"], line)
    )


def _is_field(line: Line) -> bool:
    read = field_in(line.text)
    return (
        read is not None
        and line.block is None
        and line.lost is None
        and _has_text(read[1], line)
    )


def _has_text(content: object, line: Line) -> bool:
    """Say whether what a line says stands beside it or below, and nothing else."""
    if content:
        return not line.children
    return 0 < len(bars_below(line)) == len(line.children)


def _are_words(values: str) -> bool:
    """Say whether what a pattern takes for names are names to Python, too."""
    return all(word.isidentifier() for word in _WORDS.findall(values))


# -------------------------------------------------------------------- fields


def field_in(text: str) -> tuple[str, Values | str] | None:
    """Give the key of a plain field, and its values or its text.

    The text is empty where it should stand below.  None if the field is not plain.
    """
    key, colon, rest = text.partition(":")
    if key in TEXT_KEYS:
        if not rest:
            return (key, "") if colon else None
        return (key, rest[1:]) if rest[0] == " " and rest[1:2].strip() else None
    if key not in VALUE_KEYS or rest[:1] != " ":
        return None
    read = _read if len(rest) <= _SHORT else _read.__wrapped__
    values = read(rest[1:])
    return None if values is None else (key, values)


@lru_cache(maxsize=1_024)
def _read(text: str) -> Values | None:
    whole, each = _value_patterns()
    if whole.fullmatch(text) is None or not (text.isascii() or _are_words(text)):
        return None
    return Values(tuple(map(_scalar, each.finditer(text))))


@cache
def _value_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Give the patterns of all values of a field, and of each.

    Compiling them takes as long as reading a short file, which may have no fields.
    """
    return re.compile(VALUES), re.compile(rf"{_VALUE}(?:, |$)")


def _scalar(match: re.Match[str]) -> Scalar:
    name, version, low, high, path, string = match.groups()
    value: Scalar
    if version:
        value = Scalar("version", version, *match.span("version"))
    elif high:
        value = Scalar("range", (float(low), float(high)), *match.span("low"))
    elif low:
        value = Scalar("number", float(low), *match.span("low"))
    elif path:
        start = match.start("path")
        value = Scalar("path", path, start, start + len(path.partition(".")[0]))
    else:
        value = Scalar("string", string[1:-1], *match.span("string"))
    if name:
        return Scalar("assign", (name, value), *match.span("name"))
    return value
