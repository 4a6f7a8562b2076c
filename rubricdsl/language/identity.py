"""The identity of a rubric: a digest of what it says and of what it does."""

from enum import Enum
from functools import cache
from typing import Any, cast

import attrs

from rubricdsl.expressions.walking import walk
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.expression import Call
from rubricdsl.model.protocols import FunctionTable
from rubricdsl.model.rubric import BoundRubric, Criterion

_AS_THEY_ARE = frozenset({str, float, int, bool, type(None)})
# What a person reads but no judge, score or result depends on.
_LEFT_OUT = frozenset({"span", "why", "path", "digest"})


def content_digest(rubric: BoundRubric, functions: FunctionTable) -> str:
    """Digest everything but comments, ``why``, tests and history.

    The versions of the check functions in use are part of it, so a function that
    starts to answer differently makes another rubric.
    """
    versions: dict[str, Plain] = {}
    for criterion in rubric.criteria():
        for name in _functions(criterion):
            versions[name] = functions[name].version if name in functions else 0
    return digest("rubric", plain(rubric), versions)


def plain(value: object) -> Plain:
    """Give an attrs value as plain data, class names included."""
    kind: Any = type(value)
    if kind in _AS_THEY_ARE:
        return cast("Plain", value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return str(value.value)
    fields: dict[str, Plain] = {"": kind.__name__}
    for name in _field_names(kind):
        fields[name] = plain(getattr(value, name))
    return fields


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    names = (attribute.name for attribute in attrs.fields(kind))
    return tuple(name for name in names if name not in _LEFT_OUT)


def _functions(criterion: Criterion) -> list[str]:
    if criterion.check is None:
        return []
    return [e.function for e in walk(criterion.check) if isinstance(e, Call)]
