"""Distributions with plugins, installed for as long as a test takes."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from rubricdsl.plugins.admission import EVERYTHING, Admission
from rubricdsl.plugins.host import PluginHost


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Give a function that installs distributions, each with one plugin module.

    ``NAME=SOURCE`` is the distribution ``NAME-dist`` 1.0, whose plugin is called by
    the letters of the name.
    """

    def install(
        admission: Admission = EVERYTHING, requires: Sequence[str] = (), **sources: str
    ) -> PluginHost:
        monkeypatch.syspath_prepend(tmp_path)
        for name, source in sources.items():
            (tmp_path / f"{name}_plugin.py").write_text(source, "utf-8")
            metadata = tmp_path / f"{name}_dist-1.0.dist-info"
            metadata.mkdir()
            lines = [f"Name: {name}-dist", "Version: 1.0"]
            lines += [f"Requires-Dist: {requirement}" for requirement in requires]
            (metadata / "METADATA").write_text("\n".join(lines) + "\n")
            entry = name.rstrip("0123456789")
            (metadata / "entry_points.txt").write_text(
                f"[rubricdsl]\n{entry} = {name}_plugin\n"
            )
        return PluginHost.installed(lambda: admission)

    yield install
    for module in [m for m in sys.modules if m.endswith("_plugin")]:
        del sys.modules[module]
