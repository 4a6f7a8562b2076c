"""Builds the parser's table into the wheel, so that nobody waits for it."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ParserTable(BuildHookInterface[Any]):
    """Adds ``rubricdsl/_grammars/rubric.table.json`` to wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the table from the grammar that goes into the same wheel."""
        root = Path(self.root)
        if version == "editable":
            return  # a checkout makes its own, beside the grammar
        source = root / "rubricdsl" / "language" / "grammar.py"
        spec = importlib.util.spec_from_file_location("grammar", source)
        if spec is None or spec.loader is None:
            message = f"cannot load {source}"
            raise RuntimeError(message)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        grammar = (root / "grammars" / module.GRAMMAR).read_text("utf-8")
        table = Path(self.directory) / module.TABLE
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(module.build_table(grammar), "utf-8")
        target = f"rubricdsl/_grammars/{module.TABLE}"
        build_data["force_include"][str(table)] = target
        self._made = table

    def finalize(
        self, version: str, build_data: dict[str, Any], artifact_path: str
    ) -> None:
        """Leave nothing behind but the wheel."""
        del version, build_data, artifact_path
        made = getattr(self, "_made", None)
        if made is not None:
            made.unlink(missing_ok=True)
