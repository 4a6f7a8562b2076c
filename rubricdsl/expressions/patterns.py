"""Regular expressions of rubrics: compiled by RE2 only, and diagnosed beforehand.

RE2 takes time linear in the text for a match, whatever the pattern.  A text goes
to it as UTF-8; lone surrogates, which UTF-8 cannot hold, count as U+FFFD.
"""

import re
import time
from functools import lru_cache
from typing import Protocol

from attrs import frozen

from rubricdsl.diagnostics import CheckError
from rubricdsl.expressions.ambiguity import is_exponential
from rubricdsl.expressions.pattern_syntax import UnsupportedError

MAX_LENGTH = 10_000
"""Characters that a pattern may have."""
_MEMORY = 16 << 20  # bytes that RE2 may use for one pattern
_COUNT_SECONDS = 20.0
_LOOK_EVERY = 1_000  # matches between two looks at the clock
_SURROGATE = re.compile("[\ud800-\udfff]")
_FOREIGN = {
    "(?=": "look-ahead",
    "(?!": "look-ahead",
    "(?<=": "look-behind",
    "(?<!": "look-behind",
    "(?P=": "a back-reference",
    "(?>": "an atomic group",
    "(?#": "a comment",
    "(?(": "a condition",
    "(?R": "recursion",
    "(?&": "recursion",
}
_ESCAPED_FOREIGN = {
    **dict.fromkeys("123456789k", "a back-reference"),
    "g": "a back-reference",
    "Z": r"`\Z` (write `\z`)",
    "G": r"`\G`",
    "K": r"`\K`",
    "R": r"`\R`",
    "X": r"`\X`",
    "u": r"`\u` (write `\x{…}`)",
    "U": r"`\U` (write `\x{…}`)",
}


class _Compiled(Protocol):
    def search(self, text: str) -> object | None: ...

    def finditer(self, text: str) -> "_Matches": ...


class _Matches(Protocol):
    def __iter__(self) -> "_Matches": ...

    def __next__(self) -> object: ...


@frozen
class PatternFault:
    """What is wrong with a pattern; the parts of a `Diagnostic` but its place."""

    code: str
    message: str
    hint: str


def matches(pattern: str, text: str) -> bool:
    """Tell whether ``pattern`` is found anywhere in ``text``.

    Raises CheckError for a pattern that RE2 does not take.
    """
    return _compiled(pattern).search(_encodable(text)) is not None


def count(pattern: str, text: str) -> int:
    """Count the matches of ``pattern`` in ``text`` that do not overlap.

    Finding one match is linear in the text, finding all of them need not be: with
    ``x[^y]*y|x`` every x of a text without y looks for a y to the very end.  Such
    a count is given up.

    Raises:
        CheckError: RE2 does not take the pattern, or counting takes too long.
    """
    found = 0
    deadline = time.process_time() + _COUNT_SECONDS
    for _ in _compiled(pattern).finditer(_encodable(text)):
        found += 1
        if found % _LOOK_EVERY == 0 and time.process_time() > deadline:
            raise CheckError(
                f"counting {_shown(pattern)} looks through the rest of the text for "
                f"each match; bound its repetitions, as in [^y]{{0,100}}"
            )
    return found


@lru_cache(maxsize=1_024)
def diagnose(pattern: str) -> PatternFault | None:
    """Say what is wrong with a pattern, if anything (E415, E416)."""
    if len(pattern) > MAX_LENGTH:
        return PatternFault(
            "E415",
            f"the regular expression is longer than {MAX_LENGTH} characters",
            "split it into several criteria",
        )
    error = _error(pattern)
    if error is not None:
        return _bad(pattern, error)
    try:
        exponential = is_exponential(pattern)
    except UnsupportedError as unread:
        return _bad(pattern, str(unread))
    if exponential:
        return PatternFault(
            "E416",
            f"the regular expression {_shown(pattern)} repeats a repetition: the same "
            "text fits it in exponentially many ways",
            "repeat once, as in `\\d+` for `(\\d+)+`, or put a separator between the "
            "rounds that the inner part cannot take, as in `(\\d+,)+`",
        )
    return None


def _bad(pattern: str, error: str) -> PatternFault:
    foreign = _foreign(pattern)
    if foreign is not None:
        return PatternFault(
            "E415",
            f"the regular expression {_shown(pattern)} uses {foreign}",
            "RE2 has no look-around and no back-references; write what must be there "
            "as a match of its own, joined by `and` or `not`",
        )
    return PatternFault(
        "E415",
        f"bad regular expression {_shown(pattern)}: {error}",
        "see the syntax of RE2; to match a character that has a meaning there, put a "
        "backslash before it",
    )


def _foreign(pattern: str) -> str | None:
    """Name the first construct of other engines that stands outside of a class."""
    in_class = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            if not in_class and pattern[at + 1 : at + 2] in _ESCAPED_FOREIGN:
                return _ESCAPED_FOREIGN[pattern[at + 1]]
            at += 2
            continue
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
            at += 1 + pattern.startswith("^", at + 1)
            at += pattern.startswith("]", at)
            continue
        else:
            for start, name in _FOREIGN.items():
                if pattern.startswith(start, at):
                    return name
            if char in "*+?}" and pattern[at + 1 : at + 2] == "+":
                return "a possessive repetition"
        at += 1
    return None


@lru_cache(maxsize=1_024)
def _error(pattern: str) -> str | None:
    try:
        _compile(pattern)
    except CheckError as error:
        return str(error)
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> _Compiled:
    try:
        return _compile(pattern)
    except CheckError as error:
        message = f"bad regular expression {_shown(pattern)}: {error}"
        raise CheckError(message) from None


def _compile(pattern: str) -> _Compiled:
    import re2  # type: ignore[import-untyped]

    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        compiled: _Compiled = re2.compile(pattern, options)
    except UnicodeEncodeError:
        raise CheckError("it holds a lone surrogate") from None
    except re2.error as error:
        reason = error.args[0] if error.args else "RE2 does not take it"
        if isinstance(reason, bytes):
            reason = reason.decode(errors="replace")
        raise CheckError(str(reason)) from None
    return compiled


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def _shown(pattern: str) -> str:
    shown = pattern if len(pattern) <= 60 else f"{pattern[:57]}…"  # noqa: PLR2004
    return f"`{shown.encode(errors='backslashreplace').decode()}`"
