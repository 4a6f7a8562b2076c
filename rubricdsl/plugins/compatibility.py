"""Whether a plugin says that it works with this version of the core.

A requirement such as ``rubricdsl>=0.1,<0.2`` stands in the metadata of a plugin's
distribution, where it can be read without importing anything.  Whoever installs with
pip has it checked there; an environment that was changed since has not.
"""

import re
from collections.abc import Iterable

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?(?P<range>[^;)]*)\)?"
    r"(?P<marker>\s*;.*)?"
)
_CLAUSE = re.compile(r"(?P<sign>~=|==|!=|<=|>=|<|>)\s*(?P<version>[\w.*+!-]+)")
_RELEASE = re.compile(r"v?(\d+(?:\.\d+)*)")


def unmet_requirement(
    requirements: Iterable[str], name: str, version: str
) -> str | None:
    """Give the requirement of a distribution that a version of ``name`` does not meet.

    Only releases are compared, and only in clauses that are understood; what holds
    for some environments only is left alone.
    """
    for text in requirements:
        found = _REQUIREMENT.fullmatch(text.strip())
        if found is None or found["name"].lower() != name or found["marker"]:
            continue
        clauses = _CLAUSE.finditer(found["range"])
        if not all(_holds(c["sign"], c["version"], version) for c in clauses):
            return f"{name}{found['range'].strip()}"
    return None


def _holds(sign: str, bound: str, version: str) -> bool:
    wild = bound.endswith(".*")
    limit, ours = _release(bound.removesuffix(".*")), _release(version)
    if limit is None or ours is None:
        return True
    if wild or sign == "~=":
        kept = limit if wild else limit[:-1]
        same = ours[: len(kept)] == kept
        if sign == "~=":
            return same and ours >= limit
        return same is (sign == "==")
    width = max(len(limit), len(ours))
    low, high = (number + (0,) * (width - len(number)) for number in (ours, limit))
    return {
        "==": low == high,
        "!=": low != high,
        "<=": low <= high,
        ">=": low >= high,
        "<": low < high,
        ">": low > high,
    }[sign]


def _release(version: str) -> tuple[int, ...] | None:
    found = _RELEASE.match(version)
    return tuple(map(int, found[1].split("."))) if found else None
