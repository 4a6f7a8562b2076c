"""A headless Chromium that opens one page, driven by the DevTools protocol.

It needs a Chromium on the PATH and nothing else: no driver and no download.
"""

import asyncio
import base64
import json
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from attrs import define, field

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
_LONGEST_MESSAGE = 256 * 2**20
_PATIENCE = 60


def executable() -> str | None:
    """Give the Chromium on the PATH, if there is one."""
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in found if path is not None), None)


@define
class Page:
    """A page in the browser, and what it complained of."""

    _socket: aiohttp.ClientWebSocketResponse
    _scripts: bool = True
    complaints: list[str] = field(factory=list)
    requests: list[str] = field(factory=list)
    _events: list[Mapping[str, Any]] = field(factory=list)
    _number: int = 0

    async def command(self, method: str, **parameters: object) -> Mapping[str, Any]:
        """Send a command and give its answer."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send_str(json.dumps(message))
        while True:
            answer = await self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: Mapping[str, Any] = answer["result"]
                return result

    async def _receive(self) -> Mapping[str, Any]:
        async with asyncio.timeout(_PATIENCE):
            message: Mapping[str, Any] = json.loads(await self._socket.receive_str())
        parameters = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled" | "Log.entryAdded":
                self.complaints.append(json.dumps(parameters))
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
        if "method" in message:
            self._events.append(message)
        return message

    async def open(self, file: Path, *, width: int = 1280, height: int = 900) -> float:
        """Open a file in a window of this size; give the seconds until it is there.

        Without scripts nobody tells, and it is 0.
        """
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.command(f"{domain}.enable")
        await self.resize(width, height)
        await self._load("Page.navigate", url=file.as_uri())
        if not self._scripts:
            return 0.0
        # What is shown first is on the screen when a second frame begins.
        frame = "new Promise(requestAnimationFrame)"
        await self.value(f"{frame}.then(() => {frame})")
        milliseconds = await self.value("performance.now()")
        return float(milliseconds) / 1000

    async def reload(self) -> None:
        """Load the page again, and wait until it is there."""
        await self._load("Page.reload")

    async def _load(self, method: str, **parameters: object) -> None:
        # Asked before it is there, a page that goes away answers with an error.
        self._events.clear()
        await self.command(method, **parameters)
        while not any(e["method"] == "Page.loadEventFired" for e in self._events):
            await self._receive()

    async def resize(self, width: int, height: int) -> None:
        """Give the window a size, in CSS pixels."""
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    async def prefer(self, **features: str) -> None:
        """Set media features, such as ``prefers_color_scheme="dark"``."""
        named = [
            {"name": name.replace("_", "-"), "value": value}
            for name, value in features.items()
        ]
        await self.command("Emulation.setEmulatedMedia", features=named)

    async def value(self, expression: str) -> Any:
        """Evaluate an expression in the page, promises awaited."""
        answer = await self.command(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def press(self, key: str) -> None:
        """Press a key and let it go."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        code = {"Enter": 13, "Tab": 9}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            await self.command(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                **({"text": text} if kind == "keyDown" and text else {}),
            )

    async def screenshot(self, *, whole: bool = False) -> bytes:
        """Give a picture of what is seen, or of the whole page."""
        answer = await self.command(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole
        )
        return base64.b64decode(answer["data"])


@asynccontextmanager
async def browser(*, scripts: bool = True) -> AsyncIterator[Page]:
    """Start a browser with an empty page; without ``scripts``, it runs none."""
    command = executable()
    assert command is not None, "no Chromium is on the PATH"
    flags = list(_FLAGS)
    if os.getuid() == 0:
        flags.append("--no-sandbox")
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            *(command, *flags, f"--user-data-dir={folder}", "about:blank"),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
        )
        try:
            assert process.stderr is not None
            async with asyncio.timeout(_PATIENCE):
                address = await _address(process.stderr)
            drain = asyncio.create_task(process.stderr.read())
            async with aiohttp.ClientSession() as session:
                host = address.removeprefix("ws://").partition("/")[0]
                async with session.get(f"http://{host}/json/list") as answer:
                    pages = await answer.json()
                target = next(one for one in pages if one["type"] == "page")
                async with session.ws_connect(
                    target["webSocketDebuggerUrl"], max_msg_size=_LONGEST_MESSAGE
                ) as socket:
                    page = Page(socket, scripts)
                    if not scripts:
                        await page.command(
                            "Emulation.setScriptExecutionDisabled", value=True
                        )
                    yield page
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
        await drain


async def _address(errors: asyncio.StreamReader) -> str:
    """Read where the browser listens, which it tells on standard error."""
    while line := (await errors.readline()).decode(errors="replace"):
        _, found, address = line.partition("DevTools listening on ")
        if found:
            return address.strip()
    raise AssertionError("the browser ended before it listened")
