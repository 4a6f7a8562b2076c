"""The functions that come with the language."""

from functools import cache

from rubricdsl.model.protocols import CheckFunction


@cache
def builtin_functions() -> tuple[CheckFunction, ...]:
    """Give every built-in check function; optional packages are not loaded yet."""
    from rubricdsl.checks import (
        containing,
        counting,
        languages,
        markup,
        numbers,
        recorded,
        similarity,
        structured,
    )

    return (
        *counting.FUNCTIONS,
        *containing.FUNCTIONS,
        *markup.FUNCTIONS,
        *structured.FUNCTIONS,
        *languages.FUNCTIONS,
        *similarity.FUNCTIONS,
        *numbers.FUNCTIONS,
        *recorded.FUNCTIONS,
    )
