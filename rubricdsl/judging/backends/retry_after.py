"""How long a server asks to be left alone, in any of the forms in which servers ask.

`Retry-After` (RFC 9110, section 10.2.3) is a number of seconds or a date; others
write `retry-after-ms`, decimals, or `x-ratelimit-reset-…` such as ``1m30s``.  What is
none of these, negative or not finite was not asked.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_DURATION = re.compile(
    r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?"
    r"(?:(?P<s>\d+(?:\.\d*)?)s)?(?:(?P<ms>\d+(?:\.\d*)?)ms)?",
    re.ASCII,
)
_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_RESET = "x-ratelimit-reset-"
_REMAINING = "x-ratelimit-remaining-"
# No wait is as long; what is as large is a point in time.
_TOO_LARGE = 1e9


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Give the seconds that a reply's headers ask for, None if they do not.

    ``now`` is seconds since the epoch; a date is measured by the server's own
    ``Date`` where there is one, so that clocks need not agree.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    milliseconds = _number(lower.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    asked = lower.get("retry-after", "")
    for read in (_number, _duration):
        seconds = read(asked)
        if seconds is not None:
            return seconds
    date = _date(asked)
    if date is not None:
        wait = date - (_date(lower.get("date", "")) or now)
        if wait >= 0:
            return wait
    return _reset(lower)


def _reset(headers: Mapping[str, str]) -> float | None:
    """Read when the limits are full again: those used up, else the nearest."""
    waits: list[float] = []
    used_up: list[float] = []
    for name, value in headers.items():
        if not name.startswith(_RESET):
            continue
        wait = _duration(value)
        if wait is None:
            wait = _number(value)
        if wait is None or wait >= _TOO_LARGE:
            continue
        waits.append(wait)
        if _number(headers.get(_REMAINING + name.removeprefix(_RESET), "")) == 0:
            used_up.append(wait)
    if used_up:
        return max(used_up)
    return min(waits, default=None)


def _number(text: str) -> float | None:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _duration(text: str) -> float | None:
    match = _DURATION.fullmatch(text.strip())
    if match is None or not match[0]:
        return None
    parts = match.groupdict()
    seconds = sum(
        float(part) * _SECONDS[unit] for unit, part in parts.items() if part is not None
    )
    return seconds if math.isfinite(seconds) else None


def _date(text: str) -> float | None:
    try:
        date = parsedate_to_datetime(text.strip())
        # A date whose zone is not known is meant as HTTP writes all of them.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
