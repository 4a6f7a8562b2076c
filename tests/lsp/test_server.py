"""The server as an editor meets it: a process, spoken to over pipes."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient

pytestmark = pytest.mark.asyncio

SAFETY = """\
rubric safety
[never] harm: Gives a harmful dose.
[1] plain: Uses plain words.
"""
LEAFLET = """\
rubric leaflet
use "safety.rub" as safety
[2] dose: Gives the dose 💊 and unit.
    needs: readable
[1] include safety.plain as readable
[must] include safety as safe

test "arithmetic"
    given all: yes
    given safe.harm: no
    expect score: 1
"""
PUBLISHED = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS


@pytest_lsp.fixture(  # type: ignore[untyped-decorator]
    config=ClientServerConfig(
        server_command=[sys.executable, "-m", "rubricdsl", "lsp", "--stdio"]
    ),
)
async def client(lsp_client: LanguageClient):
    capabilities = types.ClientCapabilities()
    await lsp_client.initialize_session(types.InitializeParams(capabilities))
    yield
    await lsp_client.shutdown_session()


def open_file(client: LanguageClient, path: Path, text: str) -> str:
    uri = path.as_uri()
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "rub", 1, text))
    )
    return uri


def change(client: LanguageClient, uri: str, text: str, version: int = 2) -> None:
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version, uri),
            [types.TextDocumentContentChangeWholeDocument(text)],
        )
    )


async def told(client: LanguageClient, uri: str, *codes: str) -> None:
    """Wait until just these codes are told of a document."""

    async def wait() -> None:
        while _codes(client, uri) != sorted(codes):
            await client.wait_for_notification(PUBLISHED)

    try:
        await asyncio.wait_for(wait(), 60)
    except TimeoutError:
        pytest.fail(f"{_codes(client, uri)} was told of {uri}, not {codes}")


def _codes(client: LanguageClient, uri: str) -> list[str] | None:
    found = client.diagnostics.get(uri)
    return None if found is None else sorted(str(each.code) for each in found)


def at(uri: str, line: int, character: int) -> dict[str, Any]:
    return {
        "text_document": types.TextDocumentIdentifier(uri),
        "position": types.Position(line, character),
    }


async def test_diagnostics_follow_what_is_typed(client, tmp_path):
    uri = open_file(client, tmp_path / "a.rub", "rubric r\n[1] a: Text.\n[0] 😀: X.\n")
    await told(client, uri, "E107")
    (found,) = client.diagnostics[uri]
    assert "help: " in found.message
    assert found.source == "rub"
    assert found.range == types.Range(types.Position(2, 4), types.Position(2, 6))
    change(client, uri, "rubric r\n[1] a: Text 😀.\n[0] b: X.\n", 2)
    change(client, uri, "rubric r\n[1] a: 😀 {{x}}.\n", 3)
    await told(client, uri, "E303")
    (found,) = client.diagnostics[uri]
    assert found.range == types.Range(types.Position(1, 10), types.Position(1, 15))
    client.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )
    await told(client, uri)


async def test_lints_are_told(client, tmp_path):
    text = "rubric r\n[1] a: Is it clear?\n"
    uri = open_file(client, tmp_path / "a.rub", text)
    await told(client, uri, "W609")
    (found,) = client.diagnostics[uri]
    assert found.severity is types.DiagnosticSeverity.Warning


async def test_an_open_import_wins_over_the_disk(client, tmp_path):
    safety = tmp_path / "safety.rub"
    safety.write_text(SAFETY, "utf-8")
    leaflet = open_file(client, tmp_path / "leaflet.rub", LEAFLET)
    await told(client, leaflet)
    imported = open_file(client, safety, SAFETY.replace("plain:", "simple:"))
    await told(client, leaflet, "E304")
    change(client, imported, SAFETY)
    await told(client, leaflet)
    change(client, imported, SAFETY.replace("[1]", "[0]"), 3)
    await told(client, leaflet, "E412")
    (found,) = client.diagnostics[leaflet]
    assert found.range.start.line == 1
    (related,) = found.related_information
    assert (related.location.uri, related.location.range.start.line) == (imported, 2)


async def test_definition_hover_and_outline(client, tmp_path):
    (tmp_path / "safety.rub").write_text(SAFETY, "utf-8")
    uri = open_file(client, tmp_path / "leaflet.rub", LEAFLET)
    to_criterion = await client.text_document_definition_async(
        types.DefinitionParams(**at(uri, 4, 20))
    )
    assert to_criterion.uri == (tmp_path / "safety.rub").as_uri()
    assert to_criterion.range.start == types.Position(2, 4)
    told_of = await client.text_document_hover_async(types.HoverParams(**at(uri, 2, 5)))
    assert "Share of the score: 66.7%" in told_of.contents.value
    (outline,) = await client.text_document_document_symbol_async(
        types.DocumentSymbolParams(types.TextDocumentIdentifier(uri))
    )
    names = [child.name for child in outline.children]
    assert names == ["safety", "dose", "readable", "safe", "arithmetic"]


async def test_completion_and_formatting(client, tmp_path, applied):
    text = "rubric r\n[1]   a:   Text 😀.\n    needs:\n[1] b: X.\n"
    uri = open_file(client, tmp_path / "a.rub", text)
    items = await client.text_document_completion_async(
        types.CompletionParams(**at(uri, 2, 10))
    )
    assert [item.label for item in items] == ["b"]
    change(client, uri, text := text.replace("needs:", "needs:   b"))
    edits = await client.text_document_formatting_async(
        types.DocumentFormattingParams(
            types.TextDocumentIdentifier(uri),
            types.FormattingOptions(tab_size=4, insert_spaces=True),
        )
    )
    canonical = "rubric r\n[1] a: Text 😀.\n    needs: b\n[1] b: X.\n"
    assert applied(text, edits) == canonical


async def test_rename_through_imports(client, tmp_path, applied):
    safety = tmp_path / "safety.rub"
    safety.write_text(SAFETY, "utf-8")
    leaflet = tmp_path / "leaflet.rub"
    leaflet.write_text(LEAFLET, "utf-8")
    uri = open_file(client, safety, SAFETY)
    edit = await client.text_document_rename_async(
        types.RenameParams(**at(uri, 1, 9), new_name="danger")
    )
    assert set(edit.changes) == {safety.as_uri(), leaflet.as_uri()}
    renamed = applied(SAFETY, edit.changes[safety.as_uri()])
    assert "danger: Gives a harmful dose.\n    was: harm\n" in renamed
    follows = applied(LEAFLET, edit.changes[leaflet.as_uri()])
    assert follows == LEAFLET.replace("safe.harm", "safe.danger")


async def test_a_refused_rename_says_why(client, tmp_path):
    uri = open_file(client, tmp_path / "a.rub", "rubric r\n[1] a: X.\n[1] b: Y.\n")
    with pytest.raises(JsonRpcException, match="already a `b`"):
        await client.text_document_rename_async(
            types.RenameParams(**at(uri, 1, 4), new_name="b")
        )


async def test_fixes_are_offered(client, tmp_path, applied):
    text = "rubric r\n[1] mean of g\n\t[1] a: X.\n\t[1] b: Y.\n"
    uri = open_file(client, tmp_path / "a.rub", text)
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(uri),
            types.Range(types.Position(2, 0), types.Position(2, 1)),
            types.CodeActionContext([]),
        )
    )
    one, every = actions
    assert one.title == "Write blanks for tabs"
    assert applied(text, one.edit.changes[uri]) == text.replace("\t", "    ", 1)
    assert every.kind == "source.fixAll.rub"
    assert applied(text, every.edit.changes[uri]) == text.replace("\t", "    ")


async def test_broken_documents_leave_the_server_alive(client, tmp_path):
    uri = open_file(client, tmp_path / "a.rub", "")
    for version, text in enumerate(["[", "rubric", "\ufeff\x00", "🏴" * 50, LEAFLET]):
        change(client, uri, text, version + 2)
        await client.text_document_hover_async(types.HoverParams(**at(uri, 0, 3)))
        await client.text_document_completion_async(
            types.CompletionParams(**at(uri, 9, 9))
        )
    await told(client, uri, "E305")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("missing", ["pygls", "lsprotocol"])
async def test_without_the_extra_one_line_says_how_to_get_it(missing):
    done = run(
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from rubricdsl.cli import main; sys.exit(main(['lsp']))"
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'pip install "rubricdsl[lsp]"' in done.stderr


@pytest.mark.parametrize("command", [["--version"], ["check", "a.rub"], ["--help"]])
async def test_other_commands_load_nothing_of_it(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "a.rub").write_text("rubric r\n[1] a: X.\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    done = run(
        f"from rubricdsl.cli import main; main({command!r})\n"
        "import sys; print(*sys.modules)"
    )
    assert not {"pygls", "lsprotocol", "rubricdsl.lsp"} & set(done.stdout.split())
