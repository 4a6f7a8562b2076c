"""From a changed rubric to changed source: only what differs is written anew.

What is old is known by its span.  A new item is written in canonical form, with the
indentation of its neighbours.  Comments stay with the block they belong to (see
`rubricdsl.language.edit.patches.Extent`) and go with it; those of a criterion that
others take the place of stand above the first of these.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from attrs import define, frozen

from rubricdsl.expressions.printing import print_expression
from rubricdsl.language.characters import Source
from rubricdsl.language.edit.patches import Extent, Patch, last_row
from rubricdsl.language.layout import Line
from rubricdsl.language.printing import (
    INDENT,
    item_lines,
    print_expect,
    print_given,
    print_include,
    print_mark,
    print_names,
    text_lines,
)
from rubricdsl.model.rubric import (
    Criterion,
    Expect,
    Given,
    Group,
    Include,
    Item,
    Node,
    Rubric,
    TestCase,
)
from rubricdsl.model.source import Span

_TARGET = re.compile(r"(\s*(?:given|expect) +)([^:]+?) *:")


def rewrite(text: str, old: Rubric, new: Rubric) -> str:
    """Give the source of ``new``, made of that of ``old``.

    ``text`` is what ``old`` was read from; in it, other rubrics may stand beside.
    """
    patch = Patch.of(Source.of(text))
    rewriter = _Rewriter(patch, old, _spans(old.items), _spans(new.items))
    rewriter.rubric(new)
    return patch.text(text)


def _spans(items: Iterable[Item]) -> dict[Span, Item]:
    found: dict[Span, Item] = {}
    stack = list(items)
    while stack:
        item = stack.pop()
        found[item.span] = item
        if isinstance(item, Group):
            stack.extend(item.items)
    return found


@frozen
class _Margin:
    """The column of the items of a group, and how much deeper their blocks are."""

    column: int
    step: int

    def aligned(self, rows: Iterable[str]) -> Iterator[str]:
        """Put canonical rows into the column."""
        for row in rows:
            bare = row.lstrip(" ")
            level = (len(row) - len(bare)) // len(INDENT)
            yield " " * (self.column + level * self.step) + bare


@define
class _Rewriter:
    patch: Patch
    old: Rubric
    old_items: dict[Span, Item]
    new_items: dict[Span, Item]

    def rubric(self, new: Rubric) -> None:
        for span, item in self.old_items.items():
            if span in self.new_items:
                self.item(item, self.new_items[span])
        self.items(self.old.items, new.items)
        tests = {test.span: test for test in new.tests}
        for test in self.old.tests:
            if test.span in tests:
                self.test(test, tests[test.span])
            else:
                self.remove(self.line(test.span))

    def line(self, span: Span) -> Line:
        return self.patch.lines[span.line]

    def remove(self, line: Line) -> None:
        extent = self.patch.extent(line)
        self.patch.drop(extent)
        self.patch.close(extent)

    # ------------------------------------------------------------------- items

    def item(self, old: Item, new: Item) -> None:
        """Rewrite what differs in one item, apart from the items in it."""
        line = self.line(old.span)
        if isinstance(old, Include) and isinstance(new, Include):
            if old != new:
                indent = self.patch.row(line.number)[: line.column]
                self.patch.replace(line.number, indent + print_include(new))
        elif isinstance(old, Criterion | Group) and isinstance(new, Criterion | Group):
            self.head(line, old, new)
            self.fields(line, old, new)

    def head(self, line: Line, old: Node, new: Node) -> None:
        if (old.mark, old.name, old.text) == (new.mark, new.name, new.text):
            return
        row = self.patch.row(line.number)
        indent, start = row[: line.column], old.span.column - 1
        closing = row.index("]") + 1
        mark = row[line.column : closing]
        if old.mark != new.mark:
            mark = f"[{print_mark(new.mark)}]"
        rest = row[start + len(old.name) :]
        head = f"{mark}{row[closing:start]}{new.name}"
        if old.text == new.text or new.text is None:
            self.patch.replace(line.number, f"{indent}{head}{rest}")
            return
        colon = rest.partition(":")[0] if ":" in rest else ""
        self.text(line, f"{head}{colon}:", new.text)

    def text(self, line: Line, head: str, text: str) -> None:
        """Write another text for a line, in the place of its old one."""
        indent = self.patch.row(line.number)[: line.column]
        inner = " " * self.inner_column(line)
        rows = text_lines(head, text, indent, inner=inner)
        self.patch.drop(Extent(line.number, line.last))
        self.patch.replace(line.number, *rows)
        for child in line.children:
            if child.text[0] == "|":
                self.patch.replace(child.number)

    def fields(self, line: Line, old: Node, new: Node) -> None:
        if isinstance(old, Criterion) and isinstance(new, Criterion):
            self.field(line, "needs", print_names(old.needs), print_names(new.needs))
        if isinstance(old, Group) and isinstance(new, Group):
            before, after = old.combine, new.combine
            if before is not None and after is not None and before != after:
                formulas = print_expression(before), print_expression(after)
                self.field(line, "combine", *formulas)
        self.field(line, "why", old.why or "", new.why or "")
        self.field(line, "since", _shown(old.since), _shown(new.since))
        self.field(line, "was", print_names(old.was), print_names(new.was))

    def field(self, line: Line, key: str, old: str, new: str) -> None:
        """Write another value of a field; empty means that it is not there."""
        if old == new:
            return
        there = _field_line(line, key)
        if there is None:
            row, inner = _end_of_fields(line), " " * self.inner_column(line)
            deeper = inner + " " * self.step(line)
            self.patch.add(row, *text_lines(f"{key}:", new, inner, inner=deeper))
        elif new:
            head = there.text.partition(":")[0]
            self.text(there, f"{head}:", new)
        else:
            self.patch.drop(Extent(there.number, last_row(there)))

    # --------------------------------------------------------------- where to

    def items(
        self, old: Sequence[Item], new: Sequence[Item], group: Line | None = None
    ) -> None:
        """Rewrite which items stand in a group, or the rubric, and in what order."""
        inside = {item.span: item for item in old}
        for item in new:
            before = self.old_items.get(item.span)
            if isinstance(item, Group) and isinstance(before, Group):
                self.items(before.items, item.items, self.line(before.span))
        places = {item.span: index for index, item in enumerate(old)}
        staying = _rising([places[item.span] for item in new if item.span in inside])
        column = self.line(old[0].span).column
        step = self.step(None) if group is None else column - group.column
        margin = _Margin(column, step)
        last, waiting = -1, list[Item]()
        for item in new:
            place = places.get(item.span, -1)
            if place not in staying:
                waiting.append(item)
                continue
            self.between(old, last, place, waiting, margin)
            last, waiting = place, []
        self.between(old, last, len(old), waiting, margin)

    def between(
        self,
        old: Sequence[Item],
        last: int,
        place: int,
        new: list[Item],
        margin: _Margin,
    ) -> None:
        """Take out what stood between two items that stay, and put in what shall."""
        lines = [self.line(item.span) for item in old[last + 1 : place]]
        gone = [
            line
            for line, item in zip(lines, old[last + 1 : place], strict=True)
            if item.span not in self.new_items
        ]
        extents = [self.patch.extent(line) for line in gone]
        for extent in extents:
            self.patch.drop(extent)
        if not new:
            for line in lines:
                self.patch.close(self.patch.extent(line))
            return
        above = below = 0
        if gone:
            above = extents[0].first
            comments = [row for extent in extents for row in self.comments(extent)]
            self.patch.insert(
                tuple(" " * margin.column + c for c in comments), above=above
            )
        elif last >= 0:
            below = self.patch.extent(self.line(old[last].span)).last
        else:
            above = self.patch.extent(self.line(old[0].span)).first
        for item in new:
            self.put(item, margin, above=above, below=below)

    def put(self, item: Item, margin: _Margin, *, above: int, below: int) -> None:
        if item.span not in self.old_items:
            rows = tuple(margin.aligned(item_lines(item)))
            self.patch.insert(rows, above=above, below=below)
            return
        line = self.line(item.span)
        extent = self.patch.extent(line)
        self.patch.move(extent, margin.column - line.column, above=above, below=below)

    def comments(self, extent: Extent) -> Iterable[str]:
        rows = (row for row in extent.rows() if row in self.patch.comments)
        return (self.patch.row(row).strip() for row in rows)

    def inner_column(self, line: Line) -> int:
        """Give the column of what stands in a block, or would."""
        if line.children:
            return line.children[0].column
        return line.column + self.step(line)

    def step(self, line: Line | None) -> int:
        """Give how much deeper a block is indented: this one, or the first there is."""
        blocks = [*([] if line is None else [line]), *self.patch.lines.values()]
        for block in blocks:
            if block.children:
                return block.children[0].column - block.column
        return len(INDENT)

    # ------------------------------------------------------------------- tests

    def test(self, old: TestCase, new: TestCase) -> None:
        self.test_lines(old.given, new.given)
        self.test_lines(old.expects, new.expects)

    def test_lines(
        self, old: Sequence[Given | Expect], new: Sequence[Given | Expect]
    ) -> None:
        """Rewrite the lines of a test; a new one stands below the one it is made of."""
        before = {line.span: line for line in old}
        row = 0
        for line in new:
            if line.span not in before:
                text = print_given(line) if isinstance(line, Given) else ""
                text = print_expect(line) if isinstance(line, Expect) else text
                indent = " " * self.patch.lines[row].column
                self.patch.add(row, indent + text)
                continue
            row = line.span.line
            if line.target != before.pop(line.span).target:
                text = self.patch.row(row)
                head = _TARGET.match(text)
                if head is not None:
                    rest = text[head.end(2) :]
                    self.patch.replace(row, f"{head[1]}{line.target}{rest}")
        for line in before.values():
            self.patch.replace(line.span.line)


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)


def _field_line(line: Line, key: str) -> Line | None:
    for child in line.children:
        if child.text[0] not in "[|" and child.text.partition(":")[0].rstrip() == key:
            return child
    return None


def _end_of_fields(line: Line) -> int:
    """Give the row below which a field can be added to a block."""
    row = line.last
    for child in line.children:
        if child.text[0] == "[":
            break
        row = last_row(child)
    return row


def _rising(numbers: Sequence[int]) -> set[int]:
    """Give a longest rising subsequence of different numbers."""
    tails: list[int] = []  # the least end of a chain, by its length
    before: dict[int, int] = {}
    for number in numbers:
        at = bisect_left(tails, number)
        if at:
            before[number] = tails[at - 1]
        tails[at : at + 1] = [number]
    chain = tails[-1:]
    while chain and chain[-1] in before:
        chain.append(before[chain[-1]])
    return set(chain)
