"""``--set NAME=VALUE``: numbers of a record of settings, by the names of its fields."""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, TypeVar

import attrs

from rubricdsl.diagnostics import RubricError, fail

T = TypeVar("T", bound=attrs.AttrsInstance)

_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def with_settings(settings: T, given: Iterable[str]) -> T:
    """Give settings with some of them changed; ``great.basic`` is one inside of one.

    Raises RubricError (D401) for a name that is none, or a value that cannot be.
    """
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals:
            fail("D401", f"--set {text} sets nothing", hint="write --set NAME=VALUE")
        settings = _changed(settings, name.split("."), value.strip(), name)
    return settings


def _changed(settings: T, path: list[str], value: str, name: str) -> T:
    field, *inner = path
    fields = {
        one.name: getattr(settings, one.name) for one in attrs.fields(type(settings))
    }
    old = fields.get(field)
    if old is None or bool(inner) != attrs.has(type(old)):
        fail(
            "D401",
            f"there is no setting {name!r}",
            hint=f"use one of {', '.join(_names(settings))}",
        )
    try:
        fields[field] = (
            _changed(old, inner, value, name) if inner else _read(old, value)
        )
        return type(settings)(**fields)
    except RubricError:
        raise
    except ValueError as error:
        return fail(
            "D401",
            f"--set {name} cannot be {value!r}",
            hint=f"{_wanted(old)} ({error.args[0]})",
        )


def _read(old: Any, text: str) -> Any:
    match old:
        case Enum():
            return type(old)(text)
        case bool():
            if text.lower() not in _TRUTHS:
                raise ValueError("neither true nor false")
            return _TRUTHS[text.lower()]
        case tuple():
            low, _, high = text.partition("..")
            return (float(low), float(high or low))
        case _:
            return type(old)(text)


def _wanted(old: Any) -> str:
    match old:
        case Enum():
            return f"use {', '.join(str(one.value) for one in type(old))}"
        case bool():
            return "write true or false"
        case tuple():
            return "write two numbers as in 0.05..0.25"
        case int():
            return "write a whole number"
        case _:
            return "write a number"


def _names(settings: attrs.AttrsInstance) -> Iterator[str]:
    for field in attrs.fields(type(settings)):
        value = getattr(settings, field.name)
        if attrs.has(type(value)):
            yield from (f"{field.name}.{inner}" for inner in _names(value))
        else:
            yield field.name
