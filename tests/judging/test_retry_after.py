"""How long servers ask to be left alone: every form, and nothing else."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rubricdsl.judging.backends.retry_after import retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
NAMES = (
    "Retry-After",
    "retry-after-ms",
    "Date",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
)


def read(**headers: str) -> float | None:
    given_names = {name.replace("_", "-"): value for name, value in headers.items()}
    return retry_after(given_names, now=NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": " 7.25 "}, 7.25),
        ({"Retry_After": "0"}, 0.0),
        ({"RETRY_AFTER": "1m30s"}, 90.0),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after_ms": "soon", "Retry_After": "3"}, 3.0),
        ({"Retry_After": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30.0),
        ({"Retry_After": "Sunday, 01-Mar-26 12:00:30 GMT"}, 30.0),
        ({"Retry_After": "Sun Mar  1 12:00:30 2026"}, 30.0),
        (
            {
                "Retry_After": "Sun, 01 Mar 2026 15:00:30 GMT",
                "Date": "Sun, 01 Mar 2026 15:00:00 GMT",
            },
            30.0,
        ),
        ({"Retry_After": "Sun, 01 Mar 2026 11:59:59 GMT"}, None),
        ({"x_ratelimit_reset_requests": "1m30s"}, 90.0),
        ({"x_ratelimit_reset_requests": "6ms"}, 0.006),
        ({"x_ratelimit_reset_requests": "2m59.56s"}, 179.56),
        ({"x_ratelimit_reset_requests": "1d2h"}, 93_600.0),
        ({"x_ratelimit_reset_requests": "17.5"}, 17.5),
        ({"x_ratelimit_reset_requests": "1772366430"}, None),
        ({"Retry_After": "soon", "x_ratelimit_reset_tokens": "4s"}, 4.0),
        ({"Retry_After": "5", "x_ratelimit_reset_tokens": "4s"}, 5.0),
        ({}, None),
    ],
)
def test_what_is_read(headers: dict[str, str], seconds: float | None) -> None:
    found = read(**headers)
    assert found == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "-1",
        "+1",
        "NaN",
        "inf",
        "1e3",
        "1_000",
        "0x10",
        "9" * 400,
        "soon",
        "1 minute",
        "30s1m",
        "٣",
        "Sun, 99 Mar 2026 12:00:30 GMT",
        "Sun, 01 Mar 99999 12:00:30 GMT",
    ],
)
def test_what_is_ignored(garbage: str) -> None:
    assert read(Retry_After=garbage) is None
    assert read(retry_after_ms=garbage) is None
    assert read(x_ratelimit_reset_requests=garbage) is None


def test_of_several_limits_the_one_that_is_used_up_counts() -> None:
    limits = {
        "x_ratelimit_reset_requests": "20h",
        "x_ratelimit_remaining_requests": "13",
        "x_ratelimit_reset_tokens": "30s",
    }
    assert read(**limits) == 30.0
    assert read(**limits, x_ratelimit_remaining_tokens="0") == 30.0
    limits["x_ratelimit_remaining_requests"] = "0"
    assert read(**limits, x_ratelimit_remaining_tokens="0") == 72_000.0


@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.text()
        | st.from_regex(r"-?\d{0,400}(\.\d*)?([dhms]|ms)?\Z")
        | st.floats().map(str)
        | st.datetimes().map(lambda date: format_datetime(date.replace(tzinfo=UTC)))
        | st.from_regex(r"\w{3}, \d\d \w{3} \d{1,5} \d\d:\d\d:\d\d [-+A-Z]\w{0,4}\Z"),
    ),
    st.floats(min_value=0, max_value=4e9),
)
@example({"Retry-After": "Mon, 01 Jan 0001 00:00:00 +2359"}, 0.0)
@example({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}, 0.0)
def test_no_header_raises_and_no_wait_is_negative_or_endless(
    headers: dict[str, str], now: float
) -> None:
    seconds = retry_after(headers, now=now)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@given(st.floats(min_value=0, max_value=1e9, allow_subnormal=False))
def test_seconds_come_back(seconds: float) -> None:
    written = f"{seconds:.9f}"
    assert read(Retry_After=written) == float(written)
    assert read(retry_after_ms=written) == pytest.approx(float(written) / 1000)


@given(st.integers(0, 10**6), st.integers(-(10**8), 10**8))
def test_dates_come_back_whatever_our_clock_says(wait: int, skew: int) -> None:
    theirs = NOW + timedelta(seconds=skew)
    asked = format_datetime(theirs + timedelta(seconds=wait), usegmt=True)
    date = format_datetime(theirs, usegmt=True)
    assert read(Retry_After=asked, Date=date) == wait
