"""What the page for editors tells people to write can be read, and is right."""

import json
import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "grammars" / "editors.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_helix_starts_the_server():
    settings = tomllib.loads(BLOCKS["toml"])
    server = settings["language-server"]["rub"]
    assert [server["command"], *server["args"]] == ["rub", "lsp"]
    (language,) = settings["language"]
    assert language["file-types"] == ["rub"]


def test_vs_code_finds_the_grammar():
    package = json.loads(BLOCKS["json"])
    (grammar,) = package["contributes"]["grammars"]
    file = Path(__file__).parents[2] / "grammars" / grammar["path"]
    scope = json.loads(file.read_text("utf-8"))["scopeName"]
    assert grammar["scopeName"] == scope


@pytest.mark.parametrize("block", ["lua", "js"])
def test_the_others_start_the_server(block):
    assert re.search(r'"rub",.*\["?lsp|"rub", "lsp"', BLOCKS[block])


def test_the_command_is_there():
    assert any(p.name == "rub" for p in entry_points(group="console_scripts"))
