"""Environment variables, and which of them somebody has asked for."""

from collections.abc import Iterator, Mapping


class ConsultedEnvironment(Mapping[str, str]):
    """Environment variables as they are; ``consulted`` are those that were looked up.

    So what judges need of an environment is known without sending all of it along.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._consulted: set[str] = set()

    @property
    def consulted(self) -> frozenset[str]:
        """The names that were looked up, whether or not they are set."""
        return frozenset(self._consulted)

    def __getitem__(self, name: str) -> str:
        self._consulted.add(name)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} variables)"
