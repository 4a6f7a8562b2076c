"""What strategies are set to, and what they cannot run without."""

from collections.abc import Mapping
from importlib.util import find_spec

from rubricdsl.diagnostics import fail


def read_number(
    options: Mapping[str, str],
    name: str,
    default: float,
    low: float,
    high: float,
) -> float:
    """Read an option that is a number from ``low`` to ``high``.

    Raises RubricError (D203) for anything else.
    """
    text = options.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        message = f"`{name}={text}` is no number from {low:g} to {high:g}"
        fail("D203", message, hint=f"without it, {name} is {default:g}")
    return number


def read_count(
    options: Mapping[str, str], name: str, default: int, high: int = 10_000
) -> int:
    """Read an option that is a whole number of at least 1; raises as `read_number`."""
    number = read_number(options, name, default, 1, high)
    if number != int(number):
        message = f"`{name}={options[name]}` is no whole number"
        fail("D203", message, hint=f"without it, {name} is {default}")
    return int(number)


def require_arrays(strategy: str) -> None:
    """Refuse a strategy that calculates with numpy where that is not installed.

    Raises RubricError (D108).
    """
    if find_spec("numpy") is None:
        fail(
            "D108",
            f"the strategy `{strategy}` needs numpy, which is not installed",
            hint='pip install "rubricdsl[arrays]"',
        )
