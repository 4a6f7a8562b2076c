"""Short ways to write the signatures of check functions."""

from collections.abc import Callable

from rubricdsl.model.expression import Value, ValueType
from rubricdsl.model.protocols import CheckFunction, Parameter, Signature

BOOL, NUMBER, TEXT = ValueType.BOOL, ValueType.NUMBER, ValueType.TEXT


def text(name: str) -> Parameter:
    """A text, given by its position."""
    return Parameter(name=name, type=TEXT)


def number(name: str) -> Parameter:
    """A number, given by its position."""
    return Parameter(name=name, type=NUMBER)


def choice(name: str, *choices: str) -> Parameter:
    """A named choice among words; the first is the default."""
    return Parameter(
        name=name, type=TEXT, named=True, default=choices[0], choices=choices
    )


def yes_no(name: str, *, default: str) -> Parameter:
    """A named choice between yes and no."""
    return Parameter(
        name=name, type=TEXT, named=True, default=default, choices=("yes", "no")
    )


def function(  # noqa: PLR0913 - what a function of the language is made of
    name: str,
    parameters: tuple[Parameter, ...],
    result: ValueType,
    call: Callable[..., Value],
    meaning: str,
    *,
    version: int = 1,
) -> CheckFunction:
    """Make a check function of a Python function that needs no facts.

    ``call`` gets just the arguments, in the order of ``parameters``.
    """
    return CheckFunction(
        signature=Signature(
            name=name,
            parameters=parameters,
            result=result,
            meaning=meaning,
            version=version,
        ),
        call=lambda _facts, *arguments: call(*arguments),
    )
