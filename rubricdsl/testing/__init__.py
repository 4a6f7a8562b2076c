"""Tools for testing rubrics, judges and plugins.

`rubricdsl.testing.laws` are promises that a rubric keeps, one line each.  The
strategies of `rubricdsl.testing.strategies` are reached from here, too.  pytest
collects the tests written in ``.rub`` files by itself
(`rubricdsl.testing.pytest_plugin`).

Nothing here is imported by the rest of rubricdsl, and importing this package loads
neither Hypothesis nor pytest.
"""

TYPE_CHECKING = False  # importing typing costs more than all of this module
if TYPE_CHECKING:
    from rubricdsl.testing.strategies import (
        bound_rubrics,
        criteria,
        edits,
        responses,
        rubrics,
        verdicts,
    )

__all__ = ["bound_rubrics", "criteria", "edits", "responses", "rubrics", "verdicts"]


def __getattr__(name: str) -> object:
    """Load a strategy, and Hypothesis with it, when it is first used."""
    if name in __all__:
        from rubricdsl.testing import strategies

        value: object = getattr(strategies, name)
        globals()[name] = value
        return value
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
