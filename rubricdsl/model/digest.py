"""Digests: the identity of questions, responses, judges and rubrics."""

import hashlib
import json
from collections.abc import Mapping
from typing import TypeAlias

Plain: TypeAlias = (
    "str | float | bool | list[Plain] | tuple[Plain, ...] | dict[str, Plain] | None"
)

_ENCODER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
)


def digest(*parts: Plain) -> str:
    """Give 32 hexadecimal digits (128 bits of SHA-256) that identify ``parts``.

    Parts are plain JSON data; the order of keys does not matter.  Raises
    ValueError for numbers that are not finite.
    """
    text = _ENCODER.encode(parts)
    # Responses come from anywhere: a lone surrogate must not end a run.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def digest_of_texts(texts: Mapping[str, str]) -> str:
    """Give the `digest` of the list of names and texts, in their order, but sooner."""
    quoted = _ENCODER.encode
    pairs = [f"[{quoted(name)},{quoted(text)}]" for name, text in texts.items()]
    whole = f"[[{','.join(pairs)}]]"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class ListDigest:
    """The `digest` of one list, worked out element by element."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256(b"[[")
        self._is_empty = True

    def add(self, element: Plain) -> None:
        """Go on with the next element; raises ValueError as `digest`."""
        text = _ENCODER.encode(element)
        separator = "" if self._is_empty else ","
        self._hash.update(f"{separator}{text}".encode("utf-8", "surrogatepass"))
        self._is_empty = False

    @property
    def value(self) -> str:
        """The `digest` of the list of all elements so far."""
        whole = self._hash.copy()
        whole.update(b"]]")
        return whole.hexdigest()[:32]
