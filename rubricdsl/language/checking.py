"""Whether a rubric makes sense as a whole: its weights, names, judges and checks."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.expressions.walking import walk
from rubricdsl.language.building import Built
from rubricdsl.language.items import counts
from rubricdsl.language.names import (
    check_names,
    check_needs,
    check_references,
)
from rubricdsl.language.scopes import Scope
from rubricdsl.language.testblocks import check_tests
from rubricdsl.language.words import RESERVED, reserved_name
from rubricdsl.model.expression import Expression, Name, ValueType
from rubricdsl.model.rubric import (
    Bonus,
    Cap,
    Criterion,
    Group,
    Item,
    Kind,
    Rubric,
    Weight,
    WeightScheme,
)

if TYPE_CHECKING:
    from rubricdsl.model.protocols import FunctionTable

# Kinds whose value is not a sum, so that what is taken away has no meaning.
_NOT_SUMS = frozenset(Kind) - {Kind.MEAN, Kind.FORMULA}


def check(built: Built, functions: "FunctionTable") -> Iterator[Diagnostic]:
    """Give what is wrong with a rubric whose imports are resolved."""
    rubric = built.rubric
    scope = Scope.of(rubric, built.lost_words)
    if not built.damaged and not any(counts(item) for item in rubric.items):
        hint = "add a criterion with a weight, such as `[1] name: text`"
        message = f"nothing in the rubric `{rubric.name}` can count"
        yield Diagnostic("E402", message, rubric.span, hint)
    yield from _check_marks(rubric.items, Kind.MEAN, rubric.weights)
    yield from check_names(rubric, scope)
    yield from check_references(built, scope)
    yield from check_needs(built, scope)
    yield from _check_params(rubric)
    yield from _check_expressions(rubric, functions, scope)
    yield from check_tests(rubric, scope)


def _check_marks(
    items: Iterable[Item], kind: Kind, weights: WeightScheme
) -> Iterator[Diagnostic]:
    for item in items:
        yield from _check_mark(item, kind, weights)
        if isinstance(item, Group):
            yield from _check_marks(item.items, item.kind, weights)


def _check_mark(item: Item, kind: Kind, weights: WeightScheme) -> Iterator[Diagnostic]:
    """Check one mark; of several things wrong with a weight, the first matters."""
    span = item.span
    match item.mark:
        case Weight(0.0):
            hint = "write `[info]` for what is judged but not scored"
            yield Diagnostic("E412", "a weight of 0 counts for nothing", span, hint)
        case Weight(value) if value < 0 and kind in _NOT_SUMS:
            yield _no_sum("a negative weight", kind, item)
        case Weight(value, None) if not _in_range(value, weights):
            low, high = weights.low or 0.0, weights.high or 0.0
            message = f"the weight {value:g} is not in {low:g} to {high:g}"
            hint = f"choose a weight from {low:g} to {high:g}, or change `weights:`"
            yield Diagnostic("E401", message, span, hint)
        case Bonus(value) if value <= 0:
            message = f"a bonus of {value:g} adds nothing"
            hint = (
                "write a positive number; what takes points away has a weight below 0"
            )
            yield Diagnostic("E413", message, span, hint)
        case Bonus() if kind in _NOT_SUMS:
            yield _no_sum("a bonus", kind, item)
        case Cap(ceiling) if not 0 <= ceiling < 1:
            message = f"a cap of {ceiling:g} is not in 0 to 1"
            hint = (
                "write the most that the score may be when this is not met: `cap 0.5`"
            )
            yield Diagnostic("E407", message, span, hint)
        case _:
            pass


def _no_sum(what: str, kind: Kind, item: Item) -> Diagnostic:
    message = f"{what} has no meaning under `{kind}`, which adds nothing up"
    hint = "move it to a `mean of` group, or state the opposite with a positive weight"
    return Diagnostic("E408", message, item.span, hint)


def _in_range(value: float, weights: WeightScheme) -> bool:
    low, high = weights.low, weights.high
    return low is None or high is None or low <= value <= high


def _check_params(rubric: Rubric) -> Iterator[Diagnostic]:
    if not rubric.params:
        return
    from rubricdsl.expressions.inference import RESPONSE_NAMES

    for param in rubric.params:
        if param.name in RESPONSE_NAMES or param.name in RESERVED:
            yield reserved_name(param.name, param.span)


def _check_expressions(
    rubric: Rubric, functions: "FunctionTable", scope: Scope
) -> Iterator[Diagnostic]:
    types = {param.name: ValueType(param.type) for param in rubric.params}
    for item in (named.item for named in scope.own):
        if isinstance(item, Criterion) and item.check is not None:
            # What few rubrics have is imported with the first of them.
            from rubricdsl.expressions.inference import RESPONSE_NAMES, infer_check

            names = {**RESPONSE_NAMES, **types}
            faults = infer_check(item.check, names, functions)
            yield from _without_lost(faults, item.check, scope)
        elif isinstance(item, Group) and item.combine is not None:
            from rubricdsl.language.formula_rules import check_formula

            formula_faults = check_formula(item, item.combine, functions)
            yield from _without_lost(formula_faults, item.combine, scope)


def _without_lost(
    found: Iterable[Diagnostic], expression: Expression, scope: Scope
) -> Iterator[Diagnostic]:
    """Leave out names that may be there, in a line that could not be read."""
    lost = {
        part.span
        for part in walk(expression)
        if isinstance(part, Name) and part.name in scope.lost
    }
    for diagnostic in found:
        if diagnostic.code not in {"E303", "E304"} or diagnostic.span not in lost:
            yield diagnostic
