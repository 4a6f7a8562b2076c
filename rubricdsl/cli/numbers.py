"""Numbers on a command line, each with what it must be."""

import argparse
import math

_MOST_NATS = 100.0


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return number


def share(text: str) -> float:
    """Read a number over 0, and at most 1."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError("must be over 0, and at most 1")
    return number


def flip_rate(text: str) -> float:
    """Read a number between 0 and one half."""
    number = float(text)
    if not 0 < number < 0.5:  # noqa: PLR2004 - the flip rate of a coin
        raise argparse.ArgumentTypeError("must be over 0, and under 0.5")
    return number


def amount(text: str) -> float:
    """Read a finite number of at least 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise argparse.ArgumentTypeError("must be a number, and not negative")
    return number


def positive_amount(text: str) -> float:
    """Read a finite number over 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError("must be a number, and over 0")
    return number


def divergence(text: str) -> float:
    """Read a KL divergence in nats; beyond 100 there is no share of responses left."""
    number = positive_amount(text)
    if number > _MOST_NATS:
        raise argparse.ArgumentTypeError(f"must be at most {_MOST_NATS:g} nats")
    return number


def seed(text: str) -> int:
    """Read a whole number of at least 0, from which all that is drawn follows."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError("must be a whole number, 0 or more")
    return number


def concurrency(text: str) -> int | None:
    """Read a number of requests, or ``auto``."""
    if text == "auto":
        return None
    try:
        return positive(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, or `auto`") from None
