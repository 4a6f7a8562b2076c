"""How figures are written on the page: each with how much it rests on."""

import re

from rubricdsl.analysis.bootstrap import Interval
from rubricdsl.report.markup import Child, Element, h

_STEP = re.compile(r"(?<=[._/])")
NONE = "\N{EN DASH}"
"""What stands where there is no figure; it is never 0."""


def number(value: float | None, digits: int = 3) -> str:
    """Write a number."""
    return NONE if value is None else f"{value:.{digits}f}".replace("-", "\u2212")


def signed(value: float | None, digits: int = 2) -> str:
    """Write a number with its sign."""
    if value is None:
        return NONE
    # Nothing has no sign, though it be a little less than nothing.
    sign = "+" if round(value, digits) else ""
    return f"{value:{sign}.{digits}f}".replace("-", "\u2212" if sign else "")


def percent(value: float | None, digits: int = 0) -> str:
    """Write a share."""
    return NONE if value is None else f"{value:.{digits}%}".replace("-", "\u2212")


def count(value: int) -> str:
    """Write a count."""
    return f"{value:,}"


def several(value: int, one: str, many: str | None = None) -> str:
    """Write ``3 responses`` or ``1 response``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def of(measured: int, total: int) -> Element:
    """Tell how many of how many a figure rests on; it stands out if not on all."""
    text = f"{measured:,}/{total:,}"
    return h("span", text, class_="of" if measured == total else "of short")


def among(part: int, whole: int) -> Element:
    """Tell how many of how many something is true of."""
    return h("span", f"{part:,}/{whole:,}", class_="of")


def written_path(text: str) -> Element:
    """Write the path of a criterion; it breaks after dots and underscores."""
    pieces: list[Child] = []
    for piece in _STEP.split(text):
        pieces += [piece, h("wbr")]
    return h("span", *pieces[:-1], class_="path")


def interval(value: Interval | None) -> str:
    """Write an estimate with its interval."""
    if value is None:
        return NONE
    low, high = signed(value.low), signed(value.high)
    return f"{signed(value.estimate)} [{low}, {high}]"
