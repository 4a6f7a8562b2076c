"""Whether a test speaks of things that are there, and of verdicts that can be."""

from collections.abc import Iterator

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.scopes import Named, Scope
from rubricdsl.model.rubric import (
    AnswerScale,
    Criterion,
    Expect,
    Given,
    Group,
    LevelScale,
    NaRule,
    Rubric,
    TestCase,
)
from rubricdsl.model.ruling import Ruling, RulingWord
from rubricdsl.model.source import Span


def check_tests(rubric: Rubric, scope: Scope) -> Iterator[Diagnostic]:
    """Give what is wrong with the tests and examples of a rubric."""
    for test in rubric.tests:
        yield from _check_bindings(rubric, test, scope)
        for given in test.given:
            yield from _check_given(given, scope)
        for expect in test.expects:
            yield from _check_expect(expect, test, scope)
        names = {response.name for response in test.responses}
        for order in test.orders:
            for name in order.responses:
                if name not in names and name not in scope.lost:
                    yield _unknown_response(name, test, order.span)
        yield from _check_repetitions(test)
    for named in scope.by_path.values():
        if isinstance(named.item, Criterion):
            for example in named.item.examples:
                yield from legal(example.ruling, named.item, named.na, example.span)


def _check_repetitions(test: TestCase) -> Iterator[Diagnostic]:
    seen: set[str | None] = set()
    for response in test.responses:
        if response.name in seen:
            message = "there are two responses without a name"
            if response.name is not None:
                message = f"there is already a response `{response.name}`"
            hint = "give each response of a test a name of its own"
            yield Diagnostic("E301", message, response.span, hint)
        seen.add(response.name)


def legal(
    ruling: Ruling, criterion: Criterion, na: NaRule | None, span: Span
) -> Iterator[Diagnostic]:
    """Say why a ruling cannot be given on a criterion, if it cannot."""
    name, scale = criterion.name, criterion.scale
    if ruling.word is RulingWord.NA:
        if na is None:
            message = f"`{name}` has no n/a rule, so n/a is no verdict on it"
            hint = "add `n/a: skip`, fail, pass or a number to the criterion"
            yield Diagnostic("E419", message, span, hint)
        return
    if criterion.check is not None:
        words = ["yes", "no", "a number from 0 to 1"]
        number = ruling.number
        ok = ruling.word in {RulingWord.YES, RulingWord.NO} or (
            ruling.word is RulingWord.NUMBER and number is not None and 0 <= number <= 1
        )
    elif isinstance(scale, AnswerScale):
        words = list(scale.answers)
        ok = str(ruling.word) in scale.answers
    else:
        words = [f"level {number:g}" for number in scale.numbers]
        ok = ruling.word is RulingWord.LEVEL and _on_scale(ruling.number, scale)
    if not ok:
        message = f"`{ruling}` is no verdict on `{name}`"
        yield Diagnostic("E211", message, span, f"it can be: {', '.join(words)}")


def _on_scale(number: float | None, scale: LevelScale) -> bool:
    return number is not None and number in scale.numbers


def _check_given(given: Given, scope: Scope) -> Iterator[Diagnostic]:
    if given.target == "all":
        return
    named = scope.find(given.target)
    if scope.lacks(given.target):
        message = f"no criterion is called `{given.target}`"
        hint = scope.suggestion(given.target)
        yield Diagnostic("E304", message, given.span, hint)
    elif named is None:
        return
    elif isinstance(named.node, Group):
        message = f"`{given.target}` is a group; its value comes from its criteria"
        hint = "fix the verdicts of the criteria in it"
        yield Diagnostic("E211", message, given.span, hint)
    elif named.node is not None:
        yield from legal(given.ruling, named.node, named.na, given.span)


def _check_expect(expect: Expect, test: TestCase, scope: Scope) -> Iterator[Diagnostic]:
    target, names = expect.target, {response.name for response in test.responses}
    first, _, rest = target.partition(".")
    if rest and first in names:
        target = rest
    elif rest and first not in scope.by_name and (test.responses or rest == "score"):
        if first not in scope.lost:
            yield _unknown_response(first, test, expect.span)
        return
    if target == "score":
        return
    named = scope.find(target)
    if scope.lacks(target):
        message = f"no criterion is called `{target}`"
        hint = scope.suggestion(target)
        yield Diagnostic("E304", message, expect.span, hint)
    elif named is not None:
        yield from _check_wanted(expect, named)


def _check_wanted(expect: Expect, named: Named) -> Iterator[Diagnostic]:
    """An expected word must be possible; a number is compared with the value."""
    wanted = expect.expectation
    if not isinstance(wanted, Ruling) or wanted.word is RulingWord.NUMBER:
        return
    if isinstance(named.node, Group):
        message = f"`{expect.target}` is a group and has a value, not a verdict"
        hint = "expect a number from 0 to 1, or a bound such as >= 0.8"
        yield Diagnostic("E211", message, expect.span, hint)
    elif named.node is not None:
        yield from legal(wanted, named.node, named.na, expect.span)


def _unknown_response(name: str, test: TestCase, span: Span) -> Diagnostic:
    names = [response.name for response in test.responses if response.name]
    hint = f"the test has: {', '.join(names)}" if names else "write `response name: …`"
    return Diagnostic("E503", f"no response is called `{name}`", span, hint)


def _check_bindings(
    rubric: Rubric, test: TestCase, scope: Scope
) -> Iterator[Diagnostic]:
    params = {param.name: param for param in rubric.params}
    for binding in test.bindings:
        param = params.get(binding.name)
        if param is None and binding.name in scope.lost:
            continue
        if param is None:
            message = f"no parameter is called `{binding.name}`"
            hint = f"the rubric has: {', '.join(params) or 'none'}"
            yield Diagnostic("E303", message, binding.span, hint)
        elif (param.type == "number") != isinstance(binding.value, float):
            message = f"the parameter `{param.name}` is a {param.type}"
            hint = 'a number is written 3, a text "…"'
            yield Diagnostic("E421", message, binding.span, hint)
