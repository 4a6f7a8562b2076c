"""The language server itself: messages of the protocol in, answers of ours out.

What is wrong with the documents is told some moments after the last change, all else
when it is asked for.  A document is sent whole with each change: what its text is, is
never a matter of counting characters alike.
"""

import asyncio
import logging
from collections.abc import Sequence

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from rubricdsl import __version__
from rubricdsl.lsp.completing import TRIGGERS, completions
from rubricdsl.lsp.definitions import definition
from rubricdsl.lsp.diagnosing import diagnostics
from rubricdsl.lsp.documents import Library, Reading
from rubricdsl.lsp.hovering import hover
from rubricdsl.lsp.renaming import RenameRefusedError, renamable, rename
from rubricdsl.lsp.rewriting import FIX_ALL, code_actions, formatting
from rubricdsl.lsp.symbols import document_symbols
from rubricdsl.model.protocols import FunctionTable

PAUSE = 0.2
"""Seconds without a change after which documents are checked."""

_WATCHED = ("**/*.rub", "**/rub.toml")
_LOG = logging.getLogger(__name__)


class RubricServer(LanguageServer):
    """A server for one editor."""

    def __init__(self, functions: FunctionTable) -> None:
        super().__init__(
            "rub",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
        )
        self.library = Library(functions)
        self._told: dict[str, Reading] = {}
        self._waiting: asyncio.Task[None] | None = None

    def reading(self, document: types.TextDocumentIdentifier) -> Reading | None:
        """Read an open document."""
        return self.library.read(document.uri)

    def check_soon(self, pause: float = PAUSE) -> None:
        """Tell what is wrong with the documents, once there is a pause."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = asyncio.get_running_loop().create_task(self._check(pause))

    async def _check(self, pause: float) -> None:
        await asyncio.sleep(pause)
        for uri in self.library.uris:
            try:
                self._tell(uri)
            except Exception as error:  # noqa: BLE001 - a server goes on
                # A fault of ours in one document must not silence the others.
                _LOG.exception("checking %s failed", uri)
                message = f"rub: checking {uri} failed: {error!r}"
                self.window_log_message(
                    types.LogMessageParams(types.MessageType.Error, message)
                )
            await asyncio.sleep(0)  # let requests through

    def _tell(self, uri: str) -> None:
        """Tell what is wrong with a document, unless that was told already."""
        reading = self.library.read(uri)
        if reading is None or self._told.get(uri) is reading:
            return
        found = diagnostics(self.library, reading)
        self._told[uri] = reading
        version = reading.document.version
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, found, version)
        )

    def closed(self, uri: str) -> None:
        """Forget a document, and take back what was told of it."""
        self.library.close(uri)
        self._told.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
        self.check_soon()


def make_server(functions: FunctionTable) -> RubricServer:
    """Make a server that knows these check functions."""
    server = RubricServer(functions)
    for name, handler, options in _FEATURES:
        server.feature(name, options)(handler)
    return server


def serve(functions: FunctionTable) -> None:
    """Serve an editor on standard input and output until it says goodbye."""
    make_server(functions).start_io()


# ------------------------------------------------------------------- documents


async def _initialized(ls: RubricServer, _: types.InitializedParams) -> None:
    encoding = ls.workspace.position_encoding or types.PositionEncodingKind.Utf16
    ls.library.encoding = types.PositionEncodingKind(encoding).value
    workspace = ls.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if watching is None or not watching.dynamic_registration:
        return
    watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
    await ls.client_register_capability_async(
        types.RegistrationParams(
            [
                types.Registration(
                    "rub-files",
                    types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                    types.DidChangeWatchedFilesRegistrationOptions(watchers),
                )
            ]
        )
    )


def _opened(ls: RubricServer, params: types.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    ls.library.put(document.uri, document.text, document.version)
    ls.check_soon(0)


def _changed(ls: RubricServer, params: types.DidChangeTextDocumentParams) -> None:
    document = params.text_document
    # The whole text is what the last change says; earlier ones are overtaken.
    text = ls.workspace.get_text_document(document.uri).source
    ls.library.put(document.uri, text, document.version)
    ls.check_soon()


def _saved(ls: RubricServer, _: types.DidSaveTextDocumentParams) -> None:
    ls.check_soon()


def _closed(ls: RubricServer, params: types.DidCloseTextDocumentParams) -> None:
    ls.closed(params.text_document.uri)


def _on_disk(ls: RubricServer, _: types.DidChangeWatchedFilesParams) -> None:
    ls.library.refresh()
    ls.check_soon()


# -------------------------------------------------------------------- requests


def _hover(ls: RubricServer, params: types.HoverParams) -> types.Hover | None:
    reading = ls.reading(params.text_document)
    return None if reading is None else hover(reading, params.position)


def _definition(
    ls: RubricServer, params: types.DefinitionParams
) -> types.Location | None:
    reading = ls.reading(params.text_document)
    if reading is None:
        return None
    return definition(ls.library, reading, params.position)


def _completion(
    ls: RubricServer, params: types.CompletionParams
) -> list[types.CompletionItem]:
    reading = ls.reading(params.text_document)
    return [] if reading is None else completions(reading, params.position)


def _symbols(
    ls: RubricServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol]:
    reading = ls.reading(params.text_document)
    return [] if reading is None else document_symbols(reading)


def _formatting(
    ls: RubricServer, params: types.DocumentFormattingParams
) -> Sequence[types.TextEdit]:
    reading = ls.reading(params.text_document)
    return [] if reading is None else list(formatting(reading))


def _actions(
    ls: RubricServer, params: types.CodeActionParams
) -> list[types.CodeAction]:
    reading = ls.reading(params.text_document)
    return [] if reading is None else code_actions(ls.library, reading, params)


def _renamable(
    ls: RubricServer, params: types.PrepareRenameParams
) -> types.Range | None:
    reading = ls.reading(params.text_document)
    return None if reading is None else renamable(reading, params.position)


def _rename(ls: RubricServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    reading = ls.reading(params.text_document)
    if reading is None:
        return None
    try:
        return rename(ls.library, reading, params.position, params.new_name)
    except RenameRefusedError as refusal:
        raise JsonRpcException(
            str(refusal), types.LSPErrorCodes.RequestFailed.value
        ) from None


_FEATURES = (
    (types.INITIALIZED, _initialized, None),
    (types.TEXT_DOCUMENT_DID_OPEN, _opened, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, _changed, None),
    (types.TEXT_DOCUMENT_DID_SAVE, _saved, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, _closed, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, _on_disk, None),
    (types.TEXT_DOCUMENT_HOVER, _hover, None),
    (types.TEXT_DOCUMENT_DEFINITION, _definition, None),
    (
        types.TEXT_DOCUMENT_COMPLETION,
        _completion,
        types.CompletionOptions(trigger_characters=list(TRIGGERS)),
    ),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, _symbols, None),
    (types.TEXT_DOCUMENT_FORMATTING, _formatting, None),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        _actions,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, FIX_ALL]),
    ),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, _renamable, None),
    (types.TEXT_DOCUMENT_RENAME, _rename, types.RenameOptions(prepare_provider=True)),
)
