"""Plain assertions about a text, as checks and back.

An assertion has a name of promptfoo's and a value; `check_of` and `assertion_of` are
inverse where both can say a thing.
"""

from collections.abc import Sequence
from typing import Literal, cast

from attrs import frozen

from rubricdsl.expressions.patterns import diagnose
from rubricdsl.model.digest import Plain
from rubricdsl.model.expression import (
    Call,
    Compare,
    CompareOperator,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
)

RESPONSE = Name("response")
_ANY_CASE = (("case", Name("no")),)
_CALLS = {"contains": "contains", "starts-with": "starts_with", "regex": "matches"}
_NEGATED = "not-"


@frozen
class Assertion:
    """``kind`` as in ``not-contains``, and what is looked for."""

    kind: str
    value: Plain = None


def check_of(assertion: Assertion) -> Expression | None:
    """Give the check that an assertion comes to; None if no check does."""
    kind, value = assertion.kind, assertion.value
    if kind.startswith(_NEGATED):
        inner = check_of(Assertion(kind.removeprefix(_NEGATED), value))
        return None if inner is None else Not(inner)
    if kind == "is-json":
        return Call("is_json", (RESPONSE,)) if value is None else None
    if kind == "word-count":
        return _word_count(value)
    if kind.endswith(("contains-all", "contains-any")):
        return _contains_several(kind, value if isinstance(value, list) else [])
    text = _text(value)
    return None if text is None else _text_check(kind, text)


def _text_check(kind: str, text: str) -> Expression | None:
    if kind == "equals":
        return Compare("==", RESPONSE, Constant(text))
    if kind == "icontains":
        return _contains(kind, text)
    if kind == "regex":
        is_raw = "'" not in text and text.isprintable() and diagnose(text) is None
        raw = Constant(text, raw=True)
        return Call("matches", (RESPONSE, raw)) if is_raw else None
    if kind in _CALLS:
        return Call(_CALLS[kind], (RESPONSE, Constant(text)))
    return None


def _contains_several(kind: str, values: Sequence[Plain]) -> Expression | None:
    texts = [_text(value) for value in values]
    single, _, how = kind.rpartition("-")
    if not texts or None in texts or single not in {"contains", "icontains"}:
        return None
    calls = tuple(_contains(single, text) for text in texts if text is not None)
    return calls[0] if len(calls) == 1 else Logical(_JOINS[how], calls)


def assertion_of(check: Expression) -> Assertion | None:  # noqa: PLR0911 - one a form
    """Give the assertion that a check comes to; None if none does."""
    match check:
        case Not(operand):
            inner = assertion_of(operand)
            if inner is None or inner.kind.startswith(_NEGATED):
                return None
            return Assertion(f"{_NEGATED}{inner.kind}", inner.value)
        case Compare("==", Name("response"), Constant(str(text))):
            return Assertion("equals", text)
        case Call("is_json", (Name("response"),), ()):
            return Assertion("is-json")
        case Call(function, (Name("response"), Constant(str(text))), named):
            kinds = {name: kind for kind, name in _CALLS.items()}
            if not named and function in kinds:
                return Assertion(kinds[function], text)
            if function == "contains" and named == _ANY_CASE:
                return Assertion("icontains", text)
            return None
        case Logical(operator, operands):
            return _list_assertion(operator, [assertion_of(one) for one in operands])
        case Compare():
            return _count_assertion([check])
        case _:
            return None


def said(assertion: Assertion) -> str:
    """Say for people what an assertion asks for."""
    kind = assertion.kind.removeprefix(_NEGATED)
    value = assertion.value
    negated = kind != assertion.kind
    shown = _shown(value)
    plain = {
        "equals": f"Is just {shown}.",
        "is-json": "Is valid JSON.",
        "starts-with": f"Begins with {shown}.",
        "regex": f"Matches the regular expression {shown}.",
        "word-count": f"Has {shown} words.",
    }
    text = plain.get(kind)
    if text is None:
        case = " in capitals or not" if kind.startswith("i") else ""
        how = "one of " if kind.endswith("any") else ""
        text = f"Contains {how}{shown}{case}."
    return f"Not so: {text[0].lower()}{text[1:]}" if negated else text


_JOINS: dict[str, Literal["and", "or"]] = {"all": "and", "any": "or"}


def _contains(kind: str, text: str) -> Call:
    named = _ANY_CASE if kind == "icontains" else ()
    return Call("contains", (RESPONSE, Constant(text)), named)


def _text(value: Plain) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)


def _word_count(value: Plain) -> Expression | None:
    counted = Call("words", (RESPONSE,))
    match value:
        case bool():
            return None
        case int() | float():
            return Compare("==", counted, Constant(float(value)))
        case dict() if value and value.keys() <= {"min", "max"}:
            bounds: list[Expression] = []
            for key, operator in (("min", ">="), ("max", "<=")):
                bound = value.get(key)
                if bound is None:
                    continue
                if isinstance(bound, bool) or not isinstance(bound, int | float):
                    return None
                limit = Constant(float(bound))
                bounds.append(
                    Compare(cast("CompareOperator", operator), counted, limit)
                )
            return bounds[0] if len(bounds) == 1 else Logical("and", tuple(bounds))
        case _:
            return None


def _count_assertion(checks: Sequence[Expression]) -> Assertion | None:
    bounds: dict[str, Plain] = {}
    keys = {">=": "min", "<=": "max", "==": "=="}
    for check in checks:
        match check:
            case Compare(operator, Call("words", (Name("response"),), ()), Constant(n)):
                is_number = isinstance(n, int | float) and not isinstance(n, bool)
                if operator not in keys or keys[operator] in bounds or not is_number:
                    return None
                bounds[keys[operator]] = int(n) if float(n).is_integer() else float(n)
            case _:
                return None
    if set(bounds) == {"=="}:
        return Assertion("word-count", bounds["=="])
    return Assertion("word-count", bounds) if bounds.keys() <= {"min", "max"} else None


def _list_assertion(
    operator: str, parts: Sequence[Assertion | None]
) -> Assertion | None:
    found = [part for part in parts if part is not None]
    kinds = {part.kind for part in found}
    if len(found) < len(parts):
        return None
    if len(kinds) == 1 and kinds <= {"contains", "icontains"}:
        how = "all" if operator == "and" else "any"
        return Assertion(f"{kinds.pop()}-{how}", [part.value for part in found])
    limits = [part.value for part in found if isinstance(part.value, dict)]
    merged = {key: bound for limit in limits for key, bound in limit.items()}
    is_range = kinds == {"word-count"} and len(limits) == len(found) == len(merged)
    if operator == "and" and is_range:
        return Assertion("word-count", merged)
    return None


def _shown(value: Plain) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(part) for part in value)
    if isinstance(value, dict):
        words = {"min": "at least", "max": "at most"}
        return " and ".join(f"{words.get(k, k)} {_shown(v)}" for k, v in value.items())
    if isinstance(value, int | float):
        return f"{value:g}"
    return f'"{value}"'
