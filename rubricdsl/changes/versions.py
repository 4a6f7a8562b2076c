"""Which semantic version a change asks for.

A name that is gone, or a changed gate, sign, scale, kind or n/a rule, raises the major
number; any other change of scores or verdicts the minor one; anything else the last.
While the major number is 0, the minor one is raised in its place.
"""

from collections.abc import Iterable
from enum import StrEnum

from attrs import frozen

from rubricdsl.changes.findings import Finding, Impact


class Bump(StrEnum):
    """Which number of a version is raised."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


@frozen
class Suggestion:
    """What a version should become; ``version`` is None where none was stated."""

    bump: Bump
    version: str | None

    def met_by(self, version: str | None) -> bool:
        """Say whether a stated version is as suggested, or later."""
        wanted, stated = parse(self.version), parse(version)
        return wanted is None or (stated is not None and stated >= wanted)


Version = tuple[int, int, int]


def parse(version: str | None) -> Version | None:
    """Read ``x.y.z``; None where no version is stated."""
    if version is None:
        return None
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch


def is_stable(version: str | None) -> bool:
    """Say whether a version is 1.0.0 or later."""
    numbers = parse(version)
    return numbers is not None and numbers >= (1, 0, 0)


def suggest(
    version: str | None, findings: Iterable[Finding], *, same: bool
) -> Suggestion:
    """Suggest a version after changes to the one stated.

    ``findings`` are those of every level; ``same`` says that nothing differs.
    """
    impacts = {finding.impact for finding in findings}
    if Impact.MAJOR in impacts:
        bump = Bump.MAJOR
    elif impacts:
        bump = Bump.MINOR
    else:
        bump = Bump.NONE if same else Bump.PATCH
    numbers = parse(version)
    return Suggestion(bump, None if numbers is None else _raised(numbers, bump))


def _raised(numbers: Version, bump: Bump) -> str:
    major, minor, patch = numbers
    match bump:
        case Bump.MAJOR if major > 0:
            return f"{major + 1}.0.0"
        case Bump.MAJOR | Bump.MINOR:
            return f"{major}.{minor + 1}.0"
        case Bump.PATCH:
            return f"{major}.{minor}.{patch + 1}"
        case Bump.NONE:
            return f"{major}.{minor}.{patch}"
