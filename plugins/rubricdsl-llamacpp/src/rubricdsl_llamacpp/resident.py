"""Models in memory: each file once for all who ask it, and gone when the last is done.

llama.cpp's own server is run in this process, and asked without HTTP.  It cannot do
without a socket to listen on, so it gets one that nobody else can reach: a file in a
folder of our own, and a key that nobody knows.
"""

import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, cast

from rubricdsl.diagnostics import JudgeError
from rubricdsl.judging.backends.completions import Completion, completion_of
from rubricdsl.judging.backends.documents import encoded, unreadable
from rubricdsl.judging.backends.refusals import refusal
from rubricdsl.judging.backends.transport import Reply, clean
from rubricdsl.judging.redaction import Redactor
from rubricdsl.model.digest import Plain
from rubricdsl.model.ruling import FailureKind
from rubricdsl_llamacpp.launch import Launch
from rubricdsl_llamacpp.signals import kept_signals

# Prompts are read in pieces of so many tokens; between two a request can be stopped.
_PIECE = 256
# Below what the library calls errors: what is wrong is in its answers, too.
_SILENT = -1


class _Server(Protocol):
    """What is used of the library's server."""

    def handle_chat_completions(
        self, body: Mapping[str, Plain], heard: Callable[[object], bool], /
    ) -> object: ...


class Resident:
    """A model in memory.  Several may ask it at once, from any event loop.

    Made in the event loop's thread: the library holds Python still while it loads.

    Raises:
        JudgeError: ``transport_local_resource`` where it cannot be loaded.
    """

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self._folder = Path(tempfile.mkdtemp(prefix="rub-"))
        try:
            self._server: _Server | None = _started(launch, self._folder)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._threads = ThreadPoolExecutor(launch.parallel, "llamacpp")

    async def complete(self, body: Mapping[str, Plain], speaker: str) -> Completion:
        """Ask for one completion; ``speaker`` is what messages call the model.

        Raises:
            JudgeError: where there is none.
        """
        call = _Call(body, self.launch.name)
        loop = asyncio.get_running_loop()
        try:
            document = await loop.run_in_executor(self._threads, call.run, self._server)
        except asyncio.CancelledError:
            call.stop()
            raise
        return completion_of(document, peer=call.peer, speaker=speaker)

    def end(self) -> None:
        """Wait for what is being answered, and give the memory back."""
        self._threads.shutdown(cancel_futures=True)
        # The server ends when nobody holds it any longer.
        self._server = None
        shutil.rmtree(self._folder, ignore_errors=True)


class Tenancy:
    """One asker's hold on a model, which is loaded when it is first needed."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self._resident: Resident | None = None
        self._failure: JudgeError | None = None

    def move_in(self) -> None:
        """See that the model is in memory; what fails is told by `resident`."""
        if self._resident is not None or self._failure is not None:
            return
        try:
            self._resident = _HOUSE.enter(self.launch)
        except JudgeError as error:
            self._failure = error

    @property
    def resident(self) -> Resident:
        """The model; raises JudgeError where it could not be loaded."""
        self.move_in()
        if self._resident is None:
            raise self._failure or unreadable("the model was not loaded")
        return self._resident

    async def move_out(self) -> None:
        """Let go of the model, which is gone when nobody holds it."""
        resident, self._resident = self._resident, None
        if resident is not None and _HOUSE.leave(resident):
            await asyncio.to_thread(resident.end)


class _House:
    """The models in memory, with how many hold each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Launch, tuple[Resident, int]] = {}

    def enter(self, launch: Launch) -> Resident:
        with self._lock:
            resident, holders = self._held.get(launch) or (Resident(launch), 0)
            self._held[launch] = (resident, holders + 1)
        return resident

    def leave(self, resident: Resident) -> bool:
        """Count one holder less, and tell whether that was the last."""
        with self._lock:
            _, holders = self._held.pop(resident.launch)
            if holders > 1:
                self._held[resident.launch] = (resident, holders - 1)
        return holders == 1


_HOUSE = _House()


def _started(launch: Launch, folder: Path) -> _Server:
    """Start the library's server with a model."""
    # Else its idle threads spin, and a busy machine is several times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import xllamacpp
    except ImportError as error:
        hint = ""
        if "libgomp" in str(error):
            hint = "; install the system's package libgomp1"
        raise _failed(f"xllamacpp cannot be loaded: {error}{hint}") from None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(launch.path)
    parameters.n_ctx = launch.context_tokens * launch.parallel
    parameters.n_parallel = launch.parallel
    parameters.n_batch = _PIECE
    if launch.threads is not None:
        parameters.cpuparams.n_threads = launch.threads
        parameters.cpuparams_batch.n_threads = launch.threads
    # What begins alike is reused where it was last read; gigabytes of older prompts
    # would be kept beside that.
    parameters.cache_ram_mib = 0
    parameters.verbosity = _SILENT
    parameters.ui = False
    parameters.api_keys = [secrets.token_urlsafe(32)]
    if sys.platform != "win32":
        parameters.hostnames = [str(folder / "model.sock")]
    try:
        with kept_signals():
            return cast("_Server", xllamacpp.Server(parameters))
    except (RuntimeError, ValueError, MemoryError) as error:
        reason = (
            f"llama.cpp could not load {launch.path}: {clean(str(error))}; it may be "
            "cut, of an architecture that is not known here, or too large for this "
            "machine (a smaller n_ctx takes less)"
        )
        raise _failed(reason) from None


def _failed(reason: str) -> JudgeError:
    return JudgeError(FailureKind.TRANSPORT_LOCAL_RESOURCE, reason)


class _Call:
    """One request, answered piece by piece in a thread that can be told to stop."""

    def __init__(self, body: Mapping[str, Plain], name: str) -> None:
        self.peer = f"llama.cpp with {name}"
        self._body: dict[str, Plain] = {
            **body,
            "stream": True,
            "stream_options": {"include_usage": True},
            # Reading the prompt takes longest; between its pieces we are heard.
            "return_progress": True,
        }
        self._stopped = threading.Event()
        self._pieces: list[dict[str, object]] = []

    def stop(self) -> None:
        """Let it end soon; nobody waits for it any longer."""
        self._stopped.set()

    def run(self, server: _Server | None) -> dict[str, object]:
        """Ask the server, and give the whole as a chat completion.

        Raises:
            JudgeError: for a request that is refused, or a model that is gone.
        """
        if server is None or self._stopped.is_set():
            raise _failed("the model is closed")
        try:
            server.handle_chat_completions(self._body, self._hear)
        except (RuntimeError, ValueError, TypeError) as error:
            reason = f"{self.peer} took no request: {clean(str(error))}"
            raise JudgeError(FailureKind.REQUEST_REJECTED, reason) from None
        for piece in self._pieces:
            if "error" in piece:
                raise self._refused(piece)
        return _joined(self._pieces)

    def _hear(self, piece: object) -> bool:
        """Take a piece; the library stops where this is true."""
        if isinstance(piece, str | bytes):
            piece = json.loads(piece)
        if isinstance(piece, dict):
            self._pieces.append(piece)
        return self._stopped.is_set()

    def _refused(self, piece: dict[str, object]) -> JudgeError:
        complaint = piece["error"]
        code = complaint.get("code") if isinstance(complaint, dict) else None
        reply = Reply(
            code if isinstance(code, int) else 500,
            {},
            encoded(cast("Mapping[str, Plain]", piece)),
        )
        error = refusal(reply, peer=self.peer, key_variable="", redact=Redactor())
        reason = error.failure.reason
        if error.too_long:
            reason = f"{reason}; n_ctx sets that, up to what the model was trained on"
        # Whatever is wrong here is so the next time, too.
        return JudgeError(error.failure.kind, reason, too_long=error.too_long)


def _joined(pieces: list[dict[str, object]]) -> dict[str, object]:
    """Put the pieces of a streamed completion together."""
    texts: list[str] = []
    tokens: list[object] = []
    whole: dict[str, object] = {}
    finish: object = None
    for piece in pieces:
        whole.update({k: piece[k] for k in ("usage",) if k in piece})
        choices = piece.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            delta, logprobs = choice.get("delta"), choice.get("logprobs")
            text = delta.get("content") if isinstance(delta, dict) else None
            if isinstance(text, str):
                texts.append(text)
            if isinstance(logprobs, dict):
                tokens.extend(logprobs.get("content") or ())
            finish = choice.get("finish_reason") or finish
    whole["choices"] = [
        {
            "message": {"content": "".join(texts)},
            "finish_reason": finish,
            "logprobs": {"content": tokens},
        }
    ]
    return whole
