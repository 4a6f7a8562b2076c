"""Which plugins may be loaded: all, those that a list allows, or none but our own."""

import re
from collections.abc import Sequence

from attrs import frozen

from rubricdsl.diagnostics import fail
from rubricdsl.model.source import ARGUMENTS, Span

OWN = "rubricdsl"
"""The distribution whose plugins are always loaded: the core's."""


@frozen(kw_only=True)
class Admission:
    """Which plugins may be loaded; what is no plugin of the core's, at least.

    ``allow`` are plugins as ``NAME==DISTRIBUTION``, None for all; ``origin`` says who
    wants it so, and ``span`` where.
    """

    allow: tuple[str, ...] | None = None
    origin: str = ""
    span: Span = ARGUMENTS

    def refusal(self, name: str, distribution: str) -> str | None:
        """Say why a plugin of a distribution is not loaded; None if it may be."""
        if self.allow is None or distribution == OWN:
            return None
        wanted = f"{name}=={_normal(distribution)}"
        if wanted in map(_normal_entry, self.allow):
            return None
        return f"not loaded: {self.origin}"

    def check(self, installed: Sequence[tuple[str, str]]) -> None:
        """Check the list against names and distributions of installed plugins.

        Raises RubricError (D302) for an entry by which neither is that of the other:
        whoever wrote it meant a plugin that is there.  What is not installed at all
        may be named: others have it.
        """
        known = {(name, _normal(distribution)) for name, distribution in installed}
        for entry in self.allow or ():
            name, _, distribution = _normal_entry(entry).partition("==")
            if (name, distribution) in known:
                continue
            near = sorted(
                f"{other}=={of}"
                for other, of in known
                if other == name or (of == distribution and of != OWN)
            )
            if near:
                fail(
                    "D302",
                    f"`{entry}` is allowed, and no such plugin is installed",
                    hint=f"installed is {' and '.join(near)}; write that if you "
                    "trust it",
                    span=self.span,
                )

    def absent(self, installed: Sequence[tuple[str, str]]) -> list[str]:
        """Give the entries of which no plugin is installed."""
        known = {f"{name}=={_normal(of)}" for name, of in installed}
        return [e for e in self.allow or () if _normal_entry(e) not in known]


EVERYTHING = Admission()
BUILTIN_ONLY = Admission(allow=(), origin="--no-plugins")


def _normal_entry(entry: str) -> str:
    name, _, distribution = entry.partition("==")
    return f"{name}=={_normal(distribution)}"


def _normal(distribution: str) -> str:
    """Give a distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
