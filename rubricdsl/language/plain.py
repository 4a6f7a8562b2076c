"""Plain lines: the few ways in which almost every item and field is written.

A pattern reads such a line at a small part of what tokens and a tree cost.  It takes
only what has no mistake of form, and reads it as the grammar does, which a property
test shows; whatever else a line may be is left to the grammar.  What the values mean
is checked by the same code for both.
"""

import re
from enum import Enum
from functools import lru_cache

from attrs import frozen

from rubricdsl.language.fields import Entry, Scalar
from rubricdsl.language.layout import Line
from rubricdsl.language.words import FIELD_KEYS, NAME, TEXT_KEYS
from rubricdsl.model.source import Span

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
_VALUES = re.compile(rf"{_VALUE}(?:, |$)")
_WORDS = re.compile(_WORD)
# Values that stand in many criteria are taken apart once, if they are short.
_SHORT = 200

ITEM = re.compile(
    rf"\[(?:(?P<sort>bonus |cap )?(?P<number>{_NUMBER})|(?P<mark>{NAME}))\] "
    rf"(?:(?P<kind>mean|all|any|at least (?P<count>{_NUMBER})"
    r"|worst|best|geomean|formula) of )?"
    rf"(?P<name>{NAME})(?P<colon>:{_TEXT})?"
)
FIELD = re.compile(
    rf"(?P<text_key>{'|'.join(sorted(TEXT_KEYS))}):{_TEXT}"
    rf"|(?P<key>{'|'.join(sorted(FIELD_KEYS - TEXT_KEYS))}): "
    # Nothing is gained by trying a value that fits in another way.
    rf"(?P<values>(?>{_ANY_VALUE})(?:, (?>{_ANY_VALUE}))*+)"
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
        and _has_text(LEVEL.fullmatch(line.text) or EXAMPLE.fullmatch(line.text), line)
    )


def _is_field(line: Line) -> bool:
    match = FIELD.fullmatch(line.text)
    if match is None or line.block is not None or line.lost is not None:
        return False
    values = match["values"]
    if values is None:
        return _has_text(match, line)
    return not line.children and (values.isascii() or _are_words(values))


def _has_text(match: re.Match[str] | None, line: Line) -> bool:
    """Say whether the text of a line stands beside it or below, and nothing else."""
    if match is None:
        return False
    if match["text"] is not None:
        return not line.children
    return 0 < len(bars_below(line)) == len(line.children)


def _are_words(values: str) -> bool:
    """Say whether what a pattern takes for names are names to Python, too."""
    return all(word.isidentifier() for word in _WORDS.findall(values))


# -------------------------------------------------------------------- values


@frozen
class _Value:
    """A value without its place in a file, but with its place in its field."""

    form: str
    content: float | str | tuple[float, float] | tuple[str, "_Value"]
    start: int
    end: int

    def scalar(self, file: str, line: int, column: int) -> Scalar:
        """Give the value as it stands in a field whose values begin in a column."""
        span = Span(file, line, column + self.start, line, column + self.end)
        content = self.content
        if isinstance(content, tuple) and isinstance(content[1], _Value):
            return Scalar(
                self.form, (content[0], content[1].scalar(file, line, column)), span
            )
        return Scalar(self.form, content, span)


def value_entry(file: str, line: Line, match: re.Match[str]) -> Entry:
    """Give the entry of a plain field with values, which matched `FIELD`."""
    key, values = match["key"], match["values"]
    number, column = line.number, line.column + 1
    split = _split if len(values) <= _SHORT else _split.__wrapped__
    at = column + len(key) + 2
    scalars = tuple([value.scalar(file, number, at) for value in split(values)])
    return Entry(key, Span(file, number, column, number, column + len(key)), scalars)


@lru_cache(maxsize=1_024)
def _split(values: str) -> tuple[_Value, ...]:
    return tuple(map(_value, _VALUES.finditer(values)))


def _value(match: re.Match[str]) -> _Value:
    name, version, low, high, path, string = match.groups()
    value: _Value
    if version:
        value = _Value("version", version, *match.span("version"))
    elif high:
        value = _Value("range", (float(low), float(high)), *match.span("low"))
    elif low:
        value = _Value("number", float(low), *match.span("low"))
    elif path:
        start = match.start("path")
        value = _Value("path", path, start, start + len(path.partition(".")[0]))
    else:
        value = _Value("string", string[1:-1], *match.span("string"))
    if name:
        return _Value("assign", (name, value), *match.span("name"))
    return value
