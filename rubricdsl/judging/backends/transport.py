"""One HTTP request with JSON, and every way in which it can fail, by kind.

The peer is not trusted: redirects are not followed, a body has a greatest size
(after decompression), and what it says about an error is shortened and stripped of
control characters.  Neither deadlines nor retries are decided here; only whether
the same request may succeed later, and how long the peer asked to be left alone.
"""

import errno
import re
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.retry_after import retry_after
from rubricdsl.model.ruling import FailureKind

if TYPE_CHECKING:
    from rubricdsl.judging.backends.wire import Wire

MAX_BODY = 8 * 1024 * 1024

# What this machine has no more of for now; with fewer requests at once, it may.
_USED_UP = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EADDRNOTAVAIL,
    }
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


@frozen
class Reply:
    """An HTTP reply, its body read and decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """What the body is said to be; empty where nothing is said."""
        return self.headers.get("Content-Type", "")

    @property
    def location(self) -> str | None:
        """Where the peer would have the request sent."""
        return self.headers.get("Location")

    @property
    def retry_after(self) -> float | None:
        """How many seconds from now the peer asked to be left alone, if it did."""
        return retry_after(self.headers, now=time.time())


class Poster(Protocol):
    """Posts JSON to one address, or brings it there in another way.

    ``peer`` is what messages call the address.
    """

    @property
    def peer(self) -> str:
        """The server's name and port."""
        ...

    async def post(self, body: bytes) -> Reply:
        """Send JSON and give the reply, whatever its status.

        Raises `rubricdsl.diagnostics.JudgeError` when there is no whole reply.
        """
        ...

    def open(self) -> object:
        """Make ready to send; nothing is sent yet."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


class JsonPoster:
    """Posts JSON to one address, over at most ``connections`` connections.

    They are opened as they are needed, in the event loop that sends.  `open` makes
    ready for that, and sends nothing.
    """

    def __init__(
        self, address: str, *, headers: Mapping[str, str], connections: int
    ) -> None:
        self._url = address
        self._headers = dict(headers)
        self._connections = connections
        self._wire: Wire | None = None
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.peer = f"{parts.hostname}:{port}"

    async def post(self, body: bytes) -> Reply:
        """Send JSON and give the reply, whatever its status.

        Raises:
            JudgeError: of a ``transport_…`` kind when there is no whole reply.
        """
        try:
            return await self.open().post(body, most=MAX_BODY)
        except TimeoutError:
            # It is an OSError, but whose deadline it was is for the caller to say.
            raise
        except Exception as error:
            failure = failure_of(error, self.peer)
            if failure is None:
                raise
            raise failure from None

    async def close(self) -> None:
        """Close the connections."""
        used, self._wire = self._wire, None
        if used is not None:
            await used.close()

    def open(self) -> "Wire":
        """Load the HTTP client, and give what sends; nothing is sent yet."""
        if self._wire is None:
            # aiohttp is slow to import, so it comes with the first request.
            from rubricdsl.judging.backends.wire import Wire

            self._wire = Wire(
                self._url,
                headers={**self._headers, "Content-Type": "application/json"},
                connections=self._connections,
            )
        return self._wire


def failure_of(error: Exception, peer: str) -> JudgeError | None:
    """Sort what a client raises; in aiohttp, the more special comes first.

    None for what is no failure of a request, but of this program.
    """
    import aiohttp

    from rubricdsl.judging.backends.wire import BodyTooLargeError

    if isinstance(error, BodyTooLargeError):
        return JudgeError(
            FailureKind.TRANSPORT_LOCAL_RESOURCE,
            f"the reply of {peer} is larger than {MAX_BODY // 1024**2} MiB",
        )
    if not isinstance(error, aiohttp.ClientError | OSError):
        return None
    cause = getattr(error, "certificate_error", None) or getattr(
        error, "os_error", error
    )
    number = cause.errno if isinstance(cause, OSError) else None
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause)
    if number in _USED_UP:
        return _failed_here(peer, text, transient=True)
    for type_, kind, reason, transient in (
        (
            aiohttp.ClientConnectorCertificateError,
            FailureKind.TRANSPORT_UNREACHABLE,
            f"the certificate of {peer} is not trusted: {text}",
            False,
        ),
        (
            # A name that does not exist stays so; a name server may only be busy.
            aiohttp.ClientConnectorDNSError,
            FailureKind.TRANSPORT_UNREACHABLE,
            f"no address was found for {peer}: {text}",
            number != socket.EAI_NONAME,
        ),
        (
            aiohttp.ClientConnectorSSLError,
            FailureKind.TRANSPORT_UNREACHABLE,
            f"no TLS connection to {peer}: {text}",
            False,
        ),
        (
            aiohttp.ClientConnectorError,
            FailureKind.TRANSPORT_UNREACHABLE,
            f"no connection to {peer}: {text}",
            True,
        ),
        (
            aiohttp.InvalidURL,
            FailureKind.REQUEST_REJECTED,
            f"nothing can be sent to {peer}: {text}",
            False,
        ),
        (
            (aiohttp.ClientPayloadError, aiohttp.ClientResponseError),
            FailureKind.TRANSPORT_PEER_DROP,
            f"the reply of {peer} was cut or garbled: {text}",
            True,
        ),
        (
            aiohttp.ClientError,
            FailureKind.TRANSPORT_PEER_DROP,
            f"{peer} closed the connection: {text}",
            True,
        ),
    ):
        if isinstance(error, type_):
            return JudgeError(kind, clean(reason), transient=transient)
    return _failed_here(peer, text, transient=False)


def _failed_here(peer: str, text: str, *, transient: bool) -> JudgeError:
    reason = f"no connection to {peer} could be made here: {text}"
    return JudgeError(
        FailureKind.TRANSPORT_LOCAL_RESOURCE, clean(reason), transient=transient
    )


def clean(text: str, *, limit: int = 300) -> str:
    """Give one line of a stranger's text, without control characters."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"
