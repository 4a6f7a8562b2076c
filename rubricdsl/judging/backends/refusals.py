"""What an HTTP status other than 200 means for the questions that were asked."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.transport import Reply, clean
from rubricdsl.model.ruling import FailureKind

_MONEY = re.compile(r"insufficient_quota|billing|credit balance", re.IGNORECASE)
# Some say so with a status that stands for malformed requests, too.
_NO_CREDIT = re.compile(
    r"billing_error|insufficient_quota|credit balance is too low", re.IGNORECASE
)
_QUOTA = re.compile(r"quota", re.IGNORECASE)
_PACE = re.compile(r"per[ _-]?(?:second|minute|hour)|rate.?limit", re.IGNORECASE)
_CONTEXT = re.compile(
    r"context.{0,20}(?:length|size|window|limit)|maximum context|prompt is too long"
    r"|exceed_context|too many tokens",
    re.IGNORECASE,
)

_KINDS = {
    HTTPStatus.UNAUTHORIZED: FailureKind.AUTH_FAILED,
    HTTPStatus.FORBIDDEN: FailureKind.AUTH_FAILED,
    HTTPStatus.PAYMENT_REQUIRED: FailureKind.QUOTA_EXHAUSTED,
    HTTPStatus.REQUEST_TIMEOUT: FailureKind.TRANSPORT_TIMEOUT,
    HTTPStatus.CONFLICT: FailureKind.PROVIDER_UNAVAILABLE,
    HTTPStatus.TOO_EARLY: FailureKind.PROVIDER_UNAVAILABLE,
}

# After these, the same request may succeed later; so it may after any error of the
# server but those that say it can never do what was asked.
_TRANSIENT = frozenset({408, 409, 425, 429})
_NEVER = frozenset({501, 505})


@frozen
class Complaint:
    """What the server says in an error's body, as far as it can be read."""

    message: str
    code: str
    prompt_tokens: int | None
    context_tokens: int | None

    @classmethod
    def of(cls, reply: Reply) -> "Complaint":
        """Read ``{"error": {"message", "code", "type"}}`` and its relatives."""
        text = reply.body[:20_000].decode("utf-8", "replace")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            is_text = "html" not in reply.content_type
            return cls(text if is_text else "", "", None, None)
        error = document.get("error", document) if isinstance(document, dict) else {}
        if isinstance(error, str):
            return cls(error, "", None, None)
        if not isinstance(error, dict):
            error = {}
        return cls(
            _text(error.get("message") or error.get("detail") or ""),
            f"{error.get('code', '')} {error.get('type', '')}",
            _count(error.get("n_prompt_tokens")),
            _count(error.get("n_ctx")),
        )

    @property
    def is_about_context(self) -> bool:
        """Whether the prompt was too long for the model."""
        return _CONTEXT.search(f"{self.code} {self.message}") is not None

    @property
    def is_about_credit(self) -> bool:
        """Whether it says in so many words that nothing is paid for."""
        return _NO_CREDIT.search(f"{self.code} {self.message}") is not None

    @property
    def is_about_quota(self) -> bool:
        """Whether money has run out, and not just patience.

        Some call the number of requests in a minute a quota, too.
        """
        said = f"{self.code} {self.message}"
        if _MONEY.search(said):
            return True
        return _QUOTA.search(said) is not None and not _PACE.search(said)


def refusal(
    reply: Reply, *, peer: str, key_variable: str, redact: Callable[[str], str]
) -> JudgeError:
    """Make the error that a reply with an error status stands for."""
    complaint = Complaint.of(reply)
    said = clean(redact(complaint.message))
    status = reply.status
    tail = f": {said}" if said else ""
    if 300 <= status < 400:  # noqa: PLR2004 - redirections
        target = clean(_host(reply.location)) or "elsewhere"
        return JudgeError(
            FailureKind.REQUEST_REJECTED,
            f"{peer} redirects to {target}, and redirects are not followed; "
            "give the final address as base_url",
        )
    kind = _KINDS.get(HTTPStatus(status)) if status in _STATUSES else None
    reason = f"{peer} answered {status}{tail}"
    if kind is FailureKind.AUTH_FAILED:
        reason = f"{reason}; check the key in {key_variable}"
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        kind = (
            FailureKind.QUOTA_EXHAUSTED
            if complaint.is_about_quota
            else FailureKind.RATE_LIMITED
        )
    elif status == HTTPStatus.BAD_REQUEST and complaint.is_about_credit:
        kind = FailureKind.QUOTA_EXHAUSTED
    elif kind is None and status >= 500:  # noqa: PLR2004 - server errors
        kind = FailureKind.PROVIDER_UNAVAILABLE
    too_long = kind is None and complaint.is_about_context
    if too_long:
        reason = _too_long(complaint, said)
    is_server_error = status >= 500 and status not in _NEVER  # noqa: PLR2004
    may_pass = status in _TRANSIENT or is_server_error
    transient = may_pass and kind is not FailureKind.QUOTA_EXHAUSTED
    return JudgeError(
        kind or FailureKind.REQUEST_REJECTED,
        reason,
        transient=transient,
        retry_after=reply.retry_after if transient else None,
        too_long=too_long,
    )


def _text(message: object) -> str:
    """Give what is said as one text; validators list what is wrong, and where."""
    if isinstance(message, str):
        return message
    if isinstance(message, dict) and isinstance(message.get("message"), str):
        return str(message["message"])
    if isinstance(message, list) and message:
        return "; ".join(map(_fault, message))
    return json.dumps(message)


def _fault(entry: object) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("msg"), str):
        return json.dumps(entry)
    place = entry.get("loc")
    path = ".".join(map(str, place)) if isinstance(place, list) else ""
    return f"{path}: {entry['msg']}" if path else str(entry["msg"])


def _too_long(complaint: Complaint, said: str) -> str:
    given, limit = complaint.prompt_tokens, complaint.context_tokens
    if given is None or limit is None:
        return f"the prompt is too long for the model: {said}"
    return (
        f"the prompt is too long for the model: it has {given} tokens, and the model "
        f"takes {limit}"
    )


_STATUSES = frozenset(HTTPStatus)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _host(location: str | None) -> str:
    try:
        return urlsplit(location or "").netloc.rpartition("@")[2]
    except ValueError:
        return ""
