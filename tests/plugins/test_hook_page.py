"""What authors of plugins are told is so: hooks, signatures, public modules."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.plugins.hook_page import entry, hooks

TEMPLATE = Path(__file__).resolve().parents[2] / "examples" / "plugin-template"
PAGE = (TEMPLATE / "HOOKS.md").read_text("utf-8")
README = (TEMPLATE / "README.md").read_text("utf-8")
_ROW = re.compile(r"^\| `(rubricdsl[\w.]*)` \| ([^|]*) \|", re.MULTILINE)


def test_the_page_has_all_hooks_and_no_other():
    assert re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE) == list(hooks())


@pytest.mark.parametrize("name", hooks())
def test_each_hook_is_told_with_its_exact_signature(name):
    assert entry(name) in PAGE


def test_public_modules_have_the_names_that_are_promised():
    rows = _ROW.findall(README)
    assert len(rows) >= 12
    for module, names in rows:
        found = import_module(module)
        promised = re.findall(r"`(\w+)`", names)
        assert promised, module
        for name in promised:
            assert hasattr(found, name), f"{module}.{name}"


def test_what_the_template_imports_is_public():
    public = {module for module, _ in _ROW.findall(README)}
    for path in TEMPLATE.rglob("*.py"):
        imported = re.findall(
            r"^from (rubricdsl(?:\.\w+)+) import", path.read_text("utf-8"), re.MULTILINE
        )
        assert set(imported) <= public, path.name
