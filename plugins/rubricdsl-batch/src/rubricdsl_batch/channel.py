"""HTTP with a batch service: small documents, large files, and every failure by kind.

As with live judges, redirects are not followed, bodies have a greatest size, and a key
reaches no message.
"""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from rubricdsl.diagnostics import JudgeError
from rubricdsl.formats.whole_files import whole_file
from rubricdsl.judging.backends.refusals import refusal
from rubricdsl.judging.backends.transport import MAX_BODY, Reply, failure_of
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.ruling import FailureKind

_MOST_RESULTS = 2 * 1024**3
_CHUNK = 2**18
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=300)

Content = aiohttp.FormData | AsyncIterator[bytes] | bytes


class Channel:
    """Requests to one service, in ``async with``.

    ``headers`` go with every request; ``key`` is kept out of all that is said, and
    ``key_variable`` is where messages say that it is.
    """

    def __init__(
        self, base: str, *, headers: Mapping[str, str], key: str, key_variable: str
    ) -> None:
        self._base = base
        self._headers = headers
        self._key_variable = key_variable
        self._redact = Redactor([key])
        self._session: aiohttp.ClientSession | None = None
        parts = urlsplit(base)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.peer = f"{parts.hostname}:{port}"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def get(self, path: str) -> Mapping[str, object]:
        """Get a document; raises JudgeError."""
        return await self._document("GET", path, None, {})

    async def post(
        self, path: str, content: Content, *, is_json: bool = False
    ) -> Mapping[str, object]:
        """Post something, and give the document that is answered; raises JudgeError."""
        headers = {"Content-Type": "application/json"} if is_json else {}
        return await self._document("POST", path, content, headers)

    async def download(self, path: str, target: Path) -> None:
        """Write what is at an address to a file, whole or not at all.

        Raises JudgeError, and RubricError (D111) where it cannot be written.
        """
        target.parent.mkdir(exist_ok=True)
        try:
            async with self._opened("GET", path, None, {}) as reply:
                await self._check(reply)
                with whole_file(str(target)) as file:
                    async for chunk in self._chunks(reply, most=_MOST_RESULTS):
                        file.write(chunk)
        except (aiohttp.ClientError, OSError) as error:
            raise self._failure(error) from None

    async def _document(
        self,
        method: str,
        path: str,
        content: Content | None,
        headers: Mapping[str, str],
    ) -> Mapping[str, object]:
        try:
            async with self._opened(method, path, content, headers) as reply:
                await self._check(reply)
                body = await self._body(reply)
        except (aiohttp.ClientError, OSError) as error:
            raise self._failure(error) from None
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise JudgeError(
                FailureKind.PROVIDER_UNAVAILABLE,
                f"{self.peer} answered with what is no JSON object",
                transient=True,
            )
        return document

    def _opened(
        self,
        method: str,
        path: str,
        content: Content | None,
        headers: Mapping[str, str],
    ) -> "aiohttp.client._RequestContextManager":
        if self._session is None:
            raise RuntimeError("a channel is used in `async with`")
        return self._session.request(
            method,
            f"{self._base}{path}",
            data=content,
            headers=headers,
            allow_redirects=False,
        )

    async def _check(self, reply: aiohttp.ClientResponse) -> None:
        """Raise JudgeError for any status but 200 and its like."""
        if not 200 <= reply.status < 300:  # noqa: PLR2004 - success
            found = Reply(reply.status, reply.headers, await self._body(reply))
            raise refusal(
                found,
                peer=self.peer,
                key_variable=self._key_variable,
                redact=self._redact,
            )

    async def _body(self, reply: aiohttp.ClientResponse) -> bytes:
        chunks = [chunk async for chunk in self._chunks(reply, most=MAX_BODY)]
        return b"".join(chunks)

    async def _chunks(
        self, reply: aiohttp.ClientResponse, *, most: int
    ) -> AsyncIterator[bytes]:
        """Give a body piece by piece; what goes wrong is a JudgeError here already.

        Errors of a connection are errors of the system, too, and whoever writes what
        is read would take them for its own.
        """
        size = 0
        try:
            async for chunk in reply.content.iter_chunked(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise JudgeError(
                        FailureKind.TRANSPORT_LOCAL_RESOURCE,
                        f"the reply of {self.peer} is larger than {most:,} bytes",
                    )
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> JudgeError:
        if isinstance(error, TimeoutError):
            return JudgeError(
                FailureKind.TRANSPORT_TIMEOUT,
                f"{self.peer} gave no answer in time",
                transient=True,
            )
        failure = failure_of(error, self.peer)
        if failure is None:
            raise error
        return failure
