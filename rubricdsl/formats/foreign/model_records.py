"""The model of a rubric as JSON and back: whatever it says, and nothing else.

An object holds the fields that are not at their default.  Where several classes can
stand, ``is`` names the one.  Places in a source and what binding adds are left out.
"""

from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs

from rubricdsl.model import expression, rubric, ruling
from rubricdsl.model.digest import Plain

_CLASS = "is"
_Model = TypeVar("_Model")
_TAGGED: dict[str, type] = {
    kind.__name__: kind
    for alias in (
        rubric.Mark,
        rubric.Scale,
        rubric.Item,
        rubric.Expectation,
        expression.Expression,
    )
    for kind in get_args(alias)
}


class RecordError(ValueError):
    """A record that is of no model; the text says where and what."""


def to_record(value: object) -> Plain:
    """Give a model as plain data."""
    kind = type(value)
    if attrs.has(kind):
        record: dict[str, Plain] = {_CLASS: kind.__name__} if _is_tagged(kind) else {}
        for attribute in _told(kind):
            member = getattr(value, attribute.name)
            if member != attribute.default:
                record[attribute.name] = to_record(member)
        return record
    match value:
        case tuple():
            return [to_record(element) for element in value]
        case Enum():
            return str(value.value)
        case float() if (
            value.is_integer() and abs(value) < 2**53 and f"{value}"[0] != "-"
        ):
            return int(value)
        case _:
            return cast("Plain", value)


def from_record(kind: type[_Model], record: Plain) -> _Model:
    """Give the model that a record holds; raises RecordError if it holds none."""
    return cast("_Model", _read(kind, record, kind.__name__.lower()))


def _is_tagged(kind: type) -> bool:
    return _TAGGED.get(kind.__name__) is kind


def _told(kind: type) -> list["attrs.Attribute[Any]"]:
    return [attribute for attribute in attrs.fields(kind) if attribute.eq]


@cache
def _hints(kind: type) -> dict[str, Any]:
    modules = {**vars(expression), **vars(rubric), **vars(ruling)}
    return get_type_hints(kind, globalns=modules)


def _read(hint: Any, value: Plain, where: str) -> object:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _read_union(get_args(hint), value, where)
    if origin is Literal:
        if value in get_args(hint):
            return value
    elif origin is tuple:
        return _read_tuple(get_args(hint), value, where)
    elif attrs.has(hint):
        return _read_object(hint, value, where)
    elif issubclass(hint, Enum):
        if isinstance(value, str) and value in {member.value for member in hint}:
            return hint(value)
    elif _is_of(hint, value):
        return float(value) if hint is float else value  # type: ignore[arg-type] # a number
    raise RecordError(f"`{where}` is not what can stand there")


def _is_of(hint: type, value: Plain) -> bool:
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is hint


def _read_union(hints: tuple[Any, ...], value: Plain, where: str) -> object:
    for hint in hints:
        if hint is NoneType and value is None:
            return None
        if isinstance(value, dict) == (isinstance(hint, type) and attrs.has(hint)):
            is_named = not _is_tagged(hint) or (
                isinstance(value, dict) and value.get(_CLASS) == hint.__name__
            )
            if is_named and hint is not NoneType and _could_be(hint, value):
                return _read(hint, value, where)
    raise RecordError(f"`{where}` is not what can stand there")


def _could_be(hint: Any, value: Plain) -> bool:
    if isinstance(hint, type) and not attrs.has(hint) and get_origin(hint) is None:
        if issubclass(hint, Enum):
            return isinstance(value, str)
        return _is_of(hint, value)
    return True


def _read_tuple(hints: tuple[Any, ...], value: Plain, where: str) -> object:
    if not isinstance(value, list):
        raise RecordError(f"`{where}` is no list")
    if len(hints) == 2 and hints[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        hints = (hints[0],) * len(value)
    if len(hints) != len(value):
        raise RecordError(f"`{where}` has {len(value)} elements, not {len(hints)}")
    return tuple(
        _read(hint, element, f"{where}[{index}]")
        for index, (hint, element) in enumerate(zip(hints, value, strict=True))
    )


def _read_object(kind: type, value: Plain, where: str) -> object:
    if not isinstance(value, dict):
        raise RecordError(f"`{where}` is no object")
    hints = _hints(kind)
    told = {attribute.name: attribute for attribute in _told(kind)}
    members: dict[str, object] = {}
    for key, member in value.items():
        if key == _CLASS and _is_tagged(kind):
            continue
        if key not in told:
            raise RecordError(f"`{where}` has no `{key}`")
        members[key] = _read(hints[key], member, f"{where}.{key}")
    for name, attribute in told.items():
        if name not in members and attribute.default is attrs.NOTHING:
            raise RecordError(f"`{where}` lacks `{name}`")
    return kind(**members)
