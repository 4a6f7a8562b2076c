"""A chat server in a thread, that answers as a test wants."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def said(content: str, finish: str = "stop") -> web.Response:
    """Give a chat completion that says ``content``."""
    message = {"role": "assistant", "content": content}
    return web.json_response(
        {
            "model": "test",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 2},
        }
    )


async def answer_yes(request: web.Request) -> web.Response:
    """Say yes to whatever the schema asks."""
    body = await request.json()
    schema = body["response_format"]["json_schema"]["schema"]
    return said(json.dumps(dict.fromkeys(schema["properties"], "yes")))


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """Serve a handler on a free port of this machine; gives the base URL."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    address: list[str] = []
    stop = asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port, *_ = runner.addresses[0]
        address.append(f"http://{host}:{port}/v1")
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield address[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
