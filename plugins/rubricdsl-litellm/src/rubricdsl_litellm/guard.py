"""HTTP clients for LiteLLM, which follow nobody and take no more than fits.

LiteLLM takes a client of OpenAI's library for models that speak as OpenAI does, and
one of its own kind for others.  Its default clients follow redirects, with the key,
and read replies of any size.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
from attrs import frozen

from rubricdsl.judging.backends.transport import MAX_BODY
from rubricdsl_litellm.route import Route

# Providers whose requests go through a client of LiteLLM's own kind that is passed in.
_OWN_KIND = frozenset({"anthropic"})


class TooLargeError(Exception):
    """A reply is larger than it may be."""


class CompressedError(Exception):
    """A reply is compressed, though that was not asked for."""


@frozen
class GuardedClient:
    """A client to pass to LiteLLM, and how it is closed."""

    client: object
    close: Callable[[], Awaitable[None]]

    @classmethod
    def of(cls, route: Route, connections: int) -> "GuardedClient | None":
        """Make one that fits the provider; None where LiteLLM takes none from us."""
        if route.provider == "openai":
            import openai

            http = httpx.AsyncClient(
                transport=Guard(connections), follow_redirects=False
            )
            client = openai.AsyncOpenAI(
                api_key=route.effective_key,
                base_url=route.address,
                http_client=http,
                max_retries=0,
            )
            return cls(client, client.close)
        if route.provider in _OWN_KIND:
            from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

            handler = AsyncHTTPHandler(
                transport=Guard(connections), follow_redirects=False
            )
            return cls(handler, handler.close)
        return None


class Guard(httpx.AsyncBaseTransport):
    """Sends requests, and reads of each reply at most what fits."""

    def __init__(self, connections: int) -> None:
        limits = httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections
        )
        self._inner = httpx.AsyncHTTPTransport(limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            CompressedError: for a reply that would have to be inflated, to any size.
            TooLargeError: while a reply is read that is too large.
        """
        request.headers["Accept-Encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            await response.aclose()
            raise CompressedError
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _Bounded(response.stream)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_BODY:
                raise TooLargeError
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
