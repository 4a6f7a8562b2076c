"""What a change breaks, and for whom, as values."""

from enum import StrEnum

from attrs import frozen

from rubricdsl.model.source import Span

_MAJOR_CODES = frozenset({"B701", "B702", "B704", "B705", "B706", "B707", "B709"})


class Level(StrEnum):
    """Whom a change may break; each level reports all that those before it do."""

    ORDER = "order"
    SCORES = "scores"
    VERDICTS = "verdicts"
    NAMES = "names"

    def reports(self, other: "Level") -> bool:
        """Say whether a finding of the ``other`` level is reported at this one."""
        levels = list(Level)
        return levels.index(other) <= levels.index(self)


class Impact(StrEnum):
    """Which part of the version a change raises."""

    MINOR = "minor"
    MAJOR = "major"


@frozen
class Finding:
    """One thing that a change breaks.

    ``level`` is the weakest that reports it, ``impact`` what it asks of the version.
    """

    code: str
    message: str
    hint: str
    span: Span
    level: Level
    impact: Impact


def make_finding(  # noqa: PLR0913 - the parts of a finding
    code: str,
    message: str,
    hint: str,
    span: Span,
    level: Level,
    *,
    impact: Impact | None = None,
) -> Finding:
    """Make a finding, with the impact that its code and level have by rule."""
    major = code in _MAJOR_CODES or level is Level.NAMES
    usual = Impact.MAJOR if major else Impact.MINOR
    return Finding(code, message, hint, span, level, impact or usual)
