"""Digests: the identity of questions, responses, judges and rubrics."""

import hashlib
import json
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
