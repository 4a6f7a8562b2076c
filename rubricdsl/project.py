"""A user's project: the folder around a rubric, and the plugins in force there.

Here the language is handed the check functions that it does not know by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.language.loading import Loaded, load_file, load_text, project_root
from rubricdsl.model.rubric import BoundRubric, Rubric
from rubricdsl.plugins.host import PluginHost

if TYPE_CHECKING:
    from rubricdsl.model.protocols import FunctionTable, Signature
    from rubricdsl.plugins.admission import Admission

STORE_FILE = Path(".rub", "verdicts.sqlite")


@frozen
class Project:
    """Everything around a rubric.

    ``folder`` is where the search for ``rub.toml`` begins; ``environ`` holds the
    environment variables that judges and keys are read from.
    """

    folder: Path
    environ: Mapping[str, str]
    host: PluginHost

    @property
    def root(self) -> Path:
        """The folder that imports and files of checks may not leave."""
        return project_root(self.folder / "-")

    @property
    def store_file(self) -> Path:
        """Where verdicts are kept, unless somebody names another file."""
        return self.root / STORE_FILE

    @property
    def functions(self) -> "FunctionTable":
        """Signatures of the check functions that are installed.

        The functions are loaded when the first of them is looked up.
        """
        return _Functions(self.host)

    def load(self, path: Path, *, name: str = "") -> Loaded:
        """Load a ``.rub`` file; ``name`` is what messages call it."""
        return load_file(path, self.functions, name=name)

    def load_text(self, text: str, *, name: str = "<text>") -> Loaded:
        """Load source text; imports are looked for in the project's folder."""
        return load_text(text, self.functions, name=name, folder=self.folder)

    def bind(
        self, rubric: Rubric, arguments: Mapping[str, float | str] | None = None
    ) -> BoundRubric:
        """Bind a rubric; see `rubricdsl.language.binding.bind`."""
        from rubricdsl.language.binding import bind

        return bind(rubric, self.functions, arguments)

    def bind_open(self, rubric: Rubric) -> BoundRubric:
        """Bind a rubric to be looked at; see `rubricdsl.language.binding.bind_open`."""
        from rubricdsl.language.binding import bind_open

        return bind_open(rubric, self.functions)


@frozen(eq=False)
class _Functions(Mapping[str, "Signature"]):
    """The function table of a host, made when it is first looked into."""

    host: PluginHost

    def __getitem__(self, name: str) -> "Signature":
        return self.host.function_table[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.host.function_table)

    def __len__(self) -> int:
        return len(self.host.function_table)


def installed_plugins(folder: Path) -> PluginHost:
    """Give the plugins that may be used in a folder, by its ``rub.toml``.

    It is read when the first plugin is about to be loaded; see
    `rubricdsl.judging.config.read_config` for what is raised then.
    """
    return PluginHost.installed(lambda: _admission(folder))


def _admission(folder: Path) -> "Admission":
    from rubricdsl.judging.config import find_config, read_config
    from rubricdsl.plugins.admission import EVERYTHING

    path = find_config(folder)
    return EVERYTHING if path is None else read_config(path).admission


def pick(rubrics: Sequence[Rubric], name: str, file: str) -> Rubric:
    """Give the rubric of that name, or the only one.

    Raises RubricError (D401) if that is not one rubric.
    """
    names = ", ".join(rubric.name for rubric in rubrics)
    found = [rubric for rubric in rubrics if not name or rubric.name == name]
    if len(found) != 1:
        what = f"has no rubric `{name}`" if name else f"holds {len(rubrics)} rubrics"
        fail("D401", f"{file} {what}", hint=f"write `{file}#NAME`; it has: {names}")
    return found[0]
