"""JSON bodies as all services have them: of requests, and of replies that went well."""

import codecs
import json
from collections.abc import Callable, Mapping

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.transport import Reply, clean
from rubricdsl.model.digest import Plain
from rubricdsl.model.ruling import FailureKind

ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_LONGEST_NAME = 200
_MOST_TOKENS = 1_000_000_000


def encoded(body: Mapping[str, Plain]) -> bytes:
    """Write a body as JSON."""
    return ENCODER.encode(body).encode("ascii")


def loads_lax(body: bytes) -> object:
    """Read JSON as Python's own reader takes it; raises ValueError."""
    return json.loads(body.decode())


def read_document(
    reply: Reply, *, peer: str, loads: Callable[[bytes], object] = loads_lax
) -> dict[str, object]:
    """Give the JSON object that is the body; a mark of byte order is tolerated.

    Raises JudgeError (``judge_unparseable``) for anything else.
    """
    if not reply.body.strip():
        raise unreadable(f"{peer} answered 200 with an empty body")
    try:
        document = loads(reply.body.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError):
        kind = clean(reply.content_type, limit=60) or "no content type"
        reason = f"{peer} answered 200 with a body that is no JSON ({kind})"
        raise unreadable(reason) from None
    if not isinstance(document, dict):
        raise unreadable(f"the reply of {peer} is no JSON object")
    return document


def unreadable(reason: str) -> JudgeError:
    """Make the error of a reply that is none."""
    return JudgeError(FailureKind.JUDGE_UNPARSEABLE, reason)


def model_name(value: object) -> str | None:
    """Give what a server calls the model that answered, if it does."""
    if not isinstance(value, str) or not value:
        return None
    is_plain = value.isprintable() and len(value) <= _LONGEST_NAME
    return value if is_plain else clean(value, limit=_LONGEST_NAME)


def token_count(value: object) -> int:
    """Give a count of tokens; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return min(max(value, 0), _MOST_TOKENS)
