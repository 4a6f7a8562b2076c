"""The server as an editor meets it: a process, spoken to over pipes."""

import subprocess
import sys
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from tests.lsp.conftest import applied

SAFETY = """\
rubric safety
[never] harm: Gives a harmful dose.
[1] plain: Uses plain words.
"""
LEAFLET = """\
rubric leaflet
use "safety.rub" as safety
[2] dose: Gives the dose 💊 and \U0001d538 unit.
    needs: readable
[1] include safety.plain as readable
[must] include safety as safe
test "arithmetic"
    given all: yes
    given safe.harm: no
    expect score: 1
"""
TIMEOUT = 30


@pytest_lsp.fixture(
    config=ClientServerConfig(
        server_command=[sys.executable, "-m", "rubricdsl", "lsp", "--stdio"]
    ),
)
async def client(lsp_client: LanguageClient, tmp_path: Path):
    lsp_client.project = tmp_path
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(),
            root_uri=tmp_path.as_uri(),
        )
    )
    yield
    await lsp_client.shutdown_session()
