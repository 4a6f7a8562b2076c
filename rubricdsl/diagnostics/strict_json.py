"""JSON as data from strangers must be: I-JSON (RFC 7493), and of bounded depth.

Python's own reader takes NaN and 1e400, lets the last of two equal keys win, gives
texts that no file can hold, and ends deep nesting in a RecursionError.
"""

import json
import math
import re
from collections.abc import Iterator
from itertools import chain, pairwise

from rubricdsl.model.digest import Plain

MAX_DEPTH = 100
# Every integer of so many digits fits into a double.
_MAX_DIGITS = 300

_TOKEN = re.compile(
    r"""
      (?P<text>"(?:[^"\\]++|\\.)*+")
    | (?P<number>-?\d++(?:\.\d++)?+(?:[eE][-+]?\d++)?+)
    | (?P<word>-?[A-Za-z]++)
    | (?P<mark>[\[\]{}:,])
    """,
    re.VERBOSE | re.DOTALL,
)


class StrictJsonError(ValueError):
    """Text that is not strict JSON; ``line`` and ``column`` count from 1."""

    def __init__(self, reason: str, *, line: int, column: int) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(f"{reason} (line {line}, column {column})")


class _UnstrictError(Exception):
    """What Python's reader would let pass; its place is looked for afterwards."""


def loads_strict(text: str) -> Plain:
    """Read JSON text, and nothing but JSON.

    Raises `StrictJsonError` for text that is not JSON, and for duplicate keys, NaN
    and Infinity, numbers beyond a double, halves of surrogate pairs, and nesting
    over `MAX_DEPTH`.
    """
    try:
        value: Plain = _DECODER.decode(text)
        # One cheap pass finds surrogates that stand in the text itself; those
        # written as escapes show only in what was read.
        if not text.isascii():
            text.encode()
        if _has_surrogate_escape(text):
            json.dumps(value, ensure_ascii=False).encode()
        # Nothing is deeper than the marks that open something are many.
        if text.count("{") + text.count("[") > MAX_DEPTH and _is_deep(value):
            raise _UnstrictError  # noqa: TRY301 - one way to the search below
    except json.JSONDecodeError as error:
        raise _at(_sentence(error.msg), text, error.pos) from None
    except UnicodeEncodeError as error:
        raise _surrogate(text, error) from None
    except (_UnstrictError, RecursionError):
        reason, position = _first_fault(text)
        raise _at(reason, text, position) from None
    return value


def _unique(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _UnstrictError
    return members


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise _UnstrictError
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _UnstrictError
    return number


def _no_constant(_: str) -> float:
    raise _UnstrictError


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_integer,
    parse_float=_finite,
    parse_constant=_no_constant,
)


def _has_surrogate_escape(text: str) -> bool:
    return "\\ud" in text or "\\uD" in text


def _is_deep(value: Plain) -> bool:
    level: list[Plain] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _containers(parent)]
        if not level:
            return False
    return True


def _containers(value: Plain) -> Iterator[Plain]:
    children = value.values() if isinstance(value, dict) else value
    if isinstance(children, str | float | int | None):
        return
    for child in children:
        if isinstance(child, dict | list):
            yield child


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:]


def _at(reason: str, text: str, position: int) -> StrictJsonError:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return StrictJsonError(reason, line=line, column=column)


def _surrogate(text: str, error: UnicodeEncodeError) -> StrictJsonError:
    reason = "half of a surrogate pair, which is no character"
    if error.object == text:
        return _at(reason, text, error.start)
    half = re.escape(f"\\u{ord(error.object[error.start]):04x}")
    found = re.search(half, text, re.IGNORECASE)
    return _at(reason, text, found.start() if found else 0)


def _first_fault(text: str) -> tuple[str, int]:
    """Find what `_DECODER` or `_is_deep` objected to, and where it begins."""
    keys: list[set[str]] = []
    for token, following in pairwise(chain(_TOKEN.finditer(text), [None])):
        if token is None:
            break
        word, place = token.group(), token.start()
        if reason := _scalar_fault(word, token.lastgroup):
            return reason, place
        if word in {"{", "["}:
            keys.append(set())
            if len(keys) > MAX_DEPTH:
                return f"nesting over {MAX_DEPTH} deep", place
        elif word in {"}", "]"} and keys:
            keys.pop()
        elif following and following.group() == ":" and keys:
            key, known = _key(word), keys[-1]
            if key in known:
                return f"duplicate key {_shown(key)}", place
            known.add(key)
    return "nesting too deep", 0


def _scalar_fault(word: str, kind: str | None) -> str | None:
    if kind == "word" and word not in {"true", "false", "null"}:
        return f"{word} is no JSON number"
    if kind == "number" and _is_out_of_range(word):
        return "number too large"
    return None


def _is_out_of_range(digits: str) -> bool:
    if digits.lstrip("-").isdigit():
        return len(digits) > _MAX_DIGITS
    return not math.isfinite(float(digits))


def _key(word: str) -> str:
    try:
        return str(json.loads(word))
    except ValueError:
        return word


def _shown(key: str) -> str:
    return json.dumps(key if len(key) <= 40 else key[:39] + "…")  # noqa: PLR2004
