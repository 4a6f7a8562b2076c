"""From lines and syntax trees to a `Rubric`: what each says, read and typed.

What can be seen from one block alone is checked here; what needs the whole rubric
(names, judges, weights against their range) is checked in `checking`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attrs import define, frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import Entry, Fields, Reference
from rubricdsl.language.items import ItemBuilder
from rubricdsl.language.layout import Line
from rubricdsl.language.parsing import RubricTree
from rubricdsl.language.plain_items import PlainItemBuilder
from rubricdsl.language.texts import TextReader
from rubricdsl.model.rubric import (
    Item,
    JudgeSpec,
    Param,
    Round,
    Rubric,
    TestCase,
    Turn,
    Use,
    WeightScheme,
)

if TYPE_CHECKING:
    from rubricdsl.language.tree_entries import TreeEntries


@frozen
class Declared:
    """What a rubric declares in blocks and lines of their own."""

    params: tuple[Param, ...] = ()
    uses: tuple[Use, ...] = ()
    conversation: tuple[Turn, ...] = ()
    judges: tuple[JudgeSpec, ...] = ()
    history: tuple[Round, ...] = ()
    tests: tuple[TestCase, ...] = ()


@define
class Built:
    """A rubric, what is wrong with it, and what is known of the lines it lost.

    ``lost_words`` are names that may have been meant to be there, ``references``
    those that must be.
    """

    rubric: Rubric
    damaged: bool
    lost_words: set[str]
    references: list[Reference]
    found: list[Diagnostic]


def build(file: str, tree: RubricTree) -> Built:
    """Make the model of one ``rubric`` block."""
    return _Builder(file, tree).build()


def _tree_entries(
    file: str, tree: RubricTree, found: list[Diagnostic]
) -> "TreeEntries | None":
    """Give the entries that are trees; None if all are plain lines."""
    if not tree.trees and all(isinstance(entry, Line) for entry in tree.entries):
        return None
    # Plain lines need nothing of the grammar, whose import takes its time.
    from rubricdsl.language.tree_entries import TreeEntries

    return TreeEntries(file, tree, found)


class _Builder:
    def __init__(self, file: str, tree: RubricTree) -> None:
        self.file = file
        self.tree = tree
        self.found: list[Diagnostic] = []
        self.trees = _tree_entries(file, tree, self.found)
        self.texts: TextReader = (
            TextReader(file, frozenset(), tree.lost_words, self.found)
            if self.trees is None
            else self.trees.texts
        )

    def build(self) -> Built:
        tree, trees = self.tree, self.trees
        fields = Fields("rubric", self.found)
        for entry in self._fields():
            fields.add(entry)
        declared = trees.declared(fields) if trees else Declared()
        weights = self._weights(fields)
        classes = None if weights is None else dict(weights.classes)
        items = ItemBuilder(self.file, classes, tree.lost_words, self.found)
        line = tree.line
        span = self.texts.line_span(line.number, line.column, len(line.text))
        rubric = Rubric(
            name=tree.name or "rubric",
            items=tuple(item for item in self._items(items) if item is not None),
            version=self._version(fields),
            title=fields.text("title"),
            prompt=None if declared.conversation else fields.text("prompt"),
            conversation=declared.conversation,
            reference=fields.text("reference"),
            note=fields.text("note"),
            why=fields.text("why"),
            for_prompts=fields.names("for") or (),
            tags=fields.tags(),
            weights=weights or WeightScheme(),
            judge=fields.text("judge"),
            passing=fields.passing(),
            sees=fields.names("sees"),
            language=fields.text("language"),
            na=fields.na_rule(),
            params=declared.params,
            uses=declared.uses,
            judges=declared.judges,
            history=declared.history,
            tests=declared.tests,
            span=span,
        )
        references = [*fields.references("judge", ""), *items.references]
        return Built(rubric, tree.damaged, tree.lost_words, references, self.found)

    def _items(self, items: ItemBuilder) -> Iterator[Item | None]:
        others = self.trees.items(items) if self.trees else None
        plain = PlainItemBuilder(items, self.texts, others)
        for entry in self.tree.entries:
            if isinstance(entry, Line):
                if entry.text[0] == "[":
                    yield plain.item(entry)
            elif others is not None and others.builds(entry):
                yield others.item(entry)

    def _fields(self) -> Iterator[Entry]:
        for entry in self.tree.entries:
            read: Entry | None = None
            if not isinstance(entry, Line):
                read = self.trees.field(entry) if self.trees else None
            elif entry.text[0] != "[":
                read = self.texts.plain_entry(entry)
            if read is not None:
                yield read

    def _version(self, fields: Fields) -> str | None:
        entry = fields.entries.get("version")
        if entry is None:
            return None
        only = entry.values.only
        if only is not None and only.form == "version":
            return str(only.value)
        fields.wrong_type(entry, "three numbers such as 1.2.0")
        return None

    def _weights(self, fields: Fields) -> WeightScheme | None:
        """Read ``weights:``; None if what it says cannot be known."""
        entry = fields.entries.get("weights")
        if entry is None:
            return WeightScheme()
        values = entry.values.scalars
        first = values[0]
        if first.form == "range" and isinstance(first.value, tuple):
            if len(values) == 1 and first.value[0] <= first.value[1]:
                return WeightScheme(*first.value)
        elif all(value.form == "assign" for value in values):
            classes = fields.bindings("weights")
            numbers = [(c.name, c.value) for c in classes if isinstance(c.value, float)]
            if len(numbers) == len(classes):
                return WeightScheme(classes=tuple(numbers))
        fields.wrong_type(entry, "a range such as `1 to 3`, or classes `name = number`")
        return None
