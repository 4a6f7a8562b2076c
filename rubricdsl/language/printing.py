"""From a `Rubric` to canonical source: what a careful author would have written.

Printing and then reading gives the same model.  Comments are no part of a model;
`rub fmt` and edits work on source and keep them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from rubricdsl.expressions.printing import (
    print_expression,
    print_number,
    print_text,
)
from rubricdsl.language.words import is_path
from rubricdsl.model.rubric import (
    About,
    AnswerScale,
    Binding,
    Bonus,
    Bound,
    Cap,
    Criterion,
    Expect,
    Expectation,
    Given,
    Group,
    Include,
    Item,
    JudgeSpec,
    Kind,
    LevelScale,
    Mark,
    NaRule,
    Param,
    Round,
    Rubric,
    Tag,
    TestCase,
    Turn,
    VoteRule,
    Weight,
    WeightScheme,
    mark_name,
)
from rubricdsl.model.ruling import Ruling

INDENT = "    "
# A text that would not come back as it is when written on one line.
_OPENS_BLOCK = '"""'
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def print_rubric(rubric: Rubric) -> str:
    """Give canonical source that reads back as ``rubric``, with a final newline."""
    blocks = [
        [f"rubric {rubric.name}", *_head(rubric)],
        [f"use {print_text(use.path)} as {use.alias}" for use in rubric.uses]
        + [_param(param) for param in rubric.params],
        list(_conversation(rubric.conversation)),
        [line for item in rubric.items for line in item_lines(item)],
        [line for judge in rubric.judges for line in _judge(judge)],
        list(_history(rubric.history)),
        *(list(_test(test)) for test in rubric.tests),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def text_lines(
    head: str, text: str, indent: str = "", *, inner: str | None = None
) -> Iterator[str]:
    """Give ``head text`` on one line if that keeps the text, else bar lines.

    ``inner`` is the indentation of bars, one level more than ``indent`` by default.
    """
    inner = indent + INDENT if inner is None else inner
    plain = text == text.strip() and text and "\n" not in text
    if plain and text.rstrip(" ") != _OPENS_BLOCK:
        yield f"{indent}{head} {text}"
        return
    yield f"{indent}{head}"
    for line in text.split("\n"):
        yield f"{inner}| {line}" if line else f"{inner}|"


def _head(rubric: Rubric) -> Iterator[str]:
    if rubric.version is not None:
        yield f"version: {rubric.version}"
    yield from _texts((("title", rubric.title), ("prompt", rubric.prompt)))
    if rubric.for_prompts:
        yield f"for: {print_names(rubric.for_prompts)}"
    if rubric.tags:
        yield f"tags: {_tags(rubric.tags)}"
    if rubric.weights != WeightScheme():
        yield f"weights: {_weights(rubric.weights)}"
    if rubric.judge is not None:
        yield f"judge: {_name(rubric.judge)}"
    if rubric.passing is not None:
        yield f"passing: {print_number(rubric.passing)}"
    if rubric.sees is not None:
        yield f"sees: {print_names(rubric.sees)}"
    if rubric.language is not None:
        yield f"language: {_name(rubric.language)}"
    if rubric.na is not None:
        yield f"n/a: {_na(rubric.na)}"
    yield from _texts(
        (("reference", rubric.reference), ("note", rubric.note), ("why", rubric.why))
    )


def _texts(pairs: Iterable[tuple[str, str | None]], indent: str = "") -> Iterator[str]:
    for key, text in pairs:
        if text is not None:
            yield from text_lines(f"{key}:", text, indent)


def _weights(weights: WeightScheme) -> str:
    if weights.classes:
        return ", ".join(
            f"{name} = {print_number(value)}" for name, value in weights.classes
        )
    return f"{print_number(weights.low or 0.0)} to {print_number(weights.high or 0.0)}"


def _param(param: Param) -> str:
    head = f"param {param.name}: {param.type}"
    return head if param.default is None else f"{head} = {_value(param.default)}"


def _conversation(turns: Sequence[Turn], indent: str = "") -> Iterator[str]:
    if turns:
        yield f"{indent}prompt"
    for turn in turns:
        yield from text_lines(f"{turn.speaker}:", turn.text, indent + INDENT)


# ----------------------------------------------------------------------- items


def item_lines(item: Item, indent: str = "") -> Iterator[str]:
    """Give the canonical lines of an item and all that is in it."""
    match item:
        case Include():
            yield indent + print_include(item)
        case Group():
            yield from _group(item, indent)
        case Criterion():
            head = f"[{print_mark(item.mark)}] {item.name}:"
            yield from text_lines(head, item.text, indent)
            yield from _criterion_body(item, indent + INDENT)


def print_mark(mark: Mark) -> str:
    """Write a mark as it stands between brackets."""
    match mark:
        case Weight(value, name):
            return name or print_number(value)
        case Bonus(value):
            return f"bonus {print_number(value)}"
        case Cap(ceiling):
            return f"cap {print_number(ceiling)}"
        case _:
            return mark_name(mark)


def print_include(include: Include) -> str:
    """Write an include."""
    text = f"[{print_mark(include.mark)}] include {include.target}"
    if include.name is not None:
        text += f" as {include.name}"
    if include.arguments:
        text += f" ({_bindings(include.arguments)})"
    return text


def _group(group: Group, indent: str) -> Iterator[str]:
    kind = f"at least {group.count}" if group.kind is Kind.AT_LEAST else group.kind
    head = f"[{print_mark(group.mark)}] {kind} of {group.name}"
    inner = indent + INDENT
    if group.text is None:
        yield indent + head
    else:
        yield from text_lines(f"{head}:", group.text, indent)
    yield from _common(group, inner)
    if group.combine is not None:
        yield f"{inner}combine: {print_expression(group.combine)}"
    if not group.monotone:
        yield f"{inner}monotone: no"
    for item in group.items:
        yield from item_lines(item, inner)


def _criterion_body(criterion: Criterion, indent: str) -> Iterator[str]:
    if criterion.check is not None:
        yield f"{indent}check: {print_expression(criterion.check)}"
    match criterion.scale:
        case AnswerScale(answers):
            if criterion.scale != AnswerScale():
                yield f"{indent}answers: {', '.join(answers)}"
        case LevelScale(low, high, levels, stated):
            if stated:
                yield f"{indent}levels: {print_number(low)} to {print_number(high)}"
            for level in levels:
                label = "" if level.label is None else f" {print_text(level.label)}"
                head = f"level {print_number(level.number)}{label}:"
                yield from text_lines(head, level.text, indent)
    if criterion.needs:
        yield f"{indent}needs: {print_names(criterion.needs)}"
    if criterion.evidence:
        yield f"{indent}evidence: required"
    yield from _common(criterion, indent)
    yield from _texts((("source", criterion.source),), indent)
    for example in criterion.examples:
        yield from text_lines(f"example {example.ruling}:", example.text, indent)


def _common(node: Criterion | Group, indent: str) -> Iterator[str]:
    """Give the fields that criteria and groups share."""
    yield from _texts((("title", node.title), ("note", node.note)), indent)
    if node.na is not None:
        yield f"{indent}n/a: {_na(node.na)}"
    if node.passing != 1.0:
        yield f"{indent}passing: {print_number(node.passing)}"
    if node.judge is not None:
        yield f"{indent}judge: {_name(node.judge)}"
    if node.sees is not None:
        yield f"{indent}sees: {print_names(node.sees)}"
    if node.tags:
        yield f"{indent}tags: {_tags(node.tags)}"
    yield from _texts((("why", node.why),), indent)
    if node.since is not None:
        yield f"{indent}since: {node.since}"
    if node.was:
        yield f"{indent}was: {print_names(node.was)}"


# ---------------------------------------------------------------------- blocks


def _judge(judge: JudgeSpec) -> Iterator[str]:
    yield f"judge {judge.name}"
    plain = JudgeSpec(judge.name)
    if judge.models:
        models = ", ".join(print_text(model) for model in judge.models)
        yield f"{INDENT}model: {models}"
    if judge.votes != plain.votes or judge.rule is not VoteRule.MAJORITY:
        yield f"{INDENT}votes: {judge.votes}, {judge.rule}"
    if judge.ask is not plain.ask or judge == plain:
        yield f"{INDENT}ask: {judge.ask}"
    if judge.temperature is not None:
        yield f"{INDENT}temperature: {print_number(judge.temperature)}"
    if judge.max_tokens is not None:
        yield f"{INDENT}max_tokens: {judge.max_tokens}"
    if judge.skip_failed:
        yield f"{INDENT}on_error: skip"
    yield from _texts((("instructions", judge.instructions),), INDENT)


def _history(rounds: Sequence[Round]) -> Iterator[str]:
    if rounds:
        yield "history"
    for entry in rounds:
        yield f"{INDENT}{print_round(entry)}"


def print_round(entry: Round) -> str:
    """Write a round of the history."""
    facts = ", ".join(_fact(name, values) for name, values in entry.facts)
    return f"round {entry.number}: {facts}"


def _fact(name: str, values: Sequence[str]) -> str:
    words = [_fact_word(value) for value in values]
    value = words[0] if len(words) == 1 else f"({', '.join(words)})"
    return f"{name} = {value}" if name else value


def _fact_word(value: str) -> str:
    return value if _DATE.fullmatch(value) else print_text(value)


def _test(test: TestCase) -> Iterator[str]:
    yield f"test {print_text(test.title)}"
    if test.bindings:
        yield f"{INDENT}with: {_bindings(test.bindings)}"
    if test.tags:
        yield f"{INDENT}tags: {_tags(test.tags)}"
    if test.tier is not None:
        yield f"{INDENT}tier: {test.tier}"
    yield from _texts((("prompt", test.prompt),), INDENT)
    yield from _conversation(test.conversation, INDENT)
    yield from _texts((("reference", test.reference),), INDENT)
    for response in test.responses:
        name = "" if response.name is None else f" {response.name}"
        yield from text_lines(f"response{name}:", response.text, INDENT)
    for given in test.given:
        yield f"{INDENT}{print_given(given)}"
    for expect in test.expects:
        yield f"{INDENT}{print_expect(expect)}"
    for order in test.orders:
        margin = f" by {print_number(order.margin)}" if order.margin else ""
        yield f"{INDENT}expect order: {' > '.join(order.responses)}{margin}"


def print_given(given: Given) -> str:
    """Write a ``given`` line of a test."""
    return f"given {given.target}: {_ruling(given.ruling)}"


def print_expect(expect: Expect) -> str:
    """Write an ``expect`` line of a test that is about one value."""
    return f"expect {expect.target}: {_expectation(expect.expectation)}"


# ----------------------------------------------------------------------- values


def _decimals(tolerance: float) -> int:
    decimals = 0
    while 0.5 * 10.0**-decimals > tolerance * 1.5:
        decimals += 1
    return decimals


def _expectation(expectation: Expectation) -> str:
    match expectation:
        case Ruling():
            return _ruling(expectation)
        case Bound(operator, limit):
            return f"{operator} {print_number(limit)}"
        case About(value, tolerance):
            return f"about {value:.{_decimals(tolerance)}f}"


def _ruling(ruling: Ruling) -> str:
    if ruling.number is None:
        return str(ruling)
    written = print_number(ruling.number)
    return f"level {written}" if str(ruling).startswith("level") else written


def _name(name: str) -> str:
    return name if is_path(name) else print_text(name)


def print_names(names: Sequence[str]) -> str:
    """Write names as the value of a field."""
    return ", ".join(_name(name) for name in names)


def _value(value: float | str) -> str:
    return print_text(value) if isinstance(value, str) else print_number(value)


def _bindings(bindings: Sequence[Binding]) -> str:
    return ", ".join(f"{b.name} = {_value(b.value)}" for b in bindings)


def _tags(tags: Sequence[Tag]) -> str:
    return ", ".join(
        _name(tag.name) if tag.value is None else f"{tag.name} = {_name(tag.value)}"
        for tag in tags
    )


def _na(rule: NaRule) -> str:
    return print_number(rule) if isinstance(rule, float) else str(rule)
