"""Functions about what stands in a text, how it begins and how it ends."""

from rubricdsl.checks.signatures import BOOL, NUMBER, TEXT, function, text, yes_no
from rubricdsl.expressions import patterns
from rubricdsl.model.expression import ValueType
from rubricdsl.model.protocols import CheckFunction, Parameter


def contains(t: str, s: str, case: str) -> bool:
    """Tell whether ``s`` stands in ``t``."""
    return _folded(s, case) in _folded(t, case)


def starts_with(t: str, s: str, case: str) -> bool:
    """Tell whether ``t`` begins with ``s``."""
    return _folded(t, case).startswith(_folded(s, case))


def ends_with(t: str, s: str, case: str) -> bool:
    """Tell whether ``t`` ends with ``s``."""
    return _folded(t, case).endswith(_folded(s, case))


def _folded(t: str, case: str) -> str:
    return t if case == "yes" else t.casefold()


def trim(t: str, marks: str) -> str:
    """Take blanks, then any of ``marks``, from both ends."""
    t = t.strip()
    return t.strip(marks) if marks else t


_CASE = yes_no("case", default="yes")
_PATTERN = Parameter(name="re", type=ValueType.TEXT, pattern=True)
_MARKS = Parameter(name="marks", type=ValueType.TEXT, named=True, default="")

FUNCTIONS: tuple[CheckFunction, ...] = (
    function(
        "contains",
        (text("t"), text("s"), _CASE),
        BOOL,
        contains,
        "Whether s stands anywhere in t; case = no takes capitals and small letters "
        "for the same.",
    ),
    function(
        "starts_with",
        (text("t"), text("s"), _CASE),
        BOOL,
        starts_with,
        "Whether t begins with s.",
    ),
    function(
        "ends_with",
        (text("t"), text("s"), _CASE),
        BOOL,
        ends_with,
        "Whether t ends with s.",
    ),
    function(
        "matches",
        (text("t"), _PATTERN),
        BOOL,
        lambda t, re: patterns.matches(re, t),
        "Whether a regular expression (RE2) fits anywhere in t.",
    ),
    function(
        "count",
        (text("t"), _PATTERN),
        NUMBER,
        lambda t, re: float(patterns.count(re, t)),
        "Number of matches of a regular expression (RE2) that do not overlap.",
    ),
    function("lower", (text("t"),), TEXT, str.lower, "t in small letters."),
    function(
        "trim",
        (text("t"), _MARKS),
        TEXT,
        trim,
        "t without blanks, and then without any of marks, at both ends.",
    ),
    function(
        "is_upper",
        (text("t"),),
        BOOL,
        str.isupper,
        "Whether t has letters and none of them is small.",
    ),
    function(
        "is_lower",
        (text("t"),),
        BOOL,
        str.islower,
        "Whether t has letters and none of them is capital.",
    ),
)
