"""The plugins that a command may use: by ``rub.toml``, and by ``--no-plugins``."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import Factory, define

if TYPE_CHECKING:
    from rubricdsl.plugins.host import PluginHost


@define
class Hosts:
    """The hosts of one command, one for each project that its files belong to."""

    builtin_only: bool = False
    _of_projects: dict[Path | None, "PluginHost"] = Factory(dict)

    def of(self, folder: Path) -> "PluginHost":
        """Give the plugins in force in a folder."""
        # Every command passes by here, and not every one wants plugins.
        from rubricdsl.language.loading import find_project
        from rubricdsl.plugins.admission import BUILTIN_ONLY
        from rubricdsl.plugins.host import PluginHost
        from rubricdsl.project import installed_plugins

        project = find_project(folder / "-")
        host = self._of_projects.get(project)
        if host is None:
            host = self._of_projects[project] = (
                PluginHost.installed(lambda: BUILTIN_ONLY)
                if self.builtin_only
                else installed_plugins(folder)
            )
        return host


_hosts: ContextVar[Hosts | None] = ContextVar("hosts", default=None)


def host_of(folder: Path = Path()) -> "PluginHost":
    """Give the plugins that the command in progress may use in a folder."""
    return (_hosts.get() or Hosts()).of(folder)


@contextmanager
def hosts_of_command(*, no_plugins: bool) -> Iterator[None]:
    """Let `host_of` know, for as long as a command runs, what it was told."""
    token = _hosts.set(Hosts(no_plugins))
    try:
        yield
    finally:
        _hosts.reset(token)
