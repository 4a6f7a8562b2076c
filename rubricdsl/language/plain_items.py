"""Criteria and groups: plain lines to the model."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import evolve

from rubricdsl.language.fields import Fields
from rubricdsl.language.items import (
    NUMBERED,
    RULINGS,
    WORDED,
    GroupParts,
    ItemBuilder,
    Parts,
)
from rubricdsl.language.layout import Line
from rubricdsl.language.plain import EXAMPLE, ITEM, LEVEL
from rubricdsl.language.texts import TextReader
from rubricdsl.language.words import RESERVED
from rubricdsl.model.rubric import Criterion, Example, Item, Level, Mark
from rubricdsl.model.ruling import Ruling
from rubricdsl.model.source import Span

if TYPE_CHECKING:
    from rubricdsl.language.tree_items import TreeItemBuilder


class PlainItemBuilder:
    """Builds the items of one rubric from plain lines.

    ``others`` builds those of lines that are not plain, if there are any.
    """

    def __init__(
        self,
        items: ItemBuilder,
        texts: TextReader,
        others: "TreeItemBuilder | None" = None,
    ) -> None:
        self.items = items
        self.texts = texts
        self.others = others
        self.file = items.file

    def item(self, line: Line) -> Item | None:
        """Build an item; None for one that has no usable name."""
        if self.others is not None and line.number in self.others.trees:
            return self.others.item(self.others.trees[line.number])
        match = _promised(ITEM, line)
        sort, number, word, kind, count, name, colon, text = match.groups()
        at, column = line.number, line.column + 1
        start = column + match.start("name")
        end = column + len(line.text) if text else start + len(name)
        span = Span(self.file, at, start, at, end)
        if name in RESERVED:
            if text:
                span = Span(self.file, at, start, at, start + len(name))
            self.items.reserved(name, span)
            return None
        mark = self._mark(sort, number, word, span)
        content = self._text(line, match) if colon else None
        if kind is None:
            return self._criterion(line, name, mark, content or "", span)
        kind = "at least" if count else kind
        parts = self._group_parts(line)
        return self.items.made_group(name, mark, kind, count, content, span, parts)

    def _mark(
        self, sort: str | None, number: str | None, word: str | None, span: Span
    ) -> Mark:
        if number is not None:
            return _numbered(sort, number)
        word = word or ""
        return WORDED[word] if word in WORDED else self.items.weight_class(word, span)

    def _criterion(
        self, line: Line, name: str, mark: Mark, text: str, span: Span
    ) -> Criterion:
        if not line.children:
            return Criterion(name=name, mark=mark, text=text, span=span)
        parts = Parts(Fields("criterion", self.items.found))
        for below in line.children:
            entry = self.texts.plain_entry(below)
            if entry is not None:
                parts.fields.add(entry)
            elif below.text[0] == "l":
                parts.levels.append(self._level(below))
            elif below.text[0] == "e":
                parts.examples.append(self._example(below))
        return self.items.made_criterion(name, mark, text, span, parts)

    def _group_parts(self, line: Line) -> GroupParts:
        parts = GroupParts(Fields("group", self.items.found))
        for below in line.children:
            if below.text[0] == "[":
                parts.add(self.item(below))
            elif below.text[0] != "|":
                entry = self.texts.plain_entry(below)
                if entry is not None:
                    parts.fields.add(entry)
        return parts

    def _level(self, line: Line) -> Level:
        match = _promised(LEVEL, line)
        label = match["label"]
        return Level(
            float(match["number"]),
            None if label is None else label[1:-1],
            self._text(line, match),
            span=self._span(line, match, "number"),
        )

    def _example(self, line: Line) -> Example:
        match = _promised(EXAMPLE, line)
        word, _, number = match["ruling"].partition(" ")
        span = self._span(line, match, "ruling")
        if number:
            span = evolve(span, end_column=span.column + len(word))
            ruling = Ruling.level(float(number))
        elif word in RULINGS:
            ruling = RULINGS[word]
        else:
            ruling = Ruling.of_number(float(word))
        return Example(ruling, self._text(line, match), span=span)

    def _text(self, line: Line, match: re.Match[str]) -> str:
        column = line.column + match.start("text") + 1
        return self.texts.plain_text(line, match["text"], column)

    def _span(self, line: Line, match: re.Match[str], group: str) -> Span:
        start, end = match.span(group)
        column = line.column + 1
        return Span(self.file, line.number, column + start, line.number, column + end)


def _promised(pattern: re.Pattern[str], line: Line) -> re.Match[str]:
    """Match a line of which the parser has said that it is plain."""
    match = pattern.fullmatch(line.text)
    if match is None:
        message = f"the parser promised a plain line, not {line.text!r}"
        raise TypeError(message)
    return match


@lru_cache(maxsize=256)
def _numbered(sort: str | None, number: str) -> Mark:
    """Read a mark with a number; there are few different ones."""
    return NUMBERED[sort.rstrip() if sort else "weight"](float(number))
