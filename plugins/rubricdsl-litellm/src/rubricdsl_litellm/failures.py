"""What an exception of LiteLLM means for the questions that were asked.

LiteLLM calls many things an internal server error with status 500, and its texts hold
tracebacks.  So what counts is what it was made of: the HTTP reply, the client's own
exception, or neither.
"""

from collections.abc import Iterator

import httpx
import openai

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.documents import unreadable
from rubricdsl.judging.backends.refusals import refusal
from rubricdsl.judging.backends.transport import MAX_BODY, Reply, clean
from rubricdsl.model.ruling import FailureKind
from rubricdsl_litellm.guard import CompressedError, TooLargeError
from rubricdsl_litellm.route import Route

_DEEPEST = 16


def failure_of(error: Exception, route: Route) -> JudgeError:
    """Give the error by its kind, with no key in it."""
    made = _failure(error, list(_causes(error)), route)
    return JudgeError(
        made.failure.kind,
        route.redact(made.failure.reason),
        transient=made.transient,
        retry_after=made.retry_after,
        too_long=made.too_long,
    )


def _failure(error: Exception, causes: list[BaseException], route: Route) -> JudgeError:
    if type(error).__name__ == "ContentPolicyViolationError":
        reason = f"{route.provider} refused to answer: {_said(error)}"
        return JudgeError(FailureKind.JUDGE_REFUSED, reason)
    return _of_cause(causes, error, route) or _of_itself(causes, error, route)


def _of_cause(
    causes: list[BaseException], error: Exception, route: Route
) -> JudgeError | None:
    """Tell what went wrong on the way, if something did."""
    for cause in causes:
        match cause:
            case TooLargeError() | CompressedError():
                return _unread(cause, route)
            case httpx.HTTPStatusError():
                return _refused(cause.response, error, route)
            case httpx.RequestError():
                return _unsent(cause, route)
    return None


def _of_itself(
    causes: list[BaseException], error: Exception, route: Route
) -> JudgeError:
    """Tell what LiteLLM refuses to send, or cannot read."""
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        return _timed_out(route)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status < 500:  # noqa: PLR2004 - not sent
        return _refused(httpx.Response(status), error, route)
    what = type(causes[-1]).__name__
    return unreadable(f"{route.provider} answered what LiteLLM cannot read ({what})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an exception, and those of which it was made."""
    found: BaseException | None = error
    for _ in range(_DEEPEST):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def _unread(cause: BaseException, route: Route) -> JudgeError:
    if isinstance(cause, TooLargeError):
        return JudgeError(
            FailureKind.TRANSPORT_LOCAL_RESOURCE,
            f"the reply of {route.provider} is larger than {MAX_BODY // 1024**2} MiB",
        )
    return JudgeError(
        FailureKind.TRANSPORT_PEER_DROP,
        f"the reply of {route.provider} is compressed, which was not asked for",
    )


def _refused(reply: httpx.Response, error: Exception, route: Route) -> JudgeError:
    try:
        body = reply.content
    except httpx.ResponseNotRead:
        body = b""
    made = refusal(
        Reply(reply.status_code, reply.headers, body or _said(error).encode()),
        peer=route.provider,
        key_variable=route.key_variable,
        redact=route.redact,
    )
    if type(error).__name__ != "ContextWindowExceededError" or made.too_long:
        return made
    return JudgeError(made.failure.kind, made.failure.reason, too_long=True)


def _unsent(cause: httpx.RequestError, route: Route) -> JudgeError:
    said = clean(str(cause)) or type(cause).__name__
    match cause:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return JudgeError(
                FailureKind.TRANSPORT_UNREACHABLE,
                f"no connection to {route.provider}: {said}",
                transient="CERTIFICATE" not in said.upper(),
            )
        case httpx.TimeoutException():
            return _timed_out(route)
        case httpx.TooManyRedirects():
            return JudgeError(
                FailureKind.REQUEST_REJECTED,
                f"{route.provider} redirects without end; give the final address as "
                "base_url",
            )
        case httpx.UnsupportedProtocol():
            return JudgeError(
                FailureKind.REQUEST_REJECTED,
                f"nothing can be sent to {route.provider}: {said}",
            )
    return JudgeError(
        FailureKind.TRANSPORT_PEER_DROP,
        f"the reply of {route.provider} was cut or garbled: {said}",
        transient=True,
    )


def _timed_out(route: Route) -> JudgeError:
    return JudgeError(
        FailureKind.TRANSPORT_TIMEOUT,
        f"{route.provider} did not answer in time",
        transient=True,
    )


def _said(error: Exception) -> str:
    """Give what LiteLLM says, up to where a traceback may begin."""
    return clean(str(error).partition("Traceback")[0])
