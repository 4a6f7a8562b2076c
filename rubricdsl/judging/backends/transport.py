"""One HTTP request with JSON, and every way in which it can fail, by kind.

The peer is not trusted: redirects are not followed, a body has a greatest size
(after decompression), and what it says about an error is shortened and stripped of
control characters.  Neither deadlines nor retries are decided here; only whether
the same request may succeed later, and how long the peer asked to be left alone.
"""

import errno
import io
import re
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from attrs import frozen

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.retry_after import retry_after
from rubricdsl.model.ruling import FailureKind

if TYPE_CHECKING:
    import aiohttp

MAX_BODY = 8 * 1024 * 1024
_ONE_PIECE = 1024 * 1024
_ERROR = 400

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
    """An HTTP reply, its body read.

    ``retry_after`` is how many seconds the peer asked to be left alone, if it did.
    """

    status: int
    content_type: str
    location: str | None
    body: bytes
    retry_after: float | None = None


class JsonPoster:
    """Posts JSON to one address, over at most ``connections`` connections.

    The session is opened by `open`, or else with the first request, in the event loop
    that sends it.
    """

    def __init__(
        self, address: str, *, headers: Mapping[str, str], connections: int
    ) -> None:
        self._url = address
        self._headers = dict(headers)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.peer = f"{parts.hostname}:{port}"

    async def post(self, body: bytes) -> Reply:
        """Send JSON and give the reply, whatever its status.

        Raises:
            JudgeError: of a ``transport_…`` kind when there is no whole reply.
        """
        import aiohttp

        session = self.open()
        # aiohttp sends bytes in one piece, and warns of it where they are many.
        data = body if len(body) < _ONE_PIECE else io.BytesIO(body)
        try:
            async with session.post(
                self._url, data=data, allow_redirects=False
            ) as response:
                return Reply(
                    response.status,
                    response.headers.get("Content-Type", ""),
                    response.headers.get("Location"),
                    await self._read(response),
                    None
                    if response.status < _ERROR
                    else retry_after(response.headers, now=time.time()),
                )
        except TimeoutError:
            # It is an OSError, but whose deadline it was is for the caller to say.
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise _failure(error, self.peer) from None

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def open(self) -> "aiohttp.ClientSession":
        """Give the session, opened if it was not; nothing is sent."""
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                headers={**self._headers, "Content-Type": "application/json"},
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session

    async def _read(self, response: "aiohttp.ClientResponse") -> bytes:
        length = response.content_length
        if length is not None and length > MAX_BODY:
            self._refuse_size()
        if length is not None and "Content-Encoding" not in response.headers:
            return await response.read()
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY:
                # What follows is not read: the connection is of no more use.
                response.close()
                self._refuse_size()
        return bytes(body)

    def _refuse_size(self) -> NoReturn:
        raise JudgeError(
            FailureKind.TRANSPORT_LOCAL_RESOURCE,
            f"the reply of {self.peer} is larger than {MAX_BODY // 1024**2} MiB",
        )


def _failure(error: Exception, peer: str) -> JudgeError:
    """Sort what a client raises; in aiohttp, the more special comes first."""
    import aiohttp

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
