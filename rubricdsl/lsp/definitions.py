"""Where a name leads: from a mention to the place where the thing is declared."""

from collections.abc import Callable, Iterable, Mapping

from lsprotocol import types

from rubricdsl.language.scopes import Named, Scope, item_name
from rubricdsl.lsp.documents import Library, Reading
from rubricdsl.lsp.mentions import Mention, Role, all_mentions, mention_at, mentions
from rubricdsl.lsp.places import name_span
from rubricdsl.model.rubric import Include, Item, Rubric, TestCase, TestResponse
from rubricdsl.model.source import Span


def definition(
    library: Library, reading: Reading, position: types.Position
) -> types.Location | None:
    """Give the place that the name at a position leads to."""
    mention = mention_at(reading, reading.places.place(position))
    span = None if mention is None else declared_at(reading, mention)
    if span is None:
        return None
    there = library.places_in(span.file)
    return None if there is None else types.Location(there[0], there[1].range(span))


def declared_at(reading: Reading, mention: Mention) -> Span | None:
    """Give the span of the name that a mention leads to; None if it leads nowhere."""
    rubric = reading.rubric_at(mention.span.line)
    way = _WAYS.get(mention.role)
    return None if rubric is None or way is None else way(reading, rubric, mention)


def named_at(reading: Reading, mention: Mention) -> Named | None:
    """Give the item that a mention names, with what it stands for."""
    rubric = reading.rubric_at(mention.span.line)
    if rubric is None:
        return None
    if mention.role is Role.TARGET:
        return target_at(rubric, mention)
    return reading.scope(rubric).find(mention.name)


def target_at(rubric: Rubric, mention: Mention) -> Named | None:
    """Give the item of an imported rubric that a part of a target names."""
    alias, _, path = mention.name.partition(".")
    imported = dict(rubric.imported).get(alias)
    return None if imported is None or not path else Scope.of(imported).find(path)


def test_at(rubric: Rubric, line: int) -> TestCase | None:
    """Give the test that a line belongs to."""
    before = [test for test in rubric.tests if test.span.line <= line]
    return before[-1] if before else None


def item_span(item: Item) -> Span:
    """Give the span of an item's name; of an include without one, of its target."""
    if isinstance(item, Include):
        return name_span(item.span, item.target)
    return name_span(item.span, item_name(item))


def include_at(reading: Reading, rubric: Rubric, line: int) -> Include | None:
    """Give the include that stands in a line."""
    items = (named.item for named in reading.scope(rubric).own)
    includes = (item for item in items if isinstance(item, Include))
    return next((each for each in includes if each.span.line == line), None)


def imported_at(reading: Reading, rubric: Rubric, mention: Mention) -> Rubric | None:
    """Give the rubric that a ``use`` or an include in the line of a mention names."""
    line = mention.span.line
    alias = next((use.alias for use in rubric.uses if use.span.line == line), None)
    if alias is None:
        include = include_at(reading, rubric, line)
        alias = include.alias if include is not None else None
    return None if alias is None else dict(rubric.imported).get(alias)


def response_at(reading: Reading, mention: Mention) -> TestResponse | None:
    """Give the response of a test that a mention names."""
    rubric = reading.rubric_at(mention.span.line)
    test = None if rubric is None else test_at(rubric, mention.span.line)
    responses = () if test is None else test.responses
    return next((r for r in responses if r.name == mention.name), None)


# ------------------------------------------------------------------- one by one


def _item(reading: Reading, _: Rubric, mention: Mention) -> Span | None:
    named = named_at(reading, mention)
    return None if named is None else item_span(named.item)


def _target(_: Reading, rubric: Rubric, mention: Mention) -> Span | None:
    alias, *rest = mention.name.split(".")
    imported = dict(rubric.imported).get(alias)
    if imported is None:
        return _named(
            (use.alias, use.span) for use in rubric.uses if use.alias == alias
        )
    if not rest:
        return imported.span
    named = target_at(rubric, mention)
    return None if named is None else item_span(named.item)


def _param(_: Reading, rubric: Rubric, mention: Mention) -> Span | None:
    return _named((p.name, p.span) for p in rubric.params if p.name == mention.name)


def _judge(reading: Reading, rubric: Rubric, mention: Mention) -> Span | None:
    found = next((j for j in rubric.judges if j.name == mention.name), None)
    if found is None:
        return None
    row = mentions(reading, found.span.line)
    return next((m.span for m in row if m.role is Role.JUDGE_BLOCK), found.span)


def _import(reading: Reading, rubric: Rubric, mention: Mention) -> Span | None:
    imported = imported_at(reading, rubric, mention)
    return None if imported is None else imported.span


def _argument(reading: Reading, rubric: Rubric, mention: Mention) -> Span | None:
    imported = imported_at(reading, rubric, mention)
    params = () if imported is None else imported.params
    return _named((p.name, p.span) for p in params if p.name == mention.name)


def _response(reading: Reading, _: Rubric, mention: Mention) -> Span | None:
    response = response_at(reading, mention)
    if response is None:
        return None
    row = mentions(reading, response.span.line)
    return next((m.span for m in row if m.role is Role.RESPONSE_LINE), response.span)


def _class(reading: Reading, rubric: Rubric, mention: Mention) -> Span | None:
    return next(
        (
            other.span
            for other in all_mentions(reading)
            if other.role is Role.CLASS_LINE
            and other.name == mention.name
            and reading.rubric_at(other.span.line) is rubric
        ),
        None,
    )


def _rubric(_: Reading, rubric: Rubric, __: Mention) -> Span | None:
    return rubric.span


def _named(spans: Iterable[tuple[str, Span]]) -> Span | None:
    return next((name_span(span, name) for name, span in spans), None)


_WAYS: Mapping[Role, Callable[[Reading, Rubric, Mention], Span | None]] = {
    Role.ITEM: _item,
    Role.REFERENCE: _item,
    Role.TARGET: _target,
    Role.PARAM: _param,
    Role.PARAM_LINE: _param,
    Role.JUDGE: _judge,
    Role.JUDGE_BLOCK: _judge,
    Role.FILE: _import,
    Role.ALIAS_LINE: _import,
    Role.ARGUMENT: _argument,
    Role.RESPONSE: _response,
    Role.RESPONSE_LINE: _response,
    Role.CLASS: _class,
    Role.CLASS_LINE: _class,
    Role.RUBRIC: _rubric,
}
