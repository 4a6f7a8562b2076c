"""Functions about JSON: whether a text is JSON, and whether a schema allows it.

A schema is the author's, a response anybody's.  Nothing is fetched: a reference
that the schema file does not answer itself is an error.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from rubricdsl.checks.signatures import BOOL, function, text, yes_no
from rubricdsl.diagnostics import CheckError
from rubricdsl.expressions import patterns
from rubricdsl.model.protocols import CheckFunction, Facts, Signature

MAX_DEPTH = 200
MAX_SCHEMA = 256 << 10
MAX_INSTANCE = 2 << 20
_MAX_DIGITS = 4_300
_FENCE = re.compile(r"(?i)\A```(?:json)?")
_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_Json: TypeAlias = Any
_Errors: TypeAlias = Iterator[Any]


def is_json(t: str, fenced: str) -> bool:
    """Tell whether the whole text is JSON (RFC 8259).

    Raises:
        CheckError: it nests deeper than `MAX_DEPTH`.
    """
    t = t.strip()
    if fenced == "yes":
        t = _FENCE.sub("", t).removesuffix("```").strip()
    try:
        _read(t)
    except ValueError:
        return False
    return True


def _read(t: str) -> _Json:
    """Read JSON; ValueError if it is none, CheckError if it is too deep."""
    depth = 0
    for found in _BRACKET.finditer(t):
        if found[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise CheckError(f"the JSON nests deeper than {MAX_DEPTH} levels")
        elif found[0] in "]}":
            depth -= 1
    return json.loads(t, parse_int=_integer, parse_constant=_constant)


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


# -------------------------------------------------------------- JSON Schema


def json_schema(facts: Facts, t: str, path: str) -> bool:
    """Tell whether the whole text is JSON that the schema in ``path`` allows.

    Raises:
        FactMissingError: there is no such file inside the project.
        CheckError: the schema is bad or beyond the limits, the JSON is beyond them,
            or the extra ``json-schema`` is not installed.
    """
    is_valid = _validator(facts.file(path), path)
    if len(t) > MAX_INSTANCE:
        raise CheckError(f"the JSON is longer than {MAX_INSTANCE} characters")
    try:
        value = _read(t)
    except ValueError:
        return False
    try:
        return is_valid(value)
    except CheckError:
        raise
    except RecursionError:
        raise CheckError(f"{path} nests or refers to itself without end") from None
    except Exception as error:
        raise CheckError(f"{path} cannot be applied: {error}") from error


@lru_cache(maxsize=32)
def _validator(source: str, path: str) -> Callable[[_Json], bool]:
    try:
        import jsonschema  # type: ignore[import-untyped]
        from jsonschema.exceptions import (  # type: ignore[import-untyped]
            SchemaError,
        )
        from referencing import Registry
    except ImportError:
        raise CheckError(
            "json_schema needs an extra: pip install 'rubricdsl[json-schema]'"
        ) from None
    if len(source) > MAX_SCHEMA:
        raise CheckError(f"{path} is longer than {MAX_SCHEMA} characters")
    try:
        schema = _read(source)
    except ValueError as error:
        raise CheckError(f"{path} is not JSON: {error}") from None
    _vet(schema, path)
    base = jsonschema.validators.validator_for(
        schema, default=jsonschema.Draft202012Validator
    )
    try:
        base.check_schema(schema)
    except (SchemaError, RecursionError) as error:
        message = getattr(error, "message", "it nests too deep")
        raise CheckError(f"{path} is no JSON Schema: {message}") from None
    guarded = jsonschema.validators.extend(
        base,
        {
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "uniqueItems": _unique_items,
        },
    )
    is_valid: Callable[[_Json], bool] = guarded(schema, registry=Registry()).is_valid
    return is_valid


def _vet(schema: _Json, path: str) -> None:
    """Refuse what could hang or reach out, before anything is validated."""
    waiting: list[_Json] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        if not isinstance(part, dict):
            continue
        waiting.extend(part.values())
        found = part.get("pattern"), *_mapping(part.get("patternProperties"))
        for pattern in found:
            fault = patterns.diagnose(pattern) if isinstance(pattern, str) else None
            if fault is not None:
                raise CheckError(f"{path}: {fault.message}")
        if "unevaluatedProperties" in part and "patternProperties" in part:
            raise CheckError(
                f"{path}: unevaluatedProperties beside patternProperties is not "
                "supported; use additionalProperties"
            )


def _mapping(part: _Json) -> dict[str, _Json]:
    return part if isinstance(part, dict) else {}


def _pattern(_validator: Any, pattern: str, instance: _Json, _schema: Any) -> _Errors:
    if isinstance(instance, str) and not patterns.matches(pattern, instance):
        yield _fault(f"does not match {pattern}")


def _pattern_properties(
    validator: Any, found: dict[str, Any], instance: _Json, _schema: Any
) -> _Errors:
    for name, value in _mapping(instance).items():
        for pattern, schema in found.items():
            if patterns.matches(pattern, name):
                yield from validator.descend(value, schema)


def _additional_properties(
    validator: Any, allowed: Any, instance: _Json, schema: dict[str, Any]
) -> _Errors:
    named = _mapping(schema.get("properties"))
    fitting = _mapping(schema.get("patternProperties"))
    for name, value in _mapping(instance).items():
        if name in named or any(patterns.matches(p, name) for p in fitting):
            continue
        yield from validator.descend(value, allowed)


def _unique_items(_validator: Any, wanted: Any, instance: _Json, _: Any) -> _Errors:
    items = instance if wanted is True and isinstance(instance, list) else []
    if len({_canonical(item) for item in items}) < len(items):
        yield _fault("has equal items")


def _canonical(value: _Json) -> str:
    """Give one text for all that JSON Schema takes for equal, such as 1 and 1.0."""
    if isinstance(value, dict):
        members = sorted((key, _canonical(part)) for key, part in value.items())
        return json.dumps(members)
    if isinstance(value, list):
        return json.dumps([_canonical(part) for part in value])
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)


def _fault(message: str) -> Exception:
    from jsonschema.exceptions import ValidationError

    fault: Exception = ValidationError(message)
    return fault


FUNCTIONS: tuple[CheckFunction, ...] = (
    function(
        "is_json",
        (text("t"), yes_no("fenced", default="no")),
        BOOL,
        is_json,
        "Whether the whole text is JSON; fenced = yes allows a code fence around it.",
    ),
    CheckFunction(
        signature=Signature(
            name="json_schema",
            parameters=(text("t"), text("file")),
            result=BOOL,
            meaning="Whether the whole text is JSON that a JSON Schema, a file of the "
            "project, allows.",
        ),
        call=json_schema,
    ),
)
