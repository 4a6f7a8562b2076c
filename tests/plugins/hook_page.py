"""The page of hooks for authors of plugins, as the hooks themselves say it."""

import inspect
from collections.abc import Callable
from typing import get_type_hints

import attrs

from rubricdsl.plugins.specs import HookSpecs, offer_type


def hooks() -> dict[str, Callable[..., object]]:
    """Give the hooks by name, in their order."""
    return {n: f for n, f in vars(HookSpecs).items() if n.startswith("rubricdsl_")}


def entry(name: str) -> str:
    """Give what the page must say of a hook: its signature, and what it is about."""
    hook = hooks()[name]
    hints = get_type_hints(hook)
    if "event" in hints:
        return _entry(name, f"event: {hints['event'].__name__}", "None", hints["event"])
    offered = offer_type(name)
    return _entry(name, "", f"Sequence[{offered.__name__}]", offered)


def _entry(name: str, parameters: str, result: str, subject: type) -> str:
    text = (inspect.getdoc(hooks()[name]) or "").strip()
    return (
        f"### `{name}`\n\n"
        f"{text}\n\n"
        f"```python\ndef {name}({parameters}) -> {result}: ...\n```\n\n"
        f"`{subject.__module__}.{subject.__name__}`: {_fields(subject)}.\n"
    )


def _fields(record: type) -> str:
    """List the fields of a record; those that may be left out by what they are then."""
    return ", ".join(
        f"`{field.name}`"
        if field.default is attrs.NOTHING
        else f"`{field.name}={_shown(field.default)}`"
        for field in attrs.fields(record)
    )


def _shown(default: object) -> str:
    return "{}" if hasattr(default, "factory") else repr(default)
