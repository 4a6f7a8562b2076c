"""The shortest way from a body to a reply: aiohttp's connections without its session.

A judge is sent thousands of requests that differ in nothing but their bodies.  What a
session does anew around each of them (headers, cookies, redirects, a task that writes)
costs more than sending and reading; so connections, TLS, name look-up and the reading
of replies are aiohttp's, and the head is written once.  Errors are those that a session
raises, and what is not known to be in order for the next request is closed.
"""

import asyncio
from collections.abc import Mapping

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError, RawResponseMessage
from aiohttp.streams import StreamReader
from yarl import URL

from rubricdsl.judging.backends.transport import Reply

_LAST_INFORMATIONAL = 199
_SWITCHING = 101
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class BodyTooLargeError(Exception):
    """A reply's body is larger than it may be."""


class Wire:
    """Posts to one address over at most ``connections`` connections.

    Made in the event loop that sends.  Raises `aiohttp.InvalidURL` for an address to
    which nothing can be sent, and ValueError for a header that would break the line.
    """

    def __init__(
        self, address: str, *, headers: Mapping[str, str], connections: int
    ) -> None:
        try:
            url = URL(address)
        except ValueError as error:
            raise aiohttp.InvalidURL(address) from error
        if url.scheme not in {"http", "https"}:
            raise aiohttp.InvalidURL(url)
        # What connections are asked for; none of its own is ever sent.
        self._request = aiohttp.ClientRequest(
            "POST", url, headers=headers, loop=asyncio.get_running_loop()
        )
        self._head = _head(url, self._request.headers)
        self._connector = aiohttp.TCPConnector(limit=connections)

    async def post(self, body: bytes, *, most: int) -> Reply:
        """Send a body and give the reply, whose body has ``most`` bytes at most.

        Raises `aiohttp.ClientError`, OSError or `BodyTooLargeError`.
        """
        connection = await self._connector.connect(
            self._request, traces=[], timeout=_NO_TIMEOUT
        )
        try:
            protocol, transport = _ends(connection)
            protocol.set_response_params(read_until_eof=True)
            transport.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
            message, content = await self._answer(protocol)
            read = await _read(message.headers, content, most)
            if transport.get_write_buffer_size():
                # It answered before it had read everything.
                protocol.force_close()
        except BaseException:
            connection.close()
            raise
        connection.release()
        return Reply(message.code, message.headers, read)

    async def close(self) -> None:
        """Close the connections."""
        await self._connector.close()

    async def _answer(
        self, protocol: ResponseHandler
    ) -> tuple[RawResponseMessage, StreamReader]:
        """Give the head of a reply, and where its body can be read."""
        try:
            while True:
                message, content = await protocol.read()
                if message.code > _LAST_INFORMATIONAL or message.code == _SWITCHING:
                    return message, content
        except HttpProcessingError as error:
            raise aiohttp.ClientResponseError(
                self._request.request_info,
                (),
                status=error.code,
                message=error.message,
                headers=error.headers,
            ) from error


def _ends(connection: Connection) -> tuple[ResponseHandler, asyncio.Transport]:
    """Give the reading and the writing end of a connection that is open."""
    protocol = connection.protocol
    transport = None if protocol is None else protocol.transport
    if protocol is None or transport is None or transport.is_closing():
        raise aiohttp.ClientConnectionResetError("the connection was closed")
    return protocol, transport


async def _read(headers: Mapping[str, str], content: StreamReader, most: int) -> bytes:
    length = headers.get("Content-Length")
    if length is not None and int(length) > most:
        raise BodyTooLargeError
    if length is not None and "Content-Encoding" not in headers:
        return await content.read()
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > most:
            raise BodyTooLargeError
    return bytes(body)


def _head(url: URL, headers: Mapping[str, str]) -> bytes:
    """Give all that stands before a request's length."""
    lines = [f"POST {url.raw_path_qs} HTTP/1.1"]
    for name, value in headers.items():
        if name != "Content-Length":
            lines.append(f"{name}: {value}")
    if not all(map(str.isprintable, lines)):
        raise ValueError("a header holds a character that no header can hold")
    return ("\r\n".join([*lines, "Content-Length: "])).encode()
