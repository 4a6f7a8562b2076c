"""Fields of a row, taken by name with the type that is needed.

Each function raises `FieldError` for a field that is missing or of another type;
those named ``optional_`` give None for one that is missing or null.
"""

from collections.abc import Mapping

from rubricdsl.model.digest import Plain

Fields = Mapping[str, Plain]

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a truth value"),
    (str, "a text"),
    ((int, float), "a number"),
    ((list, tuple), "a list"),
)


class FieldError(Exception):
    """What is wrong with a row's fields: a code, a sentence and a way out."""

    def __init__(self, message: str, hint: str, *, code: str = "D103") -> None:
        self.code = code
        self.message = message
        self.hint = hint
        super().__init__(message)


def kind_of(value: Plain) -> str:
    """Name the type of a JSON value: ``a list``, ``null``."""
    if value is None:
        return "null"
    for types, name in _KINDS:
        if isinstance(value, types):
            return name if value != [] else "an empty list"
    return "an object"


def optional_text(fields: Fields, name: str) -> str | None:
    """Give a text."""
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise FieldError(
        f"`{name}` is {kind_of(value)}, not a text", f"write `{name}` in quotes"
    )


def needed_text(fields: Fields, name: str) -> str:
    """Give a text that must be there."""
    value = optional_text(fields, name)
    if value is None:
        raise _missing(name, "a text")
    return value


def optional_number(fields: Fields, name: str) -> float | None:
    """Give a number; it is finite, since rows are strict JSON."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError(
            f"`{name}` is {kind_of(value)}, not a number",
            f"write `{name}` as a number without quotes",
        )
    return float(value)


def needed_number(fields: Fields, name: str) -> float:
    """Give a number that must be there."""
    value = optional_number(fields, name)
    if value is None:
        raise _missing(name, "a number")
    return value


def optional_truth(fields: Fields, name: str) -> bool | None:
    """Give a truth value."""
    value = fields.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise FieldError(
        f"`{name}` is {kind_of(value)}, not a truth value", "write true or false"
    )


def optional_members(fields: Fields, name: str) -> Mapping[str, Plain] | None:
    """Give the members of an object."""
    value = fields.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise FieldError(
        f"`{name}` is {kind_of(value)}, not an object",
        f'write `{name}` as an object: {{"name": …}}',
    )


def needed_objects(fields: Fields, name: str) -> list[Mapping[str, Plain]]:
    """Give a list of objects that must be there."""
    value = fields.get(name)
    found = (
        [entry for entry in value if isinstance(entry, dict)]
        if isinstance(value, list)
        else []
    )
    if not isinstance(value, list) or len(found) < len(value):
        raise FieldError(
            f"`{name}` is not a list of objects", f'write it as "{name}": [{{…}}, …]'
        )
    return list(found)


def _missing(name: str, what: str) -> FieldError:
    return FieldError(f"`{name}` is missing", f"give `{name}` as {what}")
